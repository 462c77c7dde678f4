"""A mapping as a picture: boards, chips, and how many cores of each are used."""

from __future__ import annotations

__all__ = ["draw_mapping"]

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurobridge.errors import BackendError

if TYPE_CHECKING:
    from neurobridge.backends.spinnaker.mapping import ChipUse, MachineMapping

Place = tuple[int, int]

SHAPES = {
    3: ((0, 1), (0, 1)),
    5: ((0, 4), (0, 5), (0, 6), (0, 7), (1, 7), (2, 7), (3, 7), (4, 7)),
}
"""First and last chip of every row of a board, from below, by version of the board."""
UNUSED = "#f4f4f4"
CHIP_INCHES, WIDEST = 0.62, 16.0
READABLE = 0.4
"""Inches of a chip below which nothing is written on it."""


def draw_mapping(mapping: MachineMapping, path: Path) -> Path:
    """Draw the boards that are used, and save the picture.

    Chips lie where their links put them: each has links to the right, above, and to the right
    above. A number is how many cores of the chip the network uses.
    """
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

    boards = sorted({chip.board for chip in mapping.chips}) or [(0, 0)]
    used = {_unwrapped(mapping, chip): chip for chip in mapping.chips}
    places = [place for board in boards for place in _places(mapping.version, board)]
    width, height = (max(place[axis] for place in places) + 1 for axis in (0, 1))
    inches = min(CHIP_INCHES, WIDEST / max(width, height))
    figure = Figure(
        figsize=(max(width * inches, 4.2) + 1.8, max(height * inches, 1.2) + 1.5),
        layout="constrained",
    )
    axes = figure.add_subplot()
    colours = colormaps["viridis_r"]
    norm = Normalize(0, max((chip.cores for chip in mapping.chips), default=16))
    for place in places:
        chip = used.get(place)
        colour = colours(norm(chip.n_cores)) if chip and chip.n_cores else UNUSED
        _draw_chip(axes, place, chip, colour, write=inches >= READABLE)
    for board in boards:
        _draw_board(axes, board, mapping.version, write=inches >= READABLE)
    axes.set(
        xlim=(-0.8, width - 0.2), ylim=(-0.8, height - 0.2), aspect="equal",
        xlabel="chip x", ylabel="chip y",
    )  # fmt: skip
    axes.locator_params(integer=True)
    axes.set_title(_title(mapping), fontsize=9, loc="left")
    bar = ScalarMappable(norm, colours)
    figure.colorbar(bar, ax=axes, shrink=0.8, label="cores used by the network")
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as err:
        raise BackendError(f"cannot save the picture of the mapping: {err}") from err
    return path


def _places(version: int, board: Place) -> Iterator[Place]:
    """Chips of a board."""
    for y, (first, last) in enumerate(SHAPES[version]):
        for x in range(first, last + 1):
            yield board[0] + x, board[1] + y


def _unwrapped(mapping: MachineMapping, chip: ChipUse) -> Place:
    """Where a chip is drawn: beside its board, also where coordinates begin anew."""
    (width, height), (x, y) = mapping.size, chip.board
    return x + (chip.x - x) % width, y + (chip.y - y) % height


def _draw_chip(axes: Any, place: Place, chip: ChipUse | None, colour: Any, *, write: bool) -> None:
    from matplotlib.patches import Rectangle

    x, y = place
    axes.add_patch(
        Rectangle((x - 0.46, y - 0.46), 0.92, 0.92, facecolor=colour, edgecolor="#c8c8c8", lw=0.5)
    )
    if write and chip and chip.n_cores:
        dark = chip.n_cores > 0.5 * chip.cores
        axes.text(
            x, y, str(chip.n_cores), ha="center", va="center", fontsize=8,
            color="white" if dark else "black",
        )  # fmt: skip


def _draw_board(axes: Any, board: Place, version: int, *, write: bool) -> None:
    """Its outline, and its name on the chip at which it is connected."""
    places = set(_places(version, board))
    for x, y in places:
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            if (x + dx, y + dy) not in places:
                along = [-0.5, 0.5]
                xs = [x + dx / 2] * 2 if dx else [x + step for step in along]
                ys = [y + dy / 2] * 2 if dy else [y + step for step in along]
                axes.plot(xs, ys, color="black", lw=1.2, solid_capstyle="projecting")
    if write:
        axes.text(
            board[0] - 0.42, board[1] - 0.42, f"board {board[0]},{board[1]}", fontsize=5.5,
            va="bottom", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        )  # fmt: skip


def _title(mapping: MachineMapping) -> str:
    entries = mapping.most_routing_entries
    return f"{mapping.size_in_words}; at most {entries:,} routing entries on a chip"
