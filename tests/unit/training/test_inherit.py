"""Values by path are read and set, and a student takes those of a teacher."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.training.inherit import inherited
from neurobridge.training.values import paths_of, value_at, with_value
from tests.unit.training import networks


def teacher() -> nb.Network:
    """Every value is another than in :func:`networks.spiking`."""
    network = networks.spiking().with_parameters("cells", tau_m=7.0, v_thresh=-48.0, t_ref=3.0)
    readout = network.readouts["choice"]
    for path, value in (
        ("readouts.choice.weight", 2 * readout.weight),
        ("readouts.choice.bias", readout.bias + 1),
        ("populations.cells.initial.v", np.full(networks.N, -63.0)),
    ):
        network = with_value(network, path, value)
    for name in network.projections:
        network = network.scale(name, 3.0)
    encoder = nb.Encoder("touch", "input", [0, 1], np.ones((2, 1)), np.zeros(2))
    return network.with_encoder(encoder)


def test_paths_and_values() -> None:
    network = teacher()
    paths = paths_of(network)
    assert "populations.cells.t_ref" in paths
    assert "encoders.touch.weight" in paths  # of rates, which cannot be trained, but can be copied
    for path in paths:
        value = value_at(network, path)
        np.testing.assert_array_equal(
            value_at(with_value(network, path, value + 1), path), value + 1
        )


def test_one_value_stays_one() -> None:
    network = with_value(
        networks.spiking(), "populations.cells.v_thresh", np.full(networks.N, -45.0)
    )
    assert np.ndim(network.population("cells").parameters["v_thresh"]) == 0
    assert [step.name for step in network.history] == ["with_parameters"]


def test_some_values_are_inherited() -> None:
    student, source = networks.spiking(), teacher()
    got = inherited(student, source, ["populations.cells.tau_*", "projections.recurrent.weight"])
    own, other = got.population("cells").parameters, source.population("cells").parameters
    assert own["tau_m"] == 7.0
    assert own["v_thresh"] == student.population("cells").parameters["v_thresh"]
    assert own["tau_syn_exc"] == other["tau_syn_exc"]
    np.testing.assert_array_equal(got.weights("recurrent"), source.weights("recurrent"))
    np.testing.assert_array_equal(got.weights("feedforward"), student.weights("feedforward"))


def test_everything_is_inherited() -> None:
    source = teacher()
    student = networks.spiking().with_encoder(
        nb.Encoder("touch", "input", [0, 1], np.zeros((2, 1)), np.zeros(2))
    )
    got = inherited(student, source, "*")
    for path in paths_of(source):
        np.testing.assert_array_equal(value_at(got, path), value_at(source, path))
    runs = [
        nb.run(n, 200.0, "reference", dt=1.0, seed=1).spikes["cells"]
        for n in (got, source, student)
    ]
    assert runs[0].same_as(runs[1])
    assert not runs[0].same_as(runs[2])
    assert inherited(student, source, ()).id == student.id


def without(network: nb.Network, population: str) -> nb.Network:
    """Another number of neurons."""
    small = network.without_readout("choice")
    return small.subset(population, np.arange(5))


def other_ids(network: nb.Network) -> nb.Network:
    cells = network.population("cells")
    ids = cells.ids.copy()
    ids[3] = 99
    renamed = {**network.populations, "cells": replace(cells, ids=ids)}
    return replace(network, populations=renamed)


def other_edges(network: nb.Network) -> nb.Network:
    return network.prune("recurrent", min_weight=0.5)


REFUSED = {
    "other numbers": (
        lambda n: without(n, "cells"), "*", "has 5 neurons in 'cells', the student 24",
    ),
    "other ids": (
        other_ids, "*",
        "1 neurons of 'cells' have other ids .* neuron 3: 99 there, 3 in the student",
    ),
    "other edges": (other_edges, "projections.*", "the teacher has other edges"),
    "no such path": (lambda n: n, "populations.cells.tau", "mean 'populations.cells.tau_m'"),
    "no such pattern": (lambda n: n, "synapses.*", "inherited path"),
    "no such projection": (
        lambda n: n.with_projection(
            nb.Projection("more", "cells", "cells", n.projections["recurrent"].edges,
                          n.projections["recurrent"].weight, 1.0)),
        "projections.more.weight", "projection of the student",
    ),
    "no such encoder": (
        lambda n: n.with_encoder(nb.Encoder("touch", "input", [0], np.ones((1, 1)), np.zeros(1))),
        "encoders.*", "path of a value 'encoders.touch.weight'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(case: str) -> None:
    change, path, message = REFUSED[case]
    student = networks.spiking()
    with pytest.raises(nb.NeurobridgeError, match=message):
        inherited(student, change(student), path)


def test_a_teacher_without_the_population() -> None:
    student = networks.spiking()
    b = nb.NetworkBuilder()
    b.population("others", 3, nb.models.lif_exp)
    with pytest.raises(nb.NetworkError, match="the teacher has no population 'cells', only"):
        inherited(student, b.build(), "*")


def test_values_that_do_not_fit_are_refused() -> None:
    network = networks.spiking()
    for path, message in (
        ("populations.cells.tau_m", "expected shape .24,., got .3,."),
        ("populations.cells.initial.v", "expected shape .24,., got .3,."),
        ("populations.cells.initial.u", "unknown state"),
        ("projections.recurrent.scale", "has no value of its own; 'projections.recurrent.weight'"),
        ("populations.cells", "unknown path of a value"),
    ):
        with pytest.raises(nb.NeurobridgeError, match=message):
            with_value(network, path, np.zeros(3))
