"""How many cores, chips and boards a network takes, found by counting its neurons."""

from __future__ import annotations

__all__ = ["CoreEstimate", "estimate_cores"]

from dataclasses import asdict, dataclass
from typing import Any

from rich import box
from rich.table import Table

from neurobridge.backends.spinnaker.capacity import CORES, available_cores
from neurobridge.backends.spinnaker.machine import Machine
from neurobridge.lowering.chip.network import ChipNetwork

CHIPS = {3: 4, 5: 48}
"""Chips of a board, by version."""


@dataclass(frozen=True)
class CoreEstimate:
    """An estimate; memory and routing are not looked at.

    Parameters
    ----------
    version : int
        Kind of board.
    n_cores, n_chips, n_boards : int
    available : int or None
        Cores that there are; None if there can be any number of boards.
    by_population : dict of str to int
        Cores of every population and source on the chip.
    """

    version: int
    n_cores: int
    n_chips: int
    n_boards: int
    available: int | None
    by_population: dict[str, int]

    @property
    def fits(self) -> bool:
        """Whether there are enough cores."""
        return self.available is None or self.n_cores <= self.available

    @property
    def size_in_words(self) -> str:
        """``about 5 cores on 1 chip, 1 board``."""
        counts = ((self.n_cores, "core"), (self.n_chips, "chip"), (self.n_boards, "board"))
        cores, chips, boards = (f"{n:,} {what}{'s' if n != 1 else ''}" for n, what in counts)
        return f"about {cores} on {chips}, {boards}"

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {"estimate": True, **asdict(self)}

    def table(self) -> Table:
        """Cores of every population, and what they sum to."""
        table = Table(
            box=box.SIMPLE_HEAD, title="Machine, by counting neurons", title_justify="left",
            title_style="bold", pad_edge=False,
        )  # fmt: skip
        table.add_column("population")
        table.add_column("cores", justify="right")
        for name, cores in self.by_population.items():
            table.add_row(name, f"{cores:,}")
        table.add_section()
        table.add_row(self.size_in_words, f"{self.n_cores:,}")
        return table


def estimate_cores(network: ChipNetwork, machine: Machine) -> CoreEstimate:
    """Cores by neurons per core, chips and boards by cores, each rounded up."""
    parts = {p.name: -(-p.size // p.neurons_per_core) for p in network.populations}
    parts |= {s.name: -(-s.size // s.neurons_per_core) for s in network.sources}
    cores, a_board = sum(parts.values()), CORES[machine.version]
    chips = -(-cores * CHIPS[machine.version] // a_board)
    boards = -(-cores // a_board)
    return CoreEstimate(machine.version, cores, chips, boards, available_cores(machine), parts)
