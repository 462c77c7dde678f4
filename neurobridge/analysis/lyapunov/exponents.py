"""Lyapunov exponents of a system, or of many at once."""

from __future__ import annotations

__all__ = ["spectra", "spectrum"]

import time as clock
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from inspect import signature
from typing import Any, Literal

import numpy as np

from neurobridge.analysis.lyapunov.adaptive import enough, more, pilot
from neurobridge.analysis.lyapunov.checks import checked
from neurobridge.analysis.lyapunov.measure import Measured, measure
from neurobridge.analysis.lyapunov.plan import Plan, make_plan
from neurobridge.analysis.lyapunov.progress import Tick, progress_bar, silent
from neurobridge.analysis.lyapunov.result import Spectrum, Status
from neurobridge.analysis.lyapunov.settle import Settled, settle
from neurobridge.analysis.lyapunov.stability import step_error
from neurobridge.analysis.lyapunov.statistics import Transient, block_errors, has_transient
from neurobridge.analysis.lyapunov.system import System
from neurobridge.analysis.lyapunov.threads import on_threads
from neurobridge.errors import NetworkError


def spectrum(
    system: System,
    k: int | Literal["all", "adaptive"] = "all",
    *,
    time: float | None = None,
    error: float | None = None,
    transient: float = 100.0,
    warm_up: float = 50.0,
    dt: float | None = None,
    method: Literal["ab4", "rk4", "euler", "map"] | None = None,
    renormalise: Literal["auto", "lu", "cholesky", "householder"] = "auto",
    interval: float | None = None,
    precision: Literal["float64", "mixed"] = "float64",
    seed: int = 0,
    blocks: int | None = None,
    checks: bool = True,
    device: str = "cpu",
    threads: int = 1,
    progress: bool = True,
) -> Spectrum:
    r"""The Lyapunov exponents of a system.

    Tangent vectors follow the linearised system, ``dV/dt = J(x(t)) V``, and are kept apart by
    triangular factorisations; the exponents are the mean logarithms of what is taken out [1]_ [2]_.

    Parameters
    ----------
    system : System
        From :func:`of_network`, :func:`equations` or :func:`function`.
    k : int, "all" or "adaptive"
        How many of the leading exponents; ``"adaptive"``: as many as the Kaplan-Yorke dimension
        and the entropy need, which in large networks is a fraction.
    time : float, optional
        To measure, in units of the system. Default: 1000; with ``error`` the longest time, 10,000.
    error : float, optional
        Measure until no exponent has a larger standard error from the blocks. That of the time
        step comes on top of it, in quadrature; only a smaller ``dt`` makes it less.
    transient : float
        Time that the state is given to reach the attractor.
    warm_up : float
        Time that the tangent vectors are given, from there, to find their directions.
    dt : float, optional
        Default: the system's own (0.1 tau for networks), made smaller where it is not stable. For
        the meaning ``map`` the Euler map at this dt is the system.
    method : {"ab4", "rk4", "euler", "map"}, optional
        Flows: ``ab4`` (default for networks), one evaluation a step and of order four, or ``rk4``.
    renormalise : {"auto", "lu", "cholesky", "householder"}
        All give the same exponents; see :class:`Renormaliser`.
    interval : float, optional
        Time between two renormalisations; default: as long as the spread of exponents allows.
    precision : {"float64", "mixed"}
        Of tangent vectors: ``mixed`` is float32 for them, float64 for state, Gram matrix and sums.
    seed : int
        Of initial state and tangent vectors.
    blocks : int, optional
        Into which the time is divided, for errors and traces; default: up to 64, each of several
        intervals.
    checks : bool
        Whether to look at the sum rule, the zero exponent, symmetry and two trajectories.
    device : str
        ``"cpu"``: compiled code. ``"cuda"``: torch on a graphics card.
    threads : int
        Of the linear algebra.
    progress : bool

    Returns
    -------
    Spectrum
        Whose ``status`` says whether it is what was asked for.

    Raises
    ------
    NetworkError, UnknownNameError
        If an option does not fit, ``k`` is larger than N, or dt is too large for the method.
    DivergedError
        If the trajectory does not stay finite: when, and which state.

    References
    ----------
    .. [1] G. Benettin, L. Galgani, A. Giorgilli, J.-M. Strelcyn, "Lyapunov characteristic
       exponents for smooth dynamical systems and for Hamiltonian systems", Meccanica 15, 9 (1980).
    .. [2] R. Engelken, F. Wolf, L. F. Abbott, "Lyapunov spectra of chaotic recurrent neural
       networks", Phys. Rev. Research 5, 043044 (2023).
    """
    plan = make_plan(
        system, k=k, dt=dt, method=method, renormalise=renormalise, interval=interval,
        precision=precision, time=time, error=error, transient=transient, warm_up=warm_up,
        seed=seed, blocks=blocks,
    )  # fmt: skip
    whole = plan.transient + plan.warm_up + plan.time
    with on_threads(threads), progress_bar("exponents", whole, shown=progress) as tick:
        if device != "cpu":
            return _together([system], [plan], device, checks, tick)[0]
        return _spectrum(system, plan, checks, tick)


def spectra(
    systems: Sequence[System],
    k: int | Literal["all", "adaptive"] = "all",
    *,
    threads: int = 1,
    progress: bool = True,
    checks: bool = False,
    seeds: Sequence[int] | None = None,
    device: str = "cpu",
    **options: Any,
) -> list[Spectrum]:
    """The exponents of many systems, or of one from many initial states.

    Parameters
    ----------
    systems : sequence of System
    k
        See :func:`spectrum`.
    threads : int
        Systems at a time; results do not depend on it.
    progress : bool
    checks : bool
    seeds : sequence of int, optional
        One for each system; default: ``seed`` of the options for all.
    device : str
        ``"cpu"``, or ``"cuda"``: all of them at once on a graphics card. They must then differ in
        numbers only, and have one time step and, for ``"adaptive"``, one k.
    **options
        All others of :func:`spectrum`.

    Returns
    -------
    list of Spectrum

    Raises
    ------
    NetworkError
        As :func:`spectrum`; if there are not as many seeds as systems.
    """
    seed = options.pop("seed", 0)
    chosen = [seed] * len(systems) if seeds is None else list(seeds)
    if len(chosen) != len(systems):
        raise NetworkError(f"seeds: expected one for each of {len(systems)}, got {len(chosen)}")
    known = set(signature(make_plan).parameters) - {"system", "k", "seed"}
    unknown = sorted(set(options) - known)
    if unknown:
        raise NetworkError(f"spectra: unknown options {unknown}; known are {sorted(known)}")
    plans = [
        make_plan(system, k=k, seed=s, **options) for system, s in zip(systems, chosen, strict=True)
    ]
    if device != "cpu" and plans:
        whole = plans[0].transient + plans[0].warm_up + plans[0].time
        with progress_bar("exponents", whole, shown=progress) as tick:
            return _together(systems, plans, device, checks, tick)
    with (
        on_threads(1),
        progress_bar("systems", len(plans), shown=progress) as tick,
        ThreadPoolExecutor(max(threads, 1)) as pool,
    ):

        def one(system: System, plan: Plan) -> Spectrum:
            found = _spectrum(system, plan, checks, silent)
            tick(1)
            return found

        return list(pool.map(one, systems, plans))


def _spectrum(system: System, plan: Plan, checks: bool, tick: Tick) -> Spectrum:
    begun = clock.thread_time()
    settled = settle(system, plan, tick)
    measured = _measured(system, plan, settled, tick)
    return _result(system, plan, settled, measured, checks, begun, "cpu")


def _together(
    systems: Sequence[System], plans: Sequence[Plan], device: str, checks: bool, tick: Tick
) -> list[Spectrum]:
    """All in one batch; the plans differ in their seeds alone."""
    from neurobridge.analysis.lyapunov.torch.batch import on_device

    begun = clock.thread_time()
    batch = on_device(systems, [plan.seed for plan in plans], device)
    settled = settle(batch, plans[0], tick)
    members = _measured(batch, plans[0], settled, tick).members()
    return [
        _result(system, plan, settled, measured, checks, begun, device)
        for system, plan, measured in zip(systems, plans, members, strict=True)
    ]


def _result(
    system: System,
    plan: Plan,
    settled: Settled,
    measured: Measured,
    checks: bool,
    begun: float,
    device: str,
) -> Spectrum:
    means = measured.blocks.mean(axis=0)
    order = np.argsort(-means, kind="stable")
    blocks, exponents = measured.blocks[:, order], means[order]
    errors = np.hypot(block_errors(blocks), step_error(exponents, plan.method, settled.dt))
    transient = has_transient(blocks)
    findings = []
    if checks:
        findings = checked(system, plan, measured, settled.dt, exponents, blocks, transient)
    return Spectrum(
        exponents=exponents,
        errors=errors,
        blocks=blocks,
        block_time=measured.block_time,
        size=system.size,
        meaning=system.meaning,
        method=plan.method,
        unit=system.unit,
        dt=settled.dt,
        time=len(blocks) * measured.block_time,
        transient=plan.transient,
        warm_up=plan.warm_up,
        seed=plan.seed,
        status=_status(plan, measured, transient),
        findings=tuple(findings),
        seconds=clock.thread_time() - begun,
        info={**_info(system, plan, settled, measured), "device": device},
        names=system.names,
    )


def _measured(system: System, plan: Plan, settled: Settled, tick: Tick) -> Measured:
    """The measurement; with more vectors if there were too few for the dimension."""
    if plan.k != "adaptive":
        return measure(system, plan, settled, plan.k, tick)
    k = pilot(system, plan, settled, silent)
    while True:
        measured = measure(system, plan, settled, k, tick)
        if enough(measured, system.size):
            return measured
        k = more(k, system.size)


def _status(plan: Plan, measured: Measured, transient: Transient) -> Status:
    if plan.error is not None and not measured.converged:
        return "not_converged"
    if transient.found:
        return "transient"
    return "done" if plan.error is None else "converged"


def _info(system: System, plan: Plan, settled: Settled, measured: Measured) -> dict[str, Any]:
    return {
        "renormalise": plan.kind(measured.blocks.shape[1], system.size),
        "renormalisations": measured.renormalisations,
        "redone": measured.redone,
        "interval": measured.interval * settled.dt,
        "precision": plan.precision,
        "requested_k": plan.k,
        "requested_error": plan.error,
        "requested_time": plan.time,
        "largest_dt": settled.largest_dt if np.isfinite(settled.largest_dt) else None,
        "divergence": measured.divergence if np.isfinite(measured.divergence) else None,
        "autonomous": system.autonomous,
    }
