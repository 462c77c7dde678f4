"""What a spectrum must fulfil whatever the system: looked at, and said as findings."""

from __future__ import annotations

__all__ = ["checked"]

import numpy as np

from neurobridge.analysis.lyapunov.measure import Measured
from neurobridge.analysis.lyapunov.nearby import two_trajectories
from neurobridge.analysis.lyapunov.plan import Plan
from neurobridge.analysis.lyapunov.statistics import Transient, blocking, intervals
from neurobridge.analysis.lyapunov.system import Real, System
from neurobridge.errors import NetworkError
from neurobridge.lowering.finding import Finding, Severity

SUM_TOLERANCE = 1e-3
"""Difference of the sum of all exponents from the mean divergence, per state."""
RESTING = 1e-2
"""With exponents below 0, a state that moves by less, relative to its size, rests at last."""
SHORT = 20.0
"""Units of time of a flow in which no error can be told from the blocks."""
LARGE = 20
"""Neurons from which on symmetry is looked at."""
COMPARED = 200.0
"""Units of time in which two trajectories are followed at most."""


def checked(
    system: System,
    plan: Plan,
    measured: Measured,
    dt: float,
    exponents: Real,
    blocks: Real,
    transient: Transient,
) -> list[Finding]:
    """All findings on a result, those that are as they should be as notes.

    Parameters
    ----------
    exponents : float64 array (k,)
        In descending order.
    blocks : float64 array (B, k)
        In the same order.
    """
    errors, freedom, _ = blocking(blocks)
    low, high = intervals(exponents, errors, freedom)
    found = []
    if transient.found:
        found.append(_transient(system, transient))
    if system.meaning == "flow" and plan.time < SHORT:
        found.append(_short(plan))
    if system.meaning == "flow":
        if exponents.size == system.size and np.isfinite(measured.divergence):
            found.append(_sum_rule(system, measured, exponents))
        found += _zero(system, measured, exponents, low, high)
        found += _symmetry(system, exponents)
    found += _maximal(system, plan, measured, dt, exponents, errors)
    return found


def _finding(code: str, good: bool, why: str, remedy: str, magnitude: float) -> Finding:
    severity: Severity = "note" if good else "approximation"
    return Finding(code, severity, "spectrum", why, "nothing to do" if good else remedy, magnitude)


def _transient(system: System, transient: Transient) -> Finding:
    return _finding(
        "transient_not_over", False,
        f"the beginning of the measurement differs from its end, by {transient.maximal:.1f} "
        f"standard errors in the first exponent and {transient.total:.1f} in the sum",
        "start later (transient=, warm_up=), or measure for longer",
        max(abs(transient.maximal), abs(transient.total)),
    )  # fmt: skip


def _short(plan: Plan) -> Finding:
    return _finding(
        "short_run", False,
        f"{plan.time:g} units of time are too short for errors from blocks to mean anything: "
        "neighbouring blocks are one and the same stretch of the trajectory",
        f"measure for {SHORT:g} or more", plan.time,
    )  # fmt: skip


def _sum_rule(system: System, measured: Measured, exponents: Real) -> Finding:
    """The exponents of a flow add up to the mean trace of its Jacobian."""
    total, trace = float(exponents.sum()), measured.divergence
    difference = total - trace
    return _finding(
        "sum_rule", abs(difference) <= SUM_TOLERANCE * max(system.size, abs(trace)),
        f"the exponents add up to {total:.6g}, the mean divergence along the trajectory is "
        f"{trace:.6g}",
        "the step is too long for the integrator: take a smaller dt, or rk4", difference,
    )  # fmt: skip


def _zero(
    system: System, measured: Measured, exponents: Real, low: Real, high: Real
) -> list[Finding]:
    """A flow that does not rest has an exponent of zero, along itself."""
    moved = np.linalg.norm(measured.state - measured.earlier)
    still = moved <= RESTING * max(float(np.linalg.norm(measured.earlier)), 1.0)
    if not system.autonomous or exponents[-1] > 0 or (high[0] < 0 and still):
        return []
    nearest = int(np.argmin(np.maximum(np.maximum(low, -high), 0) + 1e-9 * np.abs(exponents)))
    value = float(exponents[nearest])
    good = low[nearest] <= 0 <= high[nearest] or abs(value) < 1e-3 * np.abs(exponents).max()
    return [
        _finding(
            "zero_exponent", bool(good),
            f"a flow that does not rest has an exponent of 0; the nearest is number {nearest + 1}, "
            f"{value:.3g} in [{low[nearest]:.3g}, {high[nearest]:.3g}]",
            "measure for longer; if it stays, dt is too large", value,
        )
    ]  # fmt: skip


def _symmetry(system: System, exponents: Real) -> list[Finding]:
    """Random networks without self-connections: symmetric about their mean, for large N."""
    if exponents.size != system.size or exponents.size < LARGE or not system.coupled:
        return []
    centre = float(exponents.mean())
    deviation = float(np.abs((exponents + exponents[::-1]) / 2 - centre).max())
    return [
        Finding(
            "symmetry", "note", "spectrum",
            f"about their mean of {centre:.5g} the exponents are symmetric to within "
            f"{deviation:.2g}; those of large random networks without self-connections are, others "
            "need not be",
            "nothing to do", deviation,
        )
    ]  # fmt: skip


def _maximal(
    system: System, plan: Plan, measured: Measured, dt: float, exponents: Real, errors: Real
) -> list[Finding]:
    """The largest exponent once more, from two trajectories."""
    try:
        other = two_trajectories(
            system, measured.state, min(plan.time, COMPARED), dt=dt,
            warm_up=min(plan.warm_up, COMPARED), seed=plan.seed,
        )  # fmt: skip
    except NetworkError:
        return []
    difference = other.exponent - float(exponents[0])
    combined = float(np.hypot(other.error, errors[0]))
    good = abs(difference) <= 4 * combined + 1e-3 * np.abs(exponents).max()
    return [
        _finding(
            "two_trajectories", bool(good),
            f"two nearby trajectories separate at {other.exponent:.4g} in [{other.low:.3g}, "
            f"{other.high:.3g}], the largest exponent is {exponents[0]:.4g}",
            "measure for longer; if it stays, the model has a kink or a jump that its derivative "
            "does not know of", difference,
        )
    ]  # fmt: skip
