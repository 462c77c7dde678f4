"""Paths of a study, and the networks that they make."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from neurobridge.errors import NeurobridgeError
from neurobridge.experiment import load_experiment
from neurobridge.frozen import FrozenDict
from neurobridge.graph.network import Network
from neurobridge.study.settings import changed, resolve
from tests.unit.experiment.files import write
from tests.unit.study.toys import DRIVE


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return load_experiment(write(tmp_path, drive=DRIVE)).network()


def with_(network: Network, path: str, value: Any) -> Network:
    setting = resolve(path, network)
    return changed(network, {setting: setting.convert(value)})


def test_each_kind_of_path_makes_the_network_that_an_edit_makes(network: Network) -> None:
    drive: Any = network.stimuli["drive"]
    synapses: Any = network.projections["synapses"]
    neurons = network.populations["neurons"]
    slower: Any = replace(neurons, initial=FrozenDict({**neurons.initial, "v": -60.0}))
    expected = {
        ("populations.neurons.tau_m", "0.01 s"): network.with_parameters("neurons", tau_m=10.0),
        ("populations.neurons.initial.v", -60): replace(
            network, populations=FrozenDict({"neurons": slower})
        ),
        ("stimuli.drive.rate", "0.1 kHz"): network.with_stimulus(replace(drive, rate=100.0)),
        ("stimuli.drive.weight", "2000 pA"): network.with_stimulus(replace(drive, weight=2.0)),
        ("projections.synapses.scale", 2): network.scale("synapses", 2.0),
        ("projections.synapses.delay", "2 ms"): network.with_projection(
            replace(synapses, delay=2.0)
        ),
        ("projections.synapses.weight", "500 pA"): network.with_projection(
            replace(synapses, weight=replace(synapses.weight, unit=0.5))
        ),
        ("run.dt", 0.2): network,
    }
    for (path, value), other in expected.items():
        assert with_(network, path, value).id == other.id, path
    assert len({n.id for n in expected.values()}) == len(expected)


def test_what_needs_another_build() -> None:
    network = load_experiment("celegans").network()
    rebuilt = {
        path: resolve(path, network).rebuilds
        for path in (
            "populations.neurons.tau_m", "stimuli.sensory_drive.rate", "projections.synapses.scale",
            "populations.neurons.initial.v", "run.dt",
        )
    }  # fmt: skip
    assert list(rebuilt.values()) == [False, False, True, True, True]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("population.neurons.tau_m", "did you mean 'populations'?"),
        ("populations.neuron.tau_m", "did you mean 'neurons'?"),
        ("populations.neurons.tau_n", "did you mean 'tau_m'?"),
        ("populations.neurons", "expected something like"),
        ("stimuli.drive.rat", "did you mean 'rate'?"),
        ("projections.synapses.scal", "did you mean 'scale'?"),
        ("run.seed", "known: duration, dt"),
    ],
)
def test_paths_that_name_nothing_suggest_the_nearest(
    network: Network, path: str, message: str
) -> None:
    with pytest.raises(NeurobridgeError) as caught:
        resolve(path, network)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("run.dt", 0, "run.dt: expected a time above 0 ms, got 0"),
        ("populations.neurons.tau_m", "20 mV", "expected a quantity in ms, got '20 mV'"),
        ("populations.neurons.tau_m", -1, "tau_m"),
        ("stimuli.drive.rate", -1, "rates must be finite and >= 0 Hz, got -1.0"),
    ],
)
def test_values_that_a_network_does_not_take_are_refused(
    network: Network, path: str, value: Any, message: str
) -> None:
    with pytest.raises(NeurobridgeError) as caught:
        with_(network, path, value)
    assert message in str(caught.value)
