"""How many cores, chips and boards a network takes, where sPyNNaker is not there to lay it out."""

from __future__ import annotations

__all__ = ["CoreEstimate", "estimate_cores"]

from dataclasses import asdict, dataclass
from typing import Any

from rich import box
from rich.table import Table

from neurobridge.deployment.targets import BOARDS
from neurobridge.lowering.chip.network import ChipNetwork

CORES_PER_CHIP = 15
"""Of 18 one runs the monitor, and up to two more run the system of sPyNNaker; a chip may lack one
(Furber et al. 2014, Proc. IEEE 102:652, doi:10.1109/JPROC.2014.2304638)."""


@dataclass(frozen=True)
class CoreEstimate:
    """An estimate by counting neurons; memory and routing are not looked at.

    Parameters
    ----------
    version : int
        Kind of board.
    cores, chips, boards : int
    by_population : dict of str to int
        Cores of every population and source on the chip.
    """

    version: int
    cores: int
    chips: int
    boards: int
    by_population: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {"estimate": True, **asdict(self)}

    def table(self) -> Table:
        """Cores of every population, and what they sum to."""
        table = Table(
            box=box.SIMPLE_HEAD, title="Machine (estimated from the number of neurons)",
            title_justify="left", title_style="bold",
        )  # fmt: skip
        table.add_column("population")
        table.add_column("cores", justify="right")
        for name, cores in self.by_population.items():
            table.add_row(name, f"{cores:,}")
        table.add_section()
        table.add_row(f"{self.chips:,} chips, {self.boards:,} boards", f"{self.cores:,}")
        return table


def estimate_cores(network: ChipNetwork, version: int) -> CoreEstimate:
    """Cores by neurons per core, chips by cores, boards by chips, each rounded up."""
    parts = {p.name: -(-p.size // p.neurons_per_core) for p in network.populations}
    parts |= {s.name: -(-s.size // s.neurons_per_core) for s in network.sources}
    cores = sum(parts.values())
    chips = -(-cores // CORES_PER_CHIP)
    return CoreEstimate(version, cores, chips, -(-chips // BOARDS[version]), parts)
