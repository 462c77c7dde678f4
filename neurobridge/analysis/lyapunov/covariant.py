"""Covariant Lyapunov vectors: the directions that grow at each exponent, forwards and backwards."""

from __future__ import annotations

__all__ = ["CovariantVectors", "covariant_vectors"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular

from neurobridge.analysis.lyapunov.directions import initial_frame
from neurobridge.analysis.lyapunov.plan import Plan, make_plan
from neurobridge.analysis.lyapunov.progress import progress_bar
from neurobridge.analysis.lyapunov.renormaliser import Renormaliser
from neurobridge.analysis.lyapunov.settle import settle
from neurobridge.analysis.lyapunov.system import Real, System
from neurobridge.analysis.lyapunov.threads import on_threads
from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.rng import generator

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LARGEST = 4e9
"""Bytes that vectors and factors of a run may take."""


@dataclass(frozen=True, eq=False, repr=False)
class CovariantVectors:
    """Covariant vectors along a stretch of a trajectory.

    Parameters
    ----------
    times : float64 array (T,)
        From the beginning of the stretch.
    states : float64 array (T, N)
    vectors : float64 array (T, N, k)
        Of length 1; the sign has no meaning.
    local_exponents : float64 array (T - 1, k)
        Growth of each covariant vector between two times, per unit of time.
    backward_exponents : float64 array (T - 1, k)
        Those of the orthonormal frame, whose sums are growth rates of volumes.
    unit : str
    names : tuple of str
        Of the N states.
    labels : mapping of str to array (N,)
    """

    times: Real
    states: Real
    vectors: Real
    local_exponents: Real
    backward_exponents: Real
    unit: str
    names: tuple[str, ...]
    labels: Mapping[str, NDArray[Any]]

    def __repr__(self) -> str:
        times, states, k = self.vectors.shape
        return f"<{k} covariant vectors of {states:,} states at {times:,} times>"

    @property
    def exponents(self) -> Real:
        """Mean of the local exponents, (k,)."""
        mean: Real = self.local_exponents.mean(axis=0)
        return mean

    def angles(self, first: int, second: int) -> Real:
        """Angle between two vectors over time, in radians from 0 to pi/2, (T,)."""
        k = self.vectors.shape[2]
        for i in (first, second):
            if not 0 <= i < k:
                raise NetworkError(f"angles: there are vectors 0 to {k - 1}, got {i}")
        product = np.einsum("tn,tn->t", self.vectors[:, :, first], self.vectors[:, :, second])
        made: Real = np.arccos(np.clip(np.abs(product), 0.0, 1.0))
        return made

    @property
    def participation(self) -> Real:
        """Number of states that a vector has a part in, mean over time, (k,).

        ``1 / sum(v**4)`` for vectors of length 1: N if all take the same part, 1 if one is all.
        """
        made: Real = (1.0 / (self.vectors**4).sum(axis=1)).mean(axis=0)
        return made

    def by_group(self, label: str | ArrayLike) -> pd.DataFrame:
        """How much of each vector lies in each group of neurons, such as cell types or regions.

        Parameters
        ----------
        label : str or array (N,)
            A label of the network, or a value for each state.

        Returns
        -------
        pandas.DataFrame
            A row for each vector and group: ``share`` of the squared length (mean over time; they
            add up to 1), ``size`` of the group, ``enrichment``: share over the share of states.

        Raises
        ------
        UnknownNameError, NetworkError
            If there is no such label, or it has another length.
        """
        if isinstance(label, str):
            if label not in self.labels:
                raise UnknownNameError("label of the states", label, self.labels)
            values = np.asarray(self.labels[label])
        else:
            values = np.asarray(label)
        n = self.vectors.shape[1]
        if values.shape != (n,):
            raise NetworkError(
                f"groups: expected a value for each of {n} states, got {values.shape}"
            )
        names, code = np.unique(values.astype(str), return_inverse=True)
        squares = (self.vectors**2).mean(axis=0)
        share = np.stack([np.bincount(code, column, minlength=names.size) for column in squares.T])
        size = np.bincount(code, minlength=names.size)
        k = share.shape[0]
        return pd.DataFrame(
            {
                "vector": np.repeat(np.arange(k), names.size),
                "group": np.tile(names, k),
                "size": np.tile(size, k),
                "share": share.ravel(),
                "enrichment": (share / (size / n)).ravel(),
            }
        )

    def draw(self, label: str = "population") -> Figure:
        """Local exponents, angles of neighbours, participation, and shares of groups."""
        from neurobridge.analysis.lyapunov.vector_drawing import draw_vectors

        return draw_vectors(self, label)


def covariant_vectors(
    system: System,
    k: int | Literal["all"],
    *,
    time: float,
    interval: float | None = None,
    transient: float = 100.0,
    warm_up: float = 50.0,
    dt: float | None = None,
    method: Literal["ab4", "rk4", "euler", "map"] | None = None,
    seed: int = 0,
    threads: int = 1,
    progress: bool = True,
) -> CovariantVectors:
    """Covariant Lyapunov vectors by the method of Ginelli et al.

    Forwards, an orthonormal frame is kept with the factors R between its times. Backwards, upper
    triangular coefficients are taken through the inverses of R, under which they find the
    expanding directions within the frame.

    Parameters
    ----------
    system : System
    k : int or "all"
        Leading vectors.
    time : float
        Length of the stretch that is given back.
    interval : float, optional
        Between its times. Default: that at which growth within the frame spreads by e.
    transient, warm_up : float
        State and frame settle before the stretch, coefficients for ``warm_up`` after it.
    dt, method, seed, threads, progress
        See :func:`spectrum`.

    Returns
    -------
    CovariantVectors

    Raises
    ------
    NetworkError
        If the vectors would take more than 4 GB, or the stretch is shorter than two intervals.

    References
    ----------
    Ginelli, Poggi, Turchi, Chate, Livi & Politi (2007). Characterizing dynamics with covariant
    Lyapunov vectors. Phys. Rev. Lett. 99:130601.
    """
    plan = make_plan(
        system, k=k, dt=dt, method=method, renormalise="householder", interval=None,
        precision="float64", time=time, error=None, transient=transient, warm_up=warm_up, seed=seed,
    )  # fmt: skip
    if not isinstance(plan.k, int):
        raise NetworkError(f"k: expected a whole number or 'all', got {k!r}")
    whole = plan.transient + 2 * plan.warm_up + plan.time
    with on_threads(threads), progress_bar("vectors", whole, shown=progress) as tick:
        settled = settle(system, plan, tick)
        return _covariant(system, plan, plan.k, settled.state, settled.dt, interval, tick)


def _covariant(
    system: System, plan: Plan, k: int, state: Real, dt: float, interval: float | None, tick: Any
) -> CovariantVectors:
    propagator = system.propagator(k, dt, plan.method, "float64")
    propagator.begin(state, initial_frame(system.size, k, plan.seed))
    carrier = Renormaliser(propagator, dt, "householder", "float64")
    carrier.advance(max(round(plan.warm_up / dt), 1))
    tick(plan.warm_up)
    steps = max(carrier.interval // 7, 1) if interval is None else max(round(interval / dt), 1)
    kept, after = round(plan.time / (steps * dt)), round(plan.warm_up / (steps * dt))
    if kept < 2:
        raise NetworkError(
            f"time: {plan.time:g} units have {kept} intervals of {steps * dt:g}; ask for more "
            "time, or a shorter interval="
        )
    _check_memory(system.size, k, kept, after)
    states, frames = [propagator.state()], [propagator.frame()]
    factors = []
    for i in range(kept + after):
        propagator.advance(steps)
        _, factor = propagator.renormalise("householder")
        if factor is None or not np.isfinite(factor).all():
            raise NetworkError("the frame could not be factorised; take a shorter interval=")
        factors.append(factor)
        if i < kept:
            states.append(propagator.state())
            frames.append(propagator.frame())
        tick(steps * dt)
    coefficients, growth = _backwards(factors, k, kept, plan.seed)
    span = steps * dt
    return CovariantVectors(
        times=np.arange(kept + 1, dtype=np.float64) * span,
        states=np.array(states),
        vectors=np.array([q @ c for q, c in zip(frames, coefficients, strict=True)]),
        local_exponents=growth / span,
        backward_exponents=np.log([np.abs(np.diag(r)) for r in factors[:kept]]) / span,
        unit=system.unit,
        names=system.names,
        labels=system.groups(),
    )


def _backwards(factors: list[Real], k: int, kept: int, seed: int) -> tuple[list[Real], Real]:
    """Coefficients of the covariant vectors in the frame of each kept time, and their growth."""
    drawn = generator(seed, "lyapunov.covariant", "").standard_normal((k, k))
    now = np.triu(drawn)
    now /= np.linalg.norm(now, axis=0)
    coefficients, growth = [], np.zeros((kept, k))
    for i in range(len(factors) - 1, -1, -1):
        if i == kept - 1:
            coefficients.append(now)
        before = solve_triangular(factors[i], now)
        length = np.linalg.norm(before, axis=0)
        now = before / length
        if i < kept:
            growth[i] = -np.log(length)
            coefficients.append(now)
    return coefficients[::-1], growth


def _check_memory(size: int, k: int, kept: int, after: int) -> None:
    """Two copies of the frames, and all factors."""
    needed = 8.0 * (2 * (kept + 1) * size * k + (kept + after) * k * k)
    if needed > LARGEST:
        raise NetworkError(
            f"{kept} times of {k} vectors of {size} states take {needed / 1e9:.1f} GB, the cap is "
            f"{LARGEST / 1e9:.0f} GB; ask for less time, fewer vectors (k=), or a longer interval="
        )
