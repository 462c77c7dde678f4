"""Means: the values of batches, put together over the trials of a split."""

from __future__ import annotations

__all__ = ["Means"]

from collections.abc import Callable, Mapping

import torch


class Means:
    """Means of named values over trials; NaN, which is "not defined", does not count."""

    def __init__(self) -> None:
        self.sums: dict[str, torch.Tensor] = {}
        self.trials: dict[str, torch.Tensor] = {}

    def add(self, values: Mapping[str, torch.Tensor], size: int) -> None:
        """Add the values of a batch of so many trials."""
        for name, value in values.items():
            number = value.detach().double()
            known = ~number.isnan()
            total = torch.where(known, number, 0.0) * size
            self.sums[name] = self.sums.get(name, 0.0) + total
            self.trials[name] = self.trials.get(name, 0.0) + known * float(size)

    def take(self, total: Callable[[torch.Tensor], torch.Tensor] | None = None) -> dict[str, float]:
        """The means, NaN where nothing was defined; then begin anew.

        Parameters
        ----------
        total : function, optional
            The sum of a tensor over processes.
        """
        names = list(self.sums)
        if not names:
            return {}
        both = torch.stack([torch.stack([self.sums[n], self.trials[n]]) for n in names])
        self.sums, self.trials = {}, {}
        sums, trials = (both if total is None else total(both)).unbind(1)
        return dict(zip(names, (sums / trials).tolist(), strict=True))
