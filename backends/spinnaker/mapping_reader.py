"""Maps the project of the current folder, and writes what sPyNNaker found.

``python -m neurobridge.backends.spinnaker.mapping_reader mapping.json``
"""

from __future__ import annotations

import json
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any


def main(path: Path) -> None:
    """Build and map the project, and write the mapping to ``path``."""
    start = time.perf_counter()
    network = _script().Network("spiNNaker")
    network.build()
    built = time.perf_counter()
    network.run()
    seconds = {"build": built - start, "map": time.perf_counter() - built}
    path.write_text(json.dumps({**_mapping(), "seconds": seconds}), encoding="utf-8")
    network.sim.end()


def _script() -> ModuleType:
    spec = spec_from_file_location("project", Path("run.py").resolve())
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _mapping() -> dict[str, Any]:
    from spynnaker.pyNN.data import SpynnakerDataView

    steps = SpynnakerDataView.get_plan_n_timestep()
    used: dict[tuple[int, int], list[int]] = {}
    cores = []
    for place in SpynnakerDataView.iterate_placemements():
        vertex = place.vertex
        sdram = int(vertex.sdram_required.get_total_sdram(steps))
        chip = used.setdefault((place.x, place.y), [0, 0, 0])
        chip[0] += sdram
        if vertex.app_vertex is None:
            chip[2] += 1
            continue
        chip[1] += 1
        cores.append(
            {
                "x": place.x, "y": place.y, "p": place.p,
                "population": vertex.app_vertex.label,
                "first": int(vertex.vertex_slice.lo_atom),
                "last": int(vertex.vertex_slice.hi_atom),
                "sdram": sdram,
            }
        )  # fmt: skip
    tables = {(t.x, t.y): t.number_of_entries for t in SpynnakerDataView.get_uncompressed()}
    chips, machine = _chips(used, tables), SpynnakerDataView.get_machine()
    return {
        "size": [machine.width, machine.height],
        "n_boards": len({tuple(chip["board"]) for chip in chips}),
        "cores": cores,
        "chips": chips,
        "keys": _keys(),
    }


def _chips(
    used: dict[tuple[int, int], list[int]], tables: dict[tuple[int, int], int]
) -> list[dict[str, Any]]:
    """Chips with cores of the network or routes."""
    from spynnaker.pyNN.data import SpynnakerDataView

    chips = []
    for chip in SpynnakerDataView.get_machine().chips:
        sdram, n_cores, system = used.get((chip.x, chip.y), [0, 0, 0])
        entries = tables.get((chip.x, chip.y), 0)
        if not n_cores and not entries:
            continue
        chips.append(
            {
                "x": chip.x, "y": chip.y,
                "board": [chip.nearest_ethernet_x, chip.nearest_ethernet_y],
                "n_cores": n_cores, "cores": chip.n_placable_processors - system,
                "sdram": sdram, "sdram_free": chip.sdram - sdram,
                "routing_entries": entries,
            }
        )  # fmt: skip
    return chips


def _keys() -> dict[str, int]:
    """Keys by population: a block whose size is a power of two."""
    from pacman.model.graphs.application import ApplicationVertex
    from spynnaker.pyNN.data import SpynnakerDataView

    return {
        str(info.vertex.label): 2**32 - int(info.mask)
        for info in SpynnakerDataView.get_routing_infos()
        if isinstance(info.vertex, ApplicationVertex)
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
