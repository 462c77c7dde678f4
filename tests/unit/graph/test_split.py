"""Splitting a projection by transmitter: the same network, with receptors of its own for each."""

from __future__ import annotations

import numpy as np
import pytest

import neurobridge as nb

NT = ["ACH", "GABA", "ACH", "GLUT", "GABA", "ACH"]
SIGN = {"ACH": 1, "GABA": -1, "GLUT": -1}
RECEPTORS = {"ACH": "ach", "GABA": "gaba", "GLUT": "glut"}


def network(rng: np.random.Generator, model: nb.NeuronModel, **parameters: float) -> nb.Network:
    net = nb.NetworkBuilder()
    net.population("cells", 6, model, labels=nb.Labels({"nt": NT}), **parameters)
    pairs = np.stack(np.nonzero(rng.random((6, 6)) < 0.8), 1)
    sign = np.array([SIGN[NT[i]] for i in pairs[:, 0]])
    receptor = None if model.name == "lif_exp" else model.receptor_names[0]
    delays = rng.integers(1, 5, len(pairs)) * 0.5
    net.connect("rec", "cells", "cells", pairs, weight=sign * 0.7, delay=delays, receptor=receptor)
    to = "exc" if model.name == "lif_exp" else "ach"
    net.add(nb.Poisson("drive", "cells", 400.0, receptor=to, weight=1.5))
    return net.build()


def test_equal_time_constants_give_the_spikes_of_the_whole(seed: int) -> None:
    """Of lif_exp, whose inhibition is one current: currents with one time constant add up."""
    model = nb.models.lif_receptors(["ach", "gaba", "glut"])
    whole = network(np.random.default_rng(seed), nb.models.lif_exp)
    parts = nb.split_projection(network(np.random.default_rng(seed), model), "rec", "nt", RECEPTORS)
    assert list(parts.projections) == ["rec_ACH", "rec_GABA", "rec_GLUT"]
    assert parts.n_edges == whole.n_edges
    expected = nb.run(whole, 300.0, "reference", dt=0.5, seed=1).spikes["cells"]
    assert len(expected) > 20
    assert nb.run(parts, 300.0, "reference", dt=0.5, seed=1).spikes["cells"].same_as(expected)
    slow = parts.with_parameters("cells", tau_syn_glut=40.0)
    assert not nb.run(slow, 300.0, "reference", dt=0.5, seed=1).spikes["cells"].same_as(expected)


def test_weights_delays_and_the_history_stay(rng: np.random.Generator) -> None:
    whole = network(rng, nb.models.lif_receptors(["ach", "gaba", "glut"]))
    parts = nb.split_projection(whole, "rec", "nt", RECEPTORS)
    total = sum(float(parts.weights(name).sum()) for name in parts.projections)
    assert total == pytest.approx(float(whole.weights("rec").sum()))
    gaba = parts.projections["rec_GABA"]
    assert gaba.receptor == "gaba"
    assert set(np.array(NT)[gaba.edges.pre]) == {"GABA"}
    assert parts.history[-1].name == "split_projection"
    assert parts.history[-1].parent == whole.id


def test_without_receptors_the_projection_keeps_its_own(rng: np.random.Generator) -> None:
    parts = nb.split_projection(network(rng, nb.models.lif_exp), "rec", "nt")
    assert {p.receptor for p in parts.projections.values()} == {None}


def test_what_cannot_be_split(rng: np.random.Generator) -> None:
    whole = network(rng, nb.models.lif_exp)
    with pytest.raises(nb.UnknownNameError, match="unknown projection 'recc'; did you mean 'rec'"):
        nb.split_projection(whole, "recc", "nt")
    with pytest.raises(nb.UnknownNameError, match="unknown label of 'cells' 'n'"):
        nb.split_projection(whole, "rec", "n")
    with pytest.raises(nb.NetworkError, match=r"no receptor is given for \['GLUT'\]"):
        nb.split_projection(whole, "rec", "nt", {"ACH": "exc", "GABA": "inh"})
    net = nb.NetworkBuilder()
    net.population("cells", 2, nb.models.lif_exp, labels=nb.Labels({"nt": ["ACH", ""]}))
    net.connect("rec", "cells", "cells", [(0, 1), (1, 0)], weight=1.0, delay=1.0)
    with pytest.raises(nb.NetworkError, match="1 presynaptic neurons have no value"):
        nb.split_projection(net.build(), "rec", "nt")


def test_receptors_are_named_once() -> None:
    for wrong in ([], ["a", "a"], ["a b"]):
        with pytest.raises(nb.ModelError, match="expected different names"):
            nb.models.lif_receptors(wrong)
