"""A folder that :meth:`Connectome.save` wrote."""

from __future__ import annotations

__all__ = ["load_saved"]

from pathlib import Path

from neurobridge.connectome.table import Connectome


def load_saved(path: str | Path) -> Connectome:
    """The connectome in a folder; see :meth:`Connectome.load` for errors."""
    return Connectome.load(path)
