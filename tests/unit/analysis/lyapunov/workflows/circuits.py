"""Networks that several tests use."""

from __future__ import annotations

import numpy as np

import neurobridge as nb
from neurobridge.analysis import lyapunov
from neurobridge.connectome import load
from neurobridge.graph.labels import Labels
from tests.data import reference_data


def labelled(values, matrix=None):
    """Rate neurons with these values of the label 'kind'."""
    n = len(values)
    base = lyapunov.matrix_network(np.ones((n, n)) if matrix is None else matrix)
    cells = base.population("neurons")
    labels = Labels({"kind": np.array(values, dtype=object)})
    cells = nb.Population(cells.name, n, cells.model, cells.parameters, labels=labels)
    return nb.Network({"neurons": cells}, base.projections)


def olfactory():
    """The olfactory pathway of FlyWire 783."""
    return load(
        "table",
        reference_data("flywire783_olfactory"),
        mapping={
            "dataset": "flywire783_olfactory",
            "nodes": {
                "file": "nodes.csv.gz",
                "id": "root_id",
                "labels": {"cell_type": "cell_type", "nt": "nt_filled", "group": "seed_group"},
            },
            "edges": {
                "file": "edges.csv.gz",
                "pre": "pre_root_id",
                "post": "post_root_id",
                "count": "syn_count",
            },
        },
    )
