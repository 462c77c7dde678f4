"""Saving and loading, and folders that were tampered with."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from neurobridge.connectome import Argmax, Connectome, PerEdge, from_edges, load
from neurobridge.errors import FileFormatError
from tests.unit.connectome.toys import TOY, toy


def same(a, b):
    assert a.digest == b.digest
    assert a.provenance == b.provenance
    assert a.history == b.history
    assert a.findings == b.findings


def test_everything_comes_back(tmp_path):
    c = load("celegans", cells="all").with_signs(Argmax("celegans"), unknown="inhibitory").prune(2)
    assert c.save(tmp_path / "worm") == tmp_path / "worm"
    again = Connectome.load(tmp_path / "worm")
    same(c, again)
    same(c, load("saved", tmp_path / "worm"))
    for name in ("ids", "pre", "post", "count", "sign"):
        assert np.array_equal(getattr(c, name), getattr(again, name))
        assert not getattr(again, name).flags.writeable
    assert again.labels["nt"].tolist() == c.labels["nt"].tolist()


def test_every_kind_of_column_comes_back(tmp_path):
    c = from_edges(
        [1, 1, 2], [2, 2, 1], weight=[0.5, 0.25, 1e-300],
        labels={"t": ["x", None], "f": [1.5, np.nan], "i": [-1, 7], "b": [True, False]},
        edge_labels={"nt": ["ACH", None, "GABA"], "layer": [2, 1, 1]}, ids=[1, 2], provenance=TOY,
    ).with_signs(PerEdge("fly"), unknown="excitatory")  # fmt: skip
    same(c, Connectome.load(c.save(tmp_path / "c")))
    empty = from_edges([], [], count=[], provenance=TOY)
    same(empty, Connectome.load(empty.save(tmp_path / "e")))


def test_saving_again_replaces_a_connectome_if_asked_and_nothing_else(tmp_path):
    toy().save(tmp_path / "c")
    with pytest.raises(FileFormatError, match=r"holds a saved connectome.*overwrite=True"):
        toy().prune(3).save(tmp_path / "c")
    toy().prune(3).save(tmp_path / "c", overwrite=True)
    assert Connectome.load(tmp_path / "c").n_edges == 2
    assert [p.name for p in tmp_path.iterdir()] == ["c"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    with pytest.raises(FileFormatError, match="exists and is not a saved connectome"):
        toy().save(tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine" / "thesis.tex").exists()


def test_tampered_and_truncated_files_are_named(tmp_path):
    path = toy().save(tmp_path / "c")
    edges = path / "edges.parquet"
    content = edges.read_bytes()
    edges.write_bytes(content[:-7])
    with pytest.raises(FileFormatError, match=r"edges\.parquet in .* was changed or cut off"):
        Connectome.load(path)
    edges.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    with pytest.raises(FileFormatError, match=r"edges\.parquet in .* was changed or cut off"):
        Connectome.load(path)
    edges.unlink()
    with pytest.raises(FileFormatError, match=r"incomplete: edges\.parquet is not there"):
        Connectome.load(path)


def test_manifests_that_are_none(tmp_path):
    path = toy().save(tmp_path / "c")
    manifest = path / "manifest.json"
    content = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**content, "schema": "neurobridge-connectome/9"}))
    with pytest.raises(FileFormatError, match=r"expected schema 'neurobridge-connectome/1', got '"):
        Connectome.load(path)
    manifest.write_text("{")
    with pytest.raises(FileFormatError, match="is damaged"):
        Connectome.load(path)
    with pytest.raises(FileFormatError, match=r"not a saved connectome: it has no manifest\.json"):
        Connectome.load(tmp_path)


def test_a_connectome_can_be_pickled():
    same(toy(), pickle.loads(pickle.dumps(toy())))
