"""What is measured in a process of its own, besides whole runs: memory, loading, running again.

python -m benchmarks.jobs JOB ARGUMENTS... RESULT.json
"""

from __future__ import annotations

import gc
import gzip
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import neurobridge as nb

MAPPING = {
    "dataset": "synthetic",
    "nodes": {"file": "nodes.parquet", "id": "id", "labels": {"nt": "nt"}},
    "edges": {"file": "edges.parquet", "pre": "pre", "post": "post", "count": "count"},
}


def edge_table(folder: str) -> dict[str, Any]:
    """Write the synthetic graph of 15 M edges as a Parquet pair with ids of 18 digits."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from neurobridge.connectome.synthetic import SHAPES, synthetic_graph

    graph = synthetic_graph(SHAPES["flywire783"])
    ids = _root_ids(graph.sign.size)
    Path(folder).mkdir(parents=True, exist_ok=True)
    order = np.random.default_rng(1).permutation(graph.pre.size)
    edges = {"pre": ids[graph.pre[order]], "post": ids[graph.post[order]]}
    pq.write_table(pa.table(edges | {"count": graph.count[order]}), f"{folder}/edges.parquet")
    nodes = {"id": ids, "nt": np.where(graph.sign > 0, "ach", "gaba")}
    pq.write_table(pa.table(nodes), f"{folder}/nodes.parquet")
    return {}


def network_from_table(folder: str) -> dict[str, Any]:
    """Memory of a network that is built from an edge table, over that of the bare import."""
    bare = _memory_mb()
    network = _network(folder)
    peak = _memory_mb()["VmHWM"]
    gc.collect()
    resident = _memory_mb()
    return {
        "bare_mb": bare["VmRSS"],
        "resident_mb": resident["VmRSS"] - bare["VmRSS"],
        "peak_mb": peak - bare["VmRSS"],
        "array_mb": _array_mb(network),
        "n_edges": network.n_edges,
    }


def running_from_table(folder: str) -> dict[str, Any]:
    """Time of every step from an edge table to a network that has run for 1 ms."""
    import numpy as np

    from benchmarks.phases import Phases
    from neurobridge.connectome.registry import load
    from neurobridge.connectome.signs import Argmax

    phases = Phases()
    phases.done("import")
    table = load("table", folder, mapping=MAPPING)
    phases.done("load")
    table = table.with_signs(Argmax("fly"), unknown="drop")
    phases.done("signs")
    network = nb.to_network(table, nb.models.shiu_lif, weight="0.275 mV", delay="1.8 ms",
                            receptor="syn")  # fmt: skip
    del table
    drive = nb.Poisson("drive", "neurons", 40.0, np.arange(420), receptor="kick", weight=68.75)
    network = network.with_stimulus(drive)
    phases.done("network")
    with nb.compile(network, "native", dt=0.1) as compiled:
        phases.done("compile")
        compiled.run(1.0)
        phases.done("run 1 ms")
    return {"phases": phases.seconds, "wall": phases.wall, "n_edges": network.n_edges}


def network_loaded(folder: str) -> dict[str, Any]:
    """Memory of a network that is read from its native file."""
    bare = _memory_mb()
    network = nb.load(folder)
    after = _memory_mb()
    return {
        "private_mb": after["RssAnon"] - bare["RssAnon"],
        "mapped_mb": after["RssFile"] - bare["RssFile"],
        "n_edges": network.n_edges,
    }


def load_native(folder: str) -> dict[str, Any]:
    """Time of :func:`neurobridge.load` with verification; files are in the page cache."""
    nb.load  # noqa: B018 - import it first
    return _timed(lambda: nb.load(folder))


def read_native(folder: str) -> dict[str, Any]:
    """Time that reading the same bytes takes."""
    files = sorted(Path(folder).iterdir())
    return _timed(lambda: [path.read_bytes() for path in files])


def codex_files(folder: str) -> dict[str, Any]:
    """Write a connections file as Codex exports it, with one row per pair and neuropil."""
    import numpy as np
    import pandas as pd

    from neurobridge.connectome.synthetic import SHAPES, synthetic_graph

    rng = np.random.default_rng(1)
    graph = synthetic_graph(SHAPES["flywire783_5"])
    rows = np.repeat(
        np.arange(graph.pre.size), rng.choice([1, 2, 3], graph.pre.size, p=[0.7, 0.2, 0.1])
    )
    rows = np.sort(rng.choice(rows, graph.pre.size, replace=False))
    ids = _root_ids(graph.sign.size)
    neuropils = np.array([f"{name}_{side}" for name in NEUROPILS for side in "LR"])
    table = pd.DataFrame(
        {
            "pre_root_id": ids[graph.pre[rows]],
            "post_root_id": ids[graph.post[rows]],
            "neuropil": neuropils[rng.integers(0, neuropils.size, rows.size)],
            "syn_count": np.maximum(graph.count[rows] // 2, 1),
            "nt_type": np.where(graph.sign[graph.pre[rows]] > 0, "ACH", "GABA"),
        }
    )
    Path(folder).mkdir(parents=True, exist_ok=True)
    with gzip.open(f"{folder}/connections.csv.gz", "wt", compresslevel=6) as file:
        table.to_csv(file, index=False)
    return {}


NEUROPILS = "ME LO LOP AVLP PVLP SLP SMP SIP LH MB_CA MB_ML AL GNG SAD FB EB PB LAL VES".split()


def codex_ours(folder: str) -> dict[str, Any]:
    """Time from the Codex file to a connectome."""
    from neurobridge.connectome.registry import load

    load("celegans")  # imports are not part of it
    found: list[Any] = []
    timed = _timed(lambda: found.append(load("codex", folder, release="783")))
    return timed | {"n_edges": found[0].n_edges, "n_synapses": found[0].n_synapses}


def codex_pyarrow(folder: str) -> dict[str, Any]:
    """Time that pyarrow takes to parse the file."""
    from pyarrow import csv

    found: list[Any] = []
    timed = _timed(lambda: found.append(csv.read_csv(f"{folder}/connections.csv.gz")))
    return timed | {"rows": found[0].num_rows}


def rerun(folder: str, backend: str, settings: str, duration: str) -> dict[str, Any]:
    """Time of a run, of a second one with another seed, and of building again for it."""
    network = nb.load(folder)
    options = json.loads(settings)
    laps: dict[str, float] = {}

    def lap(name: str, work: Callable[[], Any]) -> Any:
        taken: list[Any] = []
        laps[name] = _timed(lambda: taken.append(work()))["phases"]["work_cpu_s"]
        return taken[0]

    first = lap("build", lambda: nb.compile(network, backend, dt=0.1, **options))
    lap("run", lambda: first.run(float(duration), seed=1))
    again = lap("run again", lambda: first.run(float(duration), seed=2))
    first.close()
    fresh = lap("build again", lambda: nb.compile(network, backend, dt=0.1, **options))
    expected = lap("run the new one", lambda: fresh.run(float(duration), seed=2))
    fresh.close()
    if not again.spikes["neurons"].same_as(expected.spikes["neurons"]):
        raise AssertionError(f"{backend}: running again differs from building again")
    return {"phases": laps, "n_spikes": again.n_spikes}


def _network(folder: str) -> nb.Network:
    from neurobridge.connectome.registry import load
    from neurobridge.connectome.signs import Argmax

    table = load("table", folder, mapping=MAPPING).with_signs(Argmax("fly"), unknown="drop")
    return nb.to_network(
        table, nb.models.shiu_lif, weight="0.275 mV", delay="1.8 ms", receptor="syn"
    )


def _root_ids(n: int) -> Any:
    import numpy as np

    return np.sort(np.random.default_rng(2).choice(10**8, n, replace=False)) + 720575940600000000


def _array_mb(network: nb.Network) -> float:
    (projection,) = network.projections.values()
    edges = projection.edges
    arrays = [edges.indptr, edges.pre, edges.count]
    return float(sum(a.nbytes for a in arrays if a is not None)) / 1e6


def _memory_mb() -> dict[str, float]:
    """The memory lines of Linux's status of this process, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    pairs = (line.split(":") for line in lines if line.endswith("kB"))
    return {name: int(value.split()[0]) * 1024 / 1e6 for name, value in pairs}


def _timed(work: Callable[[], Any]) -> dict[str, Any]:
    import os

    cpu, wall = sum(os.times()[:4]), time.perf_counter()
    kept = work()
    found = {
        "work_cpu_s": sum(os.times()[:4]) - cpu,
        "work_wall_s": time.perf_counter() - wall,
    }
    del kept
    return {"phases": found}


if __name__ == "__main__":
    job, *arguments, result = sys.argv[1:]
    Path(result).write_text(json.dumps(globals()[job](*arguments)))
