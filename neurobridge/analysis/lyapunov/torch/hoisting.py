"""What of straight-line code changes along a trajectory, and what is the same in every step."""

from __future__ import annotations

__all__ = ["Parts", "parted"]

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from neurobridge.expression import names_in, substitute
from neurobridge.lowering.program import Assignment


@dataclass(frozen=True)
class Parts:
    """Code in two parts.

    Parameters
    ----------
    fixed : tuple of Assignment
        Depends on constants only: worked out once.
    moving : tuple of Assignment
        The rest, to be run in every step.
    names : mapping of str to str
        Where the last value of each target of the code is found.
    """

    fixed: tuple[Assignment, ...]
    moving: tuple[Assignment, ...]
    names: dict[str, str]


def parted(code: Sequence[Assignment], moving: Collection[str]) -> Parts:
    """Part straight-line code by whether an assignment depends on names that are ``moving``.

    What is assigned again gets a name of its own, so that both parts may run in any order.
    """
    names: dict[str, str] = {}
    changing = set(moving)
    fixed: list[Assignment] = []
    rest: list[Assignment] = []
    for i, assignment in enumerate(code):
        body = substitute(assignment.expression, names)
        target = assignment.target
        name = f"again_{i}_{target}" if target in names else target
        names[target] = name
        if names_in(body) & changing:
            changing.add(name)
            rest.append(Assignment(name, body))
        else:
            fixed.append(Assignment(name, body))
    return Parts(tuple(fixed), tuple(rest), names)
