"""Encoders: features become rates or currents, and travel with the network."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurobridge.errors import NetworkError, UnitError, UnknownNameError
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.encoder import Encoder
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.probe import StateProbe
from neurobridge.graph.stimulus import Current, Poisson
from neurobridge.io.native import load, save
from neurobridge.lowering.compiled import compile as compile_network
from neurobridge.models.lif import lif_delta, lif_exp
from neurobridge.models.source import spike_source
from tests.unit.graph.networks import small

WEIGHT = [[100.0, 0.0], [0.0, 50.0], [-80.0, 10.0]]


def encoder(**changes: Any) -> Encoder:
    fields = {
        "name": "nose", "population": "cell", "neurons": [3, 0, 1], "weight": WEIGHT,
        "bias": [8.0, 0.0, 20.0], "features": ["rose", "vinegar"],
    }  # fmt: skip
    return Encoder(**(fields | changes))


def test_rates_are_rectified_and_currents_are_not() -> None:
    assert encoder().drive([0.5, 0.1]).tolist() == [58.0, 5.0, 0.0]
    assert encoder(kind="current").drive([0.5, 0.1]).tolist() == [58.0, 5.0, -19.0]
    both = encoder().drive([[0.5, 0.1], [0.0, 0.0]])
    assert both.tolist() == [[58.0, 5.0, 0.0], [8.0, 0.0, 20.0]]


def test_constant_features_are_a_poisson_stimulus() -> None:
    made = encoder().stimulus([0.5, 0.1], start=10, stop="0.2 s", receptor="exc", weight="1.5 nA")
    expected = Poisson(
        "nose", "cell", [58.0, 5.0, 0.0], [3, 0, 1], "exc", "1.5 nA", start=10.0, stop=200.0
    )
    assert made == expected
    assert encoder().stimulus([0.5, 0.1]) == Poisson("nose", "cell", [58.0, 5.0, 0.0], [3, 0, 1])


def test_a_time_course_of_rates() -> None:
    made = encoder().stimulus([[0.5, 0.1], [0, 0]], name="first", interval="5 ms", start=1)
    rates = [[58.0, 5.0, 0.0], [8.0, 0.0, 20.0]]
    assert made == Poisson("first", "cell", rates, [3, 0, 1], start=1.0, rate_interval=5.0)


@pytest.mark.parametrize(
    ("options", "times", "rows"),
    [
        ({"start": 2.0}, [2.0], [0]),
        ({"start": 2.0, "stop": 7.0}, [2.0, 7.0], [0, None]),
        ({"start": 2.0, "stop": 2.0}, [2.0], [None]),
    ],
)
def test_a_current_is_switched_on_and_off(
    options: dict[str, float], times: list[float], rows: list[int | None]
) -> None:
    made = encoder(kind="current").stimulus([0.5, 0.1], **options)  # type: ignore[arg-type]
    values = [[0.0] * 3 if r is None else [58.0, 5.0, -19.0] for r in rows]
    assert made == Current("nose", "cell", values, times, [3, 0, 1])


@pytest.mark.parametrize(
    ("stop", "times", "values"),
    [
        (np.inf, [2.0, 7.0, 12.0, 17.0], [1, 2, 3, 0]),
        (12.0, [2.0, 7.0, 12.0], [1, 2, 0]),
        (9.0, [2.0, 7.0, 9.0], [1, 2, 0]),
        (50.0, [2.0, 7.0, 12.0, 17.0], [1, 2, 3, 0]),
    ],
)
def test_a_time_course_of_currents_ends_with_its_last_bin(
    stop: float, times: list[float], values: list[float]
) -> None:
    one = Encoder("e", "cell", [0], [[1.0]], [0.0], "current")
    made = one.stimulus([[1], [2], [3]], start=2, stop=stop, interval=5)
    assert made == Current("e", "cell", np.array(values, dtype=float)[:, None], times, [0])


def test_a_current_drives_a_run_as_its_closed_form_says() -> None:
    """v - v_rest = R I (1 - exp(-t/tau)) while it is on."""
    net = NetworkBuilder()
    net.population("cell", 2, lif_exp, tau_m=10.0, c_m="100 pF", v_thresh=1000.0)
    net.add(StateProbe("v", "cell", "v"))
    net.add(Encoder("dc", "cell", [1], [[0.5]], [0.01], "current"))
    network = net.build()
    with compile_network(network, "reference", dt=0.5) as compiled:
        stimulus = network.encoders["dc"].stimulus([0.2], stop=8.0)
        v = compiled.run(16.0, stimuli=[stimulus])["v"].values  # type: ignore[union-attr]
    t = 0.5 * (np.arange(32) + 1)
    on = 0.11 * 100.0 * (1 - np.exp(-np.minimum(t, 8.0) / 10.0))
    expected = on * np.exp(-np.maximum(t - 8.0, 0.0) / 10.0)
    np.testing.assert_allclose(v[:, 1] - v[0, 0], expected, rtol=1e-12, atol=1e-12)


def test_rates_drive_a_run() -> None:
    net = NetworkBuilder()
    net.population("input", 3, spike_source)
    net.add(Encoder("e", "input", [2, 0], [[1000.0], [-1000.0]], [0.0, 0.0]))
    network = net.build()
    with compile_network(network, "reference", dt=0.1) as compiled:
        found = compiled.run(
            10_000.0, seed=3, stimuli=[network.encoders["e"].stimulus([0.1])]
        ).spikes["input"]
    assert found.counts[:2].tolist() == [0, 0]
    assert abs(found.counts[2] - 1000) < 5 * np.sqrt(1000)


# -- in a network ---------------------------------------------------------------------------------


def test_encoders_are_content(tmp_path: Any) -> None:
    plain = small()
    net = plain.with_encoder(encoder())
    assert list(net.encoders) == ["nose"]
    assert net.id != plain.id
    assert net.id != plain.with_encoder(encoder(features=())).id
    assert net.without_encoder("nose").id == plain.id
    assert [o.name for o in net.without_encoder("nose").history] == [
        "with_encoder", "without_encoder"
    ]  # fmt: skip
    again = load(save(net, tmp_path / "net"))
    assert again == net
    assert again.encoders["nose"].features == ("rose", "vinegar")
    with pytest.raises(UnknownNameError, match="unknown encoder 'mouth'; known: nose"):
        net.without_encoder("mouth")


def test_a_subset_refuses_an_encoder_that_would_dangle() -> None:
    net = small().without_probe("v").with_encoder(encoder())
    message = "subset: encoder 'nose' names neurons of 'cell' by index, and indices change"
    with pytest.raises(NetworkError, match=message):
        net.subset("cell", [0, 1])
    assert net.without_encoder("nose").subset("cell", [0, 1]).n_neurons == 4


# -- what is refused ------------------------------------------------------------------------------

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "twice": (
        lambda: encoder(neurons=[0, 0, 1]), "encoder 'nose': a neuron is named more than once"
    ),
    "rows": (
        lambda: encoder(bias=[0.0, 0.0]),
        "expected weight (3, n_in) and bias (3,) for 3 neurons, got (3, 2) and (2,)",
    ),
    "flat": (lambda: encoder(weight=[1.0, 2.0, 3.0]), "expected weight (3, n_in) and bias (3,)"),
    "NaN": (lambda: encoder(bias=[0, np.nan, 0]), "encoder 'nose': bias must be finite"),
    "kind": (lambda: encoder(kind="rates"), "kind must be 'rate' or 'current', got 'rates'"),
    "one feature": (lambda: encoder(features="rose"), "features must be a list of names"),
    "same": (lambda: encoder(features=["rose", "rose"]), "features must be different texts"),
    "how many": (
        lambda: encoder(features=["rose"]), "encoder 'nose': 1 names for 2 features"
    ),
    "features": (
        lambda: encoder().stimulus([1.0]), "encoder 'nose': expected 2 features, got shape (1,)"
    ),
    "no features": (lambda: encoder().stimulus(1.0), "expected 2 features, got shape ()"),
    "missing value": (
        lambda: encoder().stimulus([0.1, np.nan]), "encoder 'nose': feature 'vinegar' is nan"
    ),
    "missing value without a name": (
        lambda: encoder(features=()).stimulus([[0, 1], [np.inf, 1]], interval=1),
        "encoder 'nose': feature '0' is inf",
    ),
    "no interval": (
        lambda: encoder().stimulus([[0.1, 0.2]]), "features of shape (1, 2) need interval"
    ),
    "an interval": (
        lambda: encoder().stimulus([0.1, 0.2], interval=1),
        "features of shape (2,) take no interval",
    ),
    "three dimensions": (
        lambda: encoder().stimulus(np.zeros((1, 1, 2)), interval=1), "features of shape (1, 1, 2)"
    ),
    "receptor of a current": (
        lambda: encoder(kind="current").stimulus([0, 0], receptor="exc"),
        "encoder 'nose': a current has no receptor and no weight",
    ),
    "window": (
        lambda: encoder(kind="current").stimulus([0, 0], start=2, stop=1),
        "encoder 'nose': expected 0 <= start <= stop, and an interval above 0, got 2.0, 1.0",
    ),
    "interval of 0": (
        lambda: encoder(kind="current").stimulus([[0, 0]], interval=0),
        "expected 0 <= start <= stop, and an interval above 0, got 0.0, inf and 0.0 ms",
    ),
    "window of rates": (
        lambda: encoder().stimulus([0, 0], start=2, stop=1),
        "stimulus 'nose': expected 0 <= start <= stop",
    ),
    "neuron": (
        lambda: small().with_encoder(encoder(neurons=[0, 1, 4])),
        "encoder 'nose': neuron 4 does not exist",
    ),
    "current into a source": (
        lambda: small().with_encoder(
            Encoder("e", "input", [0], [[1.0]], [0.0], kind="current")
        ),
        "encoder 'e': model 'spike_source' takes no injected current",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_encoders_that_are_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        make()


def test_a_model_without_receptors_takes_no_rates() -> None:
    deaf = Population("cell", 1, replace(lif_delta, receptors=()))
    one = Encoder("e", "cell", [0], [[1.0]], [0.0])
    with pytest.raises(NetworkError, match="takes no spikes; use kind='current'"):
        Network({"cell": deaf}, encoders={"e": one})
    with pytest.raises(UnknownNameError, match="unknown population 'cell'"):
        Network({"cells": Population("cells", 1, lif_exp)}, encoders={"e": one})


def test_times_have_units() -> None:
    with pytest.raises(UnitError, match="encoder 'nose', stop: expected a quantity in ms"):
        encoder().stimulus([0, 0], stop="2 mV")
