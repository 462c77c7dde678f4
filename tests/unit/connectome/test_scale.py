"""A whole brain at full resolution: 139,000 neurons and 15 million edges fit in one gigabyte."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import json
import numpy as np
from neurobridge.connectome import Argmax, Provenance, from_edges
from neurobridge.memory import peak_mb

rng, n, m = np.random.default_rng(7), 139_000, 15_000_000
ids = 720575940000000000 + np.sort(rng.choice(2**38, n, replace=False))
pre, post = (ids[(n * rng.random(m, np.float32) ** 1.5).astype(np.int32)] for _ in range(2))
count = rng.integers(1, 40, m, np.uint16)
total = int(count.sum(dtype=np.int64))
nt = np.array(["ACH", "GABA", "GLUT"])[rng.integers(3, size=n)]
c = from_edges(pre, post, count=count, ids=ids, labels={"nt": nt}, provenance=Provenance("big"))
peak = peak_mb()
del pre, post, count
signed = c.with_signs(Argmax("fly"))
d = signed.describe()
print(json.dumps({
    "peak_mb": peak,
    "lost": total - c.n_synapses,
    "array_mb": sum(a.nbytes for a in (c.ids, c.pre, c.post, c.count)) / 2**20,
    "edges": d.edges,
    "signed": d.excitatory_edges + d.inhibitory_edges,
    "part": signed.select("nt == 'ACH'").n_neurons,
    "pruned": signed.prune(20).n_edges,
}))
"""


@pytest.mark.slow
def test_fifteen_million_edges():
    root = Path(__file__).resolve().parents[3]
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True, cwd=root
    )
    got = json.loads(run.stdout)
    assert got["peak_mb"] < 1000  # the input arrays and the interpreter included
    assert got["array_mb"] < 150
    assert got["lost"] == 0
    assert got["signed"] == got["edges"] > 14_900_000
    assert 0 < got["part"] < 139_000
    assert 0 < got["pruned"] < got["edges"]
