"""Sources of connectomes by name."""

from __future__ import annotations

__all__ = ["load", "loader", "sources"]

from collections.abc import Callable, Mapping
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from neurobridge.connectome.table import Connectome
from neurobridge.errors import ConnectomeError, UnknownNameError

_LOADERS = {
    "bio2art": ("bio2art:load_bio2art", "region matrices of macaque, marmoset, mouse, human, fly"),
    "celegans": ("celegans:load_celegans", "C. elegans hermaphrodite, embedded, no file needed"),
    "codex": ("codex:load_codex", "FlyWire tables as Codex exports them"),
    "flystability": ("flystability:load_flystability", "ROI folder of hemibrain"),
    "graphml": ("networkx_graph:load_graphml", "a GraphML file"),
    "matrix": ("matrix:load_matrix", "a matrix in .npy or a sparse one in .npz"),
    "neuprint": ("neuprint:load_neuprint", "neuPrint exports of hemibrain, MANC and MaleCNS"),
    "saved": ("saved:load_saved", "a folder that Connectome.save wrote"),
    "synthetic": (
        "synthetic:load_synthetic",
        "a random graph with the degrees of FlyWire 783, no file needed",
    ),
    "table": ("table:load_table", "any edge and node list, by a column mapping in YAML"),
}


def sources() -> Mapping[str, str]:
    """Name and one-line meaning of every source that :func:`load` knows."""
    return MappingProxyType({name: meaning for name, (_, meaning) in _LOADERS.items()})


def loader(source: str) -> Callable[..., Connectome]:
    """The function that loads a source; its signature says which options there are.

    Raises
    ------
    UnknownNameError
        If the source does not exist.
    """
    if source not in _LOADERS:
        raise UnknownNameError("connectome source", source, _LOADERS)
    module, function = _LOADERS[source][0].split(":")
    found: Callable[..., Connectome] = getattr(
        import_module(f"neurobridge.connectome.loaders.{module}"), function
    )
    return found


def load(source: str, path: str | Path | None = None, **options: Any) -> Connectome:
    """Load a connectome.

    Parameters
    ----------
    source : str
        One of :func:`sources`, e.g. ``"celegans"``, ``"codex"`` or ``"table"``.
    path : path, optional
        File or folder; none for ``celegans`` and ``synthetic``.
    **options
        Those of the loader, e.g. ``release="783"`` for ``codex``.

    Returns
    -------
    Connectome

    Raises
    ------
    UnknownNameError
        If the source or an option does not exist.
    ConnectomeError
        If a path or an option is missing, or one is given that is not wanted, or the data are
        not those of a connectome.
    FileFormatError
        If a file does not exist or cannot be read.

    Examples
    --------
    >>> load("celegans").n_neurons
    302
    """
    function = loader(source)
    parameters = signature(function).parameters
    for name in options:
        if name not in parameters or name == "path":
            raise UnknownNameError(
                f"option of source {source!r}", name, [p for p in parameters if p != "path"]
            )
    if path is not None and "path" not in parameters:
        raise ConnectomeError(f"source {source!r} takes no path, got {str(path)!r}")
    given = {**options, **({} if path is None else {"path": path})}
    lacking = [n for n, p in parameters.items() if p.default is p.empty and n not in given]
    if lacking:
        raise ConnectomeError(f"source {source!r} needs {', '.join(lacking)}")
    connectome = function(**given)
    pa.default_memory_pool().release_unused()  # the tables are gone: 290 MB of 15 M edges
    return connectome
