"""Continuous coupling in a Brian2 script: what is sent, remembered and summed in each stage.

A stage is a handful of operations in the ``groups`` slot, told apart by their order: all groups
send, the signals of earlier steps are laid out, synapses sum, all groups move.
"""

from __future__ import annotations

__all__ = ["Coupling", "Operation", "Phase", "lasting_locals", "operations", "order"]

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from neurobridge.expression import names_in, substitute
from neurobridge.lowering.program import Assignment, NeuronCode, Pathway, Program, Stage

Phase = Literal["first", "later"]
PHASES: tuple[Phase, ...] = ("first", "later")
"""The first steps of a run, in which ``start`` stands in for ``stages``, and all later ones."""

ROUND = ("send", "remember", "sum", "move")
"""What happens in a stage, in order."""


def order(stage: int, what: str) -> int:
    """Place in the ``groups`` slot."""
    return len(ROUND) * stage + ROUND.index(what)


@dataclass(frozen=True)
class Operation:
    """What a group does in a stage: ``send`` its signal, or ``move`` its states.

    ``phases`` are the parts of a run in which it does so.
    """

    what: Literal["send", "move"]
    stage: int
    lines: tuple[Assignment, ...]
    phases: tuple[Phase, ...]


@dataclass(frozen=True)
class Coupling:
    """The continuous pathways of a program.

    Parameters
    ----------
    program : Program
    sums : dict of (int, int) to str
        (Pathway, stage) -> the variable of the postsynaptic group that holds its sum.
    """

    program: Program
    sums: dict[tuple[int, int], str] = field(default_factory=dict)

    @cached_property
    def pathways(self) -> dict[int, Pathway]:
        """Those that are continuous and have edges, by their index in the program."""
        return {k: p for k, p in enumerate(self.program.pathways) if p.continuous and p.n_edges}

    def onto(self, population: str) -> dict[int, Pathway]:
        """Those that end there."""
        return {k: p for k, p in self.pathways.items() if p.post == population}

    def delays(self, population: str) -> list[int]:
        """Delays in steps, above 0, after which the output of a population is heard."""
        found = {
            int(d)
            for p in self.pathways.values()
            if p.pre == population
            for d in np.unique(p.delay)
        }
        return sorted(found - {0})

    def sends(self, population: str) -> range:
        """Stages in which somebody hears of a population at once, or keeps what it sends."""
        mine = [p for p in self.pathways.values() if p.pre == population]
        if any(p.delay_range[0] == 0 for p in mine):
            return range(_depth(self.program.population(population).code))
        return range(1 if mine else 0)

    def stages(self, index: int) -> range:
        """Stages in which a pathway is summed."""
        path = self.pathways[index]
        delayed = path.delay_range[0] > 0
        return range(1 if delayed else _depth(self.program.population(path.post).code))

    def phases(self, population: str, stage: int) -> tuple[Phase, ...]:
        """Parts of a run in which a population has this stage."""
        code = self.program.population(population).code
        return tuple(p for p in PHASES if stage < len(_stages(code, p)))

    def heard(self, population: str, stage: int) -> dict[str, str]:
        """What each coupling is in a stage, over variables of the group."""
        code = self.program.population(population).code
        terms: dict[str, list[str]] = {name: [] for name in code.couplings}
        for index, path in self.onto(population).items():
            at = min(stage, self.stages(index)[-1])
            terms[path.receptor].append(self.sums[index, at])
        return {name: " + ".join(found) or "0.0" for name, found in terms.items()}

    @property
    def start_steps(self) -> int:
        """Steps of the first part of a run."""
        return max((p.code.start_steps for p in self.program.populations), default=0)


def _stages(code: NeuronCode, phase: Phase) -> tuple[Stage, ...]:
    return code.start if phase == "first" and code.start_steps else code.stages


def _depth(code: NeuronCode) -> int:
    return max(len(_stages(code, phase)) for phase in PHASES)


def operations(coupling: Coupling, population: str) -> Iterator[Operation]:
    """What a group does in phase 1, each operation once for all parts of a run that share it."""
    code = coupling.program.population(population).code
    for stage in range(_depth(code)):
        heard = coupling.heard(population, stage)
        found: dict[tuple[Literal["send", "move"], tuple[Assignment, ...]], list[Phase]] = {}
        for phase in coupling.phases(population, stage):
            there = _stages(code, phase)[stage]
            if stage in coupling.sends(population):
                sent = Assignment("sent", there.signal)
                found.setdefault(("send", (sent,)), []).append(phase)
            moved = tuple(
                Assignment(a.target, substitute(a.expression, heard)) for a in there.update
            )
            if moved:
                found.setdefault(("move", moved), []).append(phase)
        for (what, lines), phases in found.items():
            yield Operation(what, stage, lines, tuple(phases))


def lasting_locals(code: NeuronCode) -> tuple[str, ...]:
    """Locals of one stage that a later one uses; in Brian2 they are variables of the group."""
    found: dict[str, None] = {}
    for phase in PHASES:
        before: dict[str, None] = {}
        for stage in _stages(code, phase):
            texts = (stage.signal, *(a.expression for a in stage.update))
            used = {name for text in texts for name in names_in(text)}
            found |= {name: None for name in before if name in used}
            before |= {a.target: None for a in stage.update}
    return tuple(name for name in found if name not in (*code.states, *code.memory))
