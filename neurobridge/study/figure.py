"""The figure of a study: measures over a parameter, with their intervals."""

from __future__ import annotations

__all__ = ["draw_study"]

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurobridge.study.summary import METHOD, varying

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neurobridge.study.result import StudyResult

PANELS, COLUMNS, CURVES = 6, 3, 12
"""At most so many panels, side by side, and curves in each."""

UNITS = {"mean_rate": "Hz", "rates": "Hz", "mean_interval": "ms"}
OF_PATHS = {"rate": "Hz", "duration": "ms", "dt": "ms", "delay": "ms", "interval": "ms"}


def draw_study(result: StudyResult, summary: pd.DataFrame, over: str | None) -> Figure:
    """One panel for each measure, one curve for each network, backend and other parameter.

    Parameters
    ----------
    result : StudyResult
    summary : DataFrame
        Of what is drawn.
    over : str or None
        The path along the axis; None takes the first that varies. Without any, networks and
        backends stand side by side.
    """
    from matplotlib.figure import Figure

    measures = list(dict.fromkeys(summary["measure"]))[:PANELS]
    paths = varying(summary, result.paths)
    axis = over or (paths[0] if paths else None)
    columns = max(1, min(COLUMNS, len(measures)))
    rows = max(1, math.ceil(len(measures) / columns))
    figure = Figure(figsize=(4.6 * columns, 3.4 * rows + 0.5), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).reshape(-1)
    for panel, measure in zip(panels, measures, strict=False):
        one = summary[summary["measure"] == measure]
        if axis is None:
            _side_by_side(panel, one)
        else:
            _over(panel, one, axis, [p for p in paths if p != axis])
        unit = UNITS.get(measure.partition(":")[0])
        panel.set_ylabel(f"{measure} ({unit})" if unit else measure)
    for panel in panels[len(measures) :]:
        panel.set_visible(False)
    figure.suptitle(f"{result.name}: means, and intervals by {METHOD}", fontsize="medium")
    return figure


def _over(panel: Axes, one: pd.DataFrame, axis: str, others: list[str]) -> None:
    named = varying(one, ("experiment", "backend"))
    curves = list(one.groupby(["experiment", "backend", *others], sort=False))
    for _, curve in curves[:CURVES]:
        ordered = curve.sort_values(axis)
        head = ordered.iloc[0]
        label = ", ".join(
            [*(str(head[c]) for c in named), *(f"{_short(p)} {head[p]:g}" for p in others)]
        )
        (line,) = panel.plot(ordered[axis], ordered["mean"], "o-", ms=3, lw=1.2, label=label)
        panel.fill_between(
            ordered[axis], ordered["low"], ordered["high"], color=line.get_color(), alpha=0.2, lw=0
        )
    if len(curves) > CURVES:
        panel.set_title(f"the first {CURVES} of {len(curves)} curves", fontsize="small")
    x = np.unique(one[axis])
    if x.size > 2 and x[0] > 0 and np.ptp(np.diff(np.log(x))) < np.ptp(np.diff(x)) / x[0] / 10:
        panel.set_xscale("log")
    panel.set_xlabel(_with_unit(axis))
    if len(curves) > 1:
        panel.legend(frameon=False, fontsize="small")


def _side_by_side(panel: Axes, one: pd.DataFrame) -> None:
    names = [f"{row.experiment}\n{row.backend}" for row in one.itertuples()]
    place = np.arange(len(names))
    half: Any = (one["high"] - one["low"]) / 2
    panel.errorbar(place, one["mean"], yerr=half.fillna(0.0), fmt="o", ms=4, capsize=3)
    panel.set_xticks(place, names, fontsize="small")
    panel.set_xlim(-0.5, len(names) - 0.5)


def _with_unit(path: str) -> str:
    """A path with the unit of its values, where that follows from its name alone."""
    unit = OF_PATHS.get(path.rpartition(".")[2])
    return path if unit is None else f"{path} ({unit})"


def _short(path: str) -> str:
    return path.split(".", 1)[1]
