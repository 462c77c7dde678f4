"""NetworkBuilder: the short way makes the same network as the long one."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.edges import Edges
from neurobridge.graph.labels import Labels
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.probe import SpikeProbe
from neurobridge.graph.projection import Projection, TickDelays
from neurobridge.graph.weight import Explicit, Factorised, WeightSum
from neurobridge.models.lif import lif_cond_exp, lif_exp
from neurobridge.models.source import spike_source


def builder() -> NetworkBuilder:
    net = NetworkBuilder()
    net.population("a", 3, lif_exp, labels={"side": ["l", "r", "l"]}, sign=[1, -1, 1])
    return net


def test_the_same_network_by_hand() -> None:
    net = builder()
    net.connect("p", "a", "a", [(2, 0), (0, 1)], weight=[3.0, 5.0], delay=[1, 2])
    net.add(SpikeProbe("a", "a"))
    net.metadata(note="x")
    edges, order = Edges.from_pairs([2, 0], [0, 1], 3, 3)
    assert order is None
    cells = Population("a", 3, lif_exp, labels=Labels({"side": ["l", "r", "l"]}, [1, -1, 1]))
    projection = Projection("p", "a", "a", edges, Explicit([3.0, 5.0]), TickDelays([100, 200]))
    probe = SpikeProbe("a", "a")
    by_hand = Network({"a": cells}, {"p": projection}, {}, {"a": probe}, metadata={"note": "x"})
    assert net.build() == by_hand


def test_weights_and_delays_follow_their_pairs() -> None:
    net = builder()
    net.connect("p", "a", "a", [(0, 2), (1, 0), (0, 0)], weight=[1, 2, 3], delay=[0.1, 0.2, 0.3])
    made = net.build().projections["p"]
    assert made.edges.pre.tolist() == [0, 1, 0]
    assert made.edges.post.tolist() == [0, 0, 2]
    assert net.build().weights("p").tolist() == [3.0, 2.0, 1.0]
    assert made.delay.ticks.tolist() == [30, 20, 10]


def test_weight_objects_and_ticks_follow_their_pairs() -> None:
    net = builder()
    pairs, ticks = [(0, 2), (1, 0), (0, 0)], TickDelays([10, 20, 30])
    explicit = Explicit(np.array([1.0, 2.0, 3.0]))
    net.connect("p", "a", "a", pairs, weight=explicit, delay=ticks)
    net.connect("q", "a", "a", pairs, weight=WeightSum((explicit, explicit)), delay=ticks)
    assert net.build().weights("p").tolist() == [3.0, 2.0, 1.0]
    assert net.build().weights("q").tolist() == [6.0, 4.0, 2.0]
    assert net.build().projections["p"].delay.ticks.tolist() == [30, 20, 10]
    with pytest.raises(NetworkError, match="projection 'r', weight: 3 values for 2 edges"):
        net.connect("r", "a", "a", pairs[:2], weight=explicit, delay=1.0)


def test_one_weight_for_all_with_the_unit_of_the_receptor() -> None:
    net = builder()
    net.population("g", 2, lif_cond_exp)
    net.connect("p", "a", "g", [(0, 0), (1, 1)], weight="3 nS", delay="1 ms", receptor="exc")
    assert net.build().weights("p").tolist() == [0.003, 0.003]


def test_no_pairs() -> None:
    net = builder()
    net.connect("p", "a", "a", [], weight=1.0, delay=1.0)
    assert net.build().projections["p"].edges.n_edges == 0


def connect(**changes: Any) -> None:
    arguments = {
        "name": "p",
        "pre": "a",
        "post": "a",
        "pairs": [(0, 1)],
        "weight": 1.0,
        "delay": 1.0,
    }
    builder().connect(**(arguments | changes))


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "float pairs": (
        {"pairs": [(0.0, 1.0)]},
        "projection 'p': edges: pre must be a flat array of integer indices, got float64",
    ),
    "shape": ({"pairs": [0, 1]}, "projection 'p': pairs must have shape (E, 2), got (2,)"),
    "neuron": (
        {"pairs": [(0, 1), (0, 9)]},
        "projection 'p': edges: post[1] = 9 names a neuron that does not exist; the population",
    ),
    "weights": ({"weight": [1, 2]}, "projection 'p', weight: 2 values for 1 edges"),
    "NaN weight": ({"weight": np.nan}, "weight[0] = nan: weights must be finite"),
    "delays": ({"delay": [1, 2]}, "projection 'p', delay: 2 values for 1 edges"),
    "delay 0": (
        {"delay": [0.0]},
        "projection 'p': delays: delay[0] = 0.0 ms; delays must be above",
    ),
    "counts": ({"count": [1, 2]}, "projection 'p': edges: 'count' must have one value per edge"),
}


@pytest.mark.parametrize(("changes", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_projections_that_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        connect(**changes)


def test_weights_that_are_not_finite_say_where() -> None:
    with pytest.raises(NetworkError, match=r"projection 'p': weight\[1\] = inf: weights must"):
        builder().connect("p", "a", "a", [(0, 0), (0, 1)], weight=[1.0, np.inf], delay=1.0)


def test_names() -> None:
    with pytest.raises(UnknownNameError, match="unknown population 'b'"):
        connect(pre="b")
    net = builder()
    with pytest.raises(NetworkError, match="there are two population entries named 'a'"):
        net.population("a", 1, lif_exp)
    with pytest.raises(NetworkError, match="give the sign inside labels, not twice"):
        net.population("b", 1, lif_exp, labels=Labels(), sign=[1])
    net.population("s", 1, spike_source)
    with pytest.raises(NetworkError, match="projection 'p': model 'spike_source' has no receptor"):
        net.connect("p", "a", "s", [(0, 0)], weight=1.0, delay=1.0)
    net.add(SpikeProbe("x", "a"))
    with pytest.raises(NetworkError, match="there are two probes entries named 'x'"):
        net.add(SpikeProbe("x", "a"))


def test_columns_follow_their_pairs_and_positions_their_neurons() -> None:
    net = NetworkBuilder()
    where = [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    net.population("cell", 2, lif_exp, sign=[1, -1], positions=where)
    net.connect(
        "syn", "cell", "cell", [(1, 1), (0, 0)], count=[3, 5], columns={"group": [1, 0]},
        weight=Factorised(0.1, scale=np.array([2.0, 10.0]), group="group"), delay=1.0,
    )  # fmt: skip
    network = net.build()
    np.testing.assert_allclose(network.weights("syn"), [5 * 2.0 * 0.1, -3 * 10.0 * 0.1])
    np.testing.assert_array_equal(network.population("cell").positions, where)
