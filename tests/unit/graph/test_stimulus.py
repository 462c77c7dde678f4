"""Stimuli, probes and readouts: what they hold and what they refuse."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from neurobridge.errors import NetworkError, UnitError
from neurobridge.graph.probe import SpikeProbe, StateProbe
from neurobridge.graph.readout import Readout
from neurobridge.graph.stimulus import Current, DiffusionNoise, Poisson, SpikeTrains, WhiteNoise
from neurobridge.recording import Recording, Spikes


def test_quantities_become_canonical() -> None:
    assert SpikeTrains("s", "a", [1.0], [0], delay="0.5 ms").delay == 0.5
    poisson = Poisson("p", "a", "0.2 kHz", start="1 s", stop="2 s")
    assert (poisson.rate, poisson.start, poisson.stop) == (200.0, 1000.0, 2000.0)
    rates = Poisson("p", "a", [[1.0], [2.0]], rate_interval="0.5 s")
    assert rates.rate_interval == 500.0
    assert Current("c", "a", "100 pA").amplitude.tolist() == [0.1]
    noise = WhiteNoise("w", "a", "1 uA", "100 us", mean="1 pA")
    assert (noise.std, noise.interval, noise.mean) == (1000.0, 0.1, 0.001)
    assert DiffusionNoise("d", "a", 0.1, mean="1 pA", stop="1 s").mean == 0.001
    assert StateProbe("p", "a", "v", interval="1 ms").interval == 1.0


def test_a_stimulus_lasts_until_the_end_by_default() -> None:
    assert Poisson("p", "a", 5.0).stop == WhiteNoise("w", "a", 1.0, 0.1).stop == np.inf


def test_arrays_are_copied_and_read_only() -> None:
    time, neurons = np.array([1.0, 2.0]), np.array([1, 0])
    trains = SpikeTrains("s", "a", time, neurons)
    probe = SpikeProbe("p", "a", neurons)
    time[0], neurons[0] = 9.0, 9
    assert trains.time.tolist() == [1.0, 2.0]
    assert trains.neuron.tolist() == [1, 0]
    assert probe.neurons is not None
    assert probe.neurons.tolist() == [0, 1]  # probes are in ascending order
    with pytest.raises(ValueError, match="read-only"):
        trains.time[0] = 3.0


def test_no_spikes() -> None:
    trains = SpikeTrains("s", "a", [], [])
    assert (trains.time.size, trains.neuron.dtype) == (0, np.int32)


REFUSED: dict[str, tuple[Any, str]] = {
    "name": (lambda: SpikeTrains("1st", "a", [], []), "stimulus name '1st': use letters, digits"),
    "negative time": (
        lambda: SpikeTrains("s", "a", [1.0, -1.0], [0, 0]),
        "stimulus 's': time[1] = -1.0 ms; times must be finite and >= 0",
    ),
    "NaN time": (lambda: SpikeTrains("s", "a", [np.nan], [0]), "time[0] = nan ms; times must be"),
    "lengths": (
        lambda: SpikeTrains("s", "a", [1.0, 2.0], [0]),
        "stimulus 's': 2 times for 1 neurons",
    ),
    "float neuron": (
        lambda: SpikeTrains("s", "a", [1.0], [0.0]),
        "stimulus 's': neurons must be a flat array of integer indices, got float64 of shape (1,)",
    ),
    "neuron beyond int32": (
        lambda: SpikeTrains("s", "a", [1.0], [2**32]),
        "stimulus 's': 4294967296 is no index of a neuron",
    ),
    "negative neuron": (
        lambda: Current("c", "a", 0.1, neurons=[-1]),
        "stimulus 'c': -1 is no index of a neuron",
    ),
    "delay": (
        lambda: SpikeTrains("s", "a", [1.0], [0], delay=0.0),
        "stimulus 's': the delay must be above 0 ms, got 0.0",
    ),
    "NaN weight": (
        lambda: SpikeTrains("s", "a", [1.0], [0], weight=np.nan),
        "stimulus 's': the weight must be one finite number, got nan",
    ),
    "weights": (
        lambda: Poisson("s", "a", 1.0, weight=np.ones(2)),
        "stimulus 's': the weight must be one finite number, got array([1., 1.])",
    ),
    "rate": (
        lambda: Poisson("p", "a", [1.0, -2.0]),
        "stimulus 'p': rates must be finite and >= 0 Hz, got -2.0",
    ),
    "NaN rate": (lambda: Poisson("p", "a", np.nan), "rates must be finite and >= 0 Hz, got nan"),
    "bins": (
        lambda: Poisson("p", "a", [[1.0]]),
        "stimulus 'p': rates of shape (1, 1) need rate_interval; give (n,) for constant rates",
    ),
    "no bins": (
        lambda: Poisson("p", "a", [1.0], rate_interval=1.0),
        "stimulus 'p': rates of shape (1,) take no rate_interval",
    ),
    "bin": (
        lambda: Poisson("p", "a", [[1.0]], rate_interval=0.0),
        "stimulus 'p': rate_interval must be above 0 ms, got 0.0",
    ),
    "window": (
        lambda: Poisson("p", "a", 1.0, start=5.0, stop=2.0),
        "stimulus 'p': expected 0 <= start <= stop, got 5.0 and 2.0 ms",
    ),
    "NaN stop": (
        lambda: Poisson("p", "a", 1.0, stop=np.nan),
        "expected 0 <= start <= stop, got 0.0",
    ),
    "twice": (
        lambda: Poisson("p", "a", 1.0, neurons=[1, 1]),
        "stimulus 'p': a neuron is selected more than once",
    ),
    "current": (lambda: Current("c", "a", np.inf), "stimulus 'c': amplitudes must be finite"),
    "changes": (
        lambda: Current("c", "a", [1.0, 2.0], [0.0]),
        "stimulus 'c': amplitudes of shape (2,) for 1 times; expected one row per time",
    ),
    "descending": (
        lambda: Current("c", "a", [1.0, 2.0], [5.0, 5.0]),
        "stimulus 'c': times must be finite, >= 0 and ascending, got [5. 5.]",
    ),
    "std": (
        lambda: WhiteNoise("w", "a", -1.0, 0.1),
        "stimulus 'w': std must be finite (and std >= 0)",
    ),
    "intensity": (
        lambda: DiffusionNoise("d", "a", [0.1, -1.0]),
        "stimulus 'd': intensity must be finite (and intensity >= 0)",
    ),
    "interval": (
        lambda: WhiteNoise("w", "a", 1.0, 0.0),
        "stimulus 'w': interval must be above 0 ms, got 0.0",
    ),
    "probe twice": (
        lambda: SpikeProbe("p", "a", [1, 1]),
        "probe 'p': a neuron is named more than once",
    ),
    "probe float": (
        lambda: SpikeProbe("p", "a", [1.0]),
        "probe 'p': neurons must be a flat array of integer indices, got float64",
    ),
    "probe interval": (
        lambda: StateProbe("p", "a", "v", interval=0),
        "probe 'p': interval must be above 0 ms, got 0",
    ),
    "readout shape": (
        lambda: Readout("r", "a", [0, 1], [[1.0]], [0.0]),
        "readout 'r': weight must have shape (1, 2) for 2 neurons and 1 outputs, got (1, 1)",
    ),
    "readout float": (
        lambda: Readout("r", "a", [0.5], [[1.0]], [0.0]),
        "readout 'r': neurons must be a flat array of integer indices, got float64",
    ),
    "readout NaN": (
        lambda: Readout("r", "a", [0], [[np.nan]], [0.0]),
        "readout 'r': weight must be finite",
    ),
}


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(make: Any, message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        make()


def test_another_dimension() -> None:
    with pytest.raises(
        UnitError, match="stimulus 'p', rate: expected a quantity in Hz, got '5 ms'"
    ):
        Poisson("p", "a", "5 ms")
    with pytest.raises(UnitError, match="stimulus 'c', amplitude: expected a quantity in nA"):
        Current("c", "a", "5 mV")


def test_a_readout_is_a_linear_map_of_counts() -> None:
    spikes = Spikes(
        np.array([1, 2, 2, 5]), np.array([0, 0, 2, 1]), np.zeros(4, np.int32), 0.1, 9, 3
    )
    recording = Recording({"a": spikes}, {}, "reference", "", 0.1, 0.9, 1)
    readout = Readout("r", "a", [0, 2], [[1.0, 10.0], [0.0, -1.0]], [0.5, 0.0])
    assert readout.apply(recording).tolist() == [2 * 1 + 1 * 10 + 0.5, -1.0]


def test_a_readout_of_what_was_not_recorded() -> None:
    none = (np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int32), 0.1, 9, 3)
    readout = Readout("r", "a", [0, 2], [[1.0, 10.0]], [0.0])
    for name, neurons, missing in (("a", np.array([0, 1], np.int32), 1), ("probe", None, 2)):
        recording = Recording({name: Spikes(*none, neurons)}, {}, "reference", "", 0.1, 0.9, 1)
        message = rf"readout 'r': the spikes of {missing} of 2 neurons were not recorded under 'a'"
        with pytest.raises(NetworkError, match=message):
            readout.apply(recording)
