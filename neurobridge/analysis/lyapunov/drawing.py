"""Figures of spectra: exponents, where their sum turns negative, and how they converged."""

from __future__ import annotations

__all__ = ["draw_spectra", "draw_spectrum"]

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurobridge.analysis.lyapunov import statistics
from neurobridge.analysis.lyapunov.words import caveat, duration, per_time, summary
from neurobridge.errors import NetworkError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neurobridge.analysis.lyapunov.result import Spectrum

Real = NDArray[np.float64]

FEW = 40
"""Exponents up to which each has a marker and an error bar of its own; a band for more."""
LEADING = 3
"""Exponents whose convergence is drawn, at most; those that make up the dimension are enough."""
LOOKS = 60
"""Times at which errors are worked out for the bands of convergence."""
ALARM = "#b5322a"
"""Colour of what must not be overlooked."""


def draw_spectrum(result: Spectrum) -> Figure:
    """Exponents, their cumulative sum, and the convergence of the leading ones.

    Bars and bands are 95 % intervals, but for the bar of the dimension, its standard error. The sum
    is shown up to about twice the dimension, which is where it crosses zero. The title says what
    the exponents mean and what follows from them, in red and in capitals if the run did not end as
    it should have. Nothing of ``pyplot`` is used.

    Parameters
    ----------
    result : Spectrum

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 4.4), layout="constrained")
    exponents, sums, trace = figure.subplots(1, 3)
    _exponents(exponents, result, "C0")
    _sums(sums, result, "C0")
    _crossing(sums, result)
    _trace(trace, result)
    method = f" by {result.method}" if result.meaning == "flow" else ""
    title = (
        f"{result.meaning}{method}, dt = {duration(result.dt, result.unit)}: {result.k} of "
        f"{result.size} exponents, T = {duration(result.time, result.unit)}; {caveat(result)}\n"
        f"{summary(result)}"
    )
    figure.suptitle(title, fontsize="medium", **_alarming(result))
    return figure


def draw_spectra(results: Sequence[Spectrum], labels: Sequence[str]) -> Figure:
    """Several spectra in one figure: exponents, cumulative sums, dimensions and entropies.

    Bars and bands of exponents are 95 % intervals, bars of dimensions and entropies are standard
    errors. Those that did not end as they should have are dashed or hollow, and named in red.

    Parameters
    ----------
    results : sequence of Spectrum
    labels : sequence of str
        One for each.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    NetworkError
        If there is none, not one label for each, or their units of time differ.
    """
    from matplotlib.figure import Figure

    _check(results, labels)
    figure = Figure(figsize=(13, 4.8), layout="constrained")
    panels = figure.subplot_mosaic([["exponents", "sums", "D"], ["exponents", "sums", "H"]])
    colours = _colours(len(results))
    named = [_name(r, label, results) for r, label in zip(results, labels, strict=True)]
    for result, colour, name in zip(results, colours, named, strict=True):
        _exponents(panels["exponents"], result, colour, name)
        _sums(panels["sums"], result, colour)
    legend = panels["exponents"].legend(frameon=False, fontsize="small")
    for text, result in zip(legend.get_texts(), results, strict=True):
        text.set(**_alarming(result))
    _by_label(panels["D"], results, labels, colours, dimension=True)
    _by_label(panels["H"], results, labels, colours, dimension=False)
    panels["D"].tick_params(labelbottom=False)
    return figure


def _exponents(axes: Axes, result: Spectrum, colour: str, label: str | None = None) -> None:
    """Exponents over index/N, with 95 % intervals."""
    place = np.arange(1, result.k + 1) / result.size
    low, high = result.interval
    style = "--" if result.warning else "-"
    if result.k <= FEW:
        widths = np.stack([result.exponents - low, high - result.exponents])
        axes.errorbar(place, result.exponents, widths, fmt=f"o{style}", color=colour, ms=4, lw=0.8,
                      capsize=3, label=label)  # fmt: skip
    else:
        axes.plot(place, result.exponents, style, color=colour, lw=1.2, label=label)
        axes.fill_between(place, low, high, color=colour, alpha=0.3, lw=0)
    _zero(axes)
    axes.set(xlabel="index / N", ylabel=f"exponent ({per_time(result.unit)})", title="exponents")


def _sums(axes: Axes, result: Spectrum, colour: str) -> None:
    """Cumulative sum over the number of exponents, from none, up to about twice the dimension."""
    shown = _shown(result)
    sums = np.concatenate([[0.0], np.cumsum(result.exponents[:shown])])
    style, mark = "--" if result.warning else "-", "o" if shown <= FEW else ""
    axes.plot(np.arange(shown + 1) / result.size, sums, f"{mark}{style}", color=colour, ms=4, lw=1)
    _zero(axes)
    ylabel = f"sum of exponents ({per_time(result.unit)})"
    axes.set(xlabel="index / N", ylabel=ylabel, title="cumulative sum")


def _shown(result: Spectrum) -> int:
    """Exponents that the cumulative sum shows."""
    if np.isnan(result.kaplan_yorke):
        return result.k
    return min(max(int(np.ceil(2 * result.kaplan_yorke)), LEADING), result.k)


def _crossing(axes: Axes, result: Spectrum) -> None:
    """Where the sum is zero: the Kaplan-Yorke dimension."""
    dimension = result.kaplan_yorke
    if np.isnan(dimension):
        axes.set_title("cumulative sum, not negative yet: D not known")
        return
    axes.errorbar(
        dimension / result.size, 0, xerr=result.kaplan_yorke_error / result.size, fmt="D",
        color="C1", ms=6, capsize=3, zorder=3, label=f"D / N = {dimension / result.size:.4g}",
    )  # fmt: skip
    axes.legend(frameon=False, fontsize="small")


def _trace(axes: Axes, result: Spectrum) -> None:
    """Running means of the leading exponents, with the 95 % intervals that held by then."""
    times, means = result.trace
    first = min(statistics.FEWEST, len(times))
    looks = np.unique(np.linspace(first, len(times), LOOKS).round().astype(int))
    inside = []
    whole = result.k if np.isnan(result.kaplan_yorke) else max(int(result.kaplan_yorke), 1)
    for column in range(min(LEADING, whole)):
        blocks = result.blocks[:, column : column + 1]
        half = np.array([_half_width(blocks[:look]) for look in looks])
        middle = means[looks - 1, column]
        axes.plot(times, means[:, column], color=f"C{column}", lw=1, label=f"λ{column + 1}")
        axes.fill_between(
            times[looks - 1], middle - half, middle + half, color=f"C{column}", alpha=0.2, lw=0
        )
        late = looks >= len(times) / 5
        inside += [*(middle - half)[late], *(middle + half)[late]]
    _zero(axes)
    margin = 0.1 * (max(inside) - min(inside)) or 1.0
    axes.set_ylim(min(inside) - margin, max(inside) + margin)
    axes.legend(frameon=False, fontsize="small")
    unit = "" if result.unit == "1" else f" ({result.unit})"
    ylabel = f"mean until then ({per_time(result.unit)})"
    axes.set(xlabel=f"time measured{unit}", ylabel=ylabel, title="convergence")


def _half_width(blocks: Real) -> float:
    """Half of the 95 % interval of the mean of blocks (B, 1)."""
    errors, freedom, _ = statistics.blocking(blocks)
    low, high = statistics.intervals(np.zeros(1), errors, freedom)
    return float(high[0] - low[0]) / 2


def _by_label(
    axes: Axes,
    results: Sequence[Spectrum],
    labels: Sequence[str],
    colours: Sequence[str],
    *,
    dimension: bool,
) -> None:
    """Dimension or entropy of each result, over N, with standard errors."""
    for place, (r, colour) in enumerate(zip(results, colours, strict=True)):
        value, error = (
            (r.kaplan_yorke, r.kaplan_yorke_error) if dimension else (r.entropy, r.entropy_error)
        )
        face = "white" if r.warning else colour
        if np.isnan(value):
            axes.text(place, 0.5, "not known", rotation=90, ha="center", va="center",
                      transform=axes.get_xaxis_transform(), fontsize="small")  # fmt: skip
        else:
            axes.errorbar(place, value / r.size, error / r.size, fmt="o", color=colour, mfc=face,
                          capsize=3)  # fmt: skip
    axes.set_xticks(range(len(labels)), labels, rotation=30 if len(labels) > 4 else 0)
    axes.set(xlim=(-0.5, len(labels) - 0.5))
    if dimension:
        axes.set(ylabel="D / N", title="dimension and entropy")
    else:
        axes.set(ylabel=f"H / N ({per_time(results[0].unit)})")


def _zero(axes: Axes) -> None:
    axes.axhline(0, color="0.6", lw=0.8, zorder=0)


def _alarming(result: Spectrum) -> dict[str, str]:
    return {"color": ALARM, "fontweight": "bold"} if result.warning else {}


def _name(result: Spectrum, label: str, results: Sequence[Spectrum]) -> str:
    """Label with the meaning, if there are both, and with what must be said."""
    meaning = f", {result.meaning}" if len({r.meaning for r in results}) > 1 else ""
    warning = result.warning.partition(":")[0]
    return f"{label}{meaning}" + (f" ({warning})" if warning else "")


def _colours(count: int) -> list[str]:
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    if count <= 10:
        return [f"C{i}" for i in range(count)]
    return [to_hex(colour) for colour in colormaps["viridis"](np.linspace(0, 0.95, count))]


def _check(results: Sequence[Spectrum], labels: Sequence[str]) -> None:
    if not results or len(results) != len(labels):
        raise NetworkError(
            f"draw_spectra: expected at least one result and a label for each, got {len(results)} "
            f"results and {len(labels)} labels"
        )
    if len(units := sorted({result.unit for result in results})) > 1:
        raise NetworkError(
            f"draw_spectra: exponents per {' and per '.join(units)} do not fit on one axis; "
            "work them out in one unit"
        )
