"""Any edge and node list through a column mapping, in every format, and the mapping's errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

from neurobridge.connectome import Argmax, load
from neurobridge.errors import ConnectomeError, FileFormatError, UnknownNameError
from tests.data import reference_data
from tests.unit.connectome.toys import A, B, C

NODES = pd.DataFrame(
    {"root": [C, A, B], "row": [2, 0, 1], "type": ["KC", None, "PN"], "p_ach": [0.1, 0.2, 0.7]}
)
EDGES = pd.DataFrame({"from": [A, A, B], "to": [B, B, C], "n": [1, 2, 3], "roi": ["x", "y", "x"]})
WRITERS = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "csv.gz": lambda frame, path: frame.to_csv(path, index=False),
    "tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "parquet": lambda frame, path: frame.to_parquet(path),
    "feather": lambda frame, path: frame.to_feather(path),
    "xlsx": lambda frame, path: frame.astype(object).to_excel(path, index=False),
}


def plan(suffix="csv", **changes):
    base = {
        "dataset": "mine",
        "nodes": {"file": f"nodes.{suffix}", "id": "root", "labels": {"cell_type": "type"}},
        "edges": {"file": f"edges.{suffix}", "pre": "from", "post": "to", "count": "n"},
    }
    for key, value in changes.items():
        base[key] = {**base[key], **value} if isinstance(base.get(key), dict) else value
    return base


def write(folder, suffix="csv", nodes=NODES, edges=EDGES):
    WRITERS[suffix](nodes, folder / f"nodes.{suffix}")
    WRITERS[suffix](edges, folder / f"edges.{suffix}")


@pytest.mark.parametrize("suffix", WRITERS)
def test_every_format_gives_the_same_connectome(tmp_path, suffix):
    if suffix == "xlsx":  # ids of 18 digits must be text in a sheet
        text = NODES.assign(root=NODES["root"].astype(str))
        write(tmp_path, suffix, text, EDGES.astype({"from": str, "to": str}))
    else:
        write(tmp_path, suffix)
    c = load("table", tmp_path, mapping=plan(suffix))
    assert c.edges.values.tolist() == [[A, B, 3], [B, C, 3]]
    types = c.labels["cell_type"]
    assert c.ids[np.asarray(types.isna())].tolist() == [A]
    write(tmp_path)
    assert c.digest == load("table", tmp_path, mapping=plan()).digest


def test_a_yaml_file_beside_the_tables_is_all_it_takes(tmp_path):
    write(tmp_path)
    extra = {
        "release": "2",
        "licence": "CC0",
        "thresholds": {"min_synapses": 5},
        "references": [{"key": "doe2025", "text": "Doe (2025). A fly.", "doi": "10.1000/xyz"}],
        "notes": ["a note"],
    }
    (tmp_path / "map.yaml").write_text(yaml.safe_dump({**plan(), **extra}))
    for c in (load("table", tmp_path / "map.yaml"), load("table", mapping=tmp_path / "map.yaml")):
        assert c.n_synapses == 6
        assert c.provenance.release == "2"
        assert c.provenance.thresholds == {"min_synapses": 5}
        assert c.references[0].doi == "10.1000/xyz"
        assert {f.name for f in c.provenance.files} == {"nodes.csv", "edges.csv"}


def test_edges_may_refer_to_row_numbers(tmp_path):
    rows = pd.DataFrame({"from": [0, 0, 1], "to": [1, 1, 2], "n": [1, 2, 3]})
    write(tmp_path, edges=rows)
    c = load("table", tmp_path, mapping=plan(edges={"refers_to": "row"}))
    assert c.edges.values.tolist() == [[A, B, 3], [B, C, 3]]
    write(tmp_path, edges=rows.assign(to=[1, 1, 9]))
    with pytest.raises(
        ConnectomeError, match=r"1 rows refer to a 'row' that is not in nodes\.csv, e"
    ):
        load("table", tmp_path, mapping=plan(edges={"refers_to": "row"}))


def test_labels_weights_and_names(tmp_path):
    write(
        tmp_path,
        nodes=NODES.assign(root=["c", "a", "b"]),
        edges=EDGES.assign(
            **{"from": ["a", "a", "b"], "to": ["b", "b", "c"], "n": [0.5, 1.5, 2.5]}
        ),
    )
    mapping = plan(nodes={"labels": "all"}, edges={"count": None, "weight": "n", "labels": ["roi"]})
    c = load("table", tmp_path, mapping=mapping)
    assert c.names.tolist() == ["a", "b", "c"]
    assert c.weight.tolist() == [0.5, 1.5, 2.5]
    assert list(c.edge_labels["roi"]) == ["x", "y", "x"]
    assert set(c.labels) == {"name", "row", "type", "p_acetylcholine"}


def test_nodes_are_optional(tmp_path):
    write(tmp_path)
    mapping = plan()
    del mapping["nodes"]
    assert load("table", tmp_path, mapping=mapping).n_neurons == 3


def test_another_delimiter(tmp_path):
    NODES.to_csv(tmp_path / "nodes.csv", index=False, sep=";")
    EDGES.to_csv(tmp_path / "edges.csv", index=False, sep=";")
    mapping = plan(nodes={"delimiter": ";"}, edges={"delimiter": ";"})
    assert load("table", tmp_path, mapping=mapping).n_synapses == 6


FLYWIRE = {
    "dataset": "flywire783-hemispheres",
    "release": "783",
    "nodes": {
        "file": "nodes.parquet",
        "id": "root_id",
        "labels": {
            "cell_type": "cell_type",
            "nt": "nt_filled",
            "sign_shiu": "sign_shiu",
            "side": "side",
            **{f"p_{t}": f"{t}_avg" for t in ("ach", "gaba", "glut", "da", "ser", "oct")},
        },
    },
    "edges": {
        "file": "edges.parquet",
        "pre": "pre",
        "post": "post",
        "count": "syn_count",
        "refers_to": "idx",
    },
    "thresholds": {"min_synapses": 5},
}


def test_flywire_pair_has_the_published_numbers():
    """Sizes and sign counts of data set and sign rule as counted when the files were made."""
    c = load("table", reference_data("flywire783"), mapping=FLYWIRE)
    assert (c.n_neurons, c.n_edges, c.n_synapses) == (133_436, 2_309_630, 28_363_450)
    assert c.largest_component().n_neurons == 59_630
    signed = c.with_signs(Argmax("fly"), unknown="drop")
    numbers = signed.describe()
    assert (numbers.excitatory_edges, numbers.inhibitory_edges) == (1_427_940, 881_670)
    assert [f.magnitude for f in signed.findings] == [20.0]
    assert c.describe().self_loops == 308
    known = signed.labels["sign_shiu"] != 0
    assert np.array_equal(signed.sign[known], signed.labels["sign_shiu"][known])


def test_flywire_pair_has_the_edges_of_the_files():
    folder = reference_data("flywire783")
    c = load("table", folder, mapping=FLYWIRE)
    ids = pd.read_parquet(folder / "nodes.parquet", columns=["idx", "root_id"])
    edges = pd.read_parquet(folder / "edges.parquet")
    root = ids.set_index("idx")["root_id"]
    want = pd.DataFrame(
        {
            "post": root.loc[edges["post"]].to_numpy(),
            "pre": root.loc[edges["pre"]].to_numpy(),
            "count": edges["syn_count"].to_numpy(),
        }
    ).sort_values(["post", "pre"])
    assert np.array_equal(c.ids[c.post], want["post"])
    assert np.array_equal(c.ids[c.pre], want["pre"])
    assert np.array_equal(c.count, want["count"])


def test_olfactory_network():
    mapping = {
        "dataset": "flywire783-olfactory",
        "nodes": {"file": "nodes.csv.gz", "id": "root_id"},
        "edges": {
            "file": "edges.csv.gz",
            "pre": "pre_root_id",
            "post": "post_root_id",
            "count": "syn_count",
        },
    }
    c = load("table", reference_data("flywire783_olfactory"), mapping=mapping)
    assert (c.n_neurons, c.n_edges, c.n_synapses) == (9_729, 121_218, 1_856_295)
    inputs = c.labels["is_input"]
    hidden_to_hidden = ~inputs[c.pre] & ~inputs[c.post]
    assert int(hidden_to_hidden.sum()) == 101_665


def test_yaml_errors_name_the_line_and_the_nearest_key(tmp_path):
    path = tmp_path / "map.yaml"
    path.write_text(
        "dataset: x\nreleas: '1'\nedges:\n  file: a.csv\n  pre: a\n  pots: b\n  count: n\n"
        "nodes:\n  file: q.csv\n  id: [1]\nreferences:\n  - key: k\n    txt: t\n"
    )
    with pytest.raises(ConnectomeError) as error:
        load("table", path)
    message = str(error.value)
    assert "map.yaml, line 2: unknown key 'releas'; did you mean 'release'?" in message
    assert "map.yaml, line 6: unknown key 'pots' in 'edges'; did you mean 'post'?" in message
    assert "map.yaml, line 3: missing key 'post' in 'edges'" in message
    assert "map.yaml, line 10: nodes.id: Input should be a valid string, got [1]" in message
    assert "map.yaml, line 13: unknown key 'txt' in 'references'; did you mean 'text'?" in message


def test_other_mapping_errors(tmp_path):
    with pytest.raises(ConnectomeError, match="the table loader needs a column mapping"):
        load("table", tmp_path)
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(FileFormatError, match=r"bad\.yaml, line \d+: cannot be read as YAML"):
        load("table", tmp_path / "bad.yaml")
    (tmp_path / "bad.yaml").write_text("just text")
    with pytest.raises(ConnectomeError, match="expected 'dataset:', 'edges:'"):
        load("table", tmp_path / "bad.yaml")
    with pytest.raises(FileFormatError, match=r"none\.yaml cannot be read"):
        load("table", tmp_path / "none.yaml")
    mapping = plan(edges={"refers_to": "row"})
    del mapping["nodes"]
    write(tmp_path)
    with pytest.raises(ConnectomeError, match="but there are no 'nodes'"):
        load("table", tmp_path, mapping=mapping)


def test_file_and_column_errors(tmp_path):
    write(tmp_path)
    with pytest.raises(
        UnknownNameError, match=r"unknown column of edges\.csv 'fron'; did you mean"
    ):
        load("table", tmp_path, mapping=plan(edges={"pre": "fron"}))
    with pytest.raises(UnknownNameError, match=r"unknown column of nodes\.csv 'rot'"):
        load("table", tmp_path, mapping=plan(nodes={"id": "rot", "labels": "all"}))
    with pytest.raises(FileFormatError, match=r"no file egdes\.csv in .*edges\.csv, nodes\.csv"):
        load("table", tmp_path, mapping=plan(edges={"file": "egdes.csv"}))
    (tmp_path / "edges.dat").touch()
    with pytest.raises(FileFormatError, match=r"expected a file ending in \.csv, \.tsv"):
        load("table", tmp_path, mapping=plan(edges={"file": "edges.dat"}))
    (tmp_path / "edges.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(FileFormatError, match=r"edges\.parquet cannot be read as parquet"):
        load("table", tmp_path, mapping=plan(edges={"file": "edges.parquet"}))


@pytest.mark.parametrize("suffix", ["csv", "parquet", "feather"])
def test_float_ids_are_refused_in_every_format(tmp_path, suffix):
    write(tmp_path, suffix, edges=EDGES.astype({"to": float}))
    with pytest.raises(ConnectomeError) as error:
        load("table", tmp_path, mapping=plan(suffix))
    assert f"column 'to' of edges.{suffix}" in str(error.value)
    assert "got the float" in str(error.value)
    assert "in row 1" in str(error.value)


def test_excel_numbers_of_more_than_15_digits_are_refused(tmp_path):
    write(tmp_path, "xlsx")
    with pytest.raises(
        ConnectomeError, match=r"stored as a number, and Excel keeps only 15 digits"
    ):
        load("table", tmp_path, mapping=plan("xlsx"))
    small = {A: 1, B: 2, C: 3}
    write(
        tmp_path,
        "xlsx",
        NODES.replace({"root": small}),
        EDGES.replace({"from": small, "to": small}),
    )
    assert load("table", tmp_path, mapping=plan("xlsx")).ids.tolist() == [1, 2, 3]
    with pytest.raises(FileFormatError, match=r"nodes\.xlsx cannot be read.*Nowhere"):
        load("table", tmp_path, mapping=plan("xlsx", nodes={"sheet": "Nowhere"}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"edges\.csv cannot be read as csv: Empty"),
        (b"from,to,n\n1,2\n", r"edges\.csv cannot be read as csv: .*Expected 3 columns, got 2"),
        (b"from,to,n,n\n1,2,3,4\n", r"edges\.csv has 2 columns called 'n'"),
        (b"from;to;n\n1;2;3\n", r"unknown column of edges\.csv 'from'.*Is the delimiter another"),
        (b"from,to,n\n\xe9,2,3\n", r"column 'from' of edges\.csv.*save the file as UTF-8"),
        (b"from,to,n\n1,,3\n", r"column 'to' of edges\.csv: id is missing in 1 row, .* row 1"),
        (b'from,to,n\n1,2,"1,000"\n', r"got text, e\.g\. '1,000' in row 1"),
        (b"from,to,n\n" + b"1,2,3\n" * 300_000 + b"1.5,2,3\n", r"float 1\.5 in row 300001"),
    ],
)
def test_damaged_text_files(tmp_path, content, message):
    (tmp_path / "edges.csv").write_bytes(content)
    mapping = plan()
    del mapping["nodes"]
    with pytest.raises((ConnectomeError, FileFormatError, UnknownNameError), match=message):
        load("table", tmp_path, mapping=mapping)


def test_na_can_be_a_name(tmp_path):
    (tmp_path / "edges.csv").write_text("from,to,n\nNA,AVAL,3\nAVAL,nan,1\n")
    mapping = plan()
    del mapping["nodes"]
    assert load("table", tmp_path, mapping=mapping).names.tolist() == ["AVAL", "NA", "nan"]
