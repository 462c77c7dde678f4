"""Losses on the Lyapunov spectrum: targets for exponents, dimension, entropy, and expansion."""

from __future__ import annotations

__all__ = [
    "EntropyTarget",
    "ExpansionRate",
    "Flossing",
    "KaplanYorkeTarget",
    "SpectrumL2",
    "SpectrumLine",
    "SpectrumMSE",
]

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from neurobridge.errors import NetworkError, TrainingError
from neurobridge.training.losses.exponents import OfExponents
from neurobridge.training.trainable import TrainableNetwork


@dataclass(frozen=True, eq=False)
class _Towards(OfExponents):
    """Exponents and where they are to be."""

    target: float | ArrayLike = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        target = np.asarray(self.target)
        if target.dtype.kind not in "iuf" or not np.isfinite(target).all():
            raise NetworkError(f"{self._name}: target must be finite numbers, got {self.target!r}")
        if target.shape not in ((), (self.k,)):
            raise NetworkError(
                f"{self._name}: target must be one number, or one for each of k = {self.k} "
                f"exponents, got shape {target.shape}"
            )
        if target.ndim and (np.diff(target) > 0).any():
            raise NetworkError(
                f"{self._name}: exponents are compared in descending order, and the target rises; "
                "sort it"
            )

    @property
    def wanted(self) -> NDArray[np.float64]:
        """The target of each exponent, (k,)."""
        return np.broadcast_to(np.asarray(self.target, dtype=np.float64), (self.k,)).copy()

    def distance(self, model: TrainableNetwork) -> torch.Tensor:
        """Exponents minus target."""
        exponents = self.exponents(model)
        return exponents - torch.as_tensor(self.wanted, device=exponents.device)


@dataclass(frozen=True, eq=False)
class SpectrumMSE(_Towards):
    r"""Mean squared error of the leading exponents.

    .. math:: L = \frac{1}{k} \sum_i (\lambda_i - \lambda_i^*)^2

    Parameters
    ----------
    target : float or array (k,)
        For all exponents, or for each in descending order.
    k, windows, window, interval, transient, warm_up, dt, meaning, unit, initial, seed
        See :class:`~neurobridge.training.losses.exponents.OfExponents`.
    """

    def value(self, model: TrainableNetwork) -> torch.Tensor:
        """The value in float64."""
        return (self.distance(model) ** 2).mean()


@dataclass(frozen=True, eq=False)
class SpectrumL2(_Towards):
    r"""Euclidean distance of the leading exponents from a target.

    .. math:: L = \Big(\sum_i (\lambda_i - \lambda_i^*)^2\Big)^{1/2}

    Its gradient has length 1 however near the target is; at the target itself it is 0.

    Parameters
    ----------
    target : float or array (k,)
        For all exponents, or for each in descending order.
    k, windows, window, interval, transient, warm_up, dt, meaning, unit, initial, seed
        See :class:`~neurobridge.training.losses.exponents.OfExponents`.
    """

    def value(self, model: TrainableNetwork) -> torch.Tensor:
        """The value in float64."""
        length: torch.Tensor = torch.linalg.vector_norm(self.distance(model))
        return length


@dataclass(frozen=True, eq=False)
class SpectrumLine(OfExponents):
    r"""Mean squared error of the leading exponents from a straight line.

    .. math:: L = \frac{1}{k} \sum_i (\lambda_i - \lambda_i^*)^2, \qquad
        \lambda_i^* = \lambda_1^* + \frac{i - 1}{k - 1} (\lambda_k^* - \lambda_1^*)

    Parameters
    ----------
    first, last : float
        Targets of the first and of the k-th exponent. (1.24 and -1.25 is ``MSE_Custom`` of
        FlyStability.)
    k, windows, window, interval, transient, warm_up, dt, meaning, unit, initial, seed
        See :class:`~neurobridge.training.losses.exponents.OfExponents`.
    """

    first: float
    last: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not np.isfinite([self.first, self.last]).all() or self.first < self.last:
            raise NetworkError(
                f"{self._name}: exponents are in descending order, so first must be finite and not "
                f"below last, got {self.first!r} and {self.last!r}"
            )

    @property
    def wanted(self) -> NDArray[np.float64]:
        """The target of each exponent, (k,)."""
        return np.linspace(self.first, self.last, self.k)

    def value(self, model: TrainableNetwork) -> torch.Tensor:
        """The value in float64."""
        exponents = self.exponents(model)
        wanted = torch.as_tensor(self.wanted, device=exponents.device)
        return ((exponents - wanted) ** 2).mean()


@dataclass(frozen=True, eq=False)
class KaplanYorkeTarget(OfExponents):
    r"""Squared distance of the Kaplan-Yorke dimension from a target.

    .. math:: L = (D - D^*)^2, \qquad
        D = j + \frac{\sum_{i \le j} \lambda_i}{|\lambda_{j+1}|}

    with the largest j of which the sum is not negative. D is continuous, and differentiable but
    where j changes. It is 0 with no gradient while all exponents are negative: bring
    :math:`\lambda_1` above 0 first, with :class:`SpectrumMSE`. If all N exponents are known and
    their sum is not negative D is N, without a gradient as well.

    Parameters
    ----------
    target : float
    k, windows, window, interval, transient, warm_up, dt, meaning, unit, initial, seed
        See :class:`~neurobridge.training.losses.exponents.OfExponents`; k a few more than the
        largest dimension that may occur on the way.

    Raises
    ------
    NetworkError
        If the target is negative, or above k: of k exponents no larger dimension can be known.
    TrainingError
        If the sum of all k < N exponents is not negative: D then depends on those that are not
        known.
    """

    target: float

    def __post_init__(self) -> None:
        super().__post_init__()
        _not_negative(self._name, self.target)
        if self.target > self.k:
            raise NetworkError(
                f"{self._name}: target = {self.target:g} cannot be reached, for of k = {self.k} "
                f"exponents no dimension above {self.k} can be known, and none is above the number "
                "of neurons; take a larger k, or a smaller target"
            )

    def value(self, model: TrainableNetwork) -> torch.Tensor:
        """The value in float64."""
        return (self.dimension(model) - self.target) ** 2

    def dimension(self, model: TrainableNetwork) -> torch.Tensor:
        """The dimension, a scalar."""
        exponents = self.exponents(model)
        sums = torch.cumsum(exponents, 0)
        held = int((sums.detach() >= 0).sum())
        if held == 0:
            return 0.0 * sums[0]
        if held < self.k:
            return held + sums[held - 1] / -exponents[held]
        if self.k == _states(model):
            return self.k + 0.0 * sums[-1]
        total = float(sums[-1].detach())
        raise TrainingError(
            f"{self._name}: k = {self.k} exponents are too few, for their sum, {total:.3g}, is not "
            f"yet negative: the dimension is above {self.k}. Take a larger k"
        )


@dataclass(frozen=True, eq=False)
class EntropyTarget(OfExponents):
    r"""Squared distance of the entropy rate from a target.

    .. math:: L = (H - H^*)^2, \qquad H = \sum_i \max(\lambda_i, 0)

    in nats per unit of time (Pesin's formula, an upper bound of the Kolmogorov-Sinai entropy). It
    has no gradient while all exponents are negative: bring :math:`\lambda_1` above 0 first, with
    :class:`SpectrumMSE`.

    Parameters
    ----------
    target : float
    k, windows, window, interval, transient, warm_up, dt, meaning, unit, initial, seed
        See :class:`~neurobridge.training.losses.exponents.OfExponents`; k more than there may be
        positive exponents on the way.

    Raises
    ------
    TrainingError
        If all k < N exponents are positive, for there may be more of them.
    """

    target: float

    def __post_init__(self) -> None:
        super().__post_init__()
        _not_negative(self._name, self.target)

    def value(self, model: TrainableNetwork) -> torch.Tensor:
        """The value in float64."""
        return (self.entropy(model) - self.target) ** 2

    def entropy(self, model: TrainableNetwork) -> torch.Tensor:
        """The entropy, a scalar."""
        exponents = self.exponents(model)
        smallest = float(exponents[-1].detach())
        if smallest > 0 and self.k < _states(model):
            raise TrainingError(
                f"{self._name}: k = {self.k} exponents are too few, for the smallest of them, "
                f"{smallest:.3g}, is still positive; take a larger k"
            )
        return torch.relu(exponents).sum()


@dataclass(frozen=True, eq=False)
class ExpansionRate(OfExponents):
    r"""Rate at which volumes of the k most expanding directions grow.

    .. math:: L = \pm \sum_{i \le k} \lambda_i

    With k = N it is the mean divergence of the flow, which a network without self-connections
    cannot change. (FlyStability has it as ``Sinai``; it is no entropy.)

    Parameters
    ----------
    maximise : bool
        Take the minus sign, so that training makes volumes grow faster.
    k, windows, window, interval, transient, warm_up, dt, meaning, unit, initial, seed
        See :class:`~neurobridge.training.losses.exponents.OfExponents`.
    """

    maximise: bool = False

    def value(self, model: TrainableNetwork) -> torch.Tensor:
        """The value in float64."""
        total = self.window_exponents(model).mean(0).sum()
        return -total if self.maximise else total


@dataclass(frozen=True, eq=False)
class Flossing(OfExponents):
    r"""Gradient flossing: push exponents of every window to 0.

    .. math:: L = \frac{1}{n_w k} \sum_{w i} \lambda_{i w}^2

    Gradients of a task then neither vanish nor explode over times as long as a window (Engelken
    2023, NeurIPS). Unlike :class:`SpectrumMSE` it asks for 0 in each window, and not on average.

    Parameters
    ----------
    k, windows, window, interval, transient, warm_up, dt, meaning, unit, initial, seed
        See :class:`~neurobridge.training.losses.exponents.OfExponents`.
    """

    @property
    def wanted(self) -> NDArray[np.float64]:
        """The target of each exponent, (k,)."""
        return np.zeros(self.k)

    def value(self, model: TrainableNetwork) -> torch.Tensor:
        """The value in float64."""
        return (self.window_exponents(model) ** 2).mean()


def _states(model: TrainableNetwork) -> int:
    return sum(p.size * len(p.model.states) for p in model.network.populations.values())


def _not_negative(name: str, value: float) -> None:
    if not 0 <= value < np.inf:
        raise NetworkError(
            f"{name}: target must be finite and >= 0, for there is none below 0, got {value!r}"
        )
