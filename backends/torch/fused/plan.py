"""A segment of steps by compiled code, on the CPU; the backward pass is written out."""

from __future__ import annotations

__all__ = ["FusedPlan"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from neurobridge.backends.torch.carry import Carry, Constants, Outputs, columns
from neurobridge.backends.torch.fused.backward import Backward, Demand
from neurobridge.backends.torch.fused.forward import Forward
from neurobridge.backends.torch.fused.neurons import Key, Span
from neurobridge.backends.torch.fused.routes import Routes
from neurobridge.backends.torch.inputs import Inputs
from neurobridge.backends.torch.surrogate import Surrogate
from neurobridge.lowering.program import Program

Tensor = torch.Tensor


class FusedPlan:
    """A program, ready to run segments; what :class:`.segment.Plan` does, on the CPU only.

    Parameters
    ----------
    program : Program
    surrogates : mapping of population to Surrogate
    record : sequence of (population, variable)
    """

    def __init__(
        self,
        program: Program,
        surrogates: Mapping[str, Surrogate],
        record: Sequence[tuple[str, str]],
    ) -> None:
        self.program, self.record = program, tuple(record)
        self.routes = Routes(program, surrogates)

    def run(
        self,
        first: int,
        n_steps: int,
        constants: Constants,
        weights: Sequence[Tensor],
        carry: Carry,
        inputs: Inputs,
    ) -> tuple[Outputs, Carry]:
        """Steps ``first`` to ``first + n_steps - 1``; see :meth:`.segment.Plan.run`."""
        span = Span(first, n_steps)
        given = self._given(span, constants, weights, carry, inputs)
        call = _Call(self, span, inputs, list(given))
        if torch.is_grad_enabled() and any(v.requires_grad for v in given.values()):
            call.demand = Demand(self.routes, given)
            made = _Segment.apply(call, *given.values())  # type: ignore[no-untyped-call]
            found = dict(zip(call.made, made, strict=True))
        else:
            with torch.no_grad():
                found = call.forward(given).run()
        return self._outputs(found), self._carry(found, carry)

    def _given(
        self,
        span: Span,
        constants: Constants,
        weights: Sequence[Tensor],
        carry: Carry,
        inputs: Inputs,
    ) -> dict[Key, Tensor]:
        """All tensors that a segment reads, by name."""
        given: dict[Key, Tensor] = {("weight", str(i)): w for i, w in enumerate(weights)}
        for name, cells in self.routes.cells.items():
            states = carry.states[name]
            given |= {("constant", name, c): constants[name][c] for c in cells.constants}
            given |= {("state", name, s): v for s, v in states.items()}
            if cells.sends:
                known = {**columns(constants[name]), **states}
                some = next(iter(states.values()))
                given["signal", name] = torch.as_tensor(cells.signal(known)).expand_as(some)
            current = self._current(name, span, inputs)
            if cells.code.takes_current and current is not None:
                given["current", name] = current
            given["clamped", name] = carry.clamped_for[name]
        given |= {("above", name): v for name, v in carry.was_above.items()}
        given |= {("past", name): v for name, v in carry.past.items()}
        return given | {("pending", *key): v for key, v in carry.pending.items()}

    def _current(self, name: str, span: Span, inputs: Inputs) -> Tensor | None:
        """What is injected into a population, (n_steps or 1, n, B)."""
        total = None
        for injection in inputs.currents.get(name, ()):
            value = injection.between(span.first, span.n_steps)
            if injection.neurons is not None:
                value = _placed(value, injection.neurons, self.routes.sizes[name])
            total = value if total is None else total + value
        if total is None or total.shape[2] == inputs.batch:
            return total
        return total.expand(-1, -1, inputs.batch)

    def _outputs(self, found: Mapping[Key, Tensor]) -> Outputs:
        cells = self.routes.cells
        return Outputs(
            {n: found["spikes", n] for n, c in cells.items() if c.spikes},
            {(n, v): found["states", n, v] for n, v in self.record},
            {n: found["rates", n] for n, c in cells.items() if c.sends},
        )

    def _carry(self, found: Mapping[Key, Tensor], before: Carry) -> Carry:
        return Carry(
            {p: {s: found["state", p, s] for s in states} for p, states in before.states.items()},
            {n: found.get(("clamped", n), v) for n, v in before.clamped_for.items()},
            {n: found["above", n] for n in before.was_above},
            {k: found["pending", k[0], k[1]] for k in before.pending},
            {n: found["past", n] for n in before.past},
        )


def _placed(value: Tensor, neurons: Tensor, size: int) -> Tensor:
    """Currents into some neurons as currents into all."""
    if neurons.numel() == size and torch.equal(neurons, torch.arange(size)):
        return value
    empty = value.new_zeros((value.shape[0], size, value.shape[2]))
    return empty.index_add(1, neurons, value)


@dataclass
class _Call:
    """One segment: what it is given, and what it made of it."""

    plan: FusedPlan
    span: Span
    inputs: Inputs
    keys: list[Key]
    demand: Demand | None = None
    made: list[Key] = field(default_factory=list)

    def forward(self, given: Mapping[Key, Tensor]) -> Forward:
        routes = self.plan.routes
        saved = self.demand.saved(routes) if self.demand else None
        weights = [given["weight", str(i)] for i in range(len(routes.program.pathways))]
        return Forward(routes, self.span, given, self.inputs, weights, self.plan.record, saved)


class _Segment(torch.autograd.Function):
    """A segment with its way back."""

    @staticmethod
    def forward(ctx: Any, call: _Call, *tensors: Tensor) -> tuple[Tensor, ...]:
        run = call.forward(dict(zip(call.keys, tensors, strict=True)))
        found = run.run()
        call.made[:] = found
        kept = {(p, n): v for p, neurons in run.neurons.items() for n, v in neurons.kept().items()}
        ctx.call, ctx.names = call, list(kept)
        ctx.save_for_backward(*tensors, *kept.values())
        ctx.set_materialize_grads(False)
        cells = call.plan.routes.cells
        fixed = {("spikes", n) for n, c in cells.items() if not c.differentiable}
        ctx.mark_non_differentiable(
            *(v for k, v in found.items() if k[0] in ("clamped", "above") or k in fixed)
        )
        return tuple(found.values())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor | None) -> Any:
        call, n, saved = ctx.call, len(ctx.call.keys), ctx.saved_tensors
        given = dict(zip(call.keys, saved[:n], strict=True))
        kept: dict[str, dict[str, Tensor]] = {p: {} for p in call.plan.routes.cells}
        for (population, name), tensor in zip(ctx.names, saved[n:], strict=True):
            kept[population][name] = tensor
        known = {k: g for k, g in zip(call.made, grads, strict=True) if g is not None}
        back = Backward(call.plan.routes, call.span, call.demand, given, kept, known, call.inputs)
        found = back.run()
        needed = zip(call.keys, ctx.needs_input_grad[1:], strict=True)
        return None, *(found.get(key) if needs else None for key, needs in needed)
