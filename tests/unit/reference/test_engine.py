"""The engine against a plain loop that is written from the contract, with dense matrices."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge import NetworkBuilder, StateProbe, compile, models, run
from neurobridge.graph.stimulus import Poisson
from neurobridge.lowering.drive import lower_drive

N, DT, STEPS = 80, 0.1, 4000


def recurrent(rng: np.random.Generator, model, scale: float, receptor: str | None) -> dict:
    """A random network of two signs with delays of 1 to 30 steps, and its dense form."""
    adjacency = rng.random((N, N)) < 0.15
    post, pre = np.nonzero(adjacency)
    sign = np.where(rng.random(N) < 0.75, 1.0, -4.0)
    weight = np.rint(scale * sign[pre] * rng.uniform(0.5, 1.5, pre.size) * 4096) / 4096
    delay = rng.integers(1, 31, pre.size)
    net = NetworkBuilder()
    net.population("cell", N, model)
    net.connect(
        "rec", "cell", "cell", np.stack([pre, post], axis=1),
        weight=weight, delay=delay * DT, receptor=receptor,
    )  # fmt: skip
    return {"net": net, "pre": pre, "post": post, "weight": weight, "delay": delay}


def arrivals(parts: dict, who: np.ndarray, step: int, due: np.ndarray) -> None:
    """Spikes found in ``step`` have the stamp step + 1."""
    for e in np.flatnonzero(np.isin(parts["pre"], who)):
        when = step + 1 + parts["delay"][e] - 1
        if when < due.shape[0]:
            side = 0 if parts["weight"][e] >= 0 else 1
            due[when, side, parts["post"][e]] += parts["weight"][e]


def stimulus(parts: dict, weight: float, receptor: str) -> np.ndarray:
    """Poisson input onto every neuron; its counts (STEPS, N)."""
    parts["net"].add(Poisson("drive", "cell", 300.0, receptor=receptor, weight=weight))
    drive, _ = lower_drive(parts["net"].build(), DT, STEPS, seed=1, trial=0)
    (events,) = drive.events
    count = np.zeros((STEPS, N))
    count[events.step, events.target[events.channel]] = events.count
    assert count.max() > 1
    return count


def test_recurrent_network_of_exponential_currents(rng: np.random.Generator) -> None:
    parts = recurrent(rng, models.lif_exp, 0.1, None)
    count = stimulus(parts, 0.25, "exc")
    em, es = np.exp(-DT / 20.0), np.exp(-DT / 5.0)
    cross = (es - em) / (1 / 20.0 - 1 / 5.0) / 0.25
    due = np.zeros((STEPS, 2, N))
    v, i, clamped, expected = np.full(N, -65.0), np.zeros((2, N)), np.zeros(N, dtype=int), []
    for step in range(STEPS):
        free = clamped == 0
        v = np.where(free, -65 + (v + 65) * em + cross * i.sum(axis=0), v)
        i = i * es + due[step]
        i[0] += 0.25 * count[step]
        clamped = np.maximum(clamped - 1, 0)
        who = np.flatnonzero(free & (v >= -50))
        v[who], clamped[who] = -65.0, 20
        expected += [(step + 1, n) for n in who]
        arrivals(parts, who, step, due)
    check(parts, expected)


def test_recurrent_network_of_fly_neurons(rng: np.random.Generator) -> None:
    """Nothing moves and nothing arrives while refractory, and a spike clears g."""
    parts = recurrent(rng, models.shiu_lif, 2.0, "syn")
    count = stimulus(parts, 3.0, "kick")
    em, es = np.exp(-DT / 20.0), np.exp(-DT / 5.0)
    cross = (es - em) / (1 / 20.0 - 1 / 5.0) / 20.0
    due = np.zeros((STEPS, 2, N))
    v, g, clamped, expected = np.full(N, -52.0), np.zeros(N), np.zeros(N, dtype=int), []
    for step in range(STEPS):
        free = clamped == 0
        v = np.where(free, -52 + (v + 52) * em + cross * g + 3.0 * count[step], v)
        g = np.where(free, g * es + due[step].sum(axis=0), g)
        clamped = np.maximum(clamped - 1, 0)
        who = np.flatnonzero(free & (v > -45))
        v[who], g[who], clamped[who] = -52.0, 0.0, 22
        expected += [(step + 1, n) for n in who]
        arrivals(parts, who, step, due)
    check(parts, expected)


def check(parts: dict, expected: list[tuple[int, int]]) -> None:
    spikes = run(parts["net"].build(), STEPS * DT, "reference", dt=DT, seed=1).spikes["cell"]
    got = list(zip(spikes.step.tolist(), spikes.neuron.tolist(), strict=True))
    assert len(got) > 1000
    assert got == expected


def test_probes_and_stimuli_change_nothing_else(rng: np.random.Generator) -> None:
    parts = recurrent(rng, models.lif_exp, 0.1, None)
    stimulus(parts, 0.25, "exc")
    network = parts["net"].build()
    plain = run(network, 100.0, "reference", dt=DT, seed=1).spikes["cell"]
    probed = network.with_probe(StateProbe("v", "cell", "v")).with_stimulus(
        Poisson("silent", "cell", 900.0, receptor="inh", weight=0.0)
    )
    assert len(plain) > 100
    assert run(probed, 100.0, "reference", dt=DT, seed=1).spikes["cell"].same_as(plain)


def test_weights_are_read_from_what_is_in_use(rng: np.random.Generator) -> None:
    parts = recurrent(rng, models.lif_exp, 0.1, None)
    network = parts["net"].build()
    with compile(network, "reference", dt=DT) as compiled:
        np.testing.assert_array_equal(compiled.weights("rec"), network.weights("rec"))
        compiled._engine.edges[0].weight[:] = 0.0
        changed = compiled.weights("rec")
    positive = network.weights("rec") > 0
    assert (changed[positive] == 0).all()
    np.testing.assert_array_equal(changed[~positive], network.weights("rec")[~positive])


def test_progress_is_told() -> None:
    seen: list[int] = []
    net = NetworkBuilder()
    net.population("cell", 1, models.lif_exp)
    run(net.build(), 50.0, "reference", dt=DT, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] >= 400


@pytest.mark.parametrize("model", ["lif_exp", "lif_alpha", "lif_delta", "lif_cond_exp", "adex"])
def test_runs_are_bitwise_repeatable(model: str) -> None:
    net = NetworkBuilder()
    net.population("cell", 5, getattr(models, model))
    receptor = getattr(models, model).receptor_names[0]
    weight = 0.01 if model in {"lif_cond_exp", "adex"} else 2.0
    net.add(Poisson("p", "cell", 400.0, weight=weight, receptor=receptor))
    net.add(StateProbe("v", "cell", "v"))
    with compile(net.build(), "reference", dt=DT) as compiled:
        first, second = compiled.run(50.0, seed=2), compiled.run(50.0, seed=2)
    np.testing.assert_array_equal(first["v"].values, second["v"].values)
    assert first["v"].values.std() > 0
