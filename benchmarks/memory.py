"""Memory of a large network, and the time to load one."""

from __future__ import annotations

__all__ = ["JOBS", "codex", "edge_table", "memory", "native_load"]

from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import interleaved, python
from benchmarks.prepare import DATA, prepared

JOBS = ("-m", "benchmarks.jobs")


def memory(repeats: int) -> dict[str, Any]:
    """15 M edges: resident, and at the peak while building from an edge table."""
    table = edge_table()
    built = [python(*JOBS, "network_from_table", table).told for _ in range(repeats)]
    loaded = python(*JOBS, "network_loaded", prepared("15M", "shiu") / "network").told
    smallest = {key: min(run[key] for run in built) for key in built[0]}
    return {"built": smallest, "loaded": loaded, "repeats": repeats}


def native_load(scale: str, repeats: int) -> dict[str, Any]:
    """A native file: loading with verification against reading its bytes."""
    folder = prepared(scale, "shiu") / "network"
    sides = interleaved(
        {
            "read": partial(python, *JOBS, "read_native", folder),
            "neurobridge": partial(python, *JOBS, "load_native", folder),
        },
        repeats,
    )
    return {"mb": _size_mb(folder), "sides": sides, "repeats": repeats}


def codex(repeats: int) -> dict[str, Any]:
    """A Codex file: loading a connectome against parsing it with pyarrow."""
    folder = DATA / "codex"
    if not (folder / "connections.csv.gz").exists():
        python(*JOBS, "codex_files", folder)
    sides = interleaved(
        {
            "pyarrow": partial(python, *JOBS, "codex_pyarrow", folder),
            "neurobridge": partial(python, *JOBS, "codex_ours", folder),
        },
        repeats,
    )
    told = {name: side["runs"][0]["told"] for name, side in sides.items()}
    return {
        "mb": _size_mb(folder), "rows": told["pyarrow"]["rows"],
        "n_edges": told["neurobridge"]["n_edges"], "sides": sides, "repeats": repeats,
    }  # fmt: skip


def edge_table() -> Path:
    """The folder of the Parquet pair with 15 M edges, written on first use."""
    table = DATA / "edge-table"
    if not (table / "nodes.parquet").exists():
        python(*JOBS, "edge_table", table)
    return table


def _size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e6
