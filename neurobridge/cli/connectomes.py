"""``neurobridge connectome build``, ``info`` and ``select``."""

from __future__ import annotations

__all__ = ["build", "info", "select"]

from collections.abc import Sequence
from inspect import signature
from pathlib import Path
from typing import Any

from rich import box
from rich.padding import Padding
from rich.text import Text

from neurobridge.cli.output import Output, output
from neurobridge.cli.subject import key_values
from neurobridge.cli.summary import findings_table
from neurobridge.connectome.registry import load, loader, sources
from neurobridge.connectome.table import Connectome
from neurobridge.errors import UnknownNameError
from neurobridge.experiment import load_experiment
from neurobridge.experiment.experiment import SUFFIXES


def build(what: str, path: Path | None, settings: Sequence[str], out: Path, as_json: bool) -> None:
    """Load, and save in the format that loads quickly."""
    with output(as_json) as said:
        connectome = _load(what, path, settings)
        _emit(said, connectome, connectome.save(out))


def info(what: str, path: Path | None, settings: Sequence[str], as_json: bool) -> None:
    """Describe."""
    with output(as_json) as said:
        _emit(said, _load(what, path, settings), None)


def select(
    what: str,
    expression: str,
    out: Path | None,
    min_synapses: float | None,
    largest_component: bool,
    path: Path | None,
    settings: Sequence[str],
    as_json: bool,
) -> None:
    """Select neurons, then edges, then the largest component; describe and save what is left."""
    with output(as_json) as said:
        chosen = _load(what, path, settings).select(expression)
        if min_synapses is not None:
            chosen = chosen.prune(min_synapses)
        if largest_component:
            chosen = chosen.largest_component()
        _emit(said, chosen, None if out is None else chosen.save(out))


def _load(what: str, path: Path | None, settings: Sequence[str]) -> Connectome:
    if what in sources():
        return load(what, path, **_options(what, settings))
    if Path(what).suffix in SUFFIXES:
        return load_experiment(what).connectome
    if Path(what).is_dir():
        return Connectome.load(what)
    raise UnknownNameError(
        "connectome", what, sources(), "Or give a saved folder, or an experiment file (.yaml)"
    )


def _options(source: str, settings: Sequence[str]) -> dict[str, Any]:
    """Options of a source; where it wants text, what looks like a number stays text."""
    wanted = signature(loader(source)).parameters
    values = key_values(settings)
    for pair in settings:
        name, _, text = pair.partition("=")
        if name in wanted and wanted[name].annotation == "str":
            values[name] = text
    return values


def _emit(said: Output, connectome: Connectome, saved: Path | None) -> None:
    description, origin = connectome.describe(), connectome.provenance
    document: dict[str, Any] = {
        **description.to_dict(),
        "digest": connectome.digest,
        "provenance": origin.to_dict(),
        "history": [s.to_dict() for s in connectome.history],
        "findings": [f.to_dict() for f in connectome.findings],
        "folder": None if saved is None else str(saved),
    }
    table = description.__rich__()
    title, table.title, table.box = str(table.title), None, box.SIMPLE
    parts: list[Any] = [Text(title, "bold"), table]
    parts += [Padding(Text(r.text, "dim"), (0, 0, 0, 1)) for r in origin.references]
    if connectome.findings:
        parts.append(findings_table(connectome.findings))
    if saved is not None:
        parts.append(Text.assemble("saved  ", (str(saved), "bold")))
    said.emit(document, *parts)
