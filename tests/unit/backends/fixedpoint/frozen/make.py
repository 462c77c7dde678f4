"""How the frozen vectors beside this file were made: small random networks in the chip model.

``python -m tests.unit.backends.fixedpoint.frozen.make`` writes them anew. The networks come from a
fixed seed; the integers are those of the binaries of sPyNNaker 1!7.4.1, which the chip model runs
instruction by instruction, so the twin has no part in them.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from tests.unit.backends.softboard.vectors import run_network

FOLDER = Path(__file__).parent
_COUNTS = ("n_pre_synaptic_events", "n_synaptic_weight_saturations")


def main() -> None:
    """Write all files."""
    for name, network in {
        "alpha": one_cell("IF_curr_alpha", seed=1),
        "delta": one_cell("IF_curr_delta", seed=2),
        "delta_tenth_ms": one_cell("IF_curr_delta", seed=3, dt=0.1),
        "izhikevich": one_cell("Izhikevich", seed=4),
        "izhikevich_tenth_ms": one_cell("Izhikevich", seed=5, dt=0.1),
        "all_cells": all_cells(seed=6),
        "saturation": saturation(seed=7),
        "delay_extension": delay_extension(seed=8),
    }.items():
        path = FOLDER / f"{name}.json"
        path.write_text(json.dumps(with_results(network), separators=(",", ":")) + "\n")


def with_results(network: dict[str, Any]) -> dict[str, Any]:
    """A network with what the chip model made of it."""
    made = run_network(network)
    for results in made["results"].values():
        for core in results["cores"]:
            core["provenance"] = {key: int(core["provenance"][key]) for key in _COUNTS}
    return network | {"results": made["results"], "packets": made["packets"]}


def one_cell(model: str, seed: int, dt: float = 1.0) -> dict[str, Any]:
    """Five neurons of one cell type, driven by trains, steps of current and each other."""
    draw = random.Random(seed)
    cells = _cells(draw, model, 5, weight=2.0)
    names = {"source": 4, "cells": 5}
    steps = 60
    source = _source(draw, 4, steps * dt, 12)
    currents = [_current(draw, "cells", range(1, 4), steps * dt)]
    projections = [
        _projection(draw, names, pre, "cells", receptor, 1.6, 8 * dt)
        for pre in names
        for receptor in ("excitatory", "inhibitory")
    ]
    return _network([source, cells], projections, currents, steps, dt)


def all_cells(seed: int) -> dict[str, Any]:
    """All five cell types, two of them on two cores, connected at random; only V is recorded."""
    draw = random.Random(seed)
    models = ("IF_curr_exp", "IF_cond_exp", "IF_curr_alpha", "IF_curr_delta", "Izhikevich")
    cells = [_cells(draw, m, 4, weight=0.02 if "cond" in m else 2.0) for m in models]
    for number, population in enumerate(cells):
        population |= {"name": population["model"], "record": ["v"]}
        if number % 2:
            population["neurons_per_core"] = 2
    names = {"source": 3} | dict.fromkeys(models, 4)
    projections = [
        _projection(draw, names, pre, post, receptor, 0.015 if "cond" in post else 1.6, 16)
        for pre in names
        for post in models
        for receptor in ("excitatory", "inhibitory")
        if draw.random() < 0.4
    ]
    currents = [_current(draw, model, range(2), 80) for model in models]
    return _network([_source(draw, 3, 80, 25), *cells], projections, currents, 80, 1.0)


def saturation(seed: int) -> dict[str, Any]:
    """Weights far too large for their scale; sources between populations, several cores."""
    draw = random.Random(seed)
    populations = []
    for name in ("a", "b"):
        population = _cells(draw, "IF_curr_exp", 5, weight=0.6)
        population |= {"name": name, "record": [], "neurons_per_core": 2}
        populations += [_source(draw, 4, 40, 20) | {"name": f"source_{name}"}, population]
    names = {p["name"]: p["n"] for p in populations}
    projections = [
        _projection(draw, names, pre, post, receptor, 1.8, 2)
        for pre in ("b", "source_b", "a", "source_a")
        for post in ("a", "b")
        for receptor in ("excitatory", "inhibitory")
    ]
    return _network(populations, projections, [], 40, 1.0)


def delay_extension(seed: int) -> dict[str, Any]:
    """Delays of up to three ring buffers: 130 neurons on a core leave 32 steps for each."""
    draw, n, steps = random.Random(seed), 130, 120
    cells = {
        "name": "cells",
        "model": "IF_curr_exp",
        "n": n,
        "params": {"tau_refrac": 2.0, "i_offset": 0.6},
        "additional": {"max_expected_summed_weight": [16.0, 1.0]},
        "record": [],
    }
    cells["params"] |= {"tau_m": 20.0, "cm": 1.0, "v_rest": -65.0, "v_reset": -65.0}
    cells["params"] |= {"v_thresh": -50.0, "tau_syn_E": 5.0, "tau_syn_I": 5.0}
    trains = [[float(draw.randrange(60))] if draw.random() < 0.3 else [] for _ in range(n)]
    source = {"name": "source", "model": "SpikeSourceArray", "n": n, "spike_times": trains}
    pairs = sorted({(draw.randrange(n), draw.randrange(n)) for _ in range(160)})
    projections = [
        {
            "pre": pre,
            "post": "cells",
            "receptor": "excitatory",
            "connections": [
                [i, j, round(draw.uniform(1, 9), 1), float(draw.randint(1, 90))] for i, j in pairs
            ],
        }
        for pre in ("source", "cells")
    ]
    return _network([source, cells], projections, [], steps, 1.0)


def _network(
    populations: list[Any], projections: list[Any], currents: list[Any], steps: int, dt: float
) -> dict[str, Any]:
    return {
        "timestep_ms": dt,
        "n_steps": steps,
        "populations": populations,
        "projections": projections,
        "currents": currents,
    }


def _source(draw: random.Random, n: int, until: float, most: int) -> dict[str, Any]:
    """Trains in which a neuron can spike twice in a step."""
    trains = [
        sorted(round(draw.uniform(0, until), 1) for _ in range(draw.randint(2, most)))
        for _ in range(n)
    ]
    return {"name": "source", "model": "SpikeSourceArray", "n": n, "spike_times": trains}


def _cells(draw: random.Random, model: str, n: int, weight: float) -> dict[str, Any]:
    def many(low: float, high: float) -> list[float]:
        return [round(draw.uniform(low, high), 3) for _ in range(n)]

    if model == "Izhikevich":
        params: dict[str, Any] = {"a": many(0.02, 0.1), "b": many(0.1, 0.3), "c": many(-65, -50)}
        params |= {"d": many(0.05, 8), "i_offset": many(0, 12)}
        initial = {"v": many(-75, -55), "u": many(-15, -5)}
    else:
        params = {"tau_m": many(5, 30), "cm": many(0.2, 1.5), "v_rest": -65.0, "v_thresh": -50.0}
        params |= {"v_reset": many(-72, -60), "tau_refrac": many(0, 4), "i_offset": many(0, 1.5)}
        initial = {"v": many(-70, -55)}
    if model != "IF_curr_delta":
        params |= {"tau_syn_E": many(1.5, 9), "tau_syn_I": many(1.5, 12)}
    if model == "IF_cond_exp":
        params |= {"e_rev_E": many(-5, 5), "e_rev_I": many(-85, -70)}
    if model == "IF_curr_alpha":
        for name in ("exc_response", "exc_exp_response", "inh_response", "inh_exp_response"):
            initial[name] = many(0, 1)
    else:
        initial |= {"isyn_exc": many(0, 0.5), "isyn_inh": many(0, 0.5)}
    additional = {"max_expected_summed_weight": [weight, weight]}
    return {
        "name": "cells",
        "model": model,
        "n": n,
        "params": params,
        "initial": initial,
        "additional": additional,
    }


def _projection(
    draw: random.Random,
    names: dict[str, int],
    pre: str,
    post: str,
    receptor: str,
    weight: float,
    longest: float,
) -> dict[str, Any]:
    """Some of all pairs, sorted by (source, target), with skewed weights."""
    connections = [
        [i, j, round(weight * draw.random() ** 2, 4), round(draw.uniform(0.1, longest), 1)]
        for i in range(names[pre])
        for j in range(names[post])
        if draw.random() < 0.6
    ]
    return {"pre": pre, "post": post, "receptor": receptor, "connections": connections}


def _current(draw: random.Random, name: str, neurons: range, until: float) -> dict[str, Any]:
    times = sorted(draw.sample(range(round(until)), 3))
    amplitudes = [round(draw.uniform(-1, 1), 3) for _ in times]
    return {
        "population": name,
        "neurons": list(neurons),
        "times": [float(t) for t in times],
        "amplitudes": amplitudes,
    }


if __name__ == "__main__":
    main()
