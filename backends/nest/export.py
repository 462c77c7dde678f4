"""A run as a project that needs NEST, but not neurobridge."""

from __future__ import annotations

__all__ = ["export_project"]

import shutil
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from neurobridge.backends.nest.cells import Cell
from neurobridge.backends.nest.script import export_script
from neurobridge.lowering.program import Drive, Program

_HERE = Path(__file__).parent


def export_project(folder: Path, program: Program, cells: Mapping[str, Cell], drive: Drive) -> None:
    """Write ``run.py``, its arrays, the NESTML models and the helper files."""
    script = export_script(program, cells, drive)
    (folder / "arrays").mkdir(parents=True, exist_ok=True)
    (folder / "run.py").write_text(script.text, encoding="utf-8")
    for name, values in script.arrays.items():
        np.save(folder / "arrays" / f"{name}.npy", values)
    for name in ("tools", "ranks"):
        text = (_HERE / f"{name}.py").read_text(encoding="utf-8")
        alone = text.replace("from neurobridge.backends.nest.ranks", "from nest_ranks")
        (folder / f"nest_{name}.py").write_text(alone, encoding="utf-8")
    models = {c.nestml.name: c.nestml.text for c in cells.values() if c.nestml}
    if models:
        (folder / "models").mkdir(exist_ok=True)
        shutil.copy(_HERE / "nestml_build.py", folder / "nestml_build.py")
    for name, text in models.items():
        (folder / "models" / f"{name}.nestml").write_text(text, encoding="utf-8")
    (folder / "README.md").write_text(_readme(program, bool(models)), encoding="utf-8")


def _readme(program: Program, compiled: bool) -> str:
    needs = [f"nest-simulator=={_version('nest-simulator')}", f"numpy=={np.__version__}"]
    if compiled:
        needs += [f"nestml=={_version('nestml')}", "libboost-headers"]
    return _README.format(
        network=program.network_id[:12],
        packages=" ".join(needs),
        compiler=" and a C++ compiler (g++)" if compiled else "",
        models="* `models/`: the neurons, in NESTML; compiled into `build/` on first use by\n"
        "  `nestml_build.py`\n" if compiled else "",
    )  # fmt: skip


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "3.10.0"


_README = """\
# Network {network} on NEST

    pip install {packages}
    python run.py [threads]

needs the packages above{compiler}. It builds the network, runs it once, prints the number of
spikes and writes `spikes.npz` and `signals.npz`.

* `run.py`: the network, population by population and projection by projection, and its input
* `nest_tools.py`: time, stimuli and recorders on NEST's clock
* `nest_ranks.py`: how several processes share the work
* `arrays/`: edges, parameters that differ between neurons, and the input
{models}
Edges are sorted by target: neuron `i` has the edges `indptr[i]:indptr[i + 1]` of `source` and
`weight`. Times are in steps of `DT`; a spike of step `k` has the stamp `k + 1`.

With a NEST that has MPI, and the package `mpi4py`, `mpirun -n 4 python run.py` runs the same
network on four processes. This folder must be one that all of them see.
"""
