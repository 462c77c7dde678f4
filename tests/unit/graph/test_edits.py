"""Edits: each returns a new network, shares the rest, and says what it was made from."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from neurobridge.errors import NetworkError, UnitError, UnknownNameError
from neurobridge.graph.edges import Edges
from neurobridge.graph.encoder import Encoder
from neurobridge.graph.network import Network
from neurobridge.graph.probe import SpikeProbe
from neurobridge.graph.projection import Projection
from neurobridge.graph.readout import Readout
from neurobridge.graph.stimulus import Current
from tests.unit.graph.networks import small


def pairs(network: Network, projection: str) -> list[tuple[int, int]]:
    """(pre, post) of every edge, sorted."""
    e = network.projections[projection].edges
    return sorted(zip(e.pre.tolist(), e.post.tolist(), strict=True))


def matrix(network: Network, projection: str) -> Any:
    """Summed weights, (n_post, n_pre)."""
    e = network.projections[projection].edges
    full = np.zeros((e.n_post, e.n_pre))
    np.add.at(full, (e.post, e.pre), network.weights(projection))
    return full


SILENCED = {
    "outgoing": [(0, 1), (0, 2), (1, 0), (2, 3)],
    "incoming": [(0, 1), (0, 2), (1, 0), (3, 0)],
    "both": [(0, 1), (0, 2), (1, 0)],
}


@pytest.mark.parametrize("direction", SILENCED)
def test_silence_removes_edges_of_a_direction(direction: str) -> None:
    before = small()
    after = before.silence("cell", [3], direction)
    assert pairs(after, "rec") == SILENCED[direction]
    assert pairs(before, "rec") == sorted([(0, 1), (0, 2), (1, 0), (2, 3), (3, 3), (3, 0)])
    arguments = after.history[-1].arguments
    assert arguments["neurons"].tolist() == [3]
    assert arguments["direction"] == direction


def test_silence_outgoing_is_what_the_default_does() -> None:
    assert small().silence("cell", [3]).id == small().silence("cell", [3], "outgoing").id


def test_silence_reaches_every_projection() -> None:
    after = small().silence("cell", [0, 2], "incoming")
    assert pairs(after, "drive") == []
    assert pairs(after, "rec") == [(0, 1), (2, 3), (3, 3)]
    assert pairs(small().silence("input", [1]), "drive") == [(0, 0)]


def test_silence_takes_a_mask() -> None:
    by_mask = small().silence("cell", np.array([False, True, False, True]))
    assert by_mask.id == small().silence("cell", [3, 1, 1]).id


def test_silence_keeps_weights_on_their_edges() -> None:
    before, after = matrix(small(), "rec"), matrix(small().silence("cell", [0, 3], "both"), "rec")
    before[[0, 3], :] = 0
    before[:, [0, 3]] = 0
    np.testing.assert_array_equal(after, before)


def test_scale_multiplies_weights_and_keeps_counts() -> None:
    after = small().scale("rec", -2)
    np.testing.assert_array_equal(matrix(after, "rec"), -2 * matrix(small(), "rec"))
    assert after.projections["rec"].edges is not None
    assert after.projections["rec"].edges == small().projections["rec"].edges
    assert after.history[-1].arguments["factor"] == -2.0


def test_prune_by_count_and_by_weight() -> None:
    by_count = small().prune("rec", min_count=3)
    assert pairs(by_count, "rec") == sorted([(1, 0), (2, 3), (3, 3), (3, 0)])
    # 0.5 nA a synapse; the weight of 2 -> 3 is -2 nA, and its absolute value counts.
    by_weight = small().prune("rec", min_weight=1.5)
    assert by_weight.id == by_count.id
    assert matrix(by_weight, "rec")[3, 2] == -2.0


def test_projections_come_and_go() -> None:
    edges, _ = Edges.from_pairs([1], [3], 2, 4)
    more = small().with_projection(Projection("extra", "input", "cell", edges, [0.5], "2 ms"))
    assert pairs(more, "extra") == [(1, 3)]
    assert more.without_projection("extra").id == small().id
    assert list(small().without_projection("drive").projections) == ["rec"]


def test_parameters_of_one_population() -> None:
    after = small().with_parameters("cell", tau_m="15 ms", v_reset=-70)
    assert after.population("cell").parameters["tau_m"] == 15.0
    assert after.population("cell").parameters["v_thresh"] == -50.0
    assert after.history[-1].arguments["names"] == ("tau_m", "v_reset")


def test_stimuli_probes_and_readouts() -> None:
    net = (
        small()
        .with_stimulus(Current("dc", "cell", 0.1))
        .with_probe(SpikeProbe("some", "cell", [1]))
    )
    net = net.with_readout(Readout("out", "cell", [0, 1], [[1.0, 2.0]], [0.5]))
    assert (list(net.stimuli), list(net.probes)) == (["spikes", "dc"], ["cell", "v", "some"])
    assert list(net.readouts) == ["out"]
    assert list(net.without_stimulus("dc").stimuli) == ["spikes"]


def test_subset_renumbers() -> None:
    full = matrix(small(), "rec")
    net = small_without_indices().subset("cell", [3, 0, 2])
    np.testing.assert_array_equal(matrix(net, "rec"), full[np.ix_([0, 2, 3], [0, 2, 3])])
    np.testing.assert_array_equal(matrix(net, "drive"), matrix(small(), "drive")[[0, 2, 3]])
    cell = net.population("cell")
    assert cell.ids.tolist() == [2**60, 7, -3]
    assert cell.parameters["tau_m"].tolist() == [9.0, 11.0, 12.0]
    assert cell.labels.sign.tolist() == [1, -1, 1]


def small_without_indices() -> Network:
    """Without the probe that names neurons by index."""
    net = small()
    return Network(net.populations, net.projections, net.stimuli, net.probes.without("v"))


EDITS: dict[str, Callable[[Network], Network]] = {
    "silence": lambda n: n.silence("cell", [3]),
    "scale": lambda n: n.scale("rec", 2.0),
    "prune": lambda n: n.prune("rec", min_count=2),
    "with_projection": lambda n: n.with_projection(
        Projection("again", "cell", "cell", n.projections["rec"].edges, np.ones(6), 1.0)
    ),
    "without_projection": lambda n: n.without_projection("drive"),
    "with_parameters": lambda n: n.with_parameters("cell", tau_m=5.0),
    "with_stimulus": lambda n: n.with_stimulus(Current("dc", "cell", 0.1)),
    "without_stimulus": lambda n: n.without_stimulus("spikes"),
    "with_probe": lambda n: n.with_probe(SpikeProbe("input", "input")),
    "with_readout": lambda n: n.with_readout(Readout("out", "cell", [0], [[1.0]], [0.0])),
    "with_encoder": lambda n: n.with_encoder(Encoder("in", "cell", [0], [[1.0]], [0.0])),
    "subset": lambda n: n.subset("cell", [0, 1]),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_names_its_parent_and_leaves_it_alone(name: str) -> None:
    parent = small_without_indices()
    was = parent.id
    child = EDITS[name](parent)
    grandchild = child.scale("rec", 3.0)
    assert child.id != was
    assert small_without_indices().id == parent.id == was
    assert [h.name for h in grandchild.history] == [name, "scale"]
    assert [h.parent for h in grandchild.history] == [was, child.id]


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_shares_what_it_does_not_change(name: str) -> None:
    parent = small_without_indices()
    child = EDITS[name](parent)
    assert child.population("input") is parent.population("input")
    if name not in ("silence", "prune", "scale", "subset"):
        assert child.projections["rec"] is parent.projections["rec"]
    if name == "scale":
        assert child.projections["rec"].edges is parent.projections["rec"].edges
    if name not in ("without_projection", "subset"):
        assert child.projections["drive"] is parent.projections["drive"]


REFUSED: dict[str, tuple[Callable[[Network], Any], str]] = {
    "direction": (
        lambda n: n.silence("cell", [0], "out"),
        "silence: direction must be 'outgoing', 'incoming' or 'both', got 'out'",
    ),
    "no such neuron": (
        lambda n: n.silence("cell", [4]),
        "silence: neuron 4 does not exist; population 'cell' has 4 neurons, 0..3",
    ),
    "float neuron": (
        lambda n: n.silence("cell", [1.0]),
        "silence: neurons must be integer indices, got float64",
    ),
    "mask": (
        lambda n: n.silence("cell", np.array([True])),
        "silence: a mask of 1 for 4 neurons",
    ),
    "factor": (lambda n: n.scale("rec", np.nan), "scale: the factor must be finite, got nan"),
    "nothing": (lambda n: n.prune("rec"), "prune: give either min_count or min_weight"),
    "both": (
        lambda n: n.prune("rec", min_count=1, min_weight=1.0),
        "prune: give either min_count or min_weight",
    ),
    "NaN": (
        lambda n: n.prune("rec", min_weight=np.nan),
        "prune: expected a finite number >= 0, got nan",
    ),
    "no counts": (
        lambda n: n.prune("drive", min_count=1),
        "prune: projection 'drive' has no synapse counts",
    ),
    "nobody": (lambda n: n.subset("cell", []), "subset: no neuron of 'cell' is left"),
    "dangling": (
        lambda n: n.subset("cell", [0]),
        "subset: probe 'v' names neurons of 'cell' by index, and indices change; remove it before",
    ),
}


@pytest.mark.parametrize(("edit", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_edits_that_are_refused(edit: Callable[[Network], Any], message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        edit(small())


UNKNOWN: dict[str, tuple[Callable[[Network], Any], str]] = {
    "population": (
        lambda n: n.silence("cells", [0]),
        "unknown population 'cells'; did you mean 'cell'? Known: input, cell",
    ),
    "projection": (
        lambda n: n.scale("recc", 1.0),
        "unknown projection 'recc'; did you mean 'rec'? Known: drive, rec",
    ),
    "weights": (lambda n: n.weights("Drive"), "unknown projection 'Drive'; did you mean 'drive'?"),
    "stimulus": (lambda n: n.without_stimulus("spike"), "unknown stimulus 'spike'; did you mean"),
    "parameter": (
        lambda n: n.with_parameters("cell", tau=1.0),
        "unknown parameter of model 'lif_exp' (population 'cell') 'tau'; did you mean 'tau_m'?",
    ),
}


@pytest.mark.parametrize(("edit", "message"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_names_that_do_not_exist(edit: Callable[[Network], Any], message: str) -> None:
    with pytest.raises(UnknownNameError, match=re.escape(message)):
        edit(small())


def test_what_a_subset_refuses_can_be_removed() -> None:
    net = small().with_readout(Readout("out", "cell", [0], [[1.0]], [0.0]))
    net = net.without_probe("v").without_readout("out")
    assert list(net.probes) == ["cell"]
    assert not net.readouts
    assert [o.name for o in net.history[-2:]] == ["without_probe", "without_readout"]
    assert net.subset("cell", [0]).population("cell").size == 1
    with pytest.raises(UnknownNameError, match="unknown probe 'w'"):
        net.without_probe("w")
    with pytest.raises(UnknownNameError, match="unknown readout 'w'"):
        net.without_readout("w")


def test_prune_by_a_weight_with_a_unit() -> None:
    net = small()
    assert net.prune("rec", min_weight="1500 pA").id == net.prune("rec", min_weight=1.5).id
    assert net.prune("rec", min_weight="1500 pA").projections["rec"].edges.n_edges == 4
    with pytest.raises(UnitError, match="prune, min_weight: expected a quantity in nA, got '1 mV'"):
        net.prune("rec", min_weight="1 mV")
