"""Numbers that are kept of a trial."""

from __future__ import annotations

import math

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.errors import NeurobridgeError
from neurobridge.recording import Spikes
from neurobridge.study.measures import (
    Measure,
    columns_of,
    measure,
    measures_of,
    spike_names,
    synchrony,
)


def spikes(step: list[int], neuron: list[int], size: int, n_steps: int) -> Spikes:
    order = np.lexsort((neuron, step))
    return Spikes(
        np.asarray(step, np.int64)[order], np.asarray(neuron, np.int32)[order],
        np.zeros(len(step), np.int32), 1.0, n_steps, size,
    )  # fmt: skip


def test_synchrony_of_neurons_that_do_the_same_is_one() -> None:
    step, n = [3, 8, 21, 22], 4
    together = spikes(step * n, [i for i in range(n) for _ in step], n, 50)
    assert synchrony(together) == pytest.approx(1.0, abs=1e-12)


def test_synchrony_of_two_neurons_counted_by_hand() -> None:
    # Bins of 5 steps. Neuron 0: 1 0, neuron 1: 0 1. Their mean is 1/2 in both bins.
    assert synchrony(spikes([2, 7], [0, 1], 2, 10)) == 0.0
    # Neuron 0: 2 0 (variance 1), neuron 1: silent; mean 1 0 (variance 1/4), mean variance 1/2.
    assert synchrony(spikes([1, 5], [0, 0], 2, 10)) == pytest.approx(math.sqrt(0.5))
    # The third bin is not full, and what is in it does not count.
    assert synchrony(spikes([1, 5, 12], [0, 0, 1], 2, 13)) == pytest.approx(math.sqrt(0.5))


def test_synchrony_of_independent_neurons_falls_with_the_root(rng: np.random.Generator) -> None:
    size, n_steps = 100, 20_000
    step, neuron = np.nonzero(rng.random((n_steps, size)) < 0.02)
    found = synchrony(spikes(list(step + 1), list(neuron), size, n_steps))
    assert found == pytest.approx(0.1, abs=0.01)


def test_synchrony_without_spikes_is_not_defined() -> None:
    assert math.isnan(synchrony(spikes([], [], 3, 100)))


def test_all_measures_of_a_run() -> None:
    experiment = nb.load_experiment("celegans")
    network = experiment.network()
    recording = nb.run(network, 60.0, "reference", dt=0.1, seed=1)
    texts = ["mean_rate", "active_fraction", "cv", "mean_interval", "mean_rate:neurons",
             "rates:role", "mean:membrane", "std:membrane"]  # fmt: skip
    found = measure(recording, network, measures_of(texts))
    assert list(found) == columns_of(measures_of(texts), [network])
    counts = recording.spikes["neurons"].counts
    assert found["mean_rate"] == found["mean_rate:neurons"]
    assert found["mean_rate"] == pytest.approx(counts.sum() / 302 / 0.06)
    assert found["active_fraction"] == np.count_nonzero(counts) / 302
    role = network.population("neurons").labels["role"]
    sensory = role.codes == list(role.categories).index("sensory")
    assert found["rates:role=sensory"] == pytest.approx(counts[sensory].mean() / 0.06)
    membrane = recording.signals["membrane"].values
    assert found["mean:membrane"] == pytest.approx(membrane.mean())
    assert found["std:membrane"] == pytest.approx(membrane.std(axis=0).mean())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mean_rat", "did you mean 'mean_rate'?"),
        ("rates", "measure 'rates' needs the name of a label, e.g. rates:role"),
        ("mean", "measure 'mean' needs the name of a probe, e.g. mean:membrane"),
        ("rates:roll", "did you mean 'role'?"),
        ("std:membran", "did you mean 'membrane'?"),
        ("cv:neuron", "did you mean 'neurons'?"),
    ],
)
def test_measures_that_do_not_fit_are_refused(text: str, message: str) -> None:
    with pytest.raises(NeurobridgeError) as caught:
        Measure.parse(text).refuse_misfit(nb.load_experiment("celegans").network())
    assert message in str(caught.value)


def test_without_a_spike_probe_spikes_go_by_population() -> None:
    network = nb.load_experiment("celegans").network().without_probe("neurons")
    assert spike_names(network) == ["neurons"]
