"""A segment of steps in torch operations: any device, differentiated by autograd.

The order of events is that of ``docs/contract.md``; compare :mod:`neurobridge.backends.reference`.
"""

from __future__ import annotations

__all__ = ["Plan"]

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from neurobridge.backends.torch.carry import Carry, Constants, Outputs, columns
from neurobridge.backends.torch.delivery import Product, Route
from neurobridge.backends.torch.inputs import Inputs
from neurobridge.backends.torch.surrogate import Surrogate, margin, spike
from neurobridge.backends.torch.translate import compile_block, compile_expression
from neurobridge.lowering.program import Pathway, PopulationProgram, Program


class Plan:
    """A program, ready to run segments of steps.

    Parameters
    ----------
    program : Program
    surrogates : mapping of population to Surrogate
        Populations without one are not differentiated through their spikes.
    record : sequence of (population, variable)
        States that are recorded, for all neurons.
    device : torch.device
    """

    def __init__(
        self,
        program: Program,
        surrogates: Mapping[str, Surrogate],
        record: Sequence[tuple[str, str]],
        device: torch.device,
    ) -> None:
        self.program, self.record = program, tuple(record)
        sizes = {p.name: p.size for p in program.populations}
        self.cells = [
            _Cells(p, surrogates.get(p.name)) for p in program.populations if not p.is_source
        ]
        self.routes = [(i, Route(p, sizes[p.pre], device)) for i, p in enumerate(program.pathways)]
        self.sources = [p.name for p in program.populations if p.is_source]
        self.sizes = sizes
        self.detach = {n for n, s in surrogates.items() if s.detach_recurrent}

    def run(
        self,
        first: int,
        n_steps: int,
        constants: Constants,
        weights: Sequence[torch.Tensor],
        carry: Carry,
        inputs: Inputs,
    ) -> tuple[Outputs, Carry]:
        """Steps ``first`` to ``first + n_steps - 1``.

        Parameters
        ----------
        first, n_steps : int
        constants : mapping of population to mapping of name to tensor, () or (n,)
        weights : sequence of tensor (E,)
            One a pathway of the program, in canonical order.
        carry : Carry
        inputs : Inputs
        """
        run = _Run(self, constants, weights, carry, inputs)
        for step in range(first, first + n_steps):
            run.step(step)
        return run.outputs(), run.carry()


class _Cells:
    """The code of one population as functions."""

    def __init__(self, p: PopulationProgram, surrogate: Surrogate | None) -> None:
        self.program, self.code, self.name = p, p.code, p.name
        code = p.code
        self.stages = [(compile_expression(s.signal), compile_block(s.update)) for s in code.stages]
        self.start = [(compile_expression(s.signal), compile_block(s.update)) for s in code.start]
        self.gains = {r.name: compile_expression(r.gain) for r in code.receptors}
        self.threshold = compile_expression(code.threshold) if code.threshold else None
        self.reset = [(a.target, compile_expression(a.expression)) for a in code.reset]
        self.surrogate = surrogate if code.threshold else None
        if self.surrogate is not None:
            self.margin = compile_expression(margin(code.threshold, p.model.name))

    def at(self, step: int) -> list[tuple[Any, Any]]:
        """The stages of a step."""
        return self.start if step < self.code.start_steps else self.stages


class _Run:
    """One segment: the values of now, and what was recorded."""

    def __init__(
        self,
        plan: Plan,
        constants: Constants,
        weights: Sequence[torch.Tensor],
        carry: Carry,
        inputs: Inputs,
    ) -> None:
        self.plan, self.inputs = plan, inputs
        self.products = [(r.pathway, r.with_weights(weights[i])) for i, r in plan.routes]
        self.values: dict[str, dict[str, Any]] = {
            c.name: {**columns(constants[c.name]), **carry.states[c.name]} for c in plan.cells
        }
        self.clamped_for = dict(carry.clamped_for)
        self.was_above = dict(carry.was_above)
        self.pending = {k: list(v.unbind(0)) for k, v in carry.pending.items()}
        self.past = {k: list(v.unbind(0)) for k, v in carry.past.items()}
        self.refractory = {c.name: self._steps(c) for c in plan.cells}
        self.spikes: dict[str, list[torch.Tensor]] = {c.name: [] for c in plan.cells if c.threshold}
        self.states: dict[tuple[str, str], list[torch.Tensor]] = {k: [] for k in plan.record}
        self.rates: dict[str, list[torch.Tensor]] = {
            c.name: [] for c in plan.cells if c.program.model.output
        }

    def _steps(self, cells: _Cells) -> Any:
        steps = cells.program.refractory_steps
        if isinstance(steps, int):
            return steps
        return torch.as_tensor(steps, device=self.clamped_for[cells.name].device)[:, None]

    def step(self, step: int) -> None:
        """One step, phase by phase."""
        for cells in self.plan.cells:
            self._begin(cells, step)
        self._integrate(step)
        for name in self.plan.sources:
            self._leave_source(name, step)
        for cells in self.plan.cells:
            self._receive(cells, step)
        fired = [(c, self._spike(c)) for c in self.plan.cells if c.threshold]
        for cells, spikes in fired:
            self.spikes[cells.name].append(spikes)
            sent = spikes.detach() if cells.name in self.plan.detach else spikes
            self._emit(cells.name, sent)
        self._sample()

    # -- phase 1 --------------------------------------------------------------------------------

    def _begin(self, cells: _Cells, step: int) -> None:
        values, name = self.values[cells.name], cells.name
        values["free"] = self.clamped_for[name] == 0
        self.clamped_for[name] = (self.clamped_for[name] - 1).clamp(min=0)
        if cells.code.takes_current:
            values["current"] = self._current(name, step)

    def _current(self, name: str, step: int) -> Any:
        total: Any = 0.0
        for injection in self.inputs.currents.get(name, ()):
            value = injection.at(step)
            if injection.neurons is not None:
                empty = value.new_zeros((self.plan.sizes[name], value.shape[1]))
                value = empty.index_add(0, injection.neurons, value)
            total = total + value
        return total

    def _integrate(self, step: int) -> None:
        """Stage by stage: all populations send, then all move."""
        cells = {c.name: c for c in self.plan.cells}
        depth = max((len(c.at(step)) for c in self.plan.cells), default=0)
        upcoming = self.past
        for stage in range(depth):
            moving = [c for c in self.plan.cells if stage < len(c.at(step))]
            signals = {
                c.name: self._signal(c, step, stage) for c in moving if c.program.model.output
            }
            arriving = self._couplings(moving)
            for path, products in self.products:
                if path.continuous and cells[path.post] in moving:
                    self._couple(arriving, path, products, signals)
            if stage == 0:
                upcoming = {n: [*past[1:], signals[n]] for n, past in self.past.items()}
            for c in moving:
                self.values[c.name].update(arriving[c.name])
                c.at(step)[stage][1](self.values[c.name])
        self.past = upcoming

    def _couplings(self, moving: list[_Cells]) -> dict[str, dict[str, Any]]:
        return {c.name: dict.fromkeys(c.code.couplings, 0.0) for c in moving}

    def _signal(self, cells: _Cells, step: int, stage: int) -> torch.Tensor:
        value: torch.Tensor = cells.at(step)[stage][0](self.values[cells.name])
        return value

    def _couple(
        self,
        arriving: dict[str, dict[str, Any]],
        path: Pathway,
        products: Mapping[int, Product],
        signals: Mapping[str, torch.Tensor],
    ) -> None:
        for delay, product in products.items():
            signal = signals[path.pre] if delay == 0 else self.past[path.pre][-delay]
            into = arriving[path.post]
            into[path.receptor] = into[path.receptor] + product(signal)

    # -- phases 2 and 3 -------------------------------------------------------------------------

    def _leave_source(self, name: str, step: int) -> None:
        """Spikes of a source that are stamped at the beginning of this step."""
        trains = self.inputs.sources.get(name)
        if trains is None:
            return
        now = trains.between(step, step + 1)
        if now.step.numel():
            shape = (self.plan.sizes[name], self.inputs.batch)
            spikes = now.value.new_zeros(shape)
            self._emit(name, spikes.index_put((now.neuron, now.trial), now.value))

    def _emit(self, name: str, spikes: torch.Tensor) -> None:
        """Post spikes; what leaves before phase 2 can arrive in this step, the rest later."""
        for path, products in self.products:
            if path.pre != name or path.continuous or not path.n_edges:
                continue
            box = self.pending[path.post, path.receptor]
            for delay, product in products.items():
                box[delay - 1] = box[delay - 1] + product(spikes)

    def _receive(self, cells: _Cells, step: int) -> None:
        values = self.values[cells.name]
        for receptor in cells.code.receptors:
            key = (cells.name, receptor.name)
            total: Any = None
            if key in self.pending:
                box = self.pending[key]
                total = box.pop(0)
                box.append(torch.zeros_like(total))
            for events in self.inputs.events.get(key, ()):
                now = events.between(step, step + 1)
                if not now.step.numel():
                    continue
                if total is None:
                    total = torch.zeros_like(values[receptor.variable])
                where = (now.neuron, now.trial)
                total = total.index_put(where, now.value.to(total.dtype), accumulate=True)
            if total is None:
                continue
            jump = total * cells.gains[receptor.name](values)
            if receptor.drop:
                jump = torch.where(values["free"], jump, 0.0)
            values[receptor.variable] = values[receptor.variable] + jump

    def _spike(self, cells: _Cells) -> torch.Tensor:
        """Phase 3 of one population; its spikes as 0 and 1."""
        values, name = self.values[cells.name], cells.name
        assert cells.threshold is not None
        above = cells.threshold(values)
        allowed = values["free"]
        if cells.code.crossing:
            allowed = allowed & ~self.was_above[name]
        fires = (above & allowed).detach()
        some = values[cells.code.states[0]]
        if cells.surrogate is None:
            spikes: torch.Tensor = fires.to(some.dtype)
        else:
            spikes = spike(cells.margin(values), fires, allowed, cells.surrogate)
        self._reset(cells, fires, spikes)
        self.clamped_for[name] = torch.where(
            fires, self.refractory[name], self.clamped_for[name]
        ).to(torch.int32)
        if cells.code.crossing:
            self.was_above[name] = (cells.threshold(values) if cells.reset else above).detach()
        return spikes

    def _reset(self, cells: _Cells, fires: torch.Tensor, spikes: torch.Tensor) -> None:
        values = self.values[cells.name]
        through = cells.surrogate is not None and cells.surrogate.reset_gradient
        for target, expression in cells.reset:
            old, after = values[target], expression(values)
            new = torch.where(fires, after, old)
            if through:  # adds nothing but the derivative with respect to the spike
                new = new + (spikes - spikes.detach()) * (after - old).detach()
            values[target] = new

    def _sample(self) -> None:
        for name, variable in self.plan.record:
            self.states[name, variable].append(self.values[name][variable])
        for cells in self.plan.cells:
            if cells.program.model.output:
                signal = cells.stages[0][0](self.values[cells.name])
                self.rates[cells.name].append(signal)

    # -- results --------------------------------------------------------------------------------

    def outputs(self) -> Outputs:
        """What was recorded, stacked over time."""
        return Outputs(
            {n: torch.stack(s) for n, s in self.spikes.items()},
            {k: torch.stack(s) for k, s in self.states.items()},
            {n: torch.stack(s) for n, s in self.rates.items()},
        )

    def carry(self) -> Carry:
        """What the next segment needs."""
        lasting = {c.name: (*c.code.states, *c.code.memory) for c in self.plan.cells}
        return Carry(
            {p: {n: self.values[p][n] for n in names} for p, names in lasting.items()},
            dict(self.clamped_for),
            dict(self.was_above),
            {k: torch.stack(v) for k, v in self.pending.items()},
            {k: torch.stack(v) for k, v in self.past.items()},
        )
