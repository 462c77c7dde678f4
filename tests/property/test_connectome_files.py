"""Saving and loading, CSV and Parquet, and signs: round trips of anything."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurobridge.connectome import Argmax, Connectome, Explicit, Provenance, from_edges, load
from tests.property.test_connectome_edges import build, columns, edge_lists

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
OPTIONAL = st.none() | TEXT


@st.composite
def connectomes(draw):
    nodes, rows = draw(edge_lists())
    column = lambda values: draw(st.lists(values, min_size=len(nodes), max_size=len(nodes)))  # noqa: E731
    labels = {
        "text": column(OPTIONAL),
        "number": column(st.floats(width=64)),
        "whole": column(st.integers(-(2**63), 2**63 - 1)),
        "flag": column(st.booleans()),
        "nt": column(st.sampled_from(["ACH", "GABA", "GLUT"])),
    }
    c = build(nodes, rows, regions=True, labels=labels)
    return c.with_signs(Argmax("fly")) if draw(st.booleans()) else c


@given(connectomes())
@settings(max_examples=40)
def test_saved_connectomes_come_back_bit_by_bit(c):
    with tempfile.TemporaryDirectory() as folder:
        again = Connectome.load(c.save(Path(folder) / "c"))
    assert again.digest == c.digest
    assert again.history == c.history


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet", "feather"])
@given(case=edge_lists())
@settings(max_examples=25)
def test_tables_in_files_give_what_the_arrays_give(suffix, case):
    nodes, rows = case
    pre, post, count, region = columns(rows)
    edges = pd.DataFrame({"pre": pre, "post": post, "n": count, "neuropil": region}, dtype=object)
    edges = edges.astype({"pre": "int64", "post": "int64", "n": "int64"})
    frames = {"nodes": pd.DataFrame({"id": nodes}, dtype="int64"), "edges": edges}
    mapping = {
        "dataset": "property",
        "nodes": {"file": f"nodes.{suffix}", "id": "id"},
        "edges": {
            "file": f"edges.{suffix}", "pre": "pre", "post": "post", "count": "n",
            "labels": ["neuropil"],
        },
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for name, frame in frames.items():
            path = Path(folder) / f"{name}.{suffix}"
            match suffix:
                case "csv" | "tsv":
                    frame.to_csv(path, index=False, sep="\t" if suffix == "tsv" else ",")
                case "parquet":
                    frame.to_parquet(path)
                case "feather":
                    frame.to_feather(path)
        loaded = load("table", folder, mapping=mapping)
    assert loaded.digest == build(nodes, rows, regions=True).digest


@given(edge_lists(), st.data())
def test_explicit_signs_reach_the_edges_of_their_neurons(case, data):
    nodes, rows = case
    signs = data.draw(st.fixed_dictionaries({n: st.sampled_from([-1, 1]) for n in nodes}))
    signed = build(nodes, rows).with_signs(Explicit(signs))
    assert signed.sign.tolist() == [signs[i] for i in signed.ids.tolist()]
    assert signed.signs_per_edge.tolist() == [signs[i] for i in signed.ids[signed.pre].tolist()]


@given(edge_lists(), st.data())
def test_signs_do_not_depend_on_the_order_of_neurons(case, data):
    nodes, rows = case
    names = {n: data.draw(st.sampled_from(["ACH", "GABA", "unclear", None])) for n in nodes}
    signed = [
        from_edges(
            *columns(rows)[:2], count=columns(rows)[2], ids=order, provenance=Provenance("p"),
            labels={"nt": [names[n] for n in order]},
        ).with_signs(Argmax("fly"), unknown="drop")
        for order in (nodes, nodes[::-1])
    ]  # fmt: skip
    assert signed[0].digest == signed[1].digest
    assert (signed[0].signs_per_edge != 0).all()
