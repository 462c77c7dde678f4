"""Penalties on weights, and on any other values that are trained."""

from __future__ import annotations

__all__ = ["L1", "Frobenius", "Prior"]

from dataclasses import dataclass

import torch

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.training.objective import Loss, Seen


@dataclass(frozen=True)
class Frobenius(Loss):
    r"""Squared Frobenius norm over the number of elements, ``mean(w**2)``.

    .. math:: L = \lVert W \rVert_F^2 / n

    over the ``n`` elements that exist: for weights the edges. It is the weight decay of Krogh &
    Hertz (1992), NeurIPS, on physical values.

    Parameters
    ----------
    path : str
        A trained path such as ``"readouts.choice.weight"``, or a projection of which anything is
        trained, ``"projections.NAME"``, for its signed weights with scales and low-rank part.

    Raises
    ------
    UnknownNameError, NetworkError
        If it names nothing that is trained.
    """

    path: str

    def __call__(self, seen: Seen) -> torch.Tensor:
        """The value."""
        return (trained_values(seen, self.path) ** 2).mean()


@dataclass(frozen=True)
class L1(Loss):
    r"""Mean absolute value, which makes values sparse.

    .. math:: L = \frac{1}{n} \sum_i |w_i|

    (Tibshirani 1996, J. R. Stat. Soc. B 58:267.)

    Parameters
    ----------
    path : str
        As for :class:`Frobenius`.
    """

    path: str

    def __call__(self, seen: Seen) -> torch.Tensor:
        """The value."""
        return trained_values(seen, self.path).abs().mean()


@dataclass(frozen=True)
class Prior(Loss):
    r"""Pull trained values towards those that they began with, such as a connectome's.

    .. math:: L = \frac{1}{n} \sum_i \Big(\frac{w_i - w_i^{(0)}}{s}\Big)^2

    with ``s`` the mean absolute initial value (``relative``), or 1: the negative logarithm of a
    Gaussian prior (MacKay 1992, Neural Comput. 4:448).

    Parameters
    ----------
    path : str
        A trained path.
    relative : bool
    """

    path: str
    relative: bool = True

    def __call__(self, seen: Seen) -> torch.Tensor:
        """The value."""
        first = seen.model.initial_physical(self.path)
        size = first.abs().mean() if self.relative else first.new_ones(())
        if not bool(size > 0):
            raise NetworkError(
                f"{type(self).__name__} of {self.path!r}: all initial values are 0, so there is "
                "nothing to be relative to; use relative=False"
            )
        return (((seen.model.physical(self.path) - first) / size) ** 2).mean()


def trained_values(seen: Seen, path: str) -> torch.Tensor:
    """Physical values of a trained path, or the signed weights of a trained projection."""
    root, _, name = path.partition(".")
    if root != "projections" or "." in name:
        return seen.model.physical(path)
    if name not in seen.model.network.projections:
        raise UnknownNameError("projection", name, seen.model.network.projections)
    weights = seen.model._projection(name)
    if weights is None:
        raise NetworkError(
            f"{path!r}: nothing of this projection is trained, so a penalty on it is a constant; "
            f"trained are {[s.path for s in seen.model.specs]}"
        )
    return weights
