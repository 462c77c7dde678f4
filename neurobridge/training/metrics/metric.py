"""Metric: a number that is looked at and not differentiated."""

from __future__ import annotations

__all__ = ["Metric", "mean_of_defined", "recorded_and_unrecorded"]

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any

import torch

from neurobridge.errors import NetworkError
from neurobridge.training.losses.subset import OfNeurons
from neurobridge.training.objective import Seen


class Metric(ABC):
    """Called as losses are; subclasses are frozen dataclasses. A loss may serve as a metric."""

    def __call__(self, seen: Seen) -> torch.Tensor:
        """The value, a scalar without a gradient; NaN where it is not defined."""
        with torch.no_grad():
            return self.measure(seen)

    @abstractmethod
    def measure(self, seen: Seen) -> torch.Tensor:
        """Work it out."""


def mean_of_defined(values: torch.Tensor) -> torch.Tensor:
    """Mean of the values that are not NaN; NaN if there is none."""
    return values.nanmean()


def recorded_and_unrecorded(name: str, metric: Any) -> dict[str, Any]:
    """A metric (or loss) of some neurons, and the same of all others.

    Parameters
    ----------
    name : str
    metric : Metric or Loss with ``where`` or ``neurons``
        Of the neurons that a teacher was recorded from.

    Returns
    -------
    dict
        ``{"NAME_recorded": metric, "NAME_unrecorded": the same with others=True}``

    Raises
    ------
    NetworkError
        If it is of all neurons, so that there are no others.

    Examples
    --------
    >>> from neurobridge.training import metrics
    >>> v = metrics.StateCorrelation("cells", "v", neurons=[0, 4, 7])
    >>> list(metrics.recorded_and_unrecorded("v", v))
    ['v_recorded', 'v_unrecorded']
    """
    if not isinstance(metric, OfNeurons) or (metric.where is None and metric.neurons is None):
        raise NetworkError(
            f"{name!r}: only what is measured on chosen neurons has others; give it neurons= or "
            f"where=, got {metric!r}"
        )
    return {
        f"{name}_recorded": metric,
        f"{name}_unrecorded": replace(metric, others=not metric.others),
    }
