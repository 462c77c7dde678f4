"""How long delays are in NEST: the shortest one sets how often it exchanges spikes."""

from __future__ import annotations

__all__ = ["Delays", "delays_in_nest"]

from collections.abc import Mapping
from dataclasses import dataclass

from neurobridge.backends.nest.rates import is_rate
from neurobridge.lowering.program import Program

UNBOUND = 10
"""Shortest delay (steps) of a network in which no neuron sends to another."""


@dataclass(frozen=True)
class Delays:
    """Delays of a network as NEST gets them.

    Parameters
    ----------
    delays : tuple of int
        Shortest and longest in steps. The shortest is that between neurons.
    ahead : mapping of str to int
        By how many steps the spikes of a source leave early, where its edges are shorter. Its
        delays are that much longer, so all arrive when they should.
    """

    delays: tuple[int, int]
    ahead: Mapping[str, int]


def delays_in_nest(program: Program) -> Delays:
    """Keep the shortest delay of the neurons, whatever the sources have.

    A slice of NEST's is as long as the shortest delay of all connections. Rate neurons send to each
    other in every step, so with them it is one step.
    """
    sources = {p.name for p in program.populations if p.is_source}
    paths = [p for p in program.pathways if p.n_edges]
    spikes = [p for p in paths if not p.continuous]
    between = [p.delay_range[0] for p in spikes if p.pre not in sources]
    shortest = min(between, default=UNBOUND)
    if any(is_rate(p) for p in program.populations):
        shortest = 1
    ahead = {
        name: max(shortest - min(p.delay_range[0] for p in spikes if p.pre == name), 0)
        for name in sources & {p.pre for p in spikes}
    }
    longest = max((p.delay_range[1] + ahead.get(p.pre, 0) for p in paths), default=0)
    return Delays((shortest, max(shortest, longest)), ahead)
