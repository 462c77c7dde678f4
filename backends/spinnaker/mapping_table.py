"""A mapping as a table for a terminal."""

from __future__ import annotations

__all__ = ["mapping_table"]

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

if TYPE_CHECKING:
    from neurobridge.backends.spinnaker.mapping import MachineMapping

MB = 1024**2
LARGEST = 20
"""Populations that have a row; the others are summed up."""


def mapping_table(mapping: MachineMapping) -> Table:
    """Totals in the title, a row for each population; fits 80 columns."""
    table = Table(
        title=_headline(mapping), title_justify="left", box=box.SIMPLE_HEAD, show_edge=False
    )
    table.add_column("population", overflow="fold")
    for heading in ("neurons", "cores", "chips", "SDRAM (MB)", "keys"):
        table.add_column(heading, justify="right", no_wrap=True)
    names = {core.population for core in mapping.cores}
    order = sorted(names, key=lambda name: (-len(mapping.cores_of(name)), name))
    for name in order[:LARGEST]:
        table.add_row(name, *_numbers(mapping, [name]))
    if order[LARGEST:]:
        rest = order[LARGEST:]
        table.add_row(f"{len(rest)} more", *_numbers(mapping, rest), style="dim")
    return table


def _headline(mapping: MachineMapping) -> str:
    chips = [chip for chip in mapping.chips if chip.n_cores]
    known = "" if mapping.boards is None else f" ({mapping.boards} there)"
    fullest = max((chip.sdram for chip in chips), default=0) / MB
    room = max((chip.sdram + chip.sdram_free for chip in chips), default=0) / MB
    return (
        f"{mapping.size_in_words}{known}\n"
        f"most on a chip: {fullest:.1f} of {room:.0f} MB\n"
        f"and {mapping.most_routing_entries:,} of 1,023 routing entries\n"
        f"mapped in {mapping.seconds['total']:.1f} s on a virtual board, which computes nothing"
    )


def _numbers(mapping: MachineMapping, names: list[str]) -> list[str]:
    cores = [core for name in names for core in mapping.cores_of(name)]
    return [
        f"{sum(mapping.populations[name] for name in names):,}",
        f"{len(cores):,}",
        f"{len({(core.x, core.y) for core in cores}):,}",
        f"{sum(core.sdram for core in cores) / MB:.1f}",
        f"{sum(mapping.keys.get(name, 0) for name in names):,}",
    ]
