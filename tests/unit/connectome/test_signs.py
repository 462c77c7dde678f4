"""Signs: every policy by hand, what is unknown, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from neurobridge.connectome import (
    FLY_SIGNS,
    Argmax,
    Explicit,
    PerEdge,
    Sampled,
    Threshold,
    from_edges,
    sign_policy,
)
from neurobridge.connectome.transmitters import canonical_transmitter
from neurobridge.errors import ConnectomeError, FindingsError, UnknownNameError
from tests.unit.connectome.toys import TOY, A, toy


def ring(n=3, **columns):
    """0 -> 1 -> ... -> 0, with the labels of one's choice."""
    nodes = np.arange(n)
    return from_edges(
        nodes, np.roll(nodes, -1), count=nodes + 1, ids=nodes, labels=columns, provenance=TOY
    )


def test_argmax_of_a_label():
    signed = toy().with_signs(Argmax("fly"))
    assert signed.sign.tolist() == [1, -1, 1, -1]
    assert signed.signs_per_edge.tolist() == [-1, 1, 1, 1]
    assert signed.findings == ()
    assert signed.history[-1].arguments["table"] == dict(FLY_SIGNS)


def test_argmax_of_probabilities_and_ties():
    c = ring(
        4, p_ach=[0.6, 0.1, 0.4, np.nan], p_gaba=[0.3, 0.7, 0.4, np.nan], p_glut=[0.1, 0.2, 0.2, 0]
    )
    with pytest.raises(FindingsError, match=r"2 of 4 edges \(7 of 10 synapses\) from 2 neurons"):
        c.with_signs(Argmax("fly"))
    assert c.with_signs(Argmax("fly"), unknown="inhibitory").sign.tolist() == [1, -1, -1, -1]


def test_another_label_and_another_table():
    c = ring(3, mine=["up", "down", "up"])
    assert c.with_signs(Argmax({"UP": 1, "down": -1}, label="mine")).sign.tolist() == [1, -1, 1]


def test_threshold_on_confidence():
    c = ring(3, nt=["ACH", "GABA", "ACH"], nt_score=[0.9, 0.49, np.nan], other=[0.1, 0.9, 0.9])
    half = c.with_signs(Threshold("fly", 0.5), unknown="drop")
    assert half.sign.tolist() == [1, 0, 0]
    assert half.pre.tolist() == [0]
    other = c.with_signs(Threshold("fly", 0.5, confidence="other"), unknown="drop")
    assert other.sign.tolist() == [0, -1, 1]
    p = ring(2, p_ach=[0.9, 0.55], p_gaba=[0.1, 0.45])
    assert p.with_signs(Threshold("fly", 0.6), unknown="drop").sign.tolist() == [1, 0]
    with pytest.raises(ConnectomeError, match="at_least: expected 0 to 1, got 50"):
        c.with_signs(Threshold("fly", 50))
    with pytest.raises(ConnectomeError, match="label 'nt': expected a number per neuron"):
        c.with_signs(Threshold("fly", 0.5, confidence="nt"))


def test_sampled_signs_follow_the_probabilities(seed):
    n = 20_000
    c = ring(n, p_ach=np.full(n, 0.6), p_gaba=np.full(n, 0.3), p_glut=np.full(n, 0.1))
    signed = c.with_signs(Sampled("fly", seed))
    fraction = float((signed.sign == 1).mean())
    assert abs(fraction - 0.6) < 4 * np.sqrt(0.6 * 0.4 / n)
    assert signed.sign.tolist() == c.with_signs(Sampled("fly", seed)).sign.tolist()
    assert signed.sign.tolist() != c.with_signs(Sampled("fly", seed + 1)).sign.tolist()
    assert signed.sign.tolist() != c.with_signs(Sampled("fly", seed, trial=1)).sign.tolist()


def test_a_subset_gets_the_same_draw(seed):
    n = 1000
    c = ring(n, p_ach=np.full(n, 0.5), p_gaba=np.full(n, 0.5))
    part = np.arange(0, n, 7)
    whole = c.with_signs(Sampled("fly", seed)).with_ids(part)
    alone = c.with_ids(part).with_signs(Sampled("fly", seed))
    assert whole.sign.tolist() == alone.sign.tolist()


def test_sampling_without_probabilities_is_unknown():
    c = ring(2, p_ach=[1.0, 0.0], p_gaba=[0.0, 0.0])
    assert c.with_signs(Sampled("fly", 1), unknown="drop").sign.tolist() == [1, 0]


def edges_with_nt():
    return from_edges(
        [1, 1, 2, 3],
        [2, 2, 3, 1],
        count=[5, 2, 1, 9],
        edge_labels={"nt": ["ACH", "GABA", "SER", None]},
        provenance=TOY,
    )


def test_per_edge_transmitters():
    c = edges_with_nt()
    signed = c.with_signs(PerEdge("fly"), unknown="drop")
    assert signed.sign is None
    assert signed.edge_sign.tolist() == [1, -1, 1]
    assert signed.count.tolist() == [5, 2, 1]
    assert c.with_signs(PerEdge("fly"), unknown="excitatory").edge_sign.tolist() == [1, 1, -1, 1]
    with pytest.raises(UnknownNameError, match=r"unknown edge label 'nt'.*keep=\['nt'\]"):
        toy().with_signs(PerEdge("fly"))


def test_explicit_signs():
    frame = pd.DataFrame({"id": [2, 0], "sign": [-1, 1]})
    for policy in (Explicit(frame), Explicit({2: -1, 0: 1})):
        signed = ring(3).with_signs(policy, unknown="inhibitory")
        assert signed.sign.tolist() == [1, -1, -1]
    with pytest.raises(ConnectomeError, match=r"expected \+1, -1 or 0, got 2 for id 1"):
        ring(3).with_signs(Explicit({1: 2}))
    with pytest.raises(UnknownNameError, match="1 of 1 ids are not in this connectome"):
        ring(3).with_signs(Explicit({7: 1}))
    with pytest.raises(ConnectomeError, match="an id occurs more than once"):
        ring(3).with_signs(Explicit(pd.DataFrame({"id": [1, 1], "sign": [1, 1]})))
    with pytest.raises(ConnectomeError, match=r"got the float 1\.0"):
        ring(3).with_signs(Explicit(pd.DataFrame({"id": [1.0], "sign": [1]})))
    with pytest.raises(UnknownNameError, match="unknown column of the table of signs 'sign'"):
        ring(3).with_signs(Explicit(pd.DataFrame({"id": [1], "sgn": [1]})))


def test_unknown_is_an_error_with_counts_by_default():
    c = ring(3, nt=["ACH", None, "unclear"])
    with pytest.raises(FindingsError) as error:
        c.with_signs(Argmax("fly"))
    (finding,) = error.value.findings
    assert finding.code == "unknown_transmitter"
    assert finding.magnitude == 2.0
    assert "2 of 3 edges (5 of 6 synapses) from 2 neurons, e.g. 1, 2" in str(error.value)
    assert "unknown='drop', 'excitatory' or 'inhibitory'" in str(error.value)


@pytest.mark.parametrize(
    ("unknown", "sign", "edges"),
    [("drop", [1, 0, -1], 2), ("excitatory", [1, 1, -1], 3), ("inhibitory", [1, -1, -1], 3)],
)
def test_what_becomes_of_the_unknown_is_noted(unknown, sign, edges):
    signed = ring(3, nt=["ACH", None, "GABA"]).with_signs(Argmax("fly"), unknown=unknown)
    assert signed.sign.tolist() == sign
    assert signed.n_edges == edges
    (finding,) = signed.findings
    assert finding.severity == "note"
    assert f"unknown='{unknown}'" in finding.remedy
    assert signed.history[-1].arguments["unknown"] == unknown


def test_neurons_without_edges_need_no_transmitter():
    c = from_edges([1], [2], count=[1], ids=[1, 2], labels={"nt": ["ACH", None]}, provenance=TOY)
    assert c.with_signs(Argmax("fly")).sign.tolist() == [1, 0]


def test_gap_junctions_need_no_transmitter_and_get_no_sign():
    c = from_edges(
        [1, 2, 1],
        [2, 1, 2],
        count=[1, 1, 1],
        edge_labels={"kind": ["gap", "gap", "chemical"]},
        labels={"nt": ["GABA", None]},
        ids=[1, 2],
        provenance=TOY,
    ).with_signs(Argmax("fly"))
    kinds = c.edge_labels["kind"].astype(object)
    assert dict(zip(kinds, c.signs_per_edge.tolist(), strict=True)) == {"gap": 0, "chemical": -1}


def test_zero_in_the_table_means_not_known():
    c = ring(2, nt=["ACH", "DA"])
    with pytest.raises(FindingsError, match="1 of 2 edges"):
        c.with_signs(Argmax({"ACH": 1, "DA": 0}))


def test_transmitters_that_the_table_does_not_have_are_named():
    c = ring(3, nt=["ACH", "GABBA", "GABBA"])
    with pytest.raises(UnknownNameError) as error:
        c.with_signs(Argmax("fly"))
    assert "unknown transmitter 'GABBA'" in str(error.value)
    assert "label 'nt' has it 2 times" in str(error.value)


def test_other_errors():
    c = toy()
    with pytest.raises(UnknownNameError, match="unknown sign table 'flyy'; did you mean 'fly'"):
        c.with_signs(Argmax("flyy"))
    with pytest.raises(ConnectomeError, match="sign of 'ACH': expected"):
        c.with_signs(Argmax({"ACH": 2, "GABA": -1}))
    with pytest.raises(ConnectomeError, match="two different signs for 'acetylcholine'"):
        c.with_signs(Argmax({"ACH": 1, "acetylcholine": -1, "GABA": -1}))
    with pytest.raises(UnknownNameError, match="unknown label 'nts'; did you mean 'nt'"):
        c.with_signs(Argmax("fly", label="nts"))
    with pytest.raises(ConnectomeError, match="unknown: expected 'error', 'drop'"):
        c.with_signs(Argmax("fly"), unknown="keep")
    with pytest.raises(ConnectomeError, match="there are no transmitters to go by"):
        ring(2).with_signs(Argmax("fly"))
    with pytest.raises(ConnectomeError, match="probabilities must be 0 or more"):
        ring(2, p_ach=[-0.5, 1.0]).with_signs(Argmax("fly"))
    with pytest.raises(ConnectomeError, match=r"has no signs\. Assign them first"):
        _ = c.signs_per_edge


def test_policies_by_name():
    assert sign_policy("argmax", table="fly") == Argmax("fly")
    assert sign_policy("sampled", table="fly", seed=3) == Sampled("fly", 3)
    with pytest.raises(
        UnknownNameError, match="unknown sign policy 'argmx'; did you mean 'argmax'"
    ):
        sign_policy("argmx")
    with pytest.raises(UnknownNameError, match="'tble'; did you mean 'table'"):
        sign_policy("argmax", tble="fly")
    with pytest.raises(ConnectomeError, match="sign policy 'threshold' needs table, at_least"):
        sign_policy("threshold", table="fly")


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("ACH", "acetylcholine"),
        (" Glutamate ", "glutamate"),
        ("5-HT", "serotonin"),
        ("unclear", ""),
        ("neither", ""),
        ("FMRFamide", "fmrfamide"),
    ],
)
def test_spellings_of_transmitters(spelling, name):
    assert canonical_transmitter(spelling) == name


def test_the_parent_is_in_the_history():
    signed = toy().with_signs(Argmax("fly"))
    assert signed.history[-1].parent == toy().digest
    assert signed.ids[0] == A
