"""Exponents of the network that is trained, over short windows, for losses on them."""

from __future__ import annotations

__all__ = ["OfExponents"]

from abc import abstractmethod
from dataclasses import dataclass
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray

from neurobridge.analysis.lyapunov.network import Unit
from neurobridge.analysis.lyapunov.stability import step_error
from neurobridge.analysis.lyapunov.system import DivergedError, Meaning, Method
from neurobridge.analysis.lyapunov.torch.trajectory import Stretch
from neurobridge.analysis.lyapunov.torch.windows import Differentiable, window_exponents
from neurobridge.errors import NetworkError, TrainingError
from neurobridge.training.dynamics import differentiable_system
from neurobridge.training.objective import Loss, Seen
from neurobridge.training.trainable import TrainableNetwork

METHODS: dict[Meaning, Method] = {"flow": "rk4", "map": "euler"}
SHARE: dict[Meaning, float] = {"flow": 2.0, "map": 1.0}
"""The default time step, in those of a system, which are for methods of less order."""


@dataclass(frozen=True, eq=False, kw_only=True)
class OfExponents(Loss):
    r"""The k leading Lyapunov exponents of a rate network, over windows of its own activity.

    The network runs by itself, under its own stimuli only: from a random state to its attractor
    (``transient``), until the tangent vectors have found their directions (``warm_up``), and then
    through ``windows`` consecutive windows. The exponents are

    .. math:: \lambda_i = \frac{1}{n_w T_w} \sum_{w} \sum_{q \in w} \log R^{(q)}_{ii}

    with R of a QR factorisation after every ``interval`` [1]_. State and frame at the beginning of
    a window count as given, so that gradients reach back through one window at most: those of long
    chaotic trajectories grow as exp(lambda_1 T) and say nothing. What is held in memory for them is
    one interval, worked out once more in the backward pass, and a state and a frame for each.

    A value depends on the parameters and these settings only. Jacobian-vector products are those of
    the declared model; no Jacobian is made.

    Parameters
    ----------
    k : int
    windows : int
    window, interval : float
        Durations, rounded to steps; a window to whole intervals.
    transient, warm_up : float
    dt : float, optional
        Default: 0.2 of the (fastest) time constant for the flow, with which exponents are right to
        about 0.002 per time constant; 0.1 of it for the map.
    meaning : {"flow", "map"}
        ``flow``: the differential equation, by the Runge-Kutta method of order four. ``map``: its
        Euler map at this dt, which is another system.
    unit : {"tau", "ms"}, optional
        Of all durations and exponents. Default: tau if all neurons have the same and it is not
        trained, else ms.
    initial : float or float64 array (N,), optional
        Spread of the random initial state, or the state; see
        :func:`neurobridge.analysis.lyapunov.of_network`.
    seed : int
        Of initial state and frame.

    Raises
    ------
    NetworkError, ModelError
        If neurons spike, couplings are delayed, k is larger than N, or a setting does not fit.
    TrainingError
        If the trajectory diverges (which neuron, and when), or dt is too large.

    References
    ----------
    .. [1] R. Engelken, "Gradient flossing: improving gradient descent through dynamic control of
       Jacobians", NeurIPS 2023.
    """

    k: int
    windows: int = 10
    window: float = 20.0
    interval: float = 1.0
    transient: float = 100.0
    warm_up: float = 20.0
    dt: float | None = None
    meaning: Meaning = "flow"
    unit: Unit | None = None
    initial: float | NDArray[np.float64] | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("k", "windows"):
            self._whole(name, 1)
        self._whole("seed", 0)
        for name in ("window", "interval"):
            self._duration(name)
        for name in ("transient", "warm_up"):
            self._duration(name, zero=True)
        if self.dt is not None:
            self._duration("dt")
        if self.window < self.interval:
            raise NetworkError(
                f"{self._name}: window = {self.window:g} is shorter than the interval between two "
                f"factorisations, {self.interval:g}; make it longer, or interval= shorter"
            )
        if self.meaning not in get_args(Meaning):
            known = get_args(Meaning)
            raise NetworkError(f"{self._name}: meaning must be one of {known}: {self.meaning!r}")

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _whole(self, name: str, least: int) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise NetworkError(
                f"{self._name}: {name} must be a whole number >= {least}, got {value!r}"
            )

    def _duration(self, name: str, *, zero: bool = False) -> None:
        value = getattr(self, name)
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if not number or not np.isfinite(value) or value < 0 or (value == 0 and not zero):
            bound = ">= 0" if zero else "> 0"
            raise NetworkError(f"{self._name}: {name} must be a time {bound}, got {value!r}")

    @property
    def wanted(self) -> NDArray[np.float64] | None:
        """The target of each exponent in descending order, (k,); None if they have none."""
        return None

    # -- exponents ------------------------------------------------------------------------------

    def window_exponents(self, model: TrainableNetwork) -> torch.Tensor:
        """Exponents of each window, float64 (windows, k), in the order of the frame."""
        given = differentiable_system(model, self.meaning, self.unit, self.initial)
        size = given.system.size
        if self.k > size:
            raise NetworkError(
                f"{self._name}: k = {self.k}, but a network of {size} states has {size} exponents"
            )
        try:
            return window_exponents(given, self._stretch(given))
        except (DivergedError, NetworkError) as err:
            raise TrainingError(f"{self._name}: {err}") from err

    def exponents(self, model: TrainableNetwork) -> torch.Tensor:
        """Mean over the windows, float64 (k,), in descending order."""
        mean = self.window_exponents(model).mean(0)
        return torch.sort(mean, descending=True, stable=True).values

    def step_errors(
        self, model: TrainableNetwork, exponents: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """How far off exponents of a flow are through the time step, (k,); of a map 0."""
        given = differentiable_system(model, self.meaning, self.unit, self.initial)
        return step_error(exponents, METHODS[self.meaning], self._step(given))

    def _step(self, given: Differentiable) -> float:
        return self.dt or SHARE[self.meaning] * given.system.default_dt

    def _stretch(self, given: Differentiable) -> Stretch:
        dt = self._step(given)
        steps = max(round(self.interval / dt), 1)
        intervals = max(round(self.window / (steps * dt)), 1)
        return Stretch(
            self.k, self.windows, intervals, steps, round(self.transient / dt),
            round(self.warm_up / dt), dt, METHODS[self.meaning], self.seed,
        )  # fmt: skip

    def __call__(self, seen: Seen) -> torch.Tensor:
        """The value."""
        return self.value(seen.model).to(seen.model.options.dtype)

    @abstractmethod
    def value(self, model: TrainableNetwork) -> torch.Tensor:
        """The value in float64, a scalar."""
