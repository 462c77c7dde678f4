"""``neurobridge compare`` and ``neurobridge demo``."""

from __future__ import annotations

__all__ = ["compare", "demo"]

import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from rich.console import ConsoleRenderable
from rich.text import Text

from neurobridge.cli.entry import AGREED, DIFFERENT, INTERRUPTED
from neurobridge.cli.output import Output, output
from neurobridge.cli.places import refuse_unwritable
from neurobridge.cli.progress import run_progress
from neurobridge.cli.subject import Subject, load_subject, split
from neurobridge.cli.summary import network_summary
from neurobridge.comparison.attributed import ATTRIBUTION, chip_runs
from neurobridge.comparison.execute import BackendRun, parse_backends
from neurobridge.comparison.execute import compare as run_and_compare
from neurobridge.comparison.result import Comparison
from neurobridge.errors import ExperimentError

DEMO, DEMO_BACKENDS = "celegans", "reference,brian2,nest"
OTHER_SEED = "other seed"
"""Label of the baseline's run in the progress of a comparison."""

NEXT = """
[bold]Next[/bold]
  [dim]an experiment of your own, with comments[/dim]
    neurobridge new worm.yaml
  [dim]all its backends, every spike compared[/dim]
    neurobridge compare worm.yaml
  [dim]one run, with rates by role[/dim]
    neurobridge run celegans --by role
  [dim]a network that learns, and does the same everywhere[/dim]
    neurobridge train celegans_patterns --backends reference,nest
  [dim]what SpiNNaker would do with it, without a board[/dim]
    neurobridge deploy celegans --to spinnaker
  [dim]a script of NEST alone, to publish or to send elsewhere[/dim]
    neurobridge export celegans --backend nest --out worm_nest
"""


def compare(
    source: str,
    backends: str | None,
    reference: str | None,
    report: Path | None,
    baseline: bool,
    attribution: bool,
    given: Mapping[str, Any],
    accept: str | None,
    as_json: bool,
) -> None:
    """Run on several backends, compare, and leave with code 0 or 3."""
    with output(as_json) as out:
        if report is not None:
            refuse_unwritable(report)
        options = {**given, "backends": split(backends), "accept": split(accept)}
        subject = load_subject(source, options)
        comparison = _compared(out, subject, reference, baseline, attribution)
        written = _report(comparison, subject, report)
        _emit(out, comparison, written)
    raise typer.Exit(_exit_code(comparison))


def demo(
    report: Path, backends: str | None, duration: str | None, seed: int | None, as_json: bool
) -> None:
    """The C. elegans experiment on three backends, with a report."""
    with output(as_json) as out:
        options = {
            "backends": split(backends or DEMO_BACKENDS), "duration": duration, "seed": seed
        }  # fmt: skip
        subject = load_subject(DEMO, options)
        if not out.as_json:
            out.console.print(
                Text(f"\n{subject.experiment.description}\n" if subject.experiment else "")
            )
        comparison = _compared(out, subject, None, baseline=True, attribution=True)
        _emit(out, comparison, _report(comparison, subject, report))
        if not out.as_json:
            out.console.print(NEXT.replace("neurobridge ", f"{_program()} "))
    raise typer.Exit(_exit_code(comparison))


def _compared(
    out: Output, subject: Subject, reference: str | None, baseline: bool, attribution: bool
) -> Comparison:
    settings = subject.settings
    runs = parse_backends(settings.backends)
    if len(runs) < 2:
        raise ExperimentError(
            f"a comparison needs at least two backends, got only {runs[0].label!r}; e.g. "
            "--backends reference,nest"
        )
    subject.check_size()
    _announce(out, subject, runs)
    labels = [r.label for r in runs] + ([OTHER_SEED] if baseline else [])
    labels += [ATTRIBUTION] if chip_runs(runs) else []
    try:
        with run_progress(out.notes, labels, subject.n_steps) as progress:
            return run_and_compare(
                subject.network,
                settings.duration,
                runs,
                dt=settings.dt,
                seed=settings.seed,
                trial=settings.trial,
                accept=settings.accept,
                reference=reference,
                baseline=baseline,
                attribution=attribution,
                progress=progress,
            )
    except KeyboardInterrupt:
        out.note("interrupted before there was anything to compare", "yellow")
        raise typer.Exit(INTERRUPTED) from None


def _announce(out: Output, subject: Subject, runs: list[BackendRun]) -> None:
    network, settings = subject.network, subject.settings
    out.note(
        f"{subject.title}: {network.n_neurons:,} neurons, {network.n_edges:,} edges, "
        f"{settings.duration:g} ms at dt {settings.dt:g} ms, seed {settings.seed}, on "
        f"{', '.join(r.label for r in runs)}"
    )
    for finding in subject.findings:
        out.note(f"{finding.severity}: {finding.why}; {finding.remedy}")


def _report(comparison: Comparison, subject: Subject, path: Path | None) -> Path | None:
    if path is None:
        return None
    command = subject.comparison_command
    if comparison.reference != comparison.entries[0].name:
        command += f" --reference {shlex.quote(comparison.reference)}"
    return comparison.report(
        path,
        title=subject.title,
        network=network_summary(subject.network),
        command=command,
    )


def _emit(out: Output, comparison: Comparison, report: Path | None) -> None:
    document = {**comparison.to_dict(), "report": None if report is None else str(report)}
    troubles = [
        Text.assemble((f"{e.name} {e.status}: ", "bold red"), e.recording.message)
        for e in comparison.entries
        if not e.complete
    ]
    path = [] if report is None else [Text.assemble("report  ", (str(report), "bold"))]
    why: list[ConsoleRenderable | str] = []
    if comparison.attribution:
        why = [comparison.attribution.table(), ""]
    out.emit(document, "", comparison.table(), "", *why, *troubles, *path)


def _exit_code(comparison: Comparison) -> int:
    """Agreed if every run has the spikes of the reference, or lies within the tier it claims."""
    if any(e.status == "incomplete" for e in comparison.entries):
        return INTERRUPTED
    agree = comparison.passed and all(e.identical or e.passed for e in comparison.entries)
    return AGREED if agree else DIFFERENT


def _program() -> str:
    """How the user calls this program: by its path, where it is not on PATH."""
    if shutil.which("neurobridge"):
        return "neurobridge"
    path = Path(sys.argv[0]).resolve()
    if path.name == "__main__.py":
        return "python -m neurobridge"
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
