"""Which weight scale a deployment takes: the bound that never saturates, or what a run needs."""

from __future__ import annotations

__all__ = ["HARMLESS", "ScaledPlan", "WeightScale", "choose_scale"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.fixedpoint.findings import chip_findings
from neurobridge.deployment.measured_input import max_summed_input
from neurobridge.lowering.chip.cells import chip_cells
from neurobridge.lowering.chip.magnitudes import summed_input
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.chip.words import RoundingError
from neurobridge.lowering.finding import Finding, raise_if_errors
from neurobridge.lowering.program import Program

Real = NDArray[np.float64]
Kind = Literal["bound", "measured", "given"]

HARMLESS = 1e-3
"""Total relative error of weights below which, without zeros, rounding is harmless."""


@dataclass(frozen=True)
class WeightScale:
    """How the scale of the weights onto one population was chosen.

    Parameters
    ----------
    population : str
    kind : {"bound", "measured", "given"}
        All inputs of a neuron in one step; the largest sum of a run with headroom; a setting.
    why : str
    by_bound : RoundingError or None
        Rounding with the bound; None if the bound has no scale at all.
    used : RoundingError
    """

    population: str
    kind: Kind
    why: str
    by_bound: RoundingError | None
    used: RoundingError

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {
            "population": self.population,
            "kind": self.kind,
            "why": self.why,
            "by_bound": self.by_bound.to_dict() if self.by_bound else None,
            "used": self.used.to_dict(),
        }


@dataclass(frozen=True)
class ScaledPlan:
    """A plan with its findings, the settings that it was made with, and how they were chosen."""

    plan: ChipPlan
    findings: list[Finding]
    settings: dict[str, Any]
    scales: tuple[WeightScale, ...]


def choose_scale(
    program: Program,
    settings: Mapping[str, Any],
    bound: ChipPlan | None,
    findings: list[Finding],
    measured: Mapping[str, Real],
    headroom: float,
) -> ScaledPlan:
    """The better scale for every population.

    Parameters
    ----------
    program : Program
    settings : mapping
        As given; with ``max_summed_input`` nothing is chosen.
    bound : ChipPlan or None
        The plan for these settings; None if the bound has no scale.
    findings : list of Finding
        Of that plan.
    measured : mapping of str to float64 array, shape (2, size)
        See :func:`~neurobridge.deployment.measured_input.measure_input`.
    headroom : float

    Raises
    ------
    FindingsError
        If no plan can be made.
    """
    if "max_summed_input" in settings and bound is not None:
        return ScaledPlan(bound, findings, dict(settings), _as_given(bound))
    harmed = [n for n in measured if bound is None or not _harmless(bound.error(n))]
    if bound is not None and not harmed:
        return ScaledPlan(bound, findings, dict(settings), _by_bound(bound))
    cells = chip_cells(program)
    wanted = max_summed_input(program, cells, measured, summed_input(program, cells), headroom)
    chosen, found, told = _told(program, settings, {n: wanted[n] for n in harmed})
    if bound is not None:
        better = [n for n in harmed if _order(chosen.error(n)) < _order(bound.error(n))]
        if not better:
            return ScaledPlan(bound, findings, dict(settings), _by_bound(bound))
        if better != harmed:
            chosen, found, told = _told(program, settings, {n: wanted[n] for n in better})
        harmed = better
    scales = tuple(
        _measured(n, bound, chosen, headroom) if n in harmed else _bound(n, chosen)
        for n in chosen.cells
    )
    return ScaledPlan(chosen, found, told, scales)


def _told(
    program: Program, settings: Mapping[str, Any], maxima: Mapping[str, Any]
) -> tuple[ChipPlan, list[Finding], dict[str, Any]]:
    told = {**settings, "max_summed_input": maxima}
    plan, findings = chip_findings(program, told)
    raise_if_errors([f for f in findings if f.severity == "error"])
    assert plan is not None
    return plan, findings, told


def _harmless(error: RoundingError) -> bool:
    return error.became_zero == 0 and error.total < HARMLESS


def _order(error: RoundingError) -> tuple[int, float]:
    """Zeros count first: a synapse that is lost is not made good by a better sum."""
    return error.became_zero, error.total


def _as_given(plan: ChipPlan) -> tuple[WeightScale, ...]:
    why = "max_summed_input was set"
    return tuple(WeightScale(n, "given", why, None, plan.error(n)) for n in plan.cells)


def _by_bound(plan: ChipPlan) -> tuple[WeightScale, ...]:
    return tuple(_bound(n, plan) for n in plan.cells)


def _bound(name: str, plan: ChipPlan) -> WeightScale:
    error = plan.error(name)
    if not error.n:
        why = "no synapse reaches it"
    elif _harmless(error):
        why = (
            f"rounding is harmless with it: no weight becomes 0, {error.total:.3%} in all; buffers "
            "cannot saturate"
        )
    else:
        why = "what was measured needs no smaller scale; buffers cannot saturate"
    return WeightScale(name, "bound", why, error, error)


def _measured(name: str, bound: ChipPlan | None, chosen: ChipPlan, headroom: float) -> WeightScale:
    used = chosen.error(name)
    room = f"scaled for {headroom:g} times the largest sum of a step in a run of the reference"
    if bound is None:
        return WeightScale(name, "measured", f"the bound does not fit; {room}", None, used)
    old = bound.error(name)
    why = (
        f"the bound makes {old.became_zero:,} of {old.n:,} weights 0 and changes them by "
        f"{old.total:.2%} in all; {room}, it is {used.became_zero:,} and {used.total:.3%}"
    )
    return WeightScale(name, "measured", why, old, used)
