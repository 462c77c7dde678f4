"""TorchNetwork: a program as one torch module, in batches, differentiable."""

from __future__ import annotations

__all__ = ["Options", "TorchNetwork"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from neurobridge.backends.torch.carry import Carry, Constants, Outputs, initial_carry
from neurobridge.backends.torch.fused.plan import FusedPlan
from neurobridge.backends.torch.inputs import Inputs
from neurobridge.backends.torch.segment import Plan
from neurobridge.backends.torch.surrogate import Surrogate
from neurobridge.errors import NetworkError
from neurobridge.lowering.program import Program


@dataclass(frozen=True)
class Options:
    """How a program runs in torch.

    Parameters
    ----------
    dtype : torch.dtype
        float64 is the reference's arithmetic, float32 is faster.
    device : str or torch.device
    surrogates : mapping of population to Surrogate
    checkpoint_every : int or None
        Steps between checkpoints: states in between are worked out again in the backward pass,
        which needs less memory and one more forward pass (Chen et al. 2016, arXiv:1604.06174).
    truncate_every : int or None
        Gradients reach back to the last multiple of so many steps only (truncated BPTT).
    record : tuple of (population, variable)
        States that are recorded in every step.
    compiled : bool
        Whether code is compiled for the CPU. Without it, and on other devices, a step is a
        sequence of torch operations.
    """

    dtype: torch.dtype = torch.float64
    device: str | torch.device = "cpu"
    surrogates: Mapping[str, Surrogate] = field(default_factory=dict)
    checkpoint_every: int | None = None
    truncate_every: int | None = None
    record: tuple[tuple[str, str], ...] = ()
    compiled: bool = True

    def __post_init__(self) -> None:
        for name in ("checkpoint_every", "truncate_every"):
            steps = getattr(self, name)
            if steps is not None and (not isinstance(steps, int) or steps < 1):
                raise NetworkError(f"{name}: expected a whole number of steps >= 1, got {steps!r}")


class TorchNetwork(nn.Module):
    """A program that runs in batches; weights and constants are buffers, or given to each call.

    Parameters
    ----------
    program : Program
    options : Options
    """

    def __init__(self, program: Program, options: Options) -> None:
        super().__init__()
        self.program, self.options = program, options
        device = torch.device(options.device)
        self.plan: FusedPlan | Plan
        if options.compiled and device.type == "cpu":
            self.plan = FusedPlan(program, options.surrogates, options.record)
        else:
            self.plan = Plan(program, options.surrogates, options.record, device)
        self.names = {
            p.name: (tuple(p.constants), tuple(p.initial))
            for p in program.populations
            if not p.is_source
        }
        for p in program.populations:
            for kind, values in (("constant", p.constants), ("initial", p.initial)):
                for name, value in values.items():
                    self._keep(f"{kind}_{p.name}_{name}", value)
        for i, path in enumerate(program.pathways):
            self._keep(f"weight_{i}", path.weight)

    def _keep(self, name: str, value: Any) -> None:
        array = np.array(value, dtype=np.float64)
        self.register_buffer(
            name, torch.as_tensor(array).to(self.options.device, self.options.dtype)
        )

    @property
    def constants(self) -> dict[str, dict[str, torch.Tensor]]:
        """Constants by population, as the lowering worked them out."""
        return {
            p: {n: getattr(self, f"constant_{p}_{n}") for n in names}
            for p, (names, _) in self.names.items()
        }

    @property
    def initial(self) -> dict[str, dict[str, torch.Tensor]]:
        """Initial states by population."""
        return {
            p: {n: getattr(self, f"initial_{p}_{n}") for n in names}
            for p, (_, names) in self.names.items()
        }

    @property
    def weights(self) -> list[torch.Tensor]:
        """Weights of each pathway, (E,)."""
        return [getattr(self, f"weight_{i}") for i in range(len(self.program.pathways))]

    def forward(
        self,
        inputs: Inputs,
        constants: Constants | None = None,
        weights: Sequence[torch.Tensor] | None = None,
        initial: Constants | None = None,
    ) -> Outputs:
        """Run a batch from the initial state.

        Parameters
        ----------
        inputs : Inputs
        constants, initial : mapping of population to mapping of name to tensor () or (n,)
            In place of the module's own.
        weights : sequence of tensor (E,)

        Returns
        -------
        Outputs
            Tensors of shape (T, n, B).
        """
        constants = self.constants if constants is None else constants
        initial = self.initial if initial is None else initial
        weights = self.weights if weights is None else list(weights)
        carry = initial_carry(self.program, constants, initial, inputs.batch)
        parts = []
        segments = self.segments(inputs.n_steps)
        pieces = inputs.cut([length for _, length in segments])
        for (first, length), piece in zip(segments, pieces, strict=True):
            if self.options.truncate_every and first % self.options.truncate_every == 0:
                carry = carry.detach()
            out, carry = self.segment(first, length, constants, weights, carry, piece)
            parts.append(out)
        return _joined(parts)

    def segments(self, n_steps: int) -> list[tuple[int, int]]:
        """First step and length of each segment between checkpoints and truncations."""
        every = [s for s in (self.options.checkpoint_every, self.options.truncate_every) if s]
        cuts = sorted({c for s in every for c in range(0, n_steps, s)} | {0})
        return [(a, b - a) for a, b in zip(cuts, [*cuts[1:], n_steps], strict=True)]

    def segment(
        self,
        first: int,
        length: int,
        constants: Constants,
        weights: Sequence[torch.Tensor],
        carry: Carry,
        inputs: Inputs,
    ) -> tuple[Outputs, Carry]:
        """Some steps; with checkpoints, what is in between is forgotten and done again."""

        def run(state: Carry) -> tuple[Outputs, Carry]:
            return self.plan.run(first, length, constants, weights, state, inputs)

        if not self.options.checkpoint_every or not torch.is_grad_enabled():
            return run(carry)
        layout: list[Any] = []

        def flat(*tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
            out, after = run(carry.rebuilt(list(tensors)))
            layout[:] = [out, after]
            return (*_tensors(out), *after.tensors())

        made = list(checkpoint(flat, *carry.tensors(), use_reentrant=False))
        out, after = layout
        n = len(_tensors(out))
        return _rebuilt(out, made[:n]), after.rebuilt(made[n:])


def _tensors(out: Outputs) -> list[torch.Tensor]:
    return [*out.spikes.values(), *out.states.values(), *out.rates.values()]


def _rebuilt(out: Outputs, tensors: list[torch.Tensor]) -> Outputs:
    rest = iter(tensors)
    return Outputs(
        {k: next(rest) for k in out.spikes},
        {k: next(rest) for k in out.states},
        {k: next(rest) for k in out.rates},
    )


def _joined(parts: list[Outputs]) -> Outputs:
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    return Outputs(
        {k: torch.cat([p.spikes[k] for p in parts]) for k in first.spikes},
        {k: torch.cat([p.states[k] for p in parts]) for k in first.states},
        {k: torch.cat([p.rates[k] for p in parts]) for k in first.rates},
    )
