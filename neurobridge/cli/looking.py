"""``neurobridge backends``, ``info`` and ``check``: looking without running."""

from __future__ import annotations

__all__ = ["backends", "check", "info"]

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from neurobridge.cli.entry import AGREED, BAD_INPUT
from neurobridge.cli.output import output
from neurobridge.cli.subject import load_subject, split
from neurobridge.cli.summary import findings_table, network_document, network_table
from neurobridge.comparison.execute import parse_backends
from neurobridge.lowering.compiled import check as check_network
from neurobridge.lowering.finding import Finding, raise_if_errors
from neurobridge.registry import BackendStatus, list_backends

FEATURES = {
    "equations": "any model",
    "heterogeneous_delays": "delays per edge",
    "current_input": "currents",
    "continuous_coupling": "rate networks",
    "state_probes": "states",
    "rerun": "re-run",
    "threads": "threads",
    "exports": "export",
}


def backends(features: bool, as_json: bool) -> None:
    """All backends; whether each works here, and how to get it if not."""
    with output(as_json) as out:
        found = list_backends()
        table = _feature_table(found) if features else _backend_table(found)
        lacking = [
            Text.assemble(
                (f"{b.name}: ", "bold"), b.availability.reason, "\n  ", b.availability.install
            )
            for b in found
            if b.availability is not None and not b.availability.available
        ]
        out.emit([_backend_document(b) for b in found], table, *lacking)


def info(source: str, as_json: bool) -> None:
    """Parts of a network, where it comes from, what to cite."""
    with output(as_json) as out:
        subject = load_subject(source, {"duration": "1"} if _is_folder(source) else {})
        experiment = subject.experiment
        document: dict[str, Any] = {"name": subject.title, **network_document(subject.network)}
        parts: list[Any] = [network_table(subject.network, subject.title)]
        if experiment is not None:
            origin = experiment.connectome.provenance
            document |= {
                "description": experiment.description,
                "run": experiment.settings.model_dump(),
                "connectome": experiment.connectome.describe().to_dict(),
                "references": [r.text for r in origin.references],
            }
            parts = [Text(experiment.description, "dim"), *parts]
            parts += [Padding(Text(r.text, "dim"), (0, 0, 0, 2)) for r in origin.references]
        document["findings"] = [f.to_dict() for f in subject.findings]
        if subject.findings:
            parts.append(findings_table(subject.findings))
        out.emit(document, *parts)


def check(
    source: str, backends: str | None, dt: str | None, accept: str | None, as_json: bool
) -> None:
    """Findings on every backend; code 2 if one of them would stop a run."""
    with output(as_json) as out:
        options = {"backends": split(backends), "dt": dt, "accept": split(accept)}
        if _is_folder(source):
            options["duration"] = "1"
        subject = load_subject(source, options)
        found = {
            r.label: check_network(subject.network, r.backend, dt=subject.settings.dt, **r.settings)
            for r in parse_backends(subject.settings.backends)
        }
        accepted = subject.settings.accept
        every = [f for findings in found.values() for f in findings]
        raise_if_errors((f for f in every if not _stops(f, accepted)), accepted)  # unknown names
        stopped = {
            label: any(_stops(f, accepted) for f in findings) for label, findings in found.items()
        }
        document = {
            "ok": not any(stopped.values()),
            "connectome": [f.to_dict() for f in subject.findings],
            "backends": {
                label: {"ok": not stopped[label], "findings": [f.to_dict() for f in findings]}
                for label, findings in found.items()
            },
        }
        out.emit(document, _check_table(subject.findings, found, stopped))
    raise typer.Exit(AGREED if document["ok"] else BAD_INPUT)


def _check_table(
    connectome: Sequence[Finding],
    found: Mapping[str, Sequence[Finding]],
    stopped: Mapping[str, bool],
) -> Table:
    """The verdict on each backend and its findings; those of the connectome come first."""
    table = Table.grid(padding=(0, 2, 0, 0))
    if connectome:
        table.add_row(Text("connectome", "bold"), "", findings_table(connectome))
    for label, findings in found.items():
        word = Text("stops", "bold red") if stopped[label] else Text("runs", "green")
        said: RenderableType = findings_table(findings) if findings else Text("no findings", "dim")
        table.add_row(Text(label, "bold"), word, said)
    return table


def _stops(finding: Finding, accepted: list[str]) -> bool:
    if finding.severity == "error":
        return True
    return finding.severity == "approximation" and finding.code not in accepted


def _is_folder(source: str) -> bool:
    return Path(source).is_dir()


def _backend_table(found: list[BackendStatus]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("backend", "here", "version", "tier", "what it is"):
        table.add_column(heading)
    for b in found:
        if b.capabilities is None or b.availability is None:
            table.add_row(b.name, Text("broken", "bold red"), "", "", b.broken)
            continue
        here = Text("yes", "green") if b.availability.available else Text("no", "yellow")
        can = b.capabilities
        table.add_row(b.name, here, b.availability.version, can.tier, can.summary)
    return table


def _feature_table(found: list[BackendStatus]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("feature", no_wrap=True)
    for b in found:
        table.add_column(b.name)
    for field, words in FEATURES.items():
        table.add_row(words, *(_mark(b, field) for b in found))
    table.add_row("settings", *("\n".join(_settings(b)) for b in found))
    return table


def _mark(backend: BackendStatus, field: str) -> Text:
    if backend.capabilities is None:
        return Text("broken", "red")
    yes = bool(getattr(backend.capabilities, field))
    return Text("yes", "green") if yes else Text("no", "dim")


def _settings(backend: BackendStatus) -> list[str]:
    if backend.capabilities is None:
        return []
    return [f"{name}: {what}" for name, what in backend.capabilities.settings.items()]


def _backend_document(backend: BackendStatus) -> dict[str, Any]:
    can, here = backend.capabilities, backend.availability
    if can is None or here is None:
        return {"name": backend.name, "available": False, "broken": backend.broken}
    return {
        "name": backend.name,
        "available": here.available,
        "version": here.version,
        "reason": here.reason,
        "install": here.install,
        "tier": can.tier,
        "summary": can.summary,
        "features": {field: getattr(can, field) for field in FEATURES},
        "max_delay_steps": can.max_delay_steps,
        "settings": dict(can.settings),
    }
