"""Kinds of neurons: populations with the same code share their compiled functions."""

from __future__ import annotations

__all__ = ["LANES", "Kind", "kind_of"]

import ast
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurobridge.expression import names_in, parse, render
from neurobridge.lowering.program import NeuronCode, PopulationProgram, Stage

LANES = 64
"""Neurons of a block. Populations begin at a block, and are filled up with idle lanes."""


@dataclass(frozen=True)
class Kind:
    """What compiled code has to know about a population, its numbers aside.

    Parameters
    ----------
    code : NeuronCode
    scalars, vectors : tuple of str
        Constants with one value for all neurons, and with one for each.
    held : tuple of str
        States that stand still while a neuron is clamped.
    exact : bool
        Whether the code of a step is the exact solution of a linear system.
    """

    code: NeuronCode
    scalars: tuple[str, ...]
    vectors: tuple[str, ...]
    held: tuple[str, ...]
    exact: bool

    @cached_property
    def slots(self) -> dict[str, int]:
        """Rows of a block: everything that has a value for each neuron, by name."""
        code = self.code
        names = [*code.states, *code.memory, *self.vectors]
        names += ["current"] if code.takes_current else []
        names += [*code.couplings, *self.carried]
        names += [f"event {r.name}" for r in code.receptors]
        names += ["first free step"]
        names += ["was above"] if code.crossing else []
        return {name: i for i, name in enumerate(names)}

    @cached_property
    def carried(self) -> tuple[str, ...]:
        """Locals that a later stage of the same step uses."""
        found: list[str] = []
        for stages in (self.code.start, self.code.stages):
            for i, stage in enumerate(stages):
                made = {a.target for a in stage.update} - set(self.code.states)
                later = set().union(*(_used(s) for s in stages[i + 1 :]))
                found += [n for n in sorted(made & later) if n not in found]
        return tuple(n for n in found if n not in self.code.memory)

    @property
    def is_fused(self) -> bool:
        """Whether a step is one loop over the neurons: nothing is sent within it."""
        return len(self.code.stages) == 1 and not self.code.start and not self.sends

    @property
    def sends(self) -> bool:
        """Whether it takes part in continuous coupling."""
        stages = (*self.code.start, *self.code.stages)
        return bool(self.code.couplings) or any(s.signal != "0.0" for s in stages)

    @cached_property
    def limit(self) -> tuple[str, str] | None:
        """The state that is compared with the threshold, and the threshold; None if it is more.

        A population without a threshold has the empty text as its limit.
        """
        if not self.code.threshold:
            return self.code.states[0], ""
        tree = parse(self.code.threshold)
        if not isinstance(tree, ast.Compare) or not isinstance(tree.ops[0], (ast.Gt, ast.GtE)):
            return None
        left, right = ast.unparse(tree.left), ast.unparse(tree.comparators[0])
        if left in self.code.states and names_in(right) <= {*self.scalars, *self.vectors}:
            return left, render(right)
        return None

    @property
    def may_sleep(self) -> bool:
        """Whether a neuron can be left alone until something can change: see :mod:`sleep`."""
        return self.exact and self.is_fused and self.limit is not None and not self.code.crossing


def _used(stage: Stage) -> set[str]:
    texts = [stage.signal, *(a.expression for a in stage.update)]
    return {name for text in texts for name in names_in(text)}


def kind_of(population: PopulationProgram) -> Kind:
    """The kind of a population with dynamics."""
    vectors = [n for n, v in population.constants.items() if np.ndim(v)]
    refractory = population.model.refractory
    return Kind(
        code=population.code,
        scalars=tuple(n for n in population.constants if n not in vectors),
        vectors=tuple(vectors),
        held=tuple(refractory.clamped) if refractory else (),
        exact=population.model.integrator == "exact",
    )
