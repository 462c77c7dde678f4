"""Random small networks for the chip, as data in the layout of vector files.

Everything that the arithmetic can see is drawn: cells, sizes, parameters that differ between
neurons, both receptors, delays up to the length of the ring buffers, initial values, offsets,
currents, weight scales that sometimes saturate, several spikes of a source in one step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Rng = np.random.Generator
Document = dict[str, Any]

CELLS = ("IF_curr_exp", "IF_cond_exp", "IF_curr_alpha", "IF_curr_delta", "Izhikevich")
RECEPTORS = ("excitatory", "inhibitory")


def random_network(rng: Rng, cells: tuple[str, ...] = CELLS) -> Document:
    """A network of one to three populations of the chip and two sources, drawn with ``rng``."""
    dt = float(rng.choice([1.0, 1.0, 1.0, 0.1, 0.5, 2.0]))
    n_steps = int(rng.integers(60, 160))
    chosen = rng.choice(cells, size=rng.integers(1, 4))
    populations = [_source(rng, f"source{i}", n_steps, dt) for i in range(2)]
    populations += [_population(rng, f"cells{i}", str(cell), dt) for i, cell in enumerate(chosen)]
    sizes = {p["name"]: p["n"] for p in populations}
    targets = [p for p in populations if p["model"] in CELLS]
    return {
        "timestep_ms": dt,
        "n_steps": n_steps,
        "populations": populations,
        "projections": [
            _projection(rng, pre, sizes[pre], post, receptor, dt)
            for post in targets
            for pre in sizes
            for receptor in RECEPTORS
            if rng.random() < 0.6
        ],
        "currents": [c for p in targets for c in _currents(rng, p, n_steps, dt)],
    }


def _source(rng: Rng, name: str, n_steps: int, dt: float) -> Document:
    n = int(rng.integers(1, 13))
    trains = []
    for _ in range(n):
        steps = np.flatnonzero(rng.random(n_steps) < rng.uniform(0.0, 0.4))
        trains.append((steps * dt).round(6).tolist())
    return {"name": name, "model": "SpikeSourceArray", "n": n, "spike_times": trains}


def _population(rng: Rng, name: str, cell: str, dt: float) -> Document:
    n = int(rng.choice([1, 2, 3, 7, 16, 17, 40]))
    per_core = int(rng.choice([4, 8, 16, 64]))
    maximum = float(rng.choice([0.02, 0.1] if cell == "IF_cond_exp" else [0.4, 3.0, 30.0]))
    return {
        "name": name,
        "model": cell,
        "n": n,
        "params": _izhikevich(rng, n) if cell == "Izhikevich" else _membrane(rng, cell, n, dt),
        "initial": {"v": _some(rng, -75.0, -52.0, n)} | _initial_currents(rng, cell, n),
        "neurons_per_core": per_core,
        "additional": {"max_expected_summed_weight": [maximum, maximum / 2]},
    }


def _some(rng: Rng, low: float, high: float, n: int) -> float | list[float]:
    """One number, or one for each neuron."""
    if rng.random() < 0.5:
        return float(rng.uniform(low, high))
    return rng.uniform(low, high, n).tolist()


def _membrane(rng: Rng, cell: str, n: int, dt: float) -> Document:
    parameters = {
        "tau_m": _some(rng, 5.0, 60.0, n),
        "cm": _some(rng, 0.1, 1.5, n),
        "v_rest": _some(rng, -70.0, -60.0, n),
        "v_reset": _some(rng, -75.0, -58.0, n),
        "v_thresh": _some(rng, -56.0, -48.0, n),
        "tau_refrac": _some(rng, 0.0, 8 * dt, n),
        "i_offset": _some(rng, -0.2, 0.6, n),
    }
    if cell != "IF_curr_delta":
        shortest = 4 * dt if cell == "IF_curr_alpha" else dt
        for name in ("tau_syn_E", "tau_syn_I"):
            parameters[name] = _some(rng, shortest, 20 * dt + 5.0, n)
    if cell == "IF_cond_exp":
        parameters |= {"e_rev_E": _some(rng, -10.0, 5.0, n), "e_rev_I": _some(rng, -90.0, -70.0, n)}
    return parameters


def _izhikevich(rng: Rng, n: int) -> Document:
    return {
        "a": _some(rng, 0.02, 0.1, n),
        "b": _some(rng, 0.2, 0.25, n),
        "c": _some(rng, -65.0, -50.0, n),
        "d": _some(rng, 2.0, 8.0, n),
        "i_offset": _some(rng, 0.0, 12.0, n),
        "tau_syn_E": _some(rng, 2.0, 10.0, n),
        "tau_syn_I": _some(rng, 2.0, 10.0, n),
    }


def _initial_currents(rng: Rng, cell: str, n: int) -> Document:
    if cell not in ("IF_curr_exp", "Izhikevich") or rng.random() < 0.5:
        return {}
    return {"isyn_exc": _some(rng, 0.0, 0.5, n), "isyn_inh": _some(rng, 0.0, 0.3, n)}


def _projection(
    rng: Rng, pre: str, n_pre: int, post: Document, receptor: str, dt: float
) -> Document:
    n_post, cell = post["n"], post["model"]
    slots = 2 ** (13 - max(1, (min(n_post, post["neurons_per_core"]) - 1).bit_length()))
    longest = int(rng.choice([1, 3, min(slots, 30)]))
    linked = np.argwhere(rng.random((n_pre, n_post)) < rng.uniform(0.1, 0.8))
    if not linked.size:
        linked = np.array([[0, 0]])
    maximum = post["additional"]["max_expected_summed_weight"][RECEPTORS.index(receptor)]
    scale = rng.uniform(0.02, 0.6) * maximum  # several at once may saturate
    if cell == "IF_curr_alpha":
        scale *= 0.5
    weight = scale * rng.lognormal(-0.5, 0.7, len(linked))
    weight = np.minimum(weight, 1.9 * maximum)
    delay = rng.integers(1, longest + 1, len(linked)) * dt
    return {
        "pre": pre,
        "post": post["name"],
        "receptor": receptor,
        "connections": [
            [int(i), int(j), float(w), float(round(d, 6))]
            for (i, j), w, d in zip(linked, weight, delay, strict=True)
        ],
    }


def _currents(rng: Rng, p: Document, n_steps: int, dt: float) -> list[Document]:
    if rng.random() < 0.6:
        return []
    n_changes = int(rng.integers(1, 5))
    steps = np.sort(rng.choice(n_steps, n_changes, replace=False))
    neurons = np.sort(rng.choice(p["n"], int(rng.integers(1, p["n"] + 1)), replace=False))
    return [
        {
            "population": p["name"],
            "neurons": neurons.tolist(),
            "times": (steps * dt).round(6).tolist(),
            "amplitudes": rng.uniform(-0.3, 0.8, n_changes).tolist(),
        }
    ]
