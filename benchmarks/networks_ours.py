"""A standard network through neurobridge.

python -m benchmarks.networks_ours NETWORK DURATION DISCARD BACKEND RESULT.json
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

import neurobridge as nb
from benchmarks.phases import Phases
from neurobridge.models.networks import brunel, measure_rates, microcircuit, vogels_abbott

NETWORKS: dict[str, Callable[[], nb.Network]] = {
    "brunel": partial(brunel, "C"),
    "cuba": partial(vogels_abbott, "cuba"),
    "coba": partial(vogels_abbott, "coba"),
    "microcircuit": partial(microcircuit, 0.1),
}


def main(name: str, duration: str, discard: str, backend: str, result: str) -> None:
    """Build, run, and see what the groups did."""
    phases = Phases()
    phases.done("import_s")
    network = NETWORKS[name]()
    with nb.compile(network, backend, dt=0.1) as compiled:
        phases.done("build_s")
        recording = compiled.run(float(duration), seed=1)
        phases.done("run_s")
    measured = measure_rates(network, recording, discard=float(discard))
    phases.write(
        result, n=network.n_neurons, n_edges=network.n_edges, n_spikes=recording.n_spikes,
        hash=recording.spike_hash, rates={m.expected.group: m.rate for m in measured},
        expected={m.expected.group: m.expected.rate for m in measured},
        within={m.expected.group: m.expected.within for m in measured},
        sources={m.expected.group: m.expected.source for m in measured},
        cv={m.expected.group: m.cv for m in measured},
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
