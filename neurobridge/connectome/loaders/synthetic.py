"""A random graph with the degrees and counts of FlyWire 783; not data."""

from __future__ import annotations

__all__ = ["load_synthetic"]

from typing import Any

import numpy as np

from neurobridge.connectome.labels import read_only
from neurobridge.connectome.provenance import Provenance
from neurobridge.connectome.synthetic import SHAPES, synthetic_graph
from neurobridge.connectome.table import Connectome
from neurobridge.errors import UnknownNameError
from neurobridge.rng import generator

DRIVEN_PER_NEURON = 420 / 138_639
"""As a fraction of all neurons, those with the label ``drive``: 420 in a graph like the fly's."""


def load_synthetic(*, like: str = "flywire783", seed: int = 1) -> Connectome:
    """Random neurons and edges with the size, degrees and synapse counts of the fly's connectome.

    For measuring speed and memory, and for trying out what needs a large connectome. Degrees and
    counts are log-normal; there is no other structure, and results say nothing about the fly. See
    :mod:`neurobridge.connectome.synthetic` for the numbers.

    Parameters
    ----------
    like : {"flywire783", "flywire783_5", "small"}
        FlyWire 783 with all of its 15,091,983 edges (takes some seconds), with the 2,309,630 of
        five synapses or more, or 5,000 neurons with 100,000 edges.
    seed : int
        Another graph for each.

    Returns
    -------
    Connectome
        Ids 0 to N - 1. Labels ``nt`` (``acetylcholine``, or ``gaba`` for 40 % of the neurons) and
        ``drive``: ``sugar`` for 0.3 % of the neurons (420 of ``flywire783``), drawn with a
        probability in proportion to their number of targets, as sensory neurons that reach far;
        ``none`` for the others.

    Raises
    ------
    UnknownNameError
        If there is no such shape.
    NetworkError
        If the seed is not an integer.
    """
    if like not in SHAPES:
        raise UnknownNameError("shape of a synthetic connectome", like, SHAPES)
    shape = SHAPES[like]
    graph = synthetic_graph(shape, seed)
    targets = np.bincount(graph.pre, minlength=shape.n)
    rng = generator(seed, "stimulus", f"synthetic drive {shape.n}")
    size = round(DRIVEN_PER_NEURON * shape.n)
    driven = rng.choice(shape.n, size, replace=False, p=targets / targets.sum())
    drive: Any = np.full(shape.n, "none", dtype=object)
    drive[driven] = "sugar"
    return Connectome(
        ids=read_only(np.arange(shape.n, dtype=np.int64)),
        pre=read_only(graph.pre),
        post=read_only(graph.post),
        count=read_only(graph.count),
        labels={"nt": np.where(graph.sign > 0, "acetylcholine", "gaba"), "drive": drive},
        provenance=Provenance(
            dataset=f"synthetic-{like}",
            release=f"seed {seed}",
            notes=("a random graph with the degrees and counts of FlyWire 783, not data",),
        ),
    )
