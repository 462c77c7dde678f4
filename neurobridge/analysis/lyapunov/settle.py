"""From an initial state to the attractor, and to a time step that is stable there."""

from __future__ import annotations

__all__ = ["Settled", "settle"]

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.analysis.lyapunov.plan import Plan
from neurobridge.analysis.lyapunov.renormaliser import raise_diverged
from neurobridge.analysis.lyapunov.stability import largest_dt
from neurobridge.analysis.lyapunov.system import DivergedError, Method, Real, System
from neurobridge.errors import NetworkError

CHUNK = 200
"""Steps between two looks at a state."""
GROWN = 1e12
"""A state so many times as large as the initial one, or as 1, is taken to grow without bound."""
GROWN_ON_ATTRACTOR = 100.0
"""The same, from the end of the transient on."""
MARGIN = 0.9
"""Share of the largest stable step that is taken if the step is not given."""
LOOKS = 3
"""States of the trajectory at which stability is looked at."""


@dataclass(frozen=True)
class Settled:
    """Where a measurement starts.

    Parameters
    ----------
    state : float64 array (N,)
    dt : float
    largest_dt : float
        At which the method is stable on the trajectory; infinite for maps.
    """

    state: Real
    dt: float
    largest_dt: float


def settle(system: System, plan: Plan, progress: Callable[[float], None]) -> Settled:
    """Let the transient of the state pass, and find or check the time step.

    Raises
    ------
    NetworkError
        If the step is too large for the method; the message says the bound.
    DivergedError
        If the trajectory does not stay finite.
    """
    state = system.start(plan.seed)
    if state.shape[-1:] != (system.size,) or not np.isfinite(state).all():
        raise NetworkError(
            f"initial state: expected {system.size} finite numbers, got shape {state.shape} with "
            f"{int((~np.isfinite(state)).sum())} that are not"
        )
    if system.meaning == "map":
        dt = plan.dt or system.default_dt
        return Settled(_run(system, plan.method, state, dt, plan.transient, progress), dt, np.inf)
    dt = plan.dt or system.default_dt
    eigenvalues = []
    for part in np.diff(np.linspace(0.0, plan.transient, LOOKS + 1)):
        try:
            state = _run(system, "rk4", state, dt, float(part), progress)
        except DivergedError:
            initial = system.eigenvalues(system.start(plan.seed))
            if dt > largest_dt(initial, "rk4"):
                _refuse_dt(dt, plan, initial, system)
            raise
        eigenvalues.append(system.eigenvalues(state))
    if plan.dt is not None:
        _refuse_dt(dt, plan, np.concatenate(eigenvalues), system)
    bound = largest_dt(np.concatenate(eigenvalues), plan.method, _share(system, plan))
    return Settled(state, dt if plan.dt is not None else min(dt, MARGIN * bound), bound)


def _refuse_dt(dt: float, plan: Plan, eigenvalues: NDArray[np.complex128], system: System) -> None:
    """Raise :class:`NetworkError` for a step that is too long at states with these eigenvalues."""
    bound = largest_dt(eigenvalues, plan.method, _share(system, plan))
    if dt <= bound:
        return
    other = largest_dt(eigenvalues, "rk4")
    advice = f", or method='rk4', which takes up to {other:.3g}" if plan.method == "ab4" else ""
    raise NetworkError(
        f"dt = {dt:g} is too large for method {plan.method!r}: up to dt = {bound:.3g} it is stable "
        f"along this trajectory, and its exponents are those of the flow. Take a smaller dt{advice}"
    )


def _share(system: System, plan: Plan) -> float:
    """Of all exponents, those that are asked for; the dimension needs a small part."""
    return 0.25 if plan.k == "adaptive" else plan.k / system.size


def _run(
    system: System,
    method: Method,
    state: Real,
    dt: float,
    time: float,
    progress: Callable[[float], None],
) -> Real:
    """The state after some time, without tangents."""
    propagator = system.propagator(0, dt, method, "float64")
    propagator.begin(state, None)
    left = round(time / dt)
    while left:
        before, steps = propagator.snapshot(), min(CHUNK, left)
        propagator.advance(steps)
        if not np.isfinite(propagator.state()).all():
            propagator.restore(before)
            try:
                raise_diverged(propagator, steps, dt)
            except DivergedError as err:
                raise told(err, system, method, dt) from None
        refuse_growth(system, state, propagator.state(), propagator.step * dt, GROWN)
        left -= steps
        progress(steps * dt)
    return propagator.state()


def refuse_growth(
    system: System, first: Real, last: Real, time: float, grown: float = GROWN_ON_ATTRACTOR
) -> None:
    """Raise :class:`DivergedError` for a state that has grown out of all proportion."""
    bound = grown * max(float(np.abs(first).max()), 1.0)
    place = int(np.abs(last).argmax())
    if np.abs(last).flat[place] > bound:
        raise DivergedError(
            place, int((np.abs(last) > bound).sum()), time,
            f"the trajectory grows without bound: {system.name_of(place)} is "
            f"{last.flat[place]:.3g} after {time:g} {_unit(system)}, from states of up to "
            f"{np.abs(first).max():.3g}. There is no attractor whose exponents could be measured; "
            "take an activation that saturates, weaker couplings, or for a map a smaller dt",
        )  # fmt: skip


def told(err: DivergedError, system: System, method: Method, dt: float) -> DivergedError:
    """The error with the name of the state, and advice."""
    advice = (
        "the system has no bounded attractor from this initial state; give another one (initial=)"
    )
    if system.meaning == "flow":
        bound = largest_dt(system.eigenvalues(system.start(0)), method)
        advice += f", or dt = {dt:g} is too large (at an initial state, {method} takes {bound:.3g})"
    return DivergedError(
        err.first, err.count, err.time,
        f"the trajectory diverged after {err.time:g} {_unit(system)}: {system.name_of(err.first)} "
        f"is not finite any more, the first of {err.count} states; {advice}",
    )  # fmt: skip


def _unit(system: System) -> str:
    return "units of time" if system.unit == "1" else system.unit
