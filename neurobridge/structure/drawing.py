"""Pictures of structures and weights: matrix, histogram, eigenvalues."""

from __future__ import annotations

__all__ = ["draw"]

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError
from neurobridge.graph.edges import Edges
from neurobridge.structure.structure import Structure
from neurobridge.structure.weights import Weights

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

Real = NDArray[np.float64]

PIXELS = 600
"""Larger matrices are shown as means over squares of neurons."""
EIGENVALUES_UP_TO = 3000
"""Neurons up to which all eigenvalues are computed for a picture."""
SATURATED = 98
"""Percentile of the magnitudes at which the colours of a matrix end."""
CLASSES = {1: ("excitatory", "#b5322a"), -1: ("inhibitory", "#25589c"), 0: ("either", "#4d4d4d")}
"""Name and colour by sign."""


def draw(what: Structure | Weights, path: str | Path | None = None) -> Figure:
    """A figure of a structure (its matrix) or of weights (matrix, histogram, eigenvalues).

    The matrix is post x pre, row 0 on top, with lines at the borders of areas. Where a side has
    more than 600 neurons, a pixel is the mean over a square of pairs. Eigenvalues come with the
    circle of the spectral radius; they are left out, and the panel says so, for weights between
    different numbers of neurons and above 3000 neurons. Nothing of ``pyplot`` is used.

    Parameters
    ----------
    what : Structure or Weights
    path : str or Path, optional
        Also save the figure there; the suffix decides the format.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    NetworkError
        If it is neither, or the folder or the format does not exist.
    """
    from matplotlib.figure import Figure

    if isinstance(what, Structure):
        figure = Figure(figsize=(5.4, 5.2), layout="constrained")
        _edges(figure.subplots(), what)
    elif isinstance(what, Weights):
        figure = Figure(figsize=(14, 4.6), layout="constrained")
        axes = figure.subplots(1, 3)
        _weights(axes[0], what)
        _histogram(axes[1], what)
        _eigenvalues(axes[2], what)
    else:
        raise NetworkError(f"draw: expected a Structure or Weights, got {type(what).__name__}")
    if path is not None:
        _save(figure, Path(path))
    return figure


def _edges(axes: Axes, structure: Structure) -> None:
    """The edges of a structure, in the colour of their class."""
    from matplotlib.patches import Patch

    edges = structure.edges
    signs = structure.sign[edges.pre]
    signed = bool(signs.any())
    image, pooled = _pooled(edges, (signs if signed else np.ones(signs.size)).astype(np.float64))
    shown = _show(axes, edges, image, float(np.abs(image).max()) or 1.0, signed)
    _borders(axes, structure)
    if pooled:
        label = "density of edges" + (", with sign" if signed else "")
        axes.figure.colorbar(shown, ax=axes, shrink=0.8, label=label)
    elif signed:
        handles = [Patch(color=CLASSES[s][1], label=CLASSES[s][0]) for s in (1, -1)]
        axes.legend(handles=handles, ncols=2, frameon=False, loc="upper center",
                    bbox_to_anchor=(0.5, -0.12))  # fmt: skip


def _weights(axes: Axes, weights: Weights) -> None:
    """The matrix of weights; the largest few percent share the last colour."""
    image, pooled = _pooled(weights.edges, weights.values)
    filled = np.abs(image[image != 0])
    top = float(np.percentile(filled, SATURATED)) if filled.size else 1.0
    shown = _show(axes, weights.edges, image, top, signed=True)
    label = "weight, mean of a pixel" if pooled else "weight"
    beyond: Any = "both" if filled.size and filled.max() > top else "neither"
    axes.figure.colorbar(shown, ax=axes, shrink=0.8, label=label, extend=beyond)
    if weights.structure is not None:
        _borders(axes, weights.structure)


def _show(axes: Axes, edges: Edges, image: Real, top: float, signed: bool) -> AxesImage:
    """The image with ticks that count neurons."""
    from matplotlib.colors import LinearSegmentedColormap

    colors = ([CLASSES[-1][1]] if signed else []) + ["white", CLASSES[1 if signed else 0][1]]
    axes.set(xlabel="presynaptic neuron", ylabel="postsynaptic neuron")
    return axes.imshow(
        image,
        cmap=LinearSegmentedColormap.from_list("signs", colors),
        vmin=-top if signed else 0.0,
        vmax=top,
        extent=(-0.5, edges.n_pre - 0.5, edges.n_post - 0.5, -0.5),
        interpolation="nearest",
        aspect="equal" if edges.n_pre == edges.n_post else "auto",
    )


def _borders(axes: Axes, structure: Structure) -> None:
    """Lines between areas, and their names on top."""
    middles = []
    for members in structure.areas.values():
        middles.append(float(members.mean()))
        if members[0]:
            axes.axhline(members[0] - 0.5, color="black", linewidth=0.6)
            axes.axvline(members[0] - 0.5, color="black", linewidth=0.6)
    top = axes.secondary_xaxis("top")
    rotation = 90 if len(middles) > 8 else 0
    top.set_xticks(middles, list(structure.areas), rotation=rotation)
    top.tick_params(length=0)


def _histogram(axes: Axes, weights: Weights) -> None:
    """Weights by the sign that they must have, on common bins with an edge at 0."""
    values = weights.values
    low, high = float(values.min(initial=0.0)), float(values.max(initial=0.0))
    width = (high - low) / 60 or 1.0
    first, last = np.floor(low / width), np.floor(high / width)
    bins = (width * np.arange(first, last + 2)).tolist()
    for sign, (label, color) in CLASSES.items():
        chosen = values[weights.sign == sign]
        if chosen.size:
            text = f"{label}: {chosen.size:,}, mean {chosen.mean():.3g}"
            axes.hist(chosen, bins, color=color, alpha=0.8, label=text)
    if values.size:
        axes.legend(frameon=False)
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set(xlabel="weight", ylabel="number of edges")


def _eigenvalues(axes: Axes, weights: Weights) -> None:
    n_post, n_pre = weights.edges.n_post, weights.edges.n_pre
    reason = "not square" if n_post != n_pre else f"more than {EIGENVALUES_UP_TO} neurons"
    if n_post != n_pre or n_post > EIGENVALUES_UP_TO:
        axes.set_axis_off()
        axes.text(0.5, 0.5, f"no eigenvalues: {reason}", ha="center", transform=axes.transAxes)
        return
    values = weights.eigenvalues
    radius = weights.spectral_radius
    angle = np.linspace(0, 2 * np.pi, 200)
    axes.plot(radius * np.cos(angle), radius * np.sin(angle), color="#888888", linewidth=1)
    axes.scatter(values.real, values.imag, s=8, color="#333333", linewidths=0)
    axes.axhline(0, color="black", linewidth=0.4)
    axes.axvline(0, color="black", linewidth=0.4)
    axes.set_aspect("equal", "datalim")
    axes.set(xlabel="real part", ylabel="imaginary part")
    axes.set_title(f"eigenvalues, spectral radius {radius:.4g}")


def _pooled(edges: Edges, values: Real) -> tuple[Real, bool]:
    """The matrix as an image of at most ``PIXELS`` a side, and whether pixels are means."""
    step = -(-max(edges.n_post, edges.n_pre, 1) // PIXELS)
    rows, columns = -(-edges.n_post // step), -(-edges.n_pre // step)
    image = np.zeros((rows, columns))
    np.add.at(image, (edges.post // step, edges.pre // step), values)
    height = np.minimum(step, edges.n_post - step * np.arange(rows))
    width = np.minimum(step, edges.n_pre - step * np.arange(columns))
    return image / np.outer(height, width), step > 1


def _save(figure: Figure, path: Path) -> None:
    known = figure.canvas.get_supported_filetypes()
    if path.suffix[1:] not in known:
        raise NetworkError(f"draw: cannot write {path.name!r}; end it with one of {sorted(known)}")
    if not path.parent.is_dir():
        raise NetworkError(f"draw: there is no folder {str(path.parent)!r} to save a figure in")
    figure.savefig(path, dpi=150)
