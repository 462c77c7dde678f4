"""Memory of the description at the size of a whole fly brain, measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

N_NEURONS, N_EDGES = 139_000, 15_000_000

BUILD = f"""
import json, sys
import numpy as np, psutil
from neurobridge.graph.edges import Edges
from neurobridge.graph.labels import Labels
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.projection import Projection
from neurobridge.graph.weight import Factorised
from neurobridge.io.native import save
from neurobridge.memory import peak_mb
from neurobridge.models.lif import lif_exp

start = psutil.Process().memory_info().rss
n, e, rng = {N_NEURONS}, {N_EDGES}, np.random.default_rng(1)
pre, post = (rng.integers(0, n, e, dtype=np.int32) for _ in range(2))
count = rng.integers(1, 60_000, e, dtype=np.uint16)
edges, order = Edges.from_pairs(pre, post, n, n, count=count)
labels = Labels(sign=rng.choice([-1, 1], n))
fly = Population("fly", n, lif_exp, ids=rng.permutation(n) + 2**60, labels=labels)
projection = Projection("p", "fly", "fly", edges, Factorised(0.1), 1.8)
network = Network({{"fly": fly}}, {{"p": projection}})
del pre, post, count, order, edges, projection
resident = psutil.Process().memory_info().rss - start
save(network, sys.argv[1])
peak = peak_mb() * 2**20
print(json.dumps({{"resident": resident, "peak": peak, "id": network.id}}))
"""

LOAD = """
import json, sys
import psutil
from neurobridge.io.native import load
import neurobridge.models.lif

start = psutil.Process().memory_info().rss
network = load(sys.argv[1])
resident = psutil.Process().memory_info().rss - start
print(json.dumps({"resident": resident, "id": network.id, "edges": network.n_edges}))
"""


def run(code: str, folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_fifteen_million_edges(tmp_path: Path) -> None:
    built = run(BUILD, tmp_path / "net")
    assert built["peak"] < 1e9  # building from index arrays and saving, the arrays included
    assert built["resident"] < 300e6
    loaded = run(LOAD, tmp_path / "net")
    assert loaded["resident"] < 300e6
    assert loaded["edges"] == N_EDGES
    assert loaded["id"] == built["id"]
