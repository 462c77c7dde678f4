"""Carry: all that one step hands to the next, for a batch of runs."""

from __future__ import annotations

__all__ = ["Carry", "Outputs", "initial_carry"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch

from neurobridge.backends.torch.translate import compile_expression
from neurobridge.lowering.program import PopulationProgram, Program

Constants = Mapping[str, Mapping[str, torch.Tensor]]


@dataclass
class Carry:
    """Everything between two steps; tensors of shape (n, B) unless said otherwise.

    Parameters
    ----------
    states : mapping of population to mapping of name to tensor
        States, and what the integrator remembers.
    clamped_for : mapping of population to int32 tensor
        Clamped steps still to come.
    was_above : mapping of population to bool tensor
        Where the threshold must be crossed.
    pending : mapping of (population, receptor) to tensor (D, n, B)
        Row ``i`` is added ``i`` steps from now.
    past : mapping of population to tensor (D, n, B)
        Signals of the last steps, the newest last, for coupling with a delay.
    """

    states: dict[str, dict[str, torch.Tensor]] = field(default_factory=dict)
    clamped_for: dict[str, torch.Tensor] = field(default_factory=dict)
    was_above: dict[str, torch.Tensor] = field(default_factory=dict)
    pending: dict[tuple[str, str], torch.Tensor] = field(default_factory=dict)
    past: dict[str, torch.Tensor] = field(default_factory=dict)

    def map(self, change: Callable[[torch.Tensor], torch.Tensor]) -> Carry:
        """A copy with every tensor changed."""
        return Carry(
            {p: {n: change(v) for n, v in s.items()} for p, s in self.states.items()},
            {k: change(v) for k, v in self.clamped_for.items()},
            {k: change(v) for k, v in self.was_above.items()},
            {k: change(v) for k, v in self.pending.items()},
            {k: change(v) for k, v in self.past.items()},
        )

    def detach(self) -> Carry:
        """A copy that gradients do not cross."""
        return self.map(torch.Tensor.detach)

    def tensors(self) -> list[torch.Tensor]:
        """All tensors in a fixed order."""
        found: list[torch.Tensor] = []

        def note(tensor: torch.Tensor) -> torch.Tensor:
            found.append(tensor)
            return tensor

        self.map(note)
        return found

    def rebuilt(self, tensors: list[torch.Tensor]) -> Carry:
        """A carry like this one with other tensors, in the order of :meth:`tensors`."""
        rest = iter(tensors)
        return self.map(lambda _: next(rest))


@dataclass
class Outputs:
    """What a segment gives, time first.

    ``spikes`` (T, n, B) by spiking population, ``states`` (T, n, B) by (population, variable),
    ``rates`` (T, n, B) by population with a continuous output; all at the ends of the steps.
    """

    spikes: dict[str, torch.Tensor] = field(default_factory=dict)
    states: dict[tuple[str, str], torch.Tensor] = field(default_factory=dict)
    rates: dict[str, torch.Tensor] = field(default_factory=dict)


def initial_carry(program: Program, constants: Constants, initial: Constants, batch: int) -> Carry:
    """The state before the first step: nothing is under way, nobody is clamped."""
    carry = Carry()
    for p in program.populations:
        if not p.is_source:
            _start(carry, p, constants[p.name], initial[p.name], batch)
    for path in program.pathways:
        if not path.n_edges:
            continue
        high = path.delay_range[1]
        post = program.population(path.post)
        like = next(iter(carry.states[post.name].values()))
        if path.continuous:
            depth = max(high, _depth(carry.past.get(path.pre)))
            like = next(iter(carry.states[path.pre].values()))
            if depth:
                carry.past[path.pre] = like.new_zeros((depth, *like.shape))
            continue
        key = (path.post, path.receptor)
        depth = max(high, _depth(carry.pending.get(key)))
        carry.pending[key] = like.new_zeros((depth, *like.shape))
    return carry


def _depth(tensor: torch.Tensor | None) -> int:
    return 0 if tensor is None else tensor.shape[0]


def _start(
    carry: Carry,
    p: PopulationProgram,
    constants: Mapping[str, torch.Tensor],
    initial: Mapping[str, torch.Tensor],
    batch: int,
) -> None:
    shape = (p.size, batch)
    states = {}
    for name in p.code.states:
        value = initial[name]
        states[name] = (value[:, None] if value.ndim else value).expand(shape)
    some = next(iter(states.values()))
    states |= {name: some.new_zeros(shape) for name in p.code.memory}
    carry.states[p.name] = states
    carry.clamped_for[p.name] = torch.zeros(shape, dtype=torch.int32, device=some.device)
    if p.code.crossing:
        known = {**columns(constants), **states}
        above = compile_expression(p.code.threshold)(known)
        carry.was_above[p.name] = above.expand(shape).detach()


def columns(constants: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Constants as they meet states of shape (n, B): one a neuron becomes a column."""
    return {n: v[:, None] if v.ndim else v for n, v in constants.items()}
