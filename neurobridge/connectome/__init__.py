"""Connectomes: loading, signs, selection, description, and saving.

>>> from neurobridge.connectome import Argmax, load
>>> worm = load("celegans", gap_junctions=False)
>>> signed = worm.with_signs(Argmax("celegans"), unknown="drop")
"""

from __future__ import annotations

__all__ = [
    "ELEGANS_SIGNS",
    "FLY_SIGNS",
    "Argmax",
    "Connectome",
    "Degrees",
    "Description",
    "Explicit",
    "PerEdge",
    "Provenance",
    "Sampled",
    "SignPolicy",
    "SourceFile",
    "Step",
    "Threshold",
    "from_edges",
    "from_matrix",
    "from_networkx",
    "load",
    "rewired",
    "shuffled_counts",
    "shuffled_signs",
    "sign_policy",
    "sources",
]

from neurobridge.connectome.build import from_edges
from neurobridge.connectome.describe import Degrees, Description
from neurobridge.connectome.loaders.matrix import from_matrix
from neurobridge.connectome.loaders.networkx_graph import from_networkx
from neurobridge.connectome.policies import (
    Argmax,
    Explicit,
    PerEdge,
    Sampled,
    SignPolicy,
    Threshold,
    sign_policy,
)
from neurobridge.connectome.provenance import Provenance, SourceFile, Step
from neurobridge.connectome.registry import load, sources
from neurobridge.connectome.rewiring import rewired
from neurobridge.connectome.shuffling import shuffled_counts, shuffled_signs
from neurobridge.connectome.table import Connectome
from neurobridge.connectome.transmitters import ELEGANS_SIGNS, FLY_SIGNS
