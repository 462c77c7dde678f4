"""Figures of covariant Lyapunov vectors."""

from __future__ import annotations

__all__ = ["draw_vectors"]

from typing import TYPE_CHECKING, Any

import numpy as np

from neurobridge.analysis.lyapunov.words import per_time

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from neurobridge.analysis.lyapunov.covariant import CovariantVectors

LEADING = 5
"""Vectors of which local exponents are drawn over time."""


def draw_vectors(vectors: CovariantVectors, label: str) -> Figure:
    """Local exponents, their distributions, angles of neighbours, and shares of groups.

    Parameters
    ----------
    vectors : CovariantVectors
    label : str
        A label of the states.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 7), layout="constrained")
    (over_time, spread), (angles, groups) = figure.subplots(2, 2)
    _local(vectors, over_time)
    _spread(vectors, spread)
    _angles(vectors, angles)
    _groups(vectors, label, groups)
    return figure


def _local(vectors: CovariantVectors, ax: Any) -> None:
    for i in range(min(LEADING, vectors.vectors.shape[2])):
        ax.plot(vectors.times[1:], vectors.local_exponents[:, i], lw=0.7, label=f"{i + 1}")
    ax.axhline(0, color="0.6", lw=0.8)
    ax.set_xlabel("time" if vectors.unit == "1" else f"time ({vectors.unit})")
    ax.set_ylabel(f"local exponent ({per_time(vectors.unit)})")
    ax.legend(title="vector", fontsize="small", ncols=2)


def _spread(vectors: CovariantVectors, ax: Any) -> None:
    low, high = np.quantile(vectors.local_exponents, [0.05, 0.95], axis=0)
    index = np.arange(1, low.size + 1)
    ax.fill_between(index, low, high, alpha=0.3, label="5 % to 95 % of local exponents")
    ax.plot(index, vectors.exponents, "o-", ms=3, label="mean")
    ax.axhline(0, color="0.6", lw=0.8)
    ax.set_xlabel("vector")
    ax.legend(fontsize="small")


def _angles(vectors: CovariantVectors, ax: Any) -> None:
    k = vectors.vectors.shape[2]
    bins = np.linspace(0, 90, 46)
    for i in range(min(LEADING, k - 1)):
        ax.hist(
            np.degrees(vectors.angles(i, i + 1)), bins, histtype="step", density=True,
            label=f"{i + 1} and {i + 2}",
        )  # fmt: skip
    ax.set_xlabel("angle between neighbours (degrees)")
    ax.set_ylabel("density")
    if k > 1:
        ax.legend(fontsize="small")


def _groups(vectors: CovariantVectors, label: str, ax: Any) -> None:
    if label not in vectors.labels:
        ax.plot(np.arange(1, vectors.participation.size + 1), vectors.participation, "o-", ms=3)
        ax.set_xlabel("vector")
        ax.set_ylabel("states that take part")
        return
    table = vectors.by_group(label).pivot(index="group", columns="vector", values="share")
    bottom = np.zeros(table.shape[1])
    for name, row in table.iterrows():
        ax.bar(np.arange(1, row.size + 1), row.to_numpy(), bottom=bottom, width=1.0, label=name)
        bottom += row.to_numpy()
    ax.set_xlabel("vector")
    ax.set_ylabel(f"share by {label}")
    ax.legend(fontsize="x-small")
