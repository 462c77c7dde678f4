"""Sinkhorn: sums by hand, uniqueness, what edges forbid against linear programming, connectomes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

import neurobridge as nb
from neurobridge.connectome import Argmax, load
from neurobridge.connectome.network import to_network
from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.edges import Edges
from neurobridge.structure import MultiAreaEI, Normal, SynapseCounts, Weights, equal_outputs
from neurobridge.structure.equal_outputs import why_not

DENSE = MultiAreaEI({"V1": 60, "V2": 40}, (1.0, 1.0, 1.0), self_connections=True, seed=2)
SPARSE = MultiAreaEI({"V1": 60, "V2": 40}, (0.4, 0.3, 0.5), seed=3)


def of_matrix(matrix: Any) -> Weights:
    """Weights (post x pre); 0 is no edge."""
    array = np.array(matrix, dtype=np.float64)
    post, pre = np.nonzero(array)
    edges = Edges.from_pairs(pre, post, array.shape[1], array.shape[0])[0]
    values = array[edges.post, edges.pre]
    return Weights(edges, values, np.sign(values).astype(np.int8))


def test_two_by_two() -> None:
    """The product of the diagonal over that of the others, 4/6, is kept."""
    p = np.sqrt(4 / 6) / (1 + np.sqrt(4 / 6))
    for outputs in ("shared", "equal"):
        made = of_matrix([[1, 2], [3, 4]]).sinkhorn(1.0, outputs, tolerance=1e-13)
        np.testing.assert_allclose(made.matrix, [[p, 1 - p], [1 - p, p]], rtol=1e-12)


def test_all_connected_to_all() -> None:
    """Rows of 1/2 and -1/2 leave N/2 to be given by N_E neurons, and by N_I."""
    made = Normal().sinkhorn(tolerance=1e-12).weights(DENSE)
    excitatory = DENSE.sign > 0
    n, n_excitatory = excitatory.size, int(excitatory.sum())
    inputs, outputs = made.inputs, made.outputs
    np.testing.assert_allclose(inputs, [np.full(n, 0.5), np.full(n, -0.5)], rtol=1e-12)
    np.testing.assert_allclose(outputs[0][excitatory], 0.5 * n / n_excitatory, rtol=1e-11)
    np.testing.assert_allclose(outputs[1][~excitatory], -0.5 * n / (n - n_excitatory), rtol=1e-11)
    assert not outputs[0][~excitatory].any()
    equal = Normal().sinkhorn(outputs="equal", tolerance=1e-12).weights(DENSE)
    np.testing.assert_allclose(equal.values, made.values, rtol=1e-9)


def test_shared_outputs_are_those_of_evenly_divided_inputs() -> None:
    made = Normal().sinkhorn(0.3, tolerance=1e-11).weights(SPARSE)
    matrix = made.matrix
    for sign in (1, -1):
        there = sign * matrix > 0
        even = 0.3 * there / there.sum(1, keepdims=True)
        found = np.where(there, np.abs(matrix), 0)
        np.testing.assert_allclose(found.sum(1), 0.3, rtol=1e-12)
        np.testing.assert_allclose(found.sum(0), even.sum(0), rtol=1e-10)
    assert (matrix != 0).tolist() == SPARSE.mask.tolist()
    assert made.misfit <= 1e-11


def test_only_factors_of_neurons_and_none_of_the_first_ones_matters(
    rng: np.random.Generator,
) -> None:
    first = Normal().weights(SPARSE)
    made = first.sinkhorn(tolerance=1e-12)
    e = first.edges
    factors = rng.uniform(0.1, 10, e.n_post)[e.post] * rng.uniform(0.1, 10, e.n_pre)[e.pre]
    again = Weights(e, first.values * factors, first.sign).sinkhorn(tolerance=1e-12)
    np.testing.assert_allclose(again.values, made.values, rtol=1e-8)
    ratio = np.log(np.abs(made.matrix / np.where(SPARSE.mask, first.matrix, 1.0))[SPARSE.mask])
    excitatory = first.values > 0
    columns = np.eye(e.n_post)[e.post], np.eye(e.n_pre)[e.pre]
    design = np.hstack(columns)[excitatory]
    left = ratio[excitatory] - design @ np.linalg.lstsq(design, ratio[excitatory], rcond=None)[0]
    assert np.abs(left).max() < 1e-8


def test_signs_of_single_weights_count() -> None:
    """Without Dale's law a neuron gives both, and the blocks are as large as the matrix."""
    made = of_matrix([[1, -2, 3], [-4, 5, -1], [2, -1, -3], [1, 2, 4], [-1, -2, -1]])
    with pytest.raises(NetworkError, match="2 of 5 neurons have input of one sign only"):
        made.sinkhorn()
    kept = made.sinkhorn(one_sided="keep")
    assert kept.unbalanced.tolist() == [3, 4]
    np.testing.assert_allclose(kept.inputs[0], [0.5, 0.5, 0.5, 0.5, 0], rtol=1e-12)
    np.testing.assert_allclose(kept.inputs[1], [-0.5, -0.5, -0.5, 0, -0.5], rtol=1e-12)


def test_a_sign_that_no_weight_has_is_nobodys() -> None:
    made = of_matrix([[1, 2], [3, 4], [0, 0]]).sinkhorn()
    assert made.inputs[0].tolist() == pytest.approx([0.5, 0.5, 0])
    assert not made.inputs[1].any()
    assert made.unbalanced.size == 0


BOTTLENECK = [[1, 1, 0], [0, 0, 1], [0, 0, 1]]
TRIANGLE = [[1, 1], [0, 1]]


def test_equal_outputs_that_no_weights_have() -> None:
    message = (
        "the excitatory outputs of neurons miss their targets by up to 1 times the target, and "
        "1e-06 is asked for: no weights can. 2 of 3 neurons, the first of them neuron 0, reach "
        "no more than 1; with equal outputs they would give what 2 neurons are to receive. Take "
        "outputs='shared', which every network can meet, or approximate=True"
    )
    with pytest.raises(NetworkError, match=re.escape(message)):
        of_matrix(BOTTLENECK).sinkhorn(outputs="equal", iterations=100)
    near = of_matrix(BOTTLENECK).sinkhorn(outputs="equal", approximate=True)
    np.testing.assert_allclose(near.matrix, 0.5 * np.array([[0.5, 0.5, 0], [0, 0, 1], [0, 0, 1]]))
    assert near.misfit == pytest.approx(1.0)
    shared = of_matrix(BOTTLENECK).sinkhorn()
    np.testing.assert_allclose(shared.matrix, near.matrix)
    assert shared.misfit == 0


def test_equal_outputs_at_the_price_of_an_edge() -> None:
    message = (
        "miss their targets by up to 0.005 times the target, and 1e-06 is asked for: only weights "
        "of which 1 of 3 are 0 can, so that these shrink for ever (the matrix has support, but no "
        "total support)"
    )
    with pytest.raises(NetworkError, match=re.escape(message)):
        of_matrix(TRIANGLE).sinkhorn(outputs="equal", iterations=100)
    near = of_matrix(TRIANGLE).sinkhorn(outputs="equal", approximate=True, tolerance=1e-8)
    np.testing.assert_allclose(near.matrix, 0.5 * np.eye(2), atol=1e-4)
    assert 0 < near.misfit < 1e-3
    loose = of_matrix(TRIANGLE).sinkhorn(outputs="equal", tolerance=0.01, iterations=100)
    assert loose.misfit <= 0.01


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"outputs": "equal"}, "weights on these edges can meet them, but come near slowly"),
        ({}, "weights on these edges can meet them, but come near slowly. Take more iterations or"),
        ({"approximate": True}, "of all outputs still moves each time. Take more iterations"),
    ],
)
def test_too_few_iterations(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=r"sinkhorn: after 2 iterations.* miss") as caught:
        of_matrix([[1, 200], [3, 4]]).sinkhorn(iterations=2, **arguments)
    assert message in str(caught.value)


def by_linear_programming(pattern: np.ndarray) -> float:
    """Largest smallest weight of equal rows and columns (NaN: there are no such weights)."""
    post, pre = np.nonzero(pattern)
    rows, columns = np.unique(post), np.unique(pre)
    sums = np.vstack([[post == r for r in rows], [pre == c for c in columns]]).astype(float)
    target = np.concatenate([np.ones(rows.size), np.full(columns.size, rows.size / columns.size)])
    above = np.hstack([-np.eye(post.size), np.ones((post.size, 1))])
    found = linprog(
        np.append(np.zeros(post.size), -1), above, np.zeros(post.size),
        np.hstack([sums, np.zeros((len(sums), 1))]), target, bounds=(0, None),
    )  # fmt: skip
    return -found.fun if found.status == 0 else np.nan


def test_what_edges_forbid_agrees_with_linear_programming(rng: np.random.Generator) -> None:
    seen = set()
    for _ in range(150):
        pattern = rng.random((rng.integers(2, 6), rng.integers(2, 6))) < rng.uniform(0.3, 0.9)
        if not pattern.any():
            continue
        post, pre = (i.astype(np.int32) for i in np.nonzero(pattern))
        text = why_not(pre, post, pattern.shape[1], pattern.shape[0])
        smallest = by_linear_programming(pattern)
        kind = "can meet" if smallest > 1e-9 else "are 0" if smallest > -1e-9 else "no weights can"
        assert kind in text, (pattern, text)
        seen.add(kind)
    assert len(seen) == 3


def test_too_large_to_examine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equal_outputs, "LARGEST_FLOW", 1)
    with pytest.raises(NetworkError, match="not known, for so large a network is not examined"):
        of_matrix(BOTTLENECK).sinkhorn(outputs="equal", iterations=10)


def test_what_keeps_the_sums_and_what_does_not() -> None:
    near = of_matrix(BOTTLENECK).sinkhorn(outputs="equal", approximate=True)
    assert near.scaled(3.0).misfit == near.misfit > 0
    assert near.with_fan_in(1.0).misfit == 0
    both = Normal().sinkhorn().weights(SPARSE)
    assert both.with_spectral_radius(0.9).spectral_radius == pytest.approx(0.9)
    np.testing.assert_allclose(both.balanced().values, both.values, rtol=1e-12)


def test_descriptions_are_equal_by_what_they_ask() -> None:
    assert Normal().sinkhorn() == Normal().sinkhorn(0.5) != Normal().sinkhorn(0.4)
    assert Normal().with_fan_in(1.0) == Normal().with_fan_in(1.0) != Normal().with_fan_in(2.0)
    composed = Normal().sinkhorn(0.5, "equal", tolerance=1e-9).with_spectral_radius(2.0)
    by_hand = Normal().weights(DENSE).sinkhorn(outputs="equal", tolerance=1e-9)
    assert np.array_equal(composed.weights(DENSE).values, by_hand.with_spectral_radius(2.0).values)


def worm() -> nb.Network:
    part = load("celegans").with_signs(Argmax("celegans"), unknown="drop")
    return to_network(
        part, nb.models.rate, weight=1.0, delay=0.0, gap_junctions="drop", projection="synapses"
    )


def test_a_connectome_takes_all_three_in_the_same_way() -> None:
    network = worm()
    before = Weights.of(network, "synapses")
    fan_in = before.with_fan_in(1.0).into(network, "synapses")
    radius = before.with_spectral_radius(0.9).into(network, "synapses")
    sums = before.sinkhorn(one_sided="keep").into(network, "synapses")

    onto = Weights.of(fan_in, "synapses").inputs
    np.testing.assert_allclose((onto[0] - onto[1])[onto[0] - onto[1] > 0], 1.0, rtol=1e-12)
    assert Weights.of(radius, "synapses").spectral_radius == pytest.approx(0.9, rel=1e-9)
    onto = Weights.of(sums, "synapses").inputs
    np.testing.assert_allclose(onto[0][onto[0] > 0], 0.5, rtol=1e-12)
    np.testing.assert_allclose(onto[1][onto[1] < 0], -0.5, rtol=1e-12)
    for changed in (fan_in, radius, sums):
        assert (np.sign(changed.weights("synapses")) == np.sign(before.values)).all()

    counts = SynapseCounts(normalise="fan_in")
    sign = network.population("neurons").labels.sign
    same = counts.weights(network.projections["synapses"], sign=sign, seed=0)
    np.testing.assert_allclose(fan_in.weights("synapses"), same.values, rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inputs": 0.0}, "inputs: expected a finite number above 0, got 0.0"),
        ({"outputs": "even"}, "outputs: expected one of ('shared', 'equal'), got 'even'"),
        ({"tolerance": -1.0}, "tolerance: expected a finite number above 0"),
        ({"iterations": 0}, "iterations: expected a whole number >= 1, got 0"),
        ({"one_sided": "drop"}, "one_sided: expected 'error' or 'keep', got 'drop'"),
    ],
)
def test_arguments_that_are_none(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        Normal().weights(SPARSE).sinkhorn(**arguments)


def test_other_bad_requests() -> None:
    network = worm()
    weights = Weights.of(network, "synapses")
    with pytest.raises(NetworkError, match="total: expected a finite number above 0"):
        weights.with_fan_in(0.0)
    with pytest.raises(UnknownNameError, match="did you mean 'synapses'"):
        Weights.of(network, "synapse")
    with pytest.raises(UnknownNameError, match="did you mean 'synapses'"):
        weights.into(network, "synapse")
    with pytest.raises(NetworkError, match=r"for 3 other edges than the \d+ of projection"):
        of_matrix(TRIANGLE).into(network, "synapses")


def test_the_spectral_radius_comes_last() -> None:
    scaled = Normal().with_spectral_radius(0.9)
    order = r"write .sinkhorn\(...\).with_spectral_radius\(0.9\), in this order"
    with pytest.raises(NetworkError, match=order):
        scaled.sinkhorn()
    with pytest.raises(NetworkError, match=r"setting sums changes the .* write .with_fan_in"):
        scaled.with_fan_in(1.0)
