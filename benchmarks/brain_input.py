"""The whole-fly-like network and its input, drawn once: all engines read the same files.

python -m benchmarks.brain_input SCALE FOLDER RESULT.json
"""

from __future__ import annotations

__all__ = ["DT", "DURATION", "STEPS", "WORKLOADS", "arrays_of", "prepared"]

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import ROOT, python
from benchmarks.prepare import DATA, LIKE

if TYPE_CHECKING:
    from neurobridge import Network

EXPERIMENT = ROOT / "examples" / "whole_fly_like.yaml"
DT, DURATION, STEPS = 0.1, 1000.0, 10_000
BACKGROUND_HZ = (0.5, 1.0, 2.0, 5.0, 10.0)
WORKLOADS = ("sugar", *(f"background-{rate:g}" for rate in BACKGROUND_HZ))
"""The drive of the example, and Poisson kicks to every neuron at some rates."""


def prepared(scale: str) -> Path:
    """The folder with ``network/``, ``graph/`` and a file for each workload, made on first use."""
    folder = DATA / f"brain-{scale}"
    if not (folder / f"{WORKLOADS[-1]}.npz").exists():
        print(f"  preparing {folder.name}", flush=True)
        python("-m", "benchmarks.brain_input", scale, folder)
    return folder


def arrays_of(folder: Path, workload: str) -> Path:
    """A folder of plain arrays for scripts written by hand: graph, events, refractory periods."""
    import numpy as np

    target = folder / f"arrays-{workload}"
    if not target.exists():
        target.mkdir()
        for path in (folder / "graph").iterdir():
            os.link(path, target / path.name)
        with np.load(folder / f"{workload}.npz") as arrays:
            for name, array in arrays.items():
                np.save(target / f"{name}.npy", array)
    return target


def network(scale: str, folder: Path) -> Network:
    """The network of the example, at a scale."""
    from neurobridge import load_experiment

    text = EXPERIMENT.read_text(encoding="utf-8")
    experiment = folder / EXPERIMENT.name
    experiment.write_text(text.replace("like: flywire783", f"like: {LIKE[scale]}"), "utf-8")
    return load_experiment(experiment).network()


def main(scale: str, folder: str, result: str) -> None:
    """Save the network without its stimulus, the graph, and the events of every workload."""
    import numpy as np

    import neurobridge as nb
    from neurobridge.lowering.drive import lower_drive

    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    made = network(scale, target)
    bare = made.without_stimulus("sugar")
    nb.save(bare, target / "network", overwrite=True)
    (projection,) = made.projections.values()
    graph = {
        "pre": projection.edges.pre, "post": projection.edges.post,
        "weight": made.weights(projection.name), "n": np.array(made.n_neurons),
    }  # fmt: skip
    (target / "graph").mkdir(exist_ok=True)
    for name, array in graph.items():
        np.save(target / "graph" / f"{name}.npy", array)
    driven = made.population("neurons").parameters["t_ref"]
    for workload in WORKLOADS:
        kind, _, rate = workload.partition("-")
        whole, t_ref = made, driven
        if kind == "background":
            t_ref = np.full(made.n_neurons, 2.2)
            whole = bare.with_stimulus(
                nb.Poisson("background", "neurons", float(rate), receptor="kick", weight=68.75)
            )
        # Two kicks in one step do what one does, and Brian2 takes one only: `count` is left out.
        (events,) = lower_drive(whole, DT, STEPS, seed=1, trial=0)[0].events
        np.savez(
            target / f"{workload}.npz", event_step=events.step,
            event_neuron=events.target[events.channel], t_ref=t_ref,
        )  # fmt: skip
    Path(result).write_text(json.dumps({}))


if __name__ == "__main__":
    main(*sys.argv[1:])
