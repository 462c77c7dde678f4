"""Small experiment files, built from a valid one by replacing sections."""

from __future__ import annotations

from pathlib import Path

EDGES = """pre,post,count
1,2,3
2,3,5
3,1,2
1,3,4
"""
NODES = """id,name,role,nt
1,A,sensory,acetylcholine
2,B,inter,gaba
3,C,motor,acetylcholine
"""
MAPPING = """dataset: toy
nodes: {file: nodes.csv, id: id, labels: [name, role, nt]}
edges: {file: edges.csv, pre: pre, post: post, count: count}
"""

SECTIONS = {
    "head": "version: 1\nname: toy\n",
    "connectome": "connectome: {source: table, path: mapping.yaml}\n",
    "signs": "signs: {policy: argmax, table: celegans}\n",
    "model": "model:\n  name: lif_exp\n",
    "synapses": "synapses: {weight: 2 nA, delay: 1 ms}\n",
    "run": "run: {duration: 50 ms, dt: 0.1}\n",
}


def write(folder: Path, **sections: str) -> Path:
    """An experiment on three neurons; a section given here replaces or follows the usual ones."""
    (folder / "edges.csv").write_text(EDGES, encoding="utf-8")
    (folder / "nodes.csv").write_text(NODES, encoding="utf-8")
    (folder / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    path = folder / "toy.yaml"
    path.write_text("".join({**SECTIONS, **sections}.values()), encoding="utf-8")
    return path


def line_of(path: Path, text: str) -> int:
    """The first line of a file that holds a text."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(i for i, line in enumerate(lines, 1) if text in line)
