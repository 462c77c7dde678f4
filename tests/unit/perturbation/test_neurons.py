"""Neurons by expression, name, index and mask."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from neurobridge import NetworkBuilder, models
from neurobridge.errors import ConnectomeError, NetworkError, UnknownNameError
from neurobridge.perturbation import find_neurons
from tests.unit.perturbation.circuits import circuit

NETWORK = circuit()
CELLS = NETWORK.population("neurons")


def test_every_way_to_name_neurons_gives_the_same():
    by_name = find_neurons(NETWORK, ["M1", "M0"])
    assert by_name.tolist() == CELLS.where(role="motor").tolist()
    mask = np.zeros(CELLS.size, dtype=bool)
    mask[by_name] = True
    ids = tuple(CELLS.ids[by_name].tolist())
    for same in ("role == 'motor'", "name in ('M0', 'M1')", f"id in {ids}", mask, by_name[::-1]):
        found = find_neurons(NETWORK, same)
        assert found.tolist() == by_name.tolist()
        assert found.dtype == np.int32


def test_a_column_of_a_table_holds_names():
    table = pd.DataFrame({"name": ["M1", "M0"]}, index=[3, 2])
    assert find_neurons(NETWORK, table["name"]).tolist() == CELLS.where(role="motor").tolist()
    with pytest.raises(NetworkError, match="expected integer indices, got object"):
        find_neurons(NETWORK, ["M0", None])


def test_expressions_know_signs_and_missing_labels():
    assert find_neurons(NETWORK, "sign == -1").tolist() == CELLS.where(name=["I0", "I1"]).tolist()
    assert (
        find_neurons(NETWORK, "missing(role)").tolist() == CELLS.where(name=["X0", "X1"]).tolist()
    )


@pytest.mark.parametrize(
    ("neurons", "error", "message"),
    [
        ("role == 'mothor'", UnknownNameError, "did you mean 'motor'"),
        ("rule == 'motor'", UnknownNameError, "did you mean 'role'"),
        ("role ==", ConnectomeError, "cannot read the expression"),
        ("role == 'motor' and sign == -1", NetworkError, "no neuron of population 'neurons' ful"),
        (["M0", "M7"], UnknownNameError, "unknown neuron 'M7'"),
        ([], NetworkError, "an empty list"),
        ([[1, 2]], NetworkError, r"an array of shape \(1, 2\)"),
        ([1, 99], NetworkError, "neuron 99 does not exist; .* the indices 0 to 13$"),
        ([-1], NetworkError, "neuron -1 does not exist"),
        ([1.0], NetworkError, "expected integer indices, got float64"),
        (np.zeros(14, dtype=bool), NetworkError, "the mask selects no neuron"),
        (np.ones(3, dtype=bool), NetworkError, "a mask of 3 for the 14 neurons"),
    ],
)
def test_what_means_nobody_is_refused(neurons, error, message):
    with pytest.raises(error, match=message):
        find_neurons(NETWORK, neurons)


def test_ids_are_not_taken_for_indices():
    b = NetworkBuilder()
    b.population("fly", 2, models.shiu_lif, ids=[720575940602553568, 720575940602553569])
    with pytest.raises(NetworkError, match=r"this is an id, so find it by population.index_of"):
        find_neurons(b.build(), [720575940602553569])


def test_names_need_a_label_and_must_be_unique():
    b = NetworkBuilder()
    b.population("cells", 2, models.shiu_lif)
    with pytest.raises(NetworkError, match=r"no label 'name'.*it has no labels"):
        find_neurons(b.build(), ["A"])
    b = NetworkBuilder()
    b.population("cells", 2, models.shiu_lif, labels={"name": ["A", "A"]})
    with pytest.raises(NetworkError, match="2 neurons have the name 'A'"):
        find_neurons(b.build(), ["A"])


def test_one_of_several_populations_must_be_named():
    b = NetworkBuilder()
    b.population("left", 2, models.shiu_lif)
    b.population("right", 3, models.shiu_lif)
    network = b.build()
    with pytest.raises(NetworkError, match=r"the populations left, right; .*population='left'"):
        find_neurons(network, [2])
    assert find_neurons(network, [2], "right").tolist() == [2]
    with pytest.raises(UnknownNameError, match="did you mean 'right'"):
        find_neurons(network, [2], "rigth")
