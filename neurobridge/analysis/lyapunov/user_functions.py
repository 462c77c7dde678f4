"""Systems that are a function of a user's: a right side or a map, and its derivative."""

from __future__ import annotations

__all__ = ["FunctionSystem", "function"]

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurobridge.analysis.lyapunov.system import (
    METHODS,
    Meaning,
    Method,
    Precision,
    Propagator,
    Real,
    System,
)
from neurobridge.errors import ModelError, NetworkError, UnknownNameError

Derivative = Callable[[Real, Real], Real]
"""From a state (N,) and directions (N, k) to the Jacobian times these, (N, k)."""

STEP = 1e-6
"""Of the differences that a derivative is compared with."""
TOLERANCE = 1e-4


@dataclass(frozen=True, eq=False, repr=False)
class FunctionSystem(System):
    """What :func:`function` makes."""

    value: Callable[[Real], Real]
    derivative: Derivative
    meaning: Meaning
    unit: str
    names: tuple[str, ...]
    initial: Real
    dt: float

    def __repr__(self) -> str:
        return f"<{self.meaning} of {self.size:,} states by a function, time in {self.unit}>"

    @property
    def default_dt(self) -> float:
        """See :class:`System`."""
        return self.dt

    @property
    def default_method(self) -> Method:
        """See :class:`System`."""
        return "rk4" if self.meaning == "flow" else "map"

    def start(self, seed: int) -> Real:
        """See :class:`System`; the state that was given, whatever the seed."""
        return self.initial.copy()

    def propagator(self, k: int, dt: float, method: Method, precision: Precision) -> Propagator:
        """See :class:`System`."""
        from neurobridge.analysis.lyapunov.function_propagator import FunctionPropagator

        if precision != "float64":
            raise NetworkError("precision: functions of a user's are worked out in float64")
        return FunctionPropagator(self, k, dt, method)


def function(
    value: Callable[[Any], Any],
    initial: ArrayLike,
    *,
    meaning: Meaning = "flow",
    jvp: Derivative | None = None,
    dt: float = 0.01,
    unit: str = "1",
    names: Sequence[str] | None = None,
) -> FunctionSystem:
    """A system of a function: ``dx/dt = value(x)`` for a flow, ``x' = value(x)`` for a map.

    Parameters
    ----------
    value : callable
        From a state (N,) to an array (N,). With ``jvp`` a function of NumPy arrays; without, one of
        float64 torch tensors, which torch differentiates.
    initial : float array (N,)
        Where it starts.
    meaning : {"flow", "map"}
    jvp : callable, optional
        From a state (N,) and directions (N, k) to the Jacobian times these, (N, k).
    dt : float
        Default time step of a flow.
    unit : str
        What the unit of time is called.
    names : sequence of str, optional
        Of the states; default ``x[0]``, ``x[1]`` ...

    Returns
    -------
    FunctionSystem

    Raises
    ------
    NetworkError, ModelError
        If shapes do not fit, or the derivative is not that of the function.

    Examples
    --------
    Lorenz (1996) with 40 variables:

    >>> import torch
    >>> from neurobridge.analysis import lyapunov
    >>> def right_side(x):
    ...     return (torch.roll(x, -1) - torch.roll(x, 2)) * torch.roll(x, 1) - x + 8.0
    >>> start = [8.01] + 39 * [8.0]
    >>> lyapunov.spectrum(lyapunov.function(right_side, start, dt=0.05))  # doctest: +SKIP
    """
    if meaning not in METHODS:
        raise UnknownNameError("meaning", str(meaning), METHODS)
    state = np.array(initial, dtype=np.float64)
    if state.ndim != 1 or not state.size or not np.isfinite(state).all():
        raise NetworkError(f"initial: expected finite numbers (N,), got {initial!r}")
    called = tuple(names) if names is not None else tuple(f"x[{i}]" for i in range(state.size))
    if len(called) != state.size:
        raise NetworkError(f"names: expected {state.size}, got {len(called)}")
    if jvp is None:
        value, jvp = _by_torch(value)
    system = FunctionSystem(
        value, jvp, meaning, unit, called, state, float(dt) if meaning == "flow" else 1.0
    )
    _check(system)
    return system


def _by_torch(value: Callable[[Any], Any]) -> tuple[Callable[[Real], Real], Derivative]:
    """The function and its derivative on NumPy arrays."""
    try:
        import torch
    except ModuleNotFoundError as err:
        raise ModelError(
            "a function without jvp= is differentiated by torch, which is not installed: pip "
            "install 'neurobridge-sim[torch]', or give jvp="
        ) from err

    def plain(x: Real) -> Real:
        made = value(torch.from_numpy(np.ascontiguousarray(x)))
        if not isinstance(made, torch.Tensor):
            raise ModelError(
                "value: a function without jvp= takes and returns torch tensors, got "
                f"{type(made)}; write it with torch, or give jvp="
            )
        return np.asarray(made.detach().numpy(), dtype=np.float64)

    def along(x: Real, directions: Real) -> Real:
        state = torch.from_numpy(np.ascontiguousarray(x))
        columns = torch.from_numpy(np.ascontiguousarray(directions.T))
        moved = torch.func.vmap(lambda v: torch.func.jvp(value, (state,), (v,))[1])(columns)
        return np.asarray(moved.detach().numpy().T, dtype=np.float64)

    _load_rules()
    return plain, along


def _load_rules() -> None:
    """Have torch load its rules of differentiation, at which it warns of a part of itself."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        one = torch.ones(1)
        torch.func.vmap(lambda v: torch.func.jvp(torch.sin, (one,), (v,))[1])(one[None])


def _check(system: FunctionSystem) -> None:
    """Shapes, and the derivative against differences, at the initial state and near it."""
    n = system.size
    directions = np.random.default_rng(0).standard_normal((n, 2))
    state = system.initial + 1e-3 * np.random.default_rng(1).standard_normal(n)
    got = np.asarray(system.value(state))
    if got.shape != (n,):
        raise ModelError(f"value: expected an array of shape ({n},), got {got.shape}")
    try:
        moved = np.asarray(system.derivative(state, directions))
    except RuntimeError as err:
        raise ModelError(f"value: torch cannot differentiate it: {err}") from err
    if moved.shape != (n, 2):
        raise ModelError(f"jvp: expected an array of shape ({n}, 2), got {moved.shape}")
    scale = STEP * max(float(np.abs(state).max()), 1.0)
    expected = np.stack(
        [
            (system.value(state + scale * v) - system.value(state - scale * v)) / (2 * scale)
            for v in directions.T
        ],
        axis=1,
    )
    error = float(np.abs(moved - expected).max())
    if not error <= TOLERANCE * max(float(np.abs(expected).max()), 1.0):
        raise ModelError(
            f"the derivative is not that of the function: near the initial state it differs from "
            f"differences by {error:.3g}. Is there a kink, a jump, or a detached tensor?"
        )
