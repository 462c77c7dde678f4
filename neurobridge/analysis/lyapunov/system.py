"""System: what has Lyapunov exponents; Propagator: what carries its state and tangents on."""

from __future__ import annotations

__all__ = ["DivergedError", "Meaning", "Method", "Propagator", "Renormalisation", "System"]

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurobridge.analysis.lyapunov.directions import initial_frame
from neurobridge.errors import NeurobridgeError

Real = NDArray[np.float64]
Meaning = Literal["flow", "map"]
Method = Literal["ab4", "rk4", "euler", "map"]
Precision = Literal["float64", "mixed"]
Renormalisation = Literal["lu", "cholesky", "householder"]

METHODS: Mapping[str, tuple[Method, ...]] = {"flow": ("ab4", "rk4"), "map": ("euler", "map")}
"""Integrators of each meaning: ``euler`` is the Euler map at a dt, ``map`` a system's own steps."""


class DivergedError(NeurobridgeError, ArithmeticError):
    """A trajectory left the finite numbers.

    Parameters
    ----------
    first, count : int
        The first state that did, and how many did in the same step.
    time : float
        After so many units of time of the stretch in which it happened.
    """

    def __init__(self, first: int, count: int, time: float, message: str = "") -> None:
        super().__init__(message or f"state {first} is not finite after {time:g} units of time")
        self.first, self.count, self.time = first, count, time


class System(ABC):
    """What has Lyapunov exponents.

    Attributes
    ----------
    meaning : {"flow", "map"}
        ``flow``: the exponents of the ordinary differential equation. ``map``: those of a discrete
        map, such as the Euler map at a given dt, which is another system.
    unit : str
        Unit of time: exponents are per unit, and dt and all durations are in it.
    names : tuple of str
        A name for each of the N states.
    """

    meaning: Meaning
    unit: str
    names: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of states N."""
        return len(self.names)

    @property
    def default_dt(self) -> float:
        """The time step if none is asked for."""
        return 0.1

    @property
    def default_method(self) -> Method:
        """The integrator if none is asked for."""
        return METHODS[self.meaning][0]

    @property
    def autonomous(self) -> bool:
        """Whether nothing in it depends on time, so that a flow has an exponent of zero."""
        return True

    @property
    def coupled(self) -> bool:
        """Whether it is a network of neurons, none of which is coupled to itself."""
        return False

    @abstractmethod
    def start(self, seed: int) -> Real:
        """An initial state, float64 (N,)."""

    def directions(self, k: int, seed: int) -> Real:
        """Orthonormal tangent vectors to begin with, float64 (N, k)."""
        return initial_frame(self.size, k, seed)

    def eigenvalues(self, state: Real) -> NDArray[np.complex128]:
        """Eigenvalues of largest modulus of the Jacobian of a flow at a state."""
        from neurobridge.analysis.lyapunov.stability import extreme_eigenvalues

        return extreme_eigenvalues(self, state)

    def name_of(self, index: int) -> str:
        """The name of the state at a place of the flat array of states."""
        return self.names[index]

    @abstractmethod
    def propagator(self, k: int, dt: float, method: Method, precision: Precision) -> Propagator:
        """What carries a state and ``k`` tangent vectors on."""

    def groups(self) -> Mapping[str, NDArray[Any]]:
        """Labels of the states by name, each (N,); for statistics by cell type."""
        return {}


class Propagator(ABC):
    """A state and a frame of ``k`` tangent vectors under way.

    Attributes
    ----------
    size, k : int
    step : int
        Steps done since :meth:`begin`.
    """

    size: int
    k: int
    step: int

    @abstractmethod
    def begin(self, state: Real, frame: Real | None) -> None:
        """Start at a state (N,) with a frame (N, k), None if ``k`` is 0; forget everything else."""

    @abstractmethod
    def advance(self, n_steps: int) -> None:
        """So many steps."""

    @abstractmethod
    def renormalise(self, kind: Renormalisation) -> tuple[Real, Real | None]:
        """Replace the frame V by W of ``V = W R``, with R upper triangular.

        Returns
        -------
        logs : float64 (k,)
            ``log |r_ii|``; not finite where the factorisation failed, and the frame is then lost.
        factor : float64 (k, k) or None
            R, for ``householder`` only.
        """

    @abstractmethod
    def state(self) -> Real:
        """A copy of the state, float64 (N,)."""

    @abstractmethod
    def frame(self) -> Real:
        """A copy of the frame, float64 (N, k)."""

    @abstractmethod
    def snapshot(self) -> Any:
        """All that is under way, for :meth:`restore`."""

    @abstractmethod
    def restore(self, snapshot: Any) -> None:
        """Go back to a snapshot."""

    @property
    @abstractmethod
    def divergence(self) -> float:
        """Sum over the steps so far of the trace of the Jacobian, NaN if it is not known."""
