"""FlyWire tables as Codex exports them, against pandas and by hand."""

from __future__ import annotations

import gzip
import shutil

import numpy as np
import pandas as pd
import pytest

from neurobridge.connectome import load
from neurobridge.connectome.labels import text_values
from neurobridge.errors import ConnectomeError, FileFormatError, UnknownNameError
from tests.data import reference_data
from tests.unit.connectome.toys import A, B, C, D

CONNECTIONS = f"""pre_root_id,post_root_id,neuropil,syn_count,nt_type
{A},{B},AL_L,5,ACH
{A},{B},LH_L,7,SER
{A},{B},LH_L,1,ACH
{B},{C},AL_L,6,
"""
NEURONS = f"""root_id,group,nt_type,nt_type_score,da_avg,ser_avg,gaba_avg,glut_avg,ach_avg,oct_avg
{C},LO.LOP,GABA,0.57,0.1,0.0,0.57,0.2,0.1,0.03
{A},AL,ACH,0.9,0.0,0.0,0.1,0.0,0.9,0.0
{B},AL,,,,,,,,
"""
CLASSIFICATION = f"""root_id,flow,super_class,class,sub_class,hemilineage,side,nerve
{A},afferent,sensory,olfactory,,,left,AN
{B},intrinsic,central,ALPN,,ALl1,left,
{D},intrinsic,central,,,,right,
"""
CELL_TYPES = f"""root_id,primary_type,additional_type(s)
{A},ORN_DA1,"x,y"
{B},DA1_lPN,
"""


@pytest.fixture
def folder(tmp_path):
    for name, text in (
        ("connections", CONNECTIONS),
        ("neurons", NEURONS),
        ("classification", CLASSIFICATION),
        ("consolidated_cell_types", CELL_TYPES),
    ):
        with gzip.open(tmp_path / f"{name}.csv.gz", "wt") as stream:
            stream.write(text)
    return tmp_path


def test_neuropil_rows_of_a_pair_are_summed(folder):
    c = load("codex", folder, release="783")
    assert c.edges.values.tolist() == [[A, B, 13], [B, C, 6]]
    assert c.provenance.release == "783"
    assert len(c.provenance.files) == 4
    assert c.findings == ()


def test_neuropil_and_transmitter_can_be_kept(folder):
    by_region = load("codex", folder, release="783", keep=["neuropil"])
    assert by_region.edges.values.tolist() == [
        [A, B, 5, "AL_L"],
        [A, B, 8, "LH_L"],
        [B, C, 6, "AL_L"],
    ]
    by_nt = load("codex", folder, release="783", keep=["nt"])
    assert by_nt.count.tolist() == [6, 7, 6]
    assert text_values(by_nt.edge_labels["nt"]).tolist() == ["ACH", "SER", None]


def test_annotations_become_labels(folder):
    neurons = load("codex", folder, release="783").neurons.set_index("id")
    assert neurons.index.tolist() == [A, B, C, D]
    assert neurons.loc[A, ["cell_type", "side", "nt", "additional_types"]].tolist() == [
        "ORN_DA1",
        "left",
        "ACH",
        "x,y",
    ]
    assert neurons.loc[C, "p_gaba"] == 0.57
    assert pd.isna(neurons.loc[B, "nt"])
    assert np.isnan(neurons.loc[D, "nt_score"])
    assert pd.isna(neurons.loc[C, "side"])


def test_any_subset_of_tables_will_do(folder):
    (folder / "neurons.csv.gz").unlink()
    (folder / "classification.csv.gz").unlink()
    c = load("codex", folder, release="783")
    assert c.ids.tolist() == [A, B, C]  # cell types list some neurons only; edges decide
    assert c.neurons["cell_type"].isna().tolist() == [False, False, True]
    (folder / "consolidated_cell_types.csv.gz").unlink()
    assert load("codex", folder, release="783").labels == {}


def test_a_missing_release_is_noted(folder):
    (finding,) = load("codex", folder).findings
    assert finding.code == "release_not_given"


def test_real_file_agrees_with_pandas():
    path = reference_data("flywire783_olfactory", "orn_connections_codex_format.csv.gz")
    c = load("codex", path, release="783")
    want = pd.read_csv(path).groupby(["post_root_id", "pre_root_id"])["syn_count"].sum()
    assert c.n_edges == len(want) == 15236
    assert c.n_synapses == 211633
    got = c.edges.set_index(["post", "pre"])["count"]
    assert got.index.tolist() == want.index.tolist()
    assert got.tolist() == want.tolist()


def test_real_file_keeps_transmitter_and_neuropil():
    path = reference_data("flywire783_olfactory", "orn_connections_codex_format.csv.gz")
    c = load("codex", path, release="783", keep=["neuropil", "nt"])
    keys = ["post_root_id", "pre_root_id", "neuropil", "nt_type"]
    want = pd.read_csv(path).groupby(keys, dropna=False)["syn_count"].sum()
    assert c.n_edges == len(want)
    assert c.n_synapses == 211633


@pytest.mark.parametrize("bad", ["7.2e17", f"{A}.0"])
def test_float_ids_are_refused_as_they_stand_in_the_file(folder, bad):
    (folder / "connections.csv.gz").unlink()
    (folder / "connections.csv").write_text(CONNECTIONS.replace(f"{B},{C}", f"{bad},{C}"))
    with pytest.raises(ConnectomeError) as error:
        load("codex", folder)
    assert "column 'pre_root_id' of connections.csv" in str(error.value)
    assert f"got the float {bad} in row 4" in str(error.value)


def test_float_ids_of_an_annotation_are_refused(folder):
    (folder / "neurons.csv.gz").unlink()
    (folder / "neurons.csv").write_text(NEURONS.replace(str(C), "7.2e17"))
    with pytest.raises(
        ConnectomeError, match=r"'root_id' of neurons\.csv.* float 7\.2e17 in row 1"
    ):
        load("codex", folder)


def test_bad_counts_are_refused(folder):
    (folder / "connections.csv.gz").unlink()
    path = folder / "connections.csv"
    path.write_text(CONNECTIONS.replace("LH_L,7", "LH_L,nan"))
    with pytest.raises(ConnectomeError, match=r"column 'syn_count' of connections\.csv"):
        load("codex", folder)
    path.write_text(CONNECTIONS.replace("LH_L,7", "LH_L,7.0"))
    assert load("codex", folder).n_synapses == 19
    path.write_text(CONNECTIONS.replace("LH_L,7", "LH_L,-7"))
    with pytest.raises(ConnectomeError, match="-7 is negative, in row 2"):
        load("codex", folder)


def test_unknown_and_doubled_neurons(folder):
    (folder / "classification.csv.gz").unlink()
    (folder / "neurons.csv.gz").unlink()
    (folder / "neurons.csv").write_text("root_id,group\n" + f"{A},x\n{B},x\n")
    with pytest.raises(ConnectomeError, match=f"1 of 4 rows have an end .* e.g. {C}"):
        load("codex", folder)
    dropped = load("codex", folder, release="783", unknown="drop")
    assert dropped.n_edges == 1
    assert [f.code for f in dropped.findings] == ["dropped_edges"]
    (folder / "neurons.csv").write_text("root_id,group\n" + f"{A},x\n{B},x\n{A},y\n{C},y\n")
    with pytest.raises(ConnectomeError, match=f"1 occur more often, e.g. {A}"):
        load("codex", folder)


def test_annotations_of_another_release_are_refused(folder):
    (folder / "classification.csv.gz").unlink()
    (folder / "consolidated_cell_types.csv.gz").unlink()
    strange = CELL_TYPES + "17,T4a,\n"
    (folder / "consolidated_cell_types.csv").write_text(strange)
    with pytest.raises(ConnectomeError, match="1 rows are about neurons that are not in neurons"):
        load("codex", folder)
    c = load("codex", folder, release="783", unknown="drop")
    assert [f.code for f in c.findings] == ["dropped_annotations"]


def test_the_connections_file_must_be_clear(folder):
    shutil.copy(folder / "connections.csv.gz", folder / "connections_no_threshold.csv.gz")
    with pytest.raises(FileFormatError, match=r"got connections\.csv\.gz, connections_no_thres"):
        load("codex", folder)
    c = load("codex", folder, connections="connections_no_threshold.csv.gz", release="783")
    assert c.provenance.files[0].name == "connections_no_threshold.csv.gz"
    for path in folder.glob("connections*"):
        path.unlink()
    with pytest.raises(FileFormatError, match="expected one file connections"):
        load("codex", folder)
    with pytest.raises(FileFormatError, match="no folder"):
        load("codex", folder / "nowhere")


def test_unknown_columns_and_labels(folder):
    (folder / "connections.csv.gz").unlink()
    (folder / "connections.csv").write_text(CONNECTIONS.replace("syn_count", "syn_cnt"))
    with pytest.raises(UnknownNameError, match="'syn_count'; did you mean 'syn_cnt'"):
        load("codex", folder)
    with pytest.raises(UnknownNameError, match="unknown edge label of Codex files 'nuropil'"):
        load("codex", folder, keep=["nuropil"])
