"""Compare the published fly model in Brian2 with its description here, at the size of the fly.

    python -m tools.published_fly_model --like flywire783 --driven 20

A graph with the degrees of FlyWire 783 (138,639 neurons, 15,091,983 edges), 1 s, C++ by Brian2: it
takes minutes and 10 GB, so it is not in CI. The experiment is that of
``tests/equivalence/published_fly.py``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from neurobridge import compile
from neurobridge.connectome import Argmax, load
from neurobridge.memory import peak_mb
from tests.equivalence.published_fly import DT, described, drawn, published_spikes

ENGINES = {
    "native, event": {"backend": "native", "mode": "event"},
    "native, dense": {"backend": "native", "mode": "dense"},
    "native, auto": {"backend": "native"},
    "native, auto, 2 threads": {"backend": "native", "threads": 2},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--like", default="flywire783")
    parser.add_argument("--driven", type=int, default=20)
    parser.add_argument("--duration", type=float, default=1000.0, help="in ms")
    parser.add_argument("--reference", action="store_true", help="run the reference, too")
    given = parser.parse_args()
    graph = load("synthetic", like=given.like).with_signs(Argmax("fly"))
    weight = 0.275 * graph.count * graph.signs_per_edge.astype(np.float64)
    driven = np.flatnonzero(np.asarray(graph.labels["drive"]) == "sugar")[: given.driven]
    rng = np.random.default_rng(783)
    experiment = drawn(
        graph.n_neurons, graph.pre, graph.post, weight, driven.astype(np.int32),
        round(given.duration / DT), rng,
    )  # fmt: skip
    print(f"{graph.n_neurons:,} neurons, {graph.n_edges:,} edges, {driven.size} driven")
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        expected = published_spikes(experiment, Path(folder), "cpp_standalone")
    print(f"published, Brian2: {len(expected):,} spikes of {np.unique(expected[:, 1]).size:,} "
          f"neurons, {time.perf_counter() - start:.0f} s with building")  # fmt: skip
    network = described(experiment)
    engines = {**ENGINES, "reference": {"backend": "reference"}} if given.reference else ENGINES
    for name, settings in engines.items():
        with compile(network, dt=DT, **settings) as compiled:
            start = time.process_time()
            found = compiled.run(experiment.duration)
        spikes = found.spikes["fly"]
        rows = np.column_stack([spikes.step, spikes.neuron])
        verdict = "identical" if np.array_equal(rows, expected) else "DIFFERENT"
        print(f"{name}: {len(rows):,} spikes, {verdict}, {time.process_time() - start:.2f} CPU s "
              f"for {given.duration / 1000:g} s, peak so far {peak_mb():,.0f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
