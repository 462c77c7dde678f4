"""The attribution as a figure: how far each error, added to those above it, takes the spikes."""

from __future__ import annotations

__all__ = ["attribution_figure", "attribution_file"]

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from neurobridge.comparison.attribution_table import rate_words, share_words
from neurobridge.comparison.svg import Canvas, Scale
from neurobridge.comparison.words import fraction, quantity

if TYPE_CHECKING:
    from neurobridge.comparison.attribution import Attribution, Variant

SERIES = (("overlap, same step", "s1"), ("overlap, ±2 steps", "s3"), ("rate correlation", "s2"))
WIDTH, LEFT, RIGHT, TOP, PITCH = 1120.0, 200.0, 690.0, 64.0, 44.0
COLUMNS = ((RIGHT + 95, "parts at"), (RIGHT + 180, "share"), (RIGHT + 285, "rate"))
ALONE = RIGHT + 400


def attribution_figure(attribution: Attribution) -> str:
    """An SVG: a row for each error, one mark for each metric against the reference.

    Diamonds are the reference at another seed.
    """
    rows = [*attribution.steps, *([attribution.baseline] if attribution.baseline else [])]
    values = [v for row in rows for v in _metrics(row) if v is not None]
    bottom = TOP + PITCH * len(rows)
    canvas = Canvas(WIDTH, bottom + 40, "Spikes with ever more of the chip's errors")
    x = Scale(min([0.0, *values]), 1.0, LEFT, RIGHT)
    _legend(canvas)
    alone = {v.name: v for v in attribution.alone}
    for k, row in enumerate(rows):
        y, seed = TOP + PITCH * (k + 0.5), row is attribution.baseline
        canvas.rule(x.start, y, x.end, y, "guide")
        name = row.name if seed or k == 0 else f"+ {row.name}"
        canvas.text(LEFT - 18, y + 6, name, "tick" if seed else "panel", "end")
        for (label, series), value in zip(SERIES, _metrics(row), strict=True):
            if value is not None:
                _mark(canvas, float(x(value)), y, series, f"{label}: {fraction(value)}", seed)
        cells = (_parts_at(row), "" if seed else share_words(row), rate_words(attribution, row))
        for (at, _), words in zip(COLUMNS, cells, strict=True):
            canvas.text(at, y + 6, words, "tick", "end")
        if row.name in alone:
            canvas.text(ALONE, y + 6, fraction(alone[row.name].metrics.overlap[0]), "tick", "end")
    canvas.x_axis(x, bottom, about=5)
    return canvas.render()


def attribution_file(attribution: Attribution, path: Path) -> Path:
    """The figure as an SVG file of its own."""
    style = files("neurobridge.comparison").joinpath("report.css").read_text(encoding="utf-8")
    head, body = attribution_figure(attribution).split(">", 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'{head} xmlns="http://www.w3.org/2000/svg"><style>{style}</style>{body}', encoding="utf-8"
    )
    return path


def _metrics(variant: Variant) -> tuple[float | None, float | None, float | None]:
    m = variant.metrics
    return m.overlap[0], m.overlap[2], m.rate_correlation


def _parts_at(variant: Variant) -> str:
    return "never" if variant.parts_at is None else quantity(variant.parts_at, "ms", 4)


def _mark(canvas: Canvas, x: float, y: float, series: str, title: str, seed: bool) -> None:
    if seed:
        canvas.path(f"M{x:.1f} {y - 9:.1f}l9 9l-9 9l-9 -9z", "diamond", title)
    else:
        canvas.dot(x, y, 7.0, f"dot {series} solid", title)


def _legend(canvas: Canvas) -> None:
    left = LEFT
    for label, series in SERIES:
        canvas.dot(left, 20.0, 7.0, f"dot {series} solid", label)
        canvas.text(left + 14, 25.0, label, "tick")
        left += 40 + 7.5 * len(label)
    for at, heading in (*COLUMNS, (ALONE, "overlap alone")):
        canvas.text(at, 25.0, heading, "tick", "end")
