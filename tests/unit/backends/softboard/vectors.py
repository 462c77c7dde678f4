"""Networks as data, run through PyNN in the chip model, with results as integers.

A network is a dict in the layout of the reference vectors (``spinnaker_vectors``, whose ``format``
explains it). :func:`run_network` takes the inputs of one and returns its ``results`` and
``packets``. Beyond the vectors it knows optional keys:

* network: ``currents``, a list of ``{"population", "neurons" (list, or absent: all), "times",
  "amplitudes"}`` for ``StepCurrentSource``;
* population: ``initial`` (by PyNN's names), ``neurons_per_core``, ``additional`` (parameters of
  sPyNNaker such as ``max_expected_summed_weight``), ``record`` (variables besides spikes; absent:
  all three), ``recorded`` (neurons whose variables are recorded; absent: all);
* projection: ``synapse`` (absent: static), a callable that gets ``pyNN.spiNNaker``.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from neurobridge.backends.spinnaker import softboard

_STATES = ("v", "gsyn_exc", "gsyn_inh")
_SOURCES = ("SpikeSourceArray", "SpikeSourcePoisson")


def load_vector(path: Path) -> dict[str, Any]:
    """A reference vector."""
    return json.loads(path.read_text())


def run_network(network: dict[str, Any]) -> dict[str, Any]:
    """Run a network; ``{"results": ..., "packets": ..., "run": ChipRun}``.

    ``results`` has every population that is recorded; a core in ``cores`` has the keys
    ``neurons``, ``binary``, ``ring_buffer_left_shifts`` and ``provenance``.
    """
    softboard.install()
    try:
        sim = import_module("pyNN.spiNNaker")
        sim.setup(timestep=network["timestep_ms"])
        populations = {p["name"]: _population(sim, p, network) for p in network["populations"]}
        for projection in network["projections"]:
            _project(sim, projection, populations)
        for current in network.get("currents", ()):
            _inject(sim, current, populations)
        sim.run(network["n_steps"] * network["timestep_ms"])
        run = softboard.last_run()
        results = {
            p["name"]: _results(populations[p["name"]], p, network, run)
            for p in network["populations"]
            if p["model"] != "SpikeSourceArray"
        }
        sim.end()
    finally:
        softboard.uninstall()
    packets = [[packet.step, f"0x{packet.key:08x}"] for packet in run.packets]
    return {"results": results, "packets": packets, "run": run}


def _population(sim: Any, p: dict[str, Any], network: dict[str, Any]) -> Any:
    model = getattr(sim, p["model"])
    if p["model"] == "SpikeSourceArray":
        return sim.Population(p["n"], model(spike_times=p["spike_times"]), label=p["name"])
    if p["model"] == "SpikeSourcePoisson":
        cell, additional = model(rate=p["rate"]), {"seed": p["seed"]}
    else:
        cell, additional = model(**p["params"]), dict(p.get("additional", {}))
        if network["timestep_ms"] < 1.0:
            additional["splitter"] = _combined_cores()
    if "neurons_per_core" in p:
        additional["neurons_per_core"] = p["neurons_per_core"]
    population = sim.Population(
        p["n"], cell, label=p["name"], additional_parameters=additional or None
    )
    for name, value in p.get("initial", {}).items():
        population.initialize(**{name: value})
    population.record("spikes")
    if p["model"] not in _SOURCES and p.get("record", _STATES):
        view = population[np.asarray(p["recorded"])] if "recorded" in p else population
        view.record(list(p.get("record", _STATES)))
    return population


def _combined_cores() -> Any:
    from spynnaker.pyNN.extra_algorithms.splitter_components import SplitterPopulationVertexFixed

    return SplitterPopulationVertexFixed()


def _project(sim: Any, p: dict[str, Any], populations: dict[str, Any]) -> None:
    synapse = p["synapse"](sim) if "synapse" in p else sim.StaticSynapse()
    sim.Projection(
        populations[p["pre"]],
        populations[p["post"]],
        sim.FromListConnector([tuple(c) for c in p["connections"]]),
        synapse,
        receptor_type=p["receptor"],
    )


def _inject(sim: Any, current: dict[str, Any], populations: dict[str, Any]) -> None:
    target = populations[current["population"]]
    if "neurons" in current:
        target = target[np.asarray(current["neurons"])]
    source = sim.StepCurrentSource(times=current["times"], amplitudes=current["amplitudes"])
    target.inject(source)


def _results(population: Any, p: dict[str, Any], network: dict[str, Any], run: Any) -> dict:
    segment = population.get_data().segments[-1]
    dt = network["timestep_ms"]
    found: dict[str, Any] = {
        "spike_steps": [
            np.rint(np.asarray(train.magnitude) / dt).astype(int).tolist()
            for train in segment.spiketrains
        ]
    }
    if p["model"] in _SOURCES:
        return found
    for name in p.get("record", _STATES):
        (signal,) = segment.filter(name=name)
        raw = np.asarray(signal.magnitude, dtype=float).T * 2**15
        assert np.array_equal(raw, np.rint(raw)), f"{name} is not a multiple of 2**-15"
        found[f"{name}_raw"] = raw.astype(np.int64).tolist()
    shifts = list(map(int, population._vertex.get_ring_buffer_shifts()))
    found["cores"] = [
        {
            "neurons": [core.program.first, core.program.last],
            "binary": core.program.binary,
            "ring_buffer_left_shifts": shifts,
            "provenance": {
                "n_pre_synaptic_events": core.counts["Total_pre_synaptic_events"],
                "n_synaptic_weight_saturations": core.saturations,
                "n_synapses_skipped": core.counts["Skipped synapses"],
            },
        }
        for core in run.cores
        if core.program.population == p["name"]
    ]
    return found
