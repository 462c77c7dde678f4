"""Adding a step to the history of a connectome."""

from __future__ import annotations

__all__ = ["derived"]

from collections.abc import Mapping
from typing import Any

from neurobridge.connectome.provenance import Step
from neurobridge.connectome.table import Connectome


def derived(
    result: Connectome, parent: Connectome, operation: str, arguments: Mapping[str, Any]
) -> Connectome:
    """``result`` with one more step after the history of ``parent``."""
    step = Step(operation, dict(arguments), parent.digest, result.n_neurons, result.n_edges)
    return result.replace(history=(*parent.history, step))
