"""When and how a frame of tangent vectors is renormalised."""

from __future__ import annotations

__all__ = ["Renormaliser", "raise_diverged"]

import math

import numpy as np

from neurobridge.analysis.lyapunov.system import (
    DivergedError,
    Precision,
    Propagator,
    Real,
    Renormalisation,
)
from neurobridge.errors import NetworkError

SPREAD = {"lu": 10.0, "cholesky": 5.0, "householder": 7.0}
"""How far apart, as a logarithm, the longest and the shortest vector may grow in one interval.

Measured: the exponents then differ by less than 1e-12 from those of Householder's method in every
step, and with float32 tangents and their own limit by less than 1e-5.
"""
SPREAD_MIXED = 4.0
ALARM = {"lu": 20.0, "cholesky": 12.0, "householder": 18.0}
"""From which spread of ``log |r_ii|`` on an interval is done again, at half the length."""
ALARM_MIXED = 9.0
LONGEST = 200
"""Steps of an interval at most."""


class Renormaliser:
    """Carries a frame on, in intervals that follow the spread of its exponents.

    Any factorisation ``V = W R`` with a triangular R will do in between, since the logarithms of
    its diagonals add up to those of one factorisation at the end, which leaves an orthonormal frame
    (Benettin et al. 1980, Meccanica 15:9; LU: Bauer 1957, Z. angew. Math. Phys. 8:214).

    Parameters
    ----------
    propagator : Propagator
        With at least one tangent vector, begun.
    dt : float
    kind : {"lu", "cholesky", "householder"}
    precision : {"float64", "mixed"}
    interval : int, optional
        Steps between two renormalisations; default: as many as the spread allows.
    """

    def __init__(
        self,
        propagator: Propagator,
        dt: float,
        kind: Renormalisation,
        precision: Precision,
        interval: int | None = None,
    ) -> None:
        self.propagator, self.dt, self.kind, self.precision = propagator, dt, kind, precision
        self.fixed = interval is not None
        self.interval = interval or 1
        self.count = self.redone = 0

    def advance(self, n_steps: int) -> Real:
        """So many steps, the last of which ends with an orthonormal frame.

        Cholesky's frames are, to 1e-10, since the spread within an interval is bounded (1e-6 with
        float32 tangents). LU's are not, but are far from degenerate: Cholesky's of such a frame is.

        Returns
        -------
        float64 array (k,), or (S, k) of several systems
            Logarithms of the growth along the vectors. Their spread decides on the next intervals.

        Raises
        ------
        DivergedError
            If the trajectory does not stay finite.
        """
        total, left = np.zeros(self.propagator.k), n_steps
        while left:
            logs, done = self._segment(left)
            total = total + logs
            left -= done
        self._adapt(total, n_steps)
        return total

    def _segment(self, left: int) -> tuple[Real, int]:
        """One interval, shorter ones in its place if it was too long."""
        before = self.propagator.snapshot()
        steps = math.ceil(left / math.ceil(left / self.interval))
        while True:
            self.propagator.advance(steps)
            self._check(before, steps)
            logs, _ = self.propagator.renormalise(self.kind)
            if steps == left and self.kind == "lu":
                logs = logs + self.propagator.renormalise("cholesky")[0]
            spread = _spread(logs)
            shortest = steps == 1 and self.kind == "householder"
            if spread <= self._alarm or (shortest and math.isfinite(spread)):
                self.count += 1
                return logs, steps
            if shortest:
                raise NetworkError(
                    "a tangent vector shrinks to nothing within one step, so the smallest exponent "
                    "is -infinity: the Jacobian is singular. Ask for fewer exponents, k=..."
                )
            self.propagator.restore(before)
            self.redone += 1
            if steps == 1:  # only Householder's method is left
                self.kind = "householder"
                continue
            steps = max(steps // 2, 1)
            self.interval = steps

    @property
    def _alarm(self) -> float:
        return ALARM_MIXED if self.precision == "mixed" else ALARM[self.kind]

    def _adapt(self, logs: Real, n_steps: int) -> None:
        """The spread of exponents is known from one orthonormal frame to another."""
        if self.fixed or not n_steps:
            return
        limit = SPREAD_MIXED if self.precision == "mixed" else SPREAD[self.kind]
        allowed = limit * n_steps / max(_spread(logs), 1e-12)
        self.interval = int(max(1, min(allowed, 2 * n_steps, LONGEST)))

    def _check(self, before: object, steps: int) -> None:
        state = self.propagator.state()
        if np.isfinite(state).all():
            return
        self.propagator.restore(before)
        raise_diverged(self.propagator, steps, self.dt)


def _spread(logs: Real) -> float:
    """From the longest to the shortest vector; of several systems the widest one."""
    if not np.isfinite(logs).all():
        return math.inf
    return float((logs.max(axis=-1) - logs.min(axis=-1)).max())


def raise_diverged(propagator: Propagator, n_steps: int, dt: float) -> None:
    """Go on until a state is not finite, and say when and which.

    Raises
    ------
    DivergedError
        Always.
    """
    for _ in range(n_steps):
        propagator.advance(1)
        bad = np.flatnonzero(~np.isfinite(propagator.state()))
        if bad.size:
            raise DivergedError(int(bad[0]), bad.size, propagator.step * dt)
    raise DivergedError(0, 0, propagator.step * dt)
