"""Networks to measure: saved for neurobridge, and as plain arrays for native scripts.

python -m benchmarks.prepare SCALE MODEL FOLDER RESULT.json
"""

from __future__ import annotations

__all__ = ["LIKE", "SCALES", "prepared"]

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import ROOT, python

if TYPE_CHECKING:
    from neurobridge import Network
    from neurobridge.connectome.table import Connectome

DATA = ROOT / "benchmarks" / "results" / "data"
REFERENCE_DATA = ROOT.parent / "shared" / "data"
SCALES = {"small": 100.0, "2M": 500.0, "15M": 200.0, "olfactory": 1000.0}
"""Name of a graph, and the simulated time of a comparison in ms."""

LIKE = {"small": "small", "2M": "flywire783_5", "15M": "flywire783"}
"""The synthetic graph of a scale."""

N_DRIVEN, RATE_HZ = 12_384, 4.0
"""As many neurons as FlyWire has sensory ones, and the rate of their input events."""


def prepared(scale: str, model: str) -> Path:
    """The folder with ``network/`` and ``arrays/``, made on first use in a process of its own."""
    folder = DATA / f"{scale}-{model}"
    if not (folder / "arrays" / "n.npy").exists():
        print(f"  preparing {folder.name}", flush=True)
        python("-m", "benchmarks.prepare", scale, model, folder)
    return folder


def connectome(scale: str) -> tuple[Connectome, bool]:
    """The graph of a scale, with signs; whether it is real."""
    if scale == "olfactory":
        return _olfactory(), True
    if scale == "2M" and (REFERENCE_DATA / "flywire783").is_dir():
        return _flywire(), True
    return _synthetic(scale), False


def network(scale: str, model: str) -> Network:
    """The graph with a model, its sensory neurons driven."""
    import numpy as np

    from neurobridge import Poisson, models, to_network
    from neurobridge.rng import generator

    graph, real = connectome(scale)
    by_model = {
        "shiu": (models.shiu_lif, "0.275 mV", "syn", "kick", 68.75),
        "lif": (models.lif_exp, "0.0035 nA", None, "exc", 2.0),
    }
    neuron, weight, receptor, driven_receptor, drive_weight = by_model[model]
    made = to_network(graph, neuron, weight=weight, delay="1.8 ms", receptor=receptor)
    population = made.population("neurons")
    if real:
        label = {"is_input": "True"} if scale == "olfactory" else {"super_class": "sensory"}
        driven = population.where(**label)
    else:
        rng = generator(1, "stimulus", "driven neurons")
        size = min(N_DRIVEN, population.size // 10)
        driven = np.sort(rng.choice(population.size, size, replace=False))
    return made.with_stimulus(
        Poisson(
            "drive", "neurons", rate=RATE_HZ, neurons=driven, receptor=driven_receptor,
            weight=drive_weight,
        )
    )  # fmt: skip


def _flywire() -> Connectome:
    from neurobridge.connectome.registry import load
    from neurobridge.connectome.signs import Argmax

    mapping = {
        "dataset": "flywire783-hemispheres",
        "nodes": {
            "file": "nodes.parquet",
            "id": "root_id",
            "labels": {"super_class": "super_class", "nt": "nt_filled"},
        },
        "edges": {
            "file": "edges.parquet", "pre": "pre", "post": "post", "count": "syn_count",
            "refers_to": "idx",
        },
    }  # fmt: skip
    table = load("table", REFERENCE_DATA / "flywire783", mapping=mapping)
    return table.with_signs(Argmax("fly"), unknown="drop")


def _olfactory() -> Connectome:
    from neurobridge.connectome.registry import load
    from neurobridge.connectome.signs import Argmax

    mapping = {
        "dataset": "flywire783_olfactory",
        "nodes": {
            "file": "nodes.csv.gz",
            "id": "root_id",
            "labels": {"nt": "nt_filled", "is_input": "is_input"},
        },
        "edges": {
            "file": "edges.csv.gz", "pre": "pre_root_id", "post": "post_root_id",
            "count": "syn_count",
        },
    }  # fmt: skip
    table = load("table", REFERENCE_DATA / "flywire783_olfactory", mapping=mapping)
    return table.with_signs(Argmax("fly"), unknown="drop")


def _synthetic(scale: str) -> Connectome:
    from neurobridge.connectome.registry import load
    from neurobridge.connectome.signs import Argmax

    return load("synthetic", like=LIKE[scale]).with_signs(Argmax("fly"))


def main(scale: str, model: str, folder: str, result: str) -> None:
    """Save a network, and what its lowering gives as plain arrays."""
    import numpy as np

    from neurobridge import save
    from neurobridge.lowering.drive import lower_drive
    from neurobridge.lowering.grid import to_steps

    made, target = network(scale, model), Path(folder)
    save(made, target / "network", overwrite=True)
    (projection,) = made.projections.values()
    n_steps, _ = to_steps(SCALES[scale], 0.1, "duration", "duration_rounding", at_least=1)
    drive, _ = lower_drive(made, 0.1, int(n_steps), seed=1, trial=0)
    (events,) = drive.events
    # Two kicks of the fly model in one step do what one does, and Brian2 takes one only.
    times = np.ones_like(events.count) if model == "shiu" else events.count
    arrays = {
        "pre": projection.edges.pre,
        "post": projection.edges.post,
        "weight": made.weights(projection.name),
        "event_step": np.repeat(events.step, times),
        "event_neuron": np.repeat(events.target[events.channel], times),
        "n": np.array(made.n_neurons),
        "t_ref": np.full(made.n_neurons, 2.2),
    }
    (target / "arrays").mkdir(exist_ok=True)
    for name, array in arrays.items():
        np.save(target / "arrays" / f"{name}.npy", array)
    Path(result).write_text(json.dumps({}))


if __name__ == "__main__":
    main(*sys.argv[1:])
