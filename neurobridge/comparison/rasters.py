"""Rasters side by side, and rate against rate: figures with one panel for each run."""

from __future__ import annotations

__all__ = ["MARKS", "rasters", "rates"]

import numpy as np
from numpy.typing import NDArray

from neurobridge.comparison.cast import Cast, Run
from neurobridge.comparison.metrics import correlation
from neurobridge.comparison.svg import Canvas, Scale
from neurobridge.comparison.words import count, fraction

WIDTH, LEFT, RIGHT, GAP, COLUMNS = 1120.0, 104.0, 24.0, 42.0, 3
MARKS = 12_000
"""Most spikes of a panel that are drawn one by one; beyond that a picture of densities."""

Real = NDArray[np.float64]


def rasters(cast: Cast) -> tuple[str, str]:
    """One raster for each run; spikes that the reference does not have stand out.

    Returns
    -------
    svg, caption : str
        The caption says how the spikes were drawn.
    """
    columns, rows, width = _grid(len(cast.runs))
    height, top, foot = (360.0 if rows == 1 else 260.0), 44.0, 62.0
    canvas = Canvas(WIDTH, rows * (top + height + foot), "Spike rasters of all runs")
    dense = False
    for k, run in enumerate(cast.runs):
        row, column = divmod(k, columns)
        x0, y0 = LEFT + column * (width + GAP), row * (top + height + foot) + top
        x = Scale(0.0, cast.duration, x0, x0 + width)
        y = Scale(-0.5, cast.pool.spikes.size - 0.5, y0 + height, y0)
        _heading(canvas, run, x0, x0 + width, y0, f"{count(len(run.spikes))} spikes")
        dense |= _spikes(canvas, run, x, y)
        canvas.x_axis(x, y0 + height, "time (ms)")
        canvas.rule(x0, y0, x0, y0 + height, "frame")
        if column == 0:
            _neurons(canvas, cast, y, x0)
    return canvas.render(), _raster_caption(cast, dense)


def rates(cast: Cast) -> str:
    """Rate of every neuron against its rate in the reference, and for the baseline."""
    runs = [*cast.others, *([cast.baseline] if cast.baseline else [])]
    columns, rows, width = _grid(len(runs), most=4)
    width = min(width, 340.0)
    top, foot = 44.0, 66.0
    canvas = Canvas(WIDTH, rows * (top + width + foot), "Rate of each neuron against the reference")
    high = max(float(r.spikes.rates.max(initial=0.0)) for r in [cast.reference, *runs]) or 1.0
    for k, run in enumerate(runs):
        row, column = divmod(k, columns)
        x0, y0 = LEFT + column * (width + GAP), row * (top + width + foot) + top
        x = Scale(0.0, high * 1.04, x0, x0 + width)
        y = Scale(0.0, high * 1.04, y0 + width, y0)
        counts = [s.counts[s.recorded] for s in (run.in_reference, run.spikes)]
        r = fraction(correlation(*counts))
        _heading(canvas, run, x0, x0 + width, y0, f"r = {r}")
        canvas.rule(x0, y0 + width, x0 + width, y0, "guide")
        _cloud(canvas, run, x, y)
        canvas.x_axis(x, y0 + width, f"{cast.reference.name} (Hz)", about=3)
        if column == 0:
            canvas.y_axis(y, x0, "rate (Hz)")
        else:
            canvas.rule(x0, y0, x0, y0 + width, "frame")
    return canvas.render()


def _grid(panels: int, most: int = COLUMNS) -> tuple[int, int, float]:
    columns = min(most, max(1, panels))
    rows = -(-panels // columns)
    return columns, rows, (WIDTH - LEFT - RIGHT - GAP * (columns - 1)) // columns


def _heading(canvas: Canvas, run: Run, left: float, right: float, top: float, note: str) -> None:
    canvas.rule(left, top - 18, left + 18, top - 18, f"line {run.series} key")
    canvas.text(left + 26, top - 13, run.name, "panel")
    canvas.text(right, top - 13, note, "tick", "end")


def _neurons(canvas: Canvas, cast: Cast, y: Scale, x: float) -> None:
    """The vertical axis: numbers for one population, names for several."""
    if len(cast.pool.names) == 1:
        canvas.y_axis(Scale(0.0, y.high + 0.5, y.start, y.end), x, "neuron")
        return
    for name, low, high in zip(
        cast.pool.names, cast.pool.offsets[:-1], cast.pool.offsets[1:], strict=True
    ):
        edge, middle = float(y(low - 0.5)), float(y((low + high) / 2))
        canvas.rule(x - 8, edge, WIDTH - RIGHT, edge, "guide")
        if abs(float(y(high - 0.5)) - edge) >= 16:
            canvas.text(x - 9, middle + 5, _short(name), "tick", "end")


def _short(name: str, limit: int = 11) -> str:
    return name if len(name) <= limit else f"{name[: limit - 1]}\N{HORIZONTAL ELLIPSIS}"


def _spikes(canvas: Canvas, run: Run, x: Scale, y: Scale) -> bool:
    """Draw all spikes of a run; True if as a picture of densities."""
    dense = len(run.spikes) > MARKS
    for chosen, kind in ((run.shared, "ink"), (~run.shared, "apart")):
        time, neuron = run.spikes.time[chosen], run.spikes.neuron[chosen].astype(np.float64)
        if not time.size:
            continue
        if dense:
            _density(canvas, time, neuron, x, y, kind)
        else:
            _marks(canvas, x(time), y(neuron), abs(float(y(1.0) - y(0.0))), kind)
    return dense


def _marks(canvas: Canvas, x: Real, y: Real, pitch: float, kind: str) -> None:
    """A vertical mark for each spike; marks at the same tenth of a pixel are drawn once."""
    length = float(np.clip(pitch * 0.9, 1.6, 9.0))
    points = np.unique(np.round(np.column_stack([x, y - length / 2]), 1), axis=0)
    marks = "".join(f"M{px:g} {py:g}v{length:.1f}" for px, py in points.tolist())
    canvas.path(marks, f"marks {kind}")


def _density(canvas: Canvas, a: Real, b: Real, x: Scale, y: Scale, kind: str) -> None:
    """All points as a picture; opacity grows with the logarithm of the number in a pixel.

    Never finer than the panel: a browser that shrinks a picture drops points, and drops others in
    every panel, so that equal runs would look different.
    """
    width, height = abs(x.end - x.start), abs(y.end - y.start)
    rows = int(min(height, max(1.0, y.high - y.low)))
    counts, _, _ = np.histogram2d(
        b, a, bins=(rows, int(width)), range=((y.low, y.high), (x.low, x.high))
    )
    alpha = np.where(counts > 0, 0.4 + 0.6 * np.log1p(counts) / np.log1p(counts.max()), 0.0)
    canvas.image(min(x.start, x.end), min(y.start, y.end), width, height, alpha[::-1], kind)


def _cloud(canvas: Canvas, run: Run, x: Scale, y: Scale) -> None:
    """A dot for each pair of rates; pairs that are equal share one."""
    recorded = run.spikes.recorded
    pairs = np.column_stack([run.in_reference.rates[recorded], run.spikes.rates[recorded]])
    unique, n = np.unique(pairs, axis=0, return_counts=True)
    if len(unique) > MARKS // 4:
        _density(canvas, pairs[:, 0], pairs[:, 1], x, y, "ink")
        return
    radius = np.clip(2.2 + 0.8 * np.log2(n), 2.2, 7.0)
    for (a, b), r, neurons in zip(unique.tolist(), radius.tolist(), n.tolist(), strict=True):
        about = f"{neurons:,} at {a:.4g} and {b:.4g} Hz"
        canvas.dot(float(x(a)), float(y(b)), r, f"dot {run.series}", about)


def _raster_caption(cast: Cast, dense: bool) -> str:
    how = (
        "Every spike is in the picture: the darker a pixel, the more spikes fall into it."
        if dense
        else "Every spike is drawn."
    )
    if all(r.shared.all() for r in cast.runs):
        return how
    return f"{how} Spikes that {cast.reference.name} does not have at the same step are orange."
