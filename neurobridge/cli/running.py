"""``neurobridge run`` and ``neurobridge export``."""

from __future__ import annotations

__all__ = ["export", "run"]

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.text import Text

from neurobridge.cli.entry import AGREED, CRASHED, INTERRUPTED
from neurobridge.cli.output import Output, output
from neurobridge.cli.places import refuse_unwritable
from neurobridge.cli.progress import run_progress
from neurobridge.cli.subject import Subject, key_values, load_subject, split
from neurobridge.cli.summary import findings_table, rates_document, rates_table
from neurobridge.comparison.execute import BackendRun, parse_backends, run_isolated
from neurobridge.comparison.words import megabytes, seconds
from neurobridge.errors import UnknownNameError
from neurobridge.io.recording_file import refuse_used_folder, save_recording
from neurobridge.lowering.compiled import DEFAULT_BACKEND
from neurobridge.lowering.compiled import compile as build
from neurobridge.recording import Recording

CODES = {"ok": AGREED, "degraded": AGREED, "incomplete": INTERRUPTED, "failed": CRASHED}
STYLES = {"ok": "green", "degraded": "yellow", "incomplete": "yellow", "failed": "bold red"}


def run(
    source: str,
    backend: str | None,
    settings: Sequence[str],
    folder: Path | None,
    by: str | None,
    given: Mapping[str, Any],
    accept: str | None,
    as_json: bool,
) -> None:
    """One run; what an interrupted run has recorded is kept and marked incomplete."""
    with output(as_json) as out:
        subject = load_subject(source, {**given, "accept": split(accept)})
        chosen = _backend(subject, backend, settings)
        _check_label(subject, by)
        if folder is not None:
            refuse_used_folder(folder)
            refuse_unwritable(folder)
        subject.check_size()
        _announce(out, subject, chosen)
        recording = _recorded(out, subject, chosen)
        saved = None
        if folder is not None and recording.status != "failed":
            saved = save_recording(recording, folder)
        _emit(out, subject, recording, by, saved)
    raise typer.Exit(CODES[recording.status])


def export(
    source: str,
    backend: str,
    folder: Path,
    settings: Sequence[str],
    given: Mapping[str, Any],
    accept: str | None,
    as_json: bool,
) -> None:
    """Write a standalone project of one run."""
    with output(as_json) as out:
        subject = load_subject(source, {**given, "accept": split(accept)})
        chosen, plan = _backend(subject, backend, settings), subject.settings
        with build(
            subject.network, chosen.backend, dt=plan.dt, accept=plan.accept, **chosen.settings
        ) as compiled:
            written = compiled.export(folder, plan.duration, seed=plan.seed, trial=plan.trial)
        files = sorted(str(p.relative_to(written)) for p in written.rglob("*") if p.is_file())
        text = Text.assemble("exported to ", (str(written), "bold"), f"\n  {'  '.join(files)}")
        out.emit({"folder": str(written), "backend": chosen.backend, "files": files}, text)


def _backend(subject: Subject, named: str | None, settings: Sequence[str]) -> BackendRun:
    """The one that is named here, the one of the file if it names just one, or the default."""
    listed = subject.settings.backends
    chosen = parse_backends([named or (listed[0] if len(listed) == 1 else DEFAULT_BACKEND)])[0]
    return BackendRun(chosen.label, chosen.backend, {**chosen.settings, **key_values(settings)})


def _check_label(subject: Subject, by: str | None) -> None:
    known = {c for p in subject.network.populations.values() for c in p.labels.columns}
    if by is not None and by not in known:
        raise UnknownNameError("label", by, sorted(known))


def _announce(out: Output, subject: Subject, chosen: BackendRun) -> None:
    network, plan = subject.network, subject.settings
    out.note(
        f"{subject.title}: {network.n_neurons:,} neurons, {network.n_edges:,} edges, "
        f"{plan.duration:g} ms at dt {plan.dt:g} ms, seed {plan.seed}, on {chosen.label}"
    )
    if subject.recording_mb:
        out.note(f"the state probes will record {subject.recording_mb:,.2g} MB")


def _recorded(out: Output, subject: Subject, chosen: BackendRun) -> Recording:
    plan = subject.settings
    try:
        with run_progress(out.notes, [chosen.label], subject.n_steps) as progress:
            return run_isolated(
                subject.network,
                plan.duration,
                chosen,
                dt=plan.dt,
                seed=plan.seed,
                trial=plan.trial,
                accept=plan.accept,
                progress=progress,
            )
    except KeyboardInterrupt:
        out.note("interrupted before the first step; nothing was recorded", "yellow")
        raise typer.Exit(INTERRUPTED) from None


def _emit(
    out: Output, subject: Subject, recording: Recording, by: str | None, saved: Path | None
) -> None:
    document = {
        "status": recording.status,
        "message": recording.message,
        "backend": recording.backend,
        "spikes": recording.n_spikes,
        "spike_hash": recording.spike_hash,
        "build_s": recording.timings.get("build_s"),
        "run_s": recording.timings.get("run_s"),
        "rates": rates_document(recording),
        "timings": dict(recording.timings),
        "peak_mb": recording.info.get("peak_mb"),
        "findings": [f.to_dict() for f in recording.findings],
        "versions": dict(recording.versions),
        "network_id": recording.network_id,
        "folder": None if saved is None else str(saved),
    }
    verdict = Text.assemble(
        (f"{recording.status}  ", STYLES[recording.status]),
        f"{recording.n_spikes:,} spikes  ",
        (
            f"build {seconds(recording.timings.get('build_s'))}, "
            f"run {seconds(recording.timings.get('run_s'))}, "
            f"peak {megabytes(recording.info.get('peak_mb'))}",
            "dim",
        ),
    )
    parts: list[Any] = [verdict]
    if recording.message:
        parts.append(Text(recording.message))
    if recording.spikes:
        parts.append(rates_table(recording, subject.network, by))
    if recording.findings:
        parts.append(findings_table(recording.findings))
    if saved is not None:
        parts.append(Text.assemble("saved  ", (str(saved), "bold")))
    out.emit(document, *parts)
