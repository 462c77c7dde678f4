"""Which values of an unrolled step are given from outside, and which cross from stage to stage."""

from __future__ import annotations

__all__ = ["Saved", "Wanted", "constants_of", "crossing", "names_of"]

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from neurobridge.backends.torch.fused.unrolled import Code, Unrolled
from neurobridge.expression import names_in


@dataclass(frozen=True)
class Wanted:
    """What gradients are asked of a population, besides those of its states.

    Parameters
    ----------
    constants : frozenset of str
    couplings, receptors : frozenset of str
    current : {"", "one", "each"}
        Of injected current: none, one for the whole time, or one for each step.
    """

    constants: frozenset[str] = frozenset()
    couplings: frozenset[str] = frozenset()
    receptors: frozenset[str] = frozenset()
    current: Literal["", "one", "each"] = ""


@dataclass(frozen=True)
class Saved:
    """What is kept of every step.

    Parameters
    ----------
    states, before_reset : frozenset of str
        States at the ends of steps, and between phases 2 and 3.
    couplings : frozenset of (int, str)
        What arrived, by stage.
    receptors : frozenset of str
    """

    states: frozenset[str] = frozenset()
    before_reset: frozenset[str] = frozenset()
    couplings: frozenset[tuple[int, str]] = frozenset()
    receptors: frozenset[str] = frozenset()

    def __or__(self, other: Saved) -> Saved:
        return Saved(
            self.states | other.states,
            self.before_reset | other.before_reset,
            self.couplings | other.couplings,
            self.receptors | other.receptors,
        )


def names_of(code: Code) -> set[str]:
    """All names that the expressions of the code use."""
    return {n for a in code for n in names_in(a.expression)}


def constants_of(forms: Iterable[Unrolled]) -> tuple[str, ...]:
    """Constants that any of the forms uses, sorted."""
    found = set()
    for form in forms:
        code = [a for stage in form.stages for a in stage]
        texts = [form.signals[0], form.threshold, form.above]
        for stage in range(len(form.stages)):
            code += form.after(stage)
        found |= names_of(tuple(code)) | {n for t in texts if t for n in names_in(t)}
    return tuple(sorted(n[2:] for n in found if n.startswith("c_")))


def crossing(form: Unrolled, stage: int) -> tuple[str, ...]:
    """Names that are assigned before a stage and used in it or later, states at first left out."""
    made = {a.target for earlier in form.stages[:stage] for a in earlier}
    used = set(form.end.values())
    for later in range(stage, len(form.stages)):
        used |= names_of(form.stages[later]) | names_of(form.after(later))
    if form.threshold:
        used |= names_in(form.threshold) | names_in(form.above)
    return tuple(sorted(made & used))
