"""What FlyStability computes, faults included, to compare with numbers that were made with it.

None of it is a Lyapunov spectrum to be used: :func:`neurobridge.analysis.lyapunov.spectrum` gives
those. The faults are listed in :data:`WRONG`, and every result carries them.
"""

from __future__ import annotations

__all__ = [
    "LABEL",
    "WRONG",
    "FlyStabilitySpectrum",
    "flystability_network",
    "flystability_spectrum",
]

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.analysis.lyapunov.progress import Tick, progress_bar
from neurobridge.content import ByContent
from neurobridge.errors import BackendUnavailableError, NetworkError, UnknownNameError
from neurobridge.frozen import frozen_array
from neurobridge.structure import checks

if TYPE_CHECKING:
    from torch import Tensor

Real = NDArray[np.float64]
Activation = Literal["tanh", "tanh_positive", "tanh_stretched"]

LABEL = "flystability compatibility: known to be wrong, for comparison with published numbers"

WRONG = (
    "the Jacobian is that of tanh(x) times the gain, whatever the activation: right for tanh of "
    "gain 1 only, twice too large for tanh_positive, and without shifts",
    "sums are divided by all of the time, the two transients included, which shrinks every "
    "exponent by a factor of 1.02",
    "the forward Euler map is taken for the differential equation: with dt = 0.1 the mean exponent "
    "is -1.05 in place of -1",
    "each transient is 1 % of the time, whether it is over or not, and there is no error bar",
    "exponents are in the order of the frame, which is not sorted",
    "the dimension is the whole part of the Kaplan-Yorke dimension, of exponents as they come",
    "the arithmetic is float32: where the network is chaotic, the trajectory and the second digit "
    "of the exponents depend on the processor",
)
"""What is wrong with these numbers."""

TRANSIENT = 0.01
"""Share of the time of each of the two transients, that of the state and that of the frame."""


@dataclass(frozen=True, eq=False)
class FlyStabilitySpectrum(ByContent):
    """Exponents as FlyStability gives them.

    Parameters
    ----------
    exponents : float64 array, shape (k,)
        Per tau, in its order; float32 values.
    dt, time : float
        In tau; transients come on top.
    activation : str
    interval : float or None
        Between orthonormalisations, in tau; None if it was adapted.
    label : str
    wrong : tuple of str
    """

    exponents: Real
    dt: float
    time: float
    activation: Activation
    interval: float | None
    label: str = LABEL
    wrong: tuple[str, ...] = WRONG

    def __post_init__(self) -> None:
        object.__setattr__(self, "exponents", frozen_array(self.exponents, np.float64))

    @property
    def dimensionality(self) -> int:
        """How many exponents, from the first on, can be added before the sum is negative."""
        negative = np.cumsum(self.exponents) < 0
        return int(negative.argmax()) if negative.any() else self.exponents.size

    @property
    def entropy(self) -> float:
        """Sum of the positive exponents."""
        return float(self.exponents[self.exponents > 0].sum())

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it; the label comes first."""
        return {
            "label": self.label, "exponents": self.exponents.tolist(),
            "dimensionality": self.dimensionality, "entropy": self.entropy, "dt": self.dt,
            "time": self.time, "activation": self.activation, "interval": self.interval,
            "wrong": list(self.wrong),
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"<FlyStabilitySpectrum: {self.exponents.size} exponents; {self.label}>"


def flystability_network(n: int, g: float, seed: int) -> tuple[Real, Real]:
    """The random network and the initial state that its experiments draw for a seed.

    Weights are ``N(0, g**2/n)`` without a diagonal, from the legacy generator of NumPy; the state
    is ``N(0, 1)``, next from the same stream.

    Parameters
    ----------
    n : int
    g : float
        Above 0.
    seed : int
        In 0..2**32 - 1.

    Returns
    -------
    weights : float64 array (n, n), post x pre
    initial : float64 array (n,)

    Raises
    ------
    NetworkError
        If an argument is none of these.
    """
    n, g = checks.whole(n, "n", 1), checks.positive(g, "g")
    if checks.whole(seed, "seed") >= 2**32:
        raise NetworkError(f"seed: the legacy generator takes 0..2**32 - 1, got {seed}")
    legacy = np.random.RandomState(seed)
    weights: Real = legacy.normal(0, g / np.sqrt(n), (n, n))
    np.fill_diagonal(weights, 0)
    return weights, legacy.normal(0, 1, n)


def flystability_spectrum(
    weights: ArrayLike,
    *,
    initial: ArrayLike,
    activation: Activation = "tanh",
    gains: ArrayLike = 1.0,
    shifts: ArrayLike = 0.0,
    dt: float = 0.1,
    time: float = 200.0,
    k: int | Literal["all"] = "all",
    interval: float | None = 0.2,
    seed: int = 41,
    progress: bool = True,
) -> FlyStabilitySpectrum:
    """Exponents by the algorithm of FlyStability, faults included.

    Parameters
    ----------
    weights : array (N, N), post x pre
        Its ``C * W``.
    initial : array (N,)
        State at the start. Its training and its benchmarks start from 0, which is a fixed point
        of tanh.
    activation : {"tanh", "tanh_positive", "tanh_stretched"}
        ``tanh(x)``, for which gains and shifts enter the Jacobian only; ``(1 + tanh(u))/2`` and
        ``tanh(u)`` of ``u = gain*(x - shift)``.
    gains, shifts : float or array (N,)
    dt, time : float
        In tau.
    k : int or "all"
        Exponents.
    interval : float or None
        Between orthonormalisations, in tau; None adapts it, as the original does.
    seed : int
        Of torch's generator, for the first frame.
    progress : bool
        Show a bar on a terminal.

    Returns
    -------
    FlyStabilitySpectrum

    Raises
    ------
    NetworkError, UnknownNameError
        If an argument is none of these, or an exponent is not finite.
    BackendUnavailableError
        If torch is not installed.

    References
    ----------
    FlyStability (``flybrain`` 1.0.0), https://github.com/edouardkoehn/FlyStability
    """
    torch = _torch()
    matrix, state, gain, shift = _float32(weights, initial, gains, shifts)
    n, count = len(matrix), len(matrix) if k == "all" else checks.whole(k, "k", 1)
    if count > n:
        raise NetworkError(f"k: expected at most the {n} neurons that there are, got {count}")
    every = _steps_between(dt, interval)
    phi = _activation(activation, gain, shift)
    frame = torch.linalg.qr(
        torch.randn(n, count, generator=torch.Generator().manual_seed(int(seed)))
    ).Q
    steps = math.ceil(checks.positive(time, "time") / dt)
    settle = math.ceil(steps * TRANSIENT)
    with progress_bar("flystability", steps + 2 * settle, shown=progress) as tick:
        exponents = _exponents(matrix, state, gain, phi, frame, dt, steps, settle, every, tick)
    if not np.isfinite(exponents).all():
        raise NetworkError(
            f"flystability compatibility: exponent {int(np.argmin(np.isfinite(exponents)))} is not "
            "finite: the state or the frame leaves the range of float32; take smaller weights or "
            "gains, or a shorter interval"
        )
    return FlyStabilitySpectrum(exponents, dt, float(time), activation, interval)


def _exponents(
    matrix: Tensor,
    state: Tensor,
    gain: Tensor,
    phi: Callable[[Tensor], Tensor],
    frame: Tensor,
    dt: float,
    steps: int,
    settle: int,
    every: _Every,
    tick: Tick,
) -> Real:
    """Its loop. The order of operations is its own, to the last bit."""
    import torch

    stay = torch.eye(len(matrix)) * (1 - dt)
    sums, elapsed, last = torch.zeros(frame.shape[1]), 1.0, steps + 2 * settle - 1
    output = phi(state)
    for step in range(1, last + 1):
        state = (1 - dt) * state + dt * torch.matmul(matrix, output)
        output = phi(state)
        tick(1)
        if step <= settle:
            continue
        frame = torch.mm(stay + matrix * (gain / torch.cosh(state) ** 2 * dt), frame)
        if every.is_due(step) or step == last:
            frame, triangle = torch.linalg.qr(frame)
            every.adapt(triangle, dt)
            if step > 2 * settle:
                sums += torch.log(triangle.diag().abs())
            elapsed = step * dt
    return np.asarray((sums / elapsed).numpy(), dtype=np.float64)


@dataclass
class _Every:
    """Steps between orthonormalisations."""

    steps: int
    adapts: bool

    def is_due(self, step: int) -> bool:
        return self.steps == 0 or step % self.steps == 0

    def adapt(self, triangle: Tensor, dt: float) -> None:
        """A tenth up or down, by a rule that mixes stretching factors with logarithms of them."""
        largest, smallest = float(triangle[0, 0]), float(triangle[-1, -1])
        if not self.adapts or len(triangle) == 1 or not largest / smallest > 0:
            return
        wanted = math.log(largest / smallest) / (largest - smallest) / dt
        self.steps += int(np.sign(math.ceil(wanted) - self.steps)) * math.ceil(self.steps * 0.1)


def _steps_between(dt: float, interval: float | None) -> _Every:
    dt = checks.positive(dt, "dt")
    if dt > 1:
        raise NetworkError(f"dt: expected at most 1 tau, got {dt:g}")
    if interval is None:
        return _Every(2, adapts=True)
    if checks.positive(interval, "interval") < dt:
        raise NetworkError(f"interval: expected at least a time step of {dt:g}, got {interval:g}")
    return _Every(math.ceil(interval / dt), adapts=False)


def _activation(name: str, gain: Tensor, shift: Tensor) -> Callable[[Tensor], Tensor]:
    import torch

    if name == "tanh":
        return torch.tanh
    if name == "tanh_positive":
        return lambda x: 0.5 * (1 + torch.tanh(gain * (x - shift)))
    if name == "tanh_stretched":
        return lambda x: torch.tanh(gain * (x - shift))
    raise UnknownNameError("activation of FlyStability", name, get_args(Activation))


def _float32(
    weights: ArrayLike, initial: ArrayLike, gains: ArrayLike, shifts: ArrayLike
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    import torch

    matrix = np.asarray(weights, dtype=np.float32)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise NetworkError(
            f"weights: expected a square matrix, post x pre, got shape {matrix.shape}"
        )
    found = [matrix]
    for name, given in (("initial", initial), ("gains", gains), ("shifts", shifts)):
        array = np.asarray(given, dtype=np.float32)
        if array.shape != (len(matrix),) and (array.ndim or name == "initial"):
            raise NetworkError(
                f"{name}: expected one for each of {len(matrix)} neurons, got shape {array.shape}"
            )
        found.append(np.broadcast_to(array, (len(matrix),)).copy())
    if not all(np.isfinite(array).all() for array in found):
        raise NetworkError("weights, initial, gains and shifts must be finite in float32")
    return tuple(torch.from_numpy(array) for array in found)  # type: ignore[return-value]


def _torch() -> Any:
    try:
        import torch
    except ModuleNotFoundError as err:
        raise BackendUnavailableError(
            "flystability compatibility needs torch, whose generator draws the first frame: "
            "pip install 'neurobridge-sim[torch]'"
        ) from err
    return torch
