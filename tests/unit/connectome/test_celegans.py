"""The embedded connectome of C. elegans, against published numbers and the reference data."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurobridge.connectome import Argmax, load
from neurobridge.errors import ConnectomeError, UnknownNameError
from tests.data import reference_data

ROOT = Path(__file__).resolve().parents[3]
EMBEDDED = ("celegans_cells.csv", "celegans_edges.csv")


def test_sizes_are_those_of_cook_2019():
    everything = load("celegans", cells="all")
    assert everything.n_neurons == 473
    chemical = ~everything.is_gap
    assert int(chemical.sum()) == 4879
    assert int(everything.count[chemical].sum()) == 28113
    assert int(everything.is_gap.sum()) == 2883
    assert load("celegans").n_neurons == 302


def test_edges_equal_the_reference_table():
    table = pd.read_csv(reference_data("celegans", "cook2019_herm.csv.gz"))
    want = {(r.pre, r.post, r.synclass): int(r.weight) for r in table.itertuples(index=False)}
    c = load("celegans", cells="all")
    kinds = c.edge_labels["kind"].astype(object)
    got = dict(
        zip(zip(c.names[c.pre], c.names[c.post], kinds, strict=True), c.count.tolist(), strict=True)
    )
    assert got == want


def test_gap_junctions_go_both_ways():
    c = load("celegans")
    gap = np.zeros((302, 302), dtype=int)
    gap[c.pre[c.is_gap], c.post[c.is_gap]] = c.count[c.is_gap]
    assert np.array_equal(gap, gap.T)
    assert not load("celegans", gap_junctions=False).is_gap.any()


def test_transmitters_of_textbook_neurons():
    neurons = load("celegans").neurons.set_index("name")
    assert neurons.loc[["AVAL", "VA1", "RMED", "AWCL", "ADEL"], "nt"].tolist() == [
        "acetylcholine",
        "acetylcholine",
        "gaba",
        "glutamate",
        "dopamine",
    ]
    assert neurons.loc["ADFL", "nt_all"] == "acetylcholine;serotonin"
    assert pd.isna(neurons.loc["RID", "nt"])  # peptidergic
    gaba = set(neurons.index[neurons["nt"] == "gaba"])
    motor = {f"DD{k}" for k in range(1, 7)} | {f"VD{k}" for k in range(1, 14)}
    assert motor | {"AVL", "DVB", "RIS", "RMEL", "RMER", "RMED", "RMEV"} <= gaba


def test_transmitters_agree_with_the_reference_table():
    """Where the table, made from connections, has one transmitter for a neuron, so have we."""
    table = pd.read_csv(reference_data("celegans", "nodes.csv")).set_index("cell")
    neurons = load("celegans").neurons.set_index("name")
    want = table.loc[neurons.index, "nt_wang2024"].dropna()
    for name, listed in want.items():
        ours = set(neurons.loc[name, "nt_all"].split(";"))
        assert {t.lower() for t in listed.split(";")} <= ours, name


def test_roles_and_sides():
    c = load("celegans")
    assert c.select("name in ('AVAL', 'AVAR')").neurons["cell_type"].tolist() == ["AVA", "AVA"]
    assert c.neurons.set_index("name").loc["AVL", "cell_type"] == "AVL"  # an unpaired neuron
    assert c.select("pharyngeal").n_neurons == 20
    assert c.select("side == 'left'").n_neurons == c.select("side == 'right'").n_neurons
    assert set(load("celegans", cells="all").labels["cell_class"].categories) == {
        "neuron",
        "muscle",
        "other",
    }


def test_default_signs_leave_the_unknown_to_the_caller():
    worm = load("celegans", gap_junctions=False)
    signed = worm.with_signs(Argmax("celegans"), unknown="drop")
    assert signed.select("nt == 'gaba'").sign.tolist() == [-1] * 31
    assert set(signed.signs_per_edge) == {-1, 1}


def test_provenance_names_files_and_papers():
    provenance = load("celegans").provenance
    assert [f.name for f in provenance.files] == list(EMBEDDED)
    assert [r.key for r in provenance.references] == ["cook2019", "wang2024"]


@pytest.mark.skipif(find_spec("cect") is None, reason="cect is not installed")
def test_the_script_reproduces_the_files_byte_for_byte(tmp_path):
    script = ROOT / "tools" / "embed_celegans.py"
    subprocess.run([sys.executable, script, tmp_path], check=True, capture_output=True)
    for name in EMBEDDED:
        embedded = ROOT / "neurobridge" / "connectome" / "data" / name
        assert (tmp_path / name).read_bytes() == embedded.read_bytes()


def test_wrong_options():
    with pytest.raises(ConnectomeError, match="expected 'neurons' or 'all', got 'muscles'"):
        load("celegans", cells="muscles")
    with pytest.raises(UnknownNameError, match="unknown option of source 'celegans' 'gap'"):
        load("celegans", gap=True)
    with pytest.raises(ConnectomeError, match="source 'celegans' takes no path"):
        load("celegans", "somewhere")
