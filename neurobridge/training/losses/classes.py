"""Losses of classification: cross-entropy and likelihood of the right class."""

from __future__ import annotations

__all__ = ["CrossEntropy", "NegativeLogLikelihood", "OfClasses"]

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch.nn.functional import cross_entropy, log_softmax

from neurobridge.errors import NetworkError
from neurobridge.training.losses.over_time import (
    POOLS,
    Pool,
    TimeWeight,
    check_every_trial,
    check_fixed_weights,
    pooled,
    time_weights,
)
from neurobridge.training.losses.squared import OF_STEPS
from neurobridge.training.objective import Loss, Seen


@dataclass(frozen=True, eq=False)
class OfClasses:
    """Scores of a readout and the classes that are right.

    Parameters
    ----------
    readout : str
        With one output a class.
    target : str
        Target of the batch with the classes, integers (B,); (T, B) if every step has its own.
    pool : {"max", "mean", "last", "none"}, optional
        Over time, for a readout that does not pool itself; ``"none"`` takes every step as a
        decision of its own.
    time : array (T,) or str, optional
        Weights of the time steps, or the name of a target of the batch of shape (T,) or (T, B); 0
        leaves a step out. For a readout that does not pool itself.

    Raises
    ------
    NetworkError, UnknownNameError
        If names do not exist, or shapes, classes or the pool do not fit the readout.
    """

    readout: str
    target: str = "label"
    pool: Pool | None = None
    time: TimeWeight = None

    def __post_init__(self) -> None:
        if self.pool not in (None, *POOLS):
            raise NetworkError(f"{self._name}: pool must be one of {POOLS}, got {self.pool!r}")
        check_fixed_weights(self.time, f"{self._name}, time")

    @property
    def _name(self) -> str:
        return f"{type(self).__name__} of {self.readout!r}"

    def trace(self, seen: Seen) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores of every step, (T, B, n_out), and the weights of the steps, (T, B).

        A readout that pools itself is one step.
        """
        scores = seen.readout(self.readout)
        if scores.ndim == OF_STEPS:
            return scores, time_weights(self.time, seen, scores, f"{self._name}, time")
        if self.time is not None or self.pool is not None:
            raise NetworkError(
                f"{self._name}: the readout pools over time itself, so pool= and time= have "
                "nothing to act on; leave them out, or give the readout pool='none'"
            )
        return scores[None], scores.new_ones((1, scores.shape[0]))

    def decisions(self, seen: Seen) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Scores (n, n_out), the right classes (n,) and the weights (n,) of all decisions."""
        trace, weights = self.trace(seen)
        of_steps = seen.readout(self.readout).ndim == OF_STEPS
        if of_steps and self.pool is None:
            raise NetworkError(
                f"{self._name}: the readout gives every one of {trace.shape[0]} time steps; say "
                "what to do with them: pool='max', 'mean', 'last', or 'none' to judge every step"
            )
        if of_steps and self.pool != "none":
            trace = pooled(trace, str(self.pool), weights, f"{self._name}, time")[None]
            weights = trace.new_ones(trace.shape[:2])
        labels = self.labels(seen, trace, weights)
        return trace.flatten(0, 1), labels.flatten(), weights.flatten()

    def labels(self, seen: Seen, trace: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """The right classes, (T, B); 0 where the weight is 0."""
        labels = seen.target(self.target)
        shape = tuple(trace.shape[:2])
        expected = {shape[1:], shape} if shape[0] > 1 else {shape[1:]}
        if tuple(labels.shape) not in expected:
            raise NetworkError(
                f"{self._name}: expected target {self.target!r} of shape "
                f"{' or '.join(map(str, sorted(expected, key=len)))}, one class a trial of the "
                f"readout's {tuple(seen.readout(self.readout).shape)}, got {tuple(labels.shape)}"
            )
        if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
            raise NetworkError(
                f"{self._name}: target {self.target!r} must hold classes as integers, got "
                f"{labels.dtype}"
            )
        labels = torch.where(weights > 0, labels.long().to(trace.device).expand(shape), 0)
        outside = (labels < 0) | (labels >= trace.shape[-1])
        if bool(outside.any()):
            raise NetworkError(
                f"{self._name}: target {self.target!r} has class {int(labels[outside][0])}, but "
                f"the readout has {trace.shape[-1]} outputs, so classes are 0 .. "
                f"{trace.shape[-1] - 1}"
            )
        return labels


@dataclass(frozen=True, eq=False)
class CrossEntropy(OfClasses, Loss):
    r"""Cross-entropy of the softmax of a readout.

    .. math:: L = -\sum_i w_i c_{y_i} \log p_{i, y_i} \Big/ \sum_i w_i c_{y_i}, \qquad
        p_i = \mathrm{softmax}(o_i)

    over all decisions ``i`` (trials, or time steps of trials), with weights ``w`` in time and ``c``
    of classes. Max over time is the readout of Cramer et al. (2022), IEEE Trans. Neural Netw.
    Learn. Syst. 33:2744.

    Parameters
    ----------
    readout, target, pool, time
        See :class:`OfClasses`.
    class_weight : array (n_out,), optional
        For classes of unequal number.
    label_smoothing : float
        Share of the target that is spread over all classes (Szegedy et al. 2016, CVPR).
    """

    class_weight: ArrayLike | None = None
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fixed_weights(self.class_weight, f"{self._name}, class_weight")
        if not 0 <= self.label_smoothing < 1:
            raise NetworkError(
                f"{self._name}: label_smoothing is a share in 0 .. 1, got {self.label_smoothing}"
            )

    def __call__(self, seen: Seen) -> torch.Tensor:
        """The value."""
        scores, labels, weights = self.decisions(seen)
        of_class = _class_weights(self.class_weight, scores, self._name)
        each = cross_entropy(
            scores, labels, of_class, reduction="none", label_smoothing=self.label_smoothing
        )
        return _mean(each, weights, weights * of_class[labels], self._name)


@dataclass(frozen=True, eq=False)
class NegativeLogLikelihood(OfClasses, Loss):
    r"""Likelihood of the right class when each time step is evidence of its own.

    The probability of a class is the mean of the softmax of every step,

    .. math:: L = -\sum_b c_{y_b} \log p_{b, y_b} \Big/ \sum_b c_{y_b}, \qquad
        p_b = \sum_t w_{t b}\, \mathrm{softmax}(o_{t b}) \Big/ \sum_t w_{t b}.

    A readout that pools itself is one step; there it is the cross-entropy. Adding
    up the softmax over time is from Bittar & Garner (2022), Front. Neurosci. 16:865897.

    Parameters
    ----------
    readout, target, time
        See :class:`OfClasses`; ``pool`` must be left out.
    class_weight : array (n_out,), optional
    """

    class_weight: ArrayLike | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fixed_weights(self.class_weight, f"{self._name}, class_weight")
        if self.pool is not None:
            raise NetworkError(
                f"{self._name}: probabilities are pooled over time by their mean, so leave out "
                f"pool={self.pool!r}"
            )

    def __call__(self, seen: Seen) -> torch.Tensor:
        """The value."""
        trace, weights = self.trace(seen)
        log_p = pooled_log_probability(trace, weights, f"{self._name}, time")
        labels = self.labels(seen, log_p[None], log_p.new_ones((1, log_p.shape[0])))[0]
        of_class = _class_weights(self.class_weight, log_p, self._name)[labels]
        right = -log_p.gather(1, labels[:, None])[:, 0]
        return _mean(of_class * right, torch.ones_like(right), of_class, self._name)


def pooled_log_probability(trace: torch.Tensor, weights: torch.Tensor, where: str) -> torch.Tensor:
    """Log of the mean over time of the softmax of every step, (B, n_out)."""
    check_every_trial(weights, where)
    log_w = torch.log(weights / weights.sum(0))
    return torch.logsumexp(log_softmax(trace, -1) + log_w[..., None], 0)


def _class_weights(given: ArrayLike | None, scores: torch.Tensor, where: str) -> torch.Tensor:
    n = scores.shape[-1]
    if given is None:
        return scores.new_ones(n)
    weights = torch.as_tensor(np.asarray(given, dtype=np.float64)).to(scores.device, scores.dtype)
    if weights.shape != (n,):
        raise NetworkError(
            f"{where}: expected one class weight for each of {n} outputs, got {weights.numel()}"
        )
    return weights


def _mean(
    each: torch.Tensor, weights: torch.Tensor, total: torch.Tensor, where: str
) -> torch.Tensor:
    """Weighted mean of losses that have their class weight in them already."""
    if not bool(total.any()):
        raise NetworkError(
            f"{where}: the class weights of all classes in this batch are 0; nothing is left"
        )
    return (weights * each).sum() / total.sum()
