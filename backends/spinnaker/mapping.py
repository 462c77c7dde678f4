"""Where a network would lie on a machine, found by mapping it onto a virtual board.

Placement, routes, keys and memory are those that sPyNNaker finds for a real machine of the same
size. A virtual board computes nothing, and says nothing about time.
"""

from __future__ import annotations

__all__ = ["ChipUse", "CoreUse", "MachineMapping", "map_network"]

import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurobridge.backends.spinnaker.child import start_python
from neurobridge.backends.spinnaker.machine import Machine, Version
from neurobridge.backends.spinnaker.project import write_project
from neurobridge.lowering.chip.network import ChipNetwork

if TYPE_CHECKING:
    from rich.table import Table

READER = "neurobridge.backends.spinnaker.mapping_reader"
ROUTING_ENTRIES = 1023
"""Of a router, for networks."""


@dataclass(frozen=True)
class CoreUse:
    """A core with a part of a population: neurons ``first`` to ``last``; ``sdram`` in bytes."""

    x: int
    y: int
    p: int
    population: str
    first: int
    last: int
    sdram: int


@dataclass(frozen=True)
class ChipUse:
    """A chip that is used.

    Parameters
    ----------
    x, y : int
    board : tuple of two int
        The chip at which its board is connected.
    n_cores : int
        Cores with parts of populations.
    cores : int
        Cores that could have some; those of the system are not among them.
    sdram, sdram_free : int
        Bytes that are used, by the system too, and that are left.
    routing_entries : int
        Before compression.
    """

    x: int
    y: int
    board: tuple[int, int]
    n_cores: int
    cores: int
    sdram: int
    sdram_free: int
    routing_entries: int


@dataclass(frozen=True)
class MachineMapping:
    """A network on a machine.

    Parameters
    ----------
    version : int
        Of the boards: 3 (4 chips) or 5 (48 chips).
    n_boards : int
        Boards that the network needs.
    boards : int or None
        Boards that there are, if that was said.
    size : tuple of two int
        Chips of the machine from left to right and from below.
    populations : mapping of str to int
        Neurons of populations and sources.
    cores : tuple of CoreUse
    chips : tuple of ChipUse
        Those with cores of the network or routes.
    keys : mapping of str to int
        Keys that are set aside for the packets of a population.
    seconds : mapping of str to float
        ``write`` (the project), ``build`` (its objects in sPyNNaker), ``map`` (placement, routes
        and data for the cores), ``total`` with starting and reading.
    """

    version: int
    n_boards: int
    boards: int | None
    size: tuple[int, int]
    populations: Mapping[str, int]
    cores: tuple[CoreUse, ...]
    chips: tuple[ChipUse, ...]
    keys: Mapping[str, int]
    seconds: Mapping[str, float]

    @property
    def fits(self) -> bool:
        """Whether there are enough boards, and no router has more entries than it can hold."""
        enough = self.boards is None or self.n_boards <= self.boards
        return enough and self.most_routing_entries <= ROUTING_ENTRIES

    @property
    def most_routing_entries(self) -> int:
        """Of all chips."""
        return max((chip.routing_entries for chip in self.chips), default=0)

    @property
    def size_in_words(self) -> str:
        """Cores, chips and boards."""
        n_chips = sum(chip.n_cores > 0 for chip in self.chips)
        counts = {"core": len(self.cores), "chip": n_chips, "board": self.n_boards}
        cores, chips, boards = (
            f"{n:,} {what}{'s' if n != 1 else ''}" for what, n in counts.items()
        )
        return f"{cores} on {chips} of {boards}"

    def cores_of(self, population: str) -> tuple[CoreUse, ...]:
        """The cores of a population or source."""
        return tuple(core for core in self.cores if core.population == population)

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return asdict(self)

    def table(self) -> Table:
        """Totals, and a row for each population; fits 80 columns."""
        from neurobridge.backends.spinnaker.mapping_table import mapping_table

        return mapping_table(self)

    def draw(self, path: str | Path) -> Path:
        """A picture of the boards, with chips coloured by how many of their cores are used."""
        from neurobridge.backends.spinnaker.mapping_drawing import draw_mapping

        return draw_mapping(self, Path(path))


def map_network(
    network: ChipNetwork,
    *,
    version: Version = 5,
    boards: int | None = None,
    time_scale_factor: int | None = None,
) -> MachineMapping:
    """Map a network onto a virtual board, in a process of its own.

    Parameters
    ----------
    network : ChipNetwork
    version : {5, 3}
        Kind of board: 48 or 4 chips. As many boards of 48 chips are taken as are needed.
    boards : int, optional
        Boards that there are, for :attr:`MachineMapping.fits`.
    time_scale_factor : int, optional
        How many times slower than real time the chip runs.

    Raises
    ------
    BackendError
        If sPyNNaker cannot map it, with its reason.
    """
    start = time.perf_counter()
    machine = Machine(kind="virtual", version=version, time_scale_factor=time_scale_factor)
    with tempfile.TemporaryDirectory(prefix="neurobridge-mapping-") as name:
        folder = Path(name)
        write_project(folder, network, time_scale_factor=machine.scale(network.dt))
        written = time.perf_counter() - start
        start_python(["-m", READER, "mapping.json"], folder, machine)
        found = json.loads((folder / "mapping.json").read_text(encoding="utf-8"))
    seconds = {"write": written, **found["seconds"], "total": time.perf_counter() - start}
    return MachineMapping(
        version=version,
        n_boards=found["n_boards"],
        boards=boards,
        size=(found["size"][0], found["size"][1]),
        populations=network.sizes,
        cores=tuple(CoreUse(**core) for core in found["cores"]),
        chips=tuple(ChipUse(**{**c, "board": tuple(c["board"])}) for c in found["chips"]),
        keys=found["keys"],
        seconds=seconds,
    )
