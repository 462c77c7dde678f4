"""Just enough SVG to draw a figure: scales, ticks, axes, lines. Colours are left to the CSS."""

from __future__ import annotations

__all__ = ["Canvas", "Scale", "number", "steps"]

import base64
import math
import struct
import zlib
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """Maps values from ``low .. high`` to positions ``start .. end``, linearly or in decades."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, values: Real | float) -> Real:
        """Positions of values."""
        low, high, v = self.low, self.high, np.asarray(values, dtype=np.float64)
        if self.log:
            low, high, v = math.log10(low), math.log10(high), np.log10(v)
        span = (high - low) or 1.0
        position: Real = self.start + (v - low) / span * (self.end - self.start)
        return position

    def ticks(self, about: int = 4) -> list[float]:
        """Round values inside the range, roughly ``about`` of them."""
        if self.log:
            first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            return [10.0**k for k in range(first, last + 1)]
        span = self.high - self.low
        if span <= 0:
            return [self.low]
        raw = span / about
        unit = 10.0 ** math.floor(math.log10(raw))
        width = next(m * unit for m in (1, 2, 5, 10) if m * unit >= raw * 0.999)
        first, last = math.ceil(self.low / width - 1e-9), math.floor(self.high / width + 1e-9)
        return [k * width for k in range(first, last + 1)]


class Canvas:
    """An SVG under construction; coordinates are pixels at full size.

    Parameters
    ----------
    width, height : float
    label : str
        What the figure shows, for those who cannot see it.
    """

    def __init__(self, width: float, height: float, label: str) -> None:
        self.width, self.height, self.label = width, height, label
        self._parts: list[str] = []

    def text(self, x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> None:
        """Words at a point; ``anchor`` is start, middle or end."""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">'
            f"{escape(words)}</text>"
        )

    def upright(self, x: float, y: float, words: str) -> None:
        """The title of a vertical axis, centred at a point."""
        self._parts.append(
            f'<text transform="translate({x:.1f} {y:.1f}) rotate(-90)" class="axis" '
            f'text-anchor="middle">{escape(words)}</text>'
        )

    def path(self, commands: str, kind: str, title: str = "") -> None:
        """Any path."""
        about = f"<title>{escape(title)}</title>" if title else ""
        self._parts.append(f'<path d="{commands}" class="{kind}">{about}</path>')

    def line(self, x: Real, y: Real, kind: str) -> None:
        """A line through points; it breaks where a value is not finite."""
        self.path(_polyline(x, y), f"line {kind}")

    def rule(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """A straight line."""
        self.path(f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}", kind)

    def dot(self, x: float, y: float, radius: float, kind: str, title: str = "") -> None:
        """A dot."""
        self._parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" class="{kind}">'
            f"<title>{escape(title)}</title></circle>"
        )

    def image(
        self, x: float, y: float, width: float, height: float, alpha: Real, kind: str
    ) -> None:
        """A picture from opacities of shape (rows, columns), the first row on top."""
        data = base64.b64encode(_png(alpha, kind)).decode()
        self._parts.append(
            f'<image x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'class="{kind}" preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'
        )

    def x_axis(self, scale: Scale, y: float, title: str = "", about: int = 4) -> None:
        """Ticks and title below a horizontal axis."""
        self.rule(scale.start, y, scale.end, y, "frame")
        for tick in scale.ticks(about):
            x = float(scale(tick))
            self.rule(x, y, x, y + 5, "frame")
            self.text(x, y + 22, number(tick), "tick", "middle")
        if title:
            self.text((scale.start + scale.end) / 2, y + 44, title, "axis", "middle")

    def y_axis(self, scale: Scale, x: float, title: str = "", about: int = 3) -> None:
        """Ticks and title left of a vertical axis."""
        for tick in scale.ticks(about):
            y = float(scale(tick))
            self.rule(x - 5, y, x, y, "frame")
            self.text(x - 9, y + 5, number(tick), "tick", "end")
        self.rule(x, scale.start, x, scale.end, "frame")
        if title:
            self.upright(x - 62, (scale.start + scale.end) / 2, title)

    def render(self) -> str:
        """The SVG element."""
        return (
            f'<svg viewBox="0 0 {self.width:g} {self.height:g}" role="img" '
            f'aria-label="{escape(self.label, quote=True)}">{"".join(self._parts)}</svg>'
        )


def number(value: float) -> str:
    """A tick label: ``1,000``, ``0.25``, ``-55``."""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace("-", "\N{MINUS SIGN}")
    return f"{value:.6g}".replace("-", "\N{MINUS SIGN}")


def steps(edges: Real, heights: Real) -> tuple[Real, Real]:
    """Corners of a staircase with ``heights`` between ``edges``."""
    return np.repeat(edges, 2)[1:-1], np.repeat(heights, 2)


def _polyline(x: Real, y: Real) -> str:
    pieces, pen_down = [], False
    for px, py in zip(np.round(x, 1).tolist(), np.round(y, 1).tolist(), strict=True):
        if not (math.isfinite(px) and math.isfinite(py)):
            pen_down = False
            continue
        pieces.append(f"{'L' if pen_down else 'M'}{px:g} {py:g}")
        pen_down = True
    return "".join(pieces)


COLOURS = {"ink": (0, 0, 0), "apart": (213, 94, 0)}
"""Colours of pictures by their class; the CSS inverts ``ink`` on a dark page."""


def _png(alpha: Real, kind: str) -> bytes:
    """One colour with an opacity for each pixel, as an indexed PNG of 64 levels."""
    rows, columns = alpha.shape
    level = np.round(np.clip(alpha, 0.0, 1.0) * 63).astype(np.uint8)
    lines = np.zeros((rows, columns + 1), dtype=np.uint8)
    lines[:, 1:] = level
    header = struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)
    palette = bytes(COLOURS[kind]) * 64
    opacity = bytes(round(k * 255 / 63) for k in range(64))
    chunks = (
        (b"IHDR", header),
        (b"PLTE", palette),
        (b"tRNS", opacity),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*c) for c in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + check
