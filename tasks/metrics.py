"""How well a task was solved: accuracy with its interval, and who was taken for whom."""

from __future__ import annotations

__all__ = ["Accuracy", "Confusion"]

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurobridge.content import ByContent
from neurobridge.errors import NetworkError
from neurobridge.frozen import frozen_array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NORMAL_975 = 1.959963984540054
"""97.5 % quantile of the normal distribution."""

MOST_NUMBERS = 20
"""Classes up to which a drawing writes the counts."""


@dataclass(frozen=True)
class Accuracy:
    """A share of correct trials.

    Parameters
    ----------
    correct, total : int
    """

    correct: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.correct <= self.total or self.total < 1:
            raise NetworkError(
                f"an accuracy needs 0 <= correct <= total and a trial at least, got {self.correct} "
                f"of {self.total}"
            )

    @property
    def value(self) -> float:
        """Correct over total."""
        return self.correct / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """The Wilson score interval at 95 %.

        References
        ----------
        Wilson (1927). Probable inference, the law of succession, and statistical inference.
        J. Am. Stat. Assoc. 22, 209-212. https://doi.org/10.1080/01621459.1927.10502953
        """
        n, p, z = self.total, self.value, NORMAL_975
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        low = 0.0 if self.correct == 0 else middle - half
        return low, 1.0 if self.correct == self.total else middle + half

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.1%} ({self.correct} of {self.total}; {low:.1%} .. {high:.1%})"


@dataclass(frozen=True, eq=False)
class Confusion(ByContent):
    """How often a class was taken for another.

    Parameters
    ----------
    classes : tuple of str
    counts : int64 array, shape (n_classes, n_classes)
        Rows are the true classes, columns the predicted ones.
    """

    classes: tuple[str, ...]
    counts: NDArray[np.int64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(self.classes))
        object.__setattr__(self, "counts", frozen_array(self.counts, np.int64))
        n = len(self.classes)
        if self.counts.shape != (n, n) or (self.counts < 0).any():
            raise NetworkError(
                f"a confusion matrix of {n} classes needs counts >= 0 of shape ({n}, {n}), got "
                f"shape {self.counts.shape}"
            )

    @property
    def accuracy(self) -> Accuracy:
        """The share on the diagonal."""
        return Accuracy(int(np.trace(self.counts)), int(self.counts.sum()))

    @property
    def fractions(self) -> NDArray[np.float64]:
        """Counts as a share of the trials of their true class; 0 for a class without trials."""
        trials = self.counts.sum(axis=1, keepdims=True)
        shares: NDArray[np.float64] = self.counts / np.maximum(trials, 1)
        return shares

    def draw(self) -> Figure:
        """A drawing, ``confusion.draw().savefig("confusion.png")``.

        Shades are shares of the trials of a class; counts are written for up to 20 classes.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from matplotlib.figure import Figure

        n = len(self.classes)
        side = 2.5 + 0.35 * min(n, 40)
        figure = Figure(figsize=(side + 1, side), layout="constrained")
        axes = figure.add_subplot()
        image = axes.imshow(self.fractions, cmap="Blues", vmin=0.0, vmax=1.0)
        axes.set_xticks(range(n), self.classes, rotation=90)
        axes.set_yticks(range(n), self.classes)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")
        axes.set_title(str(self.accuracy) if self.counts.any() else "no trials", fontsize="medium")
        if n <= MOST_NUMBERS:
            for row, column in np.argwhere(self.counts):
                dark = self.fractions[row, column] > 0.5
                axes.text(
                    column, row, str(self.counts[row, column]), ha="center", va="center",
                    color="white" if dark else "black", fontsize="small",
                )  # fmt: skip
        figure.colorbar(image, label="share of the class")
        return figure
