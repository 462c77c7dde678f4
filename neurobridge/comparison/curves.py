"""Figures in which all runs share one panel: intervals, population rate, agreement, metrics."""

from __future__ import annotations

__all__ = ["agreement", "histogram", "population_rates", "yardstick"]

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from neurobridge.comparison.cast import Cast, Run
from neurobridge.comparison.metrics import SpikeMetrics
from neurobridge.comparison.result import Comparison
from neurobridge.comparison.statistics import intervals, population_rate
from neurobridge.comparison.svg import Canvas, Scale, steps
from neurobridge.comparison.words import fraction

HALF, FULL, LEFT = 548.0, 1120.0, 84.0
INTERVAL_BINS, RATE_BINS, AGREEMENT_BINS = 48, 100, 80

Real = NDArray[np.float64]


def histogram(cast: Cast) -> str:
    """Interspike intervals of all neurons on a logarithmic axis; empty without any interval."""
    gaps = {r.name: intervals(r.spikes)[0] for r in cast.runs}
    every = np.concatenate(list(gaps.values()))
    if not every.size:
        return ""
    low, high = every.min() * 0.8, max(every.max() * 1.25, every.min() * 10)
    edges = np.geomspace(low, high, INTERVAL_BINS + 1)
    curves = {name: np.histogram(g, edges)[0].astype(np.float64) for name, g in gaps.items()}
    canvas = Canvas(HALF, 350, "Histogram of interspike intervals")
    x = Scale(low, high, LEFT, HALF - 10, log=True)
    y = Scale(0.0, _most(curves.values()), 286.0, 40.0)
    _overlay(canvas, cast, {name: steps(edges, c) for name, c in curves.items()}, x, y)
    canvas.x_axis(x, 286.0, "interspike interval (ms)")
    canvas.y_axis(y, LEFT, "intervals")
    return canvas.render()


def population_rates(cast: Cast) -> str:
    """Mean rate of all neurons over time."""
    bin_steps = max(1, round(cast.reference.spikes.n_steps / RATE_BINS))
    curves = {r.name: population_rate(r.spikes, bin_steps) for r in cast.runs}
    canvas = Canvas(HALF, 350, "Mean rate of all neurons over time")
    x = Scale(0.0, cast.duration, LEFT, HALF - 10)
    y = Scale(0.0, _most(rate for _, rate in curves.values()), 286.0, 40.0)
    width = bin_steps * cast.reference.spikes.dt
    staircases = {
        name: steps(np.append(start, start[-1] + width), rate)
        for name, (start, rate) in curves.items()
    }
    _overlay(canvas, cast, staircases, x, y)
    canvas.x_axis(x, 286.0, f"time (ms), in bins of {width:g} ms")
    canvas.y_axis(y, LEFT, "rate (Hz per neuron)")
    return canvas.render()


def agreement(cast: Cast) -> str:
    """Step overlap with the reference over time; with the baseline as the floor of chance."""
    canvas = Canvas(FULL, 350, "Share of identical spikes over time")
    x, y = Scale(0.0, cast.duration, LEFT, FULL - 150), Scale(0.0, 1.0, 286.0, 20.0)
    edges = np.linspace(0.0, cast.duration, AGREEMENT_BINS + 1)
    taken: list[float] = []
    for run in [*cast.others, *([cast.baseline] if cast.baseline else [])]:
        overlap = _overlap_in_time(run, edges)
        px, py = steps(edges, overlap)
        canvas.line(x(px), y(py), f"{run.series} bold")
        finite = overlap[np.isfinite(overlap)]
        at = float(y(finite[-1])) if finite.size else 286.0
        while any(abs(at - other) < 20 for other in taken):
            at -= 20
        taken.append(at)
        canvas.text(FULL - 142, at + 5, run.name, f"label {run.series}")
    canvas.x_axis(x, 286.0, "time (ms)")
    canvas.y_axis(y, LEFT, "overlap at the same step")
    return canvas.render()


def yardstick(comparison: Comparison, cast: Cast) -> str:
    """Metrics of every run, and of another seed, on one axis from 0 to 1."""
    columns = [(r.name, r.series, comparison[r.name].metrics) for r in cast.others]
    if comparison.baseline and cast.baseline:
        columns.append((cast.baseline.name, cast.baseline.series, comparison.baseline.metrics))
    rows = ["overlap, same step", "overlap, ±1 step", "overlap, ±2 steps"]
    rows += ["rate correlation", "rate cosine"]
    values = {name: _unit_metrics(m) for name, _, m in columns if m}
    lowest = min((v for m in values.values() for v in m if v is not None), default=0.0)
    pitch, top = 26.0 + 13.0 * len(columns), 54.0
    canvas = Canvas(FULL, top + pitch * len(rows) + 40, "Metrics of every run and of another seed")
    x = Scale(min(0.0, np.floor(lowest * 5) / 5), 1.0, 210.0, FULL - 40)
    _legend(canvas, [(name, series) for name, series, _ in columns], 210.0, 20.0)
    for k, row in enumerate(rows):
        y = top + pitch * (k + 0.5)
        canvas.rule(x.start, y, x.end, y, "guide")
        canvas.text(192.0, y + 6, row, "panel", "end")
        for i, (name, series, _) in enumerate(columns):
            value = values.get(name, [None] * len(rows))[k]
            if value is not None:
                beside = y + 13.0 * (i - (len(columns) - 1) / 2)
                _mark(canvas, float(x(value)), beside, series, f"{name}: {fraction(value)}")
    canvas.x_axis(x, top + pitch * len(rows), about=5)
    return canvas.render()


def _mark(canvas: Canvas, x: float, y: float, series: str, title: str) -> None:
    """A dot; the baseline is a hollow diamond, so that it differs by more than its colour."""
    if series == "sb":
        canvas.path(f"M{x:.1f} {y - 11:.1f}l11 11l-11 11l-11 -11z", "diamond", title)
        return
    canvas.dot(x, y, 7.0, f"dot {series} solid", title)


def _unit_metrics(m: SpikeMetrics) -> list[float | None]:
    return [*m.overlap.values(), m.rate_correlation, m.rate_cosine]


def _overlap_in_time(run: Run, edges: Real) -> Real:
    here, _ = np.histogram(run.spikes.time, edges)
    there, _ = np.histogram(run.in_reference.time, edges)
    both, _ = np.histogram(run.spikes.time[run.shared], edges)
    either = here + there - both
    return np.where(either > 0, both / np.maximum(either, 1), np.nan)


def _overlay(
    canvas: Canvas, cast: Cast, curves: dict[str, tuple[Real, Real]], x: Scale, y: Scale
) -> None:
    """All runs in one panel, each thinner than the one below, so that equal ones stay visible."""
    thickness = {r.name: f"w{min(k, 2)}" for k, r in enumerate([cast.reference, *cast.others])}
    for run in [cast.reference, *cast.others]:
        px, py = curves[run.name]
        canvas.line(x(px), y(py), f"{run.series} {thickness[run.name]}")
    _legend(canvas, [(r.name, r.series) for r in [cast.reference, *cast.others]], x.start, 16.0)


def _legend(canvas: Canvas, names: list[tuple[str, str]], x: float, y: float) -> None:
    widths = [34.0 + 9.2 * len(name) + 18.0 for name, _ in names]
    for (name, series), left in zip(names, np.cumsum([x, *widths[:-1]]).tolist(), strict=True):
        if series == "sb":
            _mark(canvas, left + 12, y, series, name)
        else:
            canvas.rule(left, y, left + 24, y, f"line {series} key")
        canvas.text(left + 32, y + 5, name, "tick")


def _most(curves: Iterable[Real]) -> float:
    return max((float(c.max(initial=0.0)) for c in curves), default=0.0) * 1.06 or 1.0
