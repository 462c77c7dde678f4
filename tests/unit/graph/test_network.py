"""Network: identity, immutability, and parts that do not fit together."""

from __future__ import annotations

import dataclasses
import pickle
import re
from typing import Any

import numpy as np
import pytest

from neurobridge.errors import NetworkError, UnitError, UnknownNameError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.edges import Edges
from neurobridge.graph.encoder import Encoder
from neurobridge.graph.labels import Labels
from neurobridge.graph.model import NeuronModel
from neurobridge.graph.network import Network, Operation
from neurobridge.graph.population import Population
from neurobridge.graph.probe import SpikeProbe, StateProbe
from neurobridge.graph.projection import Projection
from neurobridge.graph.readout import Readout
from neurobridge.graph.stimulus import Current, Poisson, SpikeTrains, WhiteNoise
from neurobridge.graph.weight import Factorised
from neurobridge.models.lif import lif_delta, lif_exp
from neurobridge.models.source import spike_source
from tests.unit.graph.networks import small


def cell(**changes: Any) -> Population:
    return Population(**({"name": "cell", "size": 3, "model": lif_exp} | changes))


def loop(**changes: Any) -> Projection:
    """0 -> 1 and 1 -> 2 among three cells."""
    edges, _ = Edges.from_pairs([0, 1], [1, 2], 3, 3, count=[1, 2])
    fields = {"name": "rec", "pre": "cell", "post": "cell", "edges": edges, "delay": 1.0}
    return Projection(**({"weight": [0.1, 0.2]} | fields | changes))


def network(**changes: Any) -> Network:
    return Network(**({"populations": {"cell": cell()}, "projections": {"rec": loop()}} | changes))


def test_equal_content_has_equal_id() -> None:
    assert small().id == small().id
    assert small() == small()
    assert hash(small()) == hash(small())
    assert len(small().id) == 64


def test_the_id_does_not_depend_on_history_and_metadata() -> None:
    step = Operation("made", {"how": "by hand"}, "")
    other = dataclasses.replace(small(), history=[step], metadata={})
    assert other.id == small().id
    assert other != small()
    assert small().scale("rec", 2.0).scale("rec", 0.5).id == small().id


def test_an_int_and_its_float_are_the_same_content() -> None:
    ints = Poisson("p", "cell", 5, receptor="exc", weight=1)
    floats = Poisson("p", "cell", np.float64(5), receptor="exc", weight=np.float32(1.0))
    assert network(stimuli={"p": ints}).id == network(stimuli={"p": floats}).id


CHANGED: dict[str, Any] = {
    "population name": {
        "populations": {"cells": cell(name="cells")}, "projections": {}
    },
    "size": {"populations": {"cell": cell(size=4)}, "projections": {}},
    "model": {"populations": {"cell": cell(model=lif_delta)}},
    "parameter": {"populations": {"cell": cell(parameters={"tau_m": 20.000000000000004})}},
    "parameter of a neuron": {"populations": {"cell": cell(parameters={"tau_m": [20, 20, 21]})}},
    "initial": {"populations": {"cell": cell(initial={"v": -65.0})}},
    "ids": {"populations": {"cell": cell(ids=[0, 1, 2**53 + 1])}},
    "neighbouring id": {"populations": {"cell": cell(ids=[0, 1, 2**53])}},
    "label": {"populations": {"cell": cell(labels=Labels({"side": ["l", "r", "l"]}))}},
    "other label": {"populations": {"cell": cell(labels=Labels({"side": ["l", "r", "r"]}))}},
    "sign": {"populations": {"cell": cell(labels=Labels(sign=[1, 1, -1]))}},
    "positions": {"populations": {"cell": cell(positions=np.zeros((3, 3)))}},
    "no edges": {"projections": {}},
    "edge": {"projections": {"rec": loop(edges=Edges.from_pairs([0, 1], [1, 1], 3, 3)[0])}},
    "count": {"projections": {"rec": loop(edges=Edges.from_pairs([0, 1], [1, 2], 3, 3)[0])}},
    "weight": {"projections": {"rec": loop(weight=[0.1, 0.20000000000000004])}},
    "weight type": {"projections": {"rec": loop(weight=np.array([0.1, 0.2], np.float32))}},
    "delay": {"projections": {"rec": loop(delay=1.1)}},
    "receptor": {"projections": {"rec": loop(receptor="exc")}},
    "stimulus": {"stimuli": {"i": Current("i", "cell", 0.1)}},
    "probe": {"probes": {"cell": SpikeProbe("cell", "cell")}},
    "readout": {"readouts": {"out": Readout("out", "cell", [0], [[1.0]], [0.0])}},
    "leak": {"readouts": {"out": Readout("out", "cell", [0], [[1.0]], [0.0], tau_m=1.0)}},
    "pool": {"readouts": {"out": Readout("out", "cell", [0], [[1.0]], [0.0], pool="max")}},
    "classes": {"readouts": {"out": Readout("out", "cell", [0], [[1.0]], [0.0], classes=["x"])}},
    "encoder": {"encoders": {"out": Encoder("out", "cell", [0], [[1.0]], [0.0])}},
}  # fmt: skip


def test_any_change_of_content_changes_the_id() -> None:
    ids = {name: network(**change).id for name, change in CHANGED.items()}
    ids["unchanged"] = network().id
    assert len(set(ids.values())) == len(ids), ids


def test_the_id_of_a_network_stays_what_it_is() -> None:
    """A frozen value: a change of it is a change of the format, and needs a new schema number."""
    model = NeuronModel("still", "dx/dt = -x/(5*ms) : 1", {}, (), "", "level", "", None, "exact")
    plain = Network({"a": Population("a", 2, model, ids=[5, 2**60])})
    assert plain.id == "ca4fa85c7cdd751a16f274486c4a5b0e28a0f0fd25786e70aa029eb282e78044"


def test_a_network_cannot_be_changed() -> None:
    net = small()
    with pytest.raises(dataclasses.FrozenInstanceError):
        net.populations = {}  # type: ignore[misc]
    with pytest.raises(TypeError):
        net.populations["cell"] = cell()  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        net.population("cell").parameters["tau_m"][0] = 1.0
    with pytest.raises(TypeError):
        net.metadata["dataset"] = "other"  # type: ignore[index]


def test_lists_of_the_caller_are_copied() -> None:
    tags = ["a"]
    parameters = {"tau_m": np.array([1.0, 2.0, 3.0])}
    net = network(populations={"cell": cell(parameters=parameters)}, metadata={"tags": tags})
    tags.append("b")
    parameters["tau_m"][0] = 9.0
    assert net.metadata["tags"] == ("a",)
    assert net.population("cell").parameters["tau_m"].tolist() == [1.0, 2.0, 3.0]


def test_a_network_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(small())) == small()


def test_sizes_and_repr() -> None:
    net = small()
    assert (net.n_neurons, net.n_edges) == (6, 8)
    assert repr(net).startswith(f"<Network {net.id[:12]}: 6 neurons in ['input', 'cell'], 8 edges")


def test_weights_carry_the_signs_of_their_sources() -> None:
    # By post, then pre: 1 -> 0, 3 -> 0, 0 -> 1, 0 -> 2, 2 -> 3 (inhibitory), 3 -> 3; 0.5 nA each.
    assert small().weights("rec").tolist() == [1.5, 3.0, 0.5, 1.0, -2.0, 2.5]
    assert small().weights("drive").tolist() == [2.0, 2.0]


source = Population("source", 2, spike_source)
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({"populations": {}}, "a network needs at least one population"),
    "a list": (
        {"populations": [cell()]},
        "network: populations must be a mapping by name, got list",
    ),
    "wrong part": (
        {"populations": {"cell": loop()}},
        "network: populations['cell'] must be a Population, got Projection",
    ),
    "wrong stimulus": (
        {"stimuli": {"p": SpikeProbe("p", "cell")}},
        "stimuli['p'] must be a SpikeTrains or Poisson or PoissonCounts or Current or WhiteNoise "
        "or DiffusionNoise, got SpikeProbe",
    ),
    "two names": (
        {"populations": {"neuron": cell()}, "projections": {}},
        "network: populations['neuron'] calls itself 'cell'; the names must be the same",
    ),
    "sizes": (
        {"populations": {"cell": cell(size=4)}},
        "projection 'rec': edges are for 3 -> 3 neurons, the populations have 4 and 4",
    ),
    "into a source": (
        {"populations": {"cell": cell(model=spike_source)}},
        "projection 'rec': 'cell' is a source of spikes and takes no input",
    ),
    "stimulus neuron": (
        {"stimuli": {"s": SpikeTrains("s", "cell", [1.0], [3], "exc")}},
        "stimulus 's': neuron 3 does not exist; population 'cell' has 3 neurons, 0..2",
    ),
    "which receptor": (
        {"stimuli": {"s": Poisson("s", "cell", 5.0)}},
        "stimulus 's': say which receptor of 'cell' is meant, one of ['exc', 'inh']",
    ),
    "receptor of a source": (
        {
            "populations": {"cell": cell(), "source": source},
            "stimuli": {"s": Poisson("s", "source", 5.0, receptor="exc")},
        },
        "stimulus 's': 'source' is a source, whose neurons spike themselves; a receptor has no",
    ),
    "current into a source": (
        {
            "populations": {"cell": cell(), "source": source},
            "stimuli": {"s": Current("s", "source", 5.0)},
        },
        "stimulus 's': model 'spike_source' takes no injected current",
    ),
    "rates": (
        {"stimuli": {"s": Poisson("s", "cell", [1.0, 2.0], receptor="exc")}},
        "stimulus 's': rate has shape (2,) for 3 neurons",
    ),
    "noise": (
        {"stimuli": {"s": WhiteNoise("s", "cell", [1.0, 2.0], 0.1, neurons=[0, 1, 2])}},
        "stimulus 's': std has shape (2,) for 3 neurons",
    ),
    "amplitudes": (
        {"stimuli": {"s": Current("s", "cell", [[1.0, 2.0]], [0.0])}},
        "stimulus 's': amplitude has shape (1, 2) for 3 neurons",
    ),
    "probe neuron": (
        {"probes": {"p": SpikeProbe("p", "cell", [5])}},
        "probe 'p': neuron 5 does not exist",
    ),
    "probe name": (
        {
            "populations": {"cell": cell(), "source": source},
            "probes": {"source": SpikeProbe("source", "cell")},
        },
        "probe 'source' has the name of another population",
    ),
    "readout neuron": (
        {"readouts": {"r": Readout("r", "cell", [7], [[1.0]], [0.0])}},
        "readout 'r': neuron 7 does not exist",
    ),
    "metadata": (
        {"metadata": {"a": [1, {"b": np.arange(3)}]}},
        "metadata['a'][1]['b']: expected what JSON can hold (None, bool, int, float, str, lists "
        "and mappings of these), got ndarray; write array.tolist()",
    ),
    "metadata keys": (
        {"metadata": {"a": {1: 2}}},
        "metadata['a']: expected keys that are str, got 1",
    ),
}


@pytest.mark.parametrize(("changes", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_networks_that_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        network(**changes)


UNKNOWN: dict[str, tuple[dict[str, Any], str]] = {
    "population": (
        {"projections": {"rec": loop(pre="cel")}},
        "unknown population 'cel'; did you mean 'cell'? Known: cell",
    ),
    "receptor": (
        {"projections": {"rec": loop(receptor="ex")}},
        "unknown receptor of model 'lif_exp' 'ex'; did you mean 'exc'? Known: exc, inh",
    ),
    "state": (
        {"probes": {"p": StateProbe("p", "cell", "i_ex")}},
        "unknown state of model 'lif_exp' (probe 'p') 'i_ex'; did you mean 'i_exc'?",
    ),
    "stimulated population": (
        {"stimuli": {"s": Current("s", "cells", 0.1)}},
        "unknown population 'cells'; did you mean 'cell'?",
    ),
    "probed population": ({"probes": {"p": SpikeProbe("p", "x")}}, "unknown population 'x'"),
    "readout population": (
        {"readouts": {"r": Readout("r", "x", [0], [[1.0]], [0.0])}},
        "unknown population 'x'",
    ),
}


@pytest.mark.parametrize(("changes", "message"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_names_that_do_not_exist(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UnknownNameError, match=re.escape(message)):
        network(**changes)


def test_weights_name_the_projection_in_errors() -> None:
    unsigned = network(projections={"rec": loop(weight=small().projections["rec"].weight)})
    with pytest.raises(NetworkError, match="projection 'rec': factorised weights need a sign"):
        unsigned.weights("rec")


@pytest.mark.parametrize(
    ("unit", "message"),
    [
        ("0.275 mV", "expected a quantity in nA, got '0.275 mV', which is in mV"),
        ("1 nAmp", "unknown unit 'nAmp' in 'nAmp'; did you mean 'nA'?"),
        ("5", "'5' has no unit; write '5 nA', or give the number 5 itself"),
    ],
)
def test_units_of_weights(unit: str, message: str) -> None:
    net = network(projections={"rec": loop(weight=Factorised(unit))})
    with pytest.raises(UnitError, match=re.escape("projection 'rec': ")) as error:
        net.weights("rec")
    assert message in str(error.value)


def test_frozen_dicts_change_by_copy() -> None:
    first = FrozenDict({"a": 1, "b": 2})
    assert dict(first.with_(b=3)) == {"a": 1, "b": 3}
    assert dict(first.without("a")) == {"b": 2}
    assert first == {"a": 1, "b": 2}
