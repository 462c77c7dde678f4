"""``neurobridge deploy``."""

from __future__ import annotations

__all__ = ["deploy", "refuse_contradiction"]

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.text import Text

from neurobridge.cli.entry import AGREED, BAD_INPUT, DIFFERENT, INTERRUPTED
from neurobridge.cli.output import Output, output
from neurobridge.cli.places import refuse_unwritable
from neurobridge.cli.progress import run_progress
from neurobridge.cli.subject import Subject, key_values, load_subject, split
from neurobridge.cli.summary import findings_table
from neurobridge.deployment.targets import check_settings, check_target
from neurobridge.errors import ExperimentError
from neurobridge.io.recording_file import refuse_used_folder

if TYPE_CHECKING:
    from neurobridge.deployment.result import Deployment


ALSO = ("version", "boards", "headroom")
"""What ``--set`` takes besides settings of the chip."""


def deploy(
    source: str,
    to: str,
    folder: Path | None,
    report: Path | None,
    chip_model: bool,
    by: str | None,
    baseline: bool,
    settings: Sequence[str],
    given: Mapping[str, Any],
    accept: str | None,
    as_json: bool,
) -> None:
    """Plan, show, and write what was asked for; code 2 if something stands against a bundle."""
    with output(as_json) as out:
        check_target(to)
        chosen = key_values(settings)
        check_settings(chosen, ALSO)
        if folder is not None:
            refuse_used_folder(folder, "a bundle")
            refuse_unwritable(folder)
        if report is not None:
            refuse_unwritable(report)
        subject = load_subject(source, {**given, "accept": split(accept)})
        subject.check_size()
        _announce(out, subject, to)
        deployment = _planned(out, subject, to, by, baseline, chip_model, chosen)
        command = _command(subject, to, by, settings)
        stopped = deployment.stopped
        page = None
        if report is not None:
            page = deployment.report(report, title=subject.title, command=command)
        written = deployment.bundle(folder) if folder is not None and not stopped else None
        _emit(out, deployment, command, page, folder, written)
    raise typer.Exit(_exit_code(deployment))


def _exit_code(deployment: Deployment) -> int:
    """The twin is worth nothing where the chip's own programs do something else."""
    if deployment.chip_model is not None and not deployment.chip_model.same:
        return DIFFERENT
    return BAD_INPUT if deployment.stopped else AGREED


def refuse_contradiction(dry_run: bool, folder: Path | None) -> None:
    """A dry run writes no bundle.

    Raises
    ------
    ExperimentError
    """
    if dry_run and folder is not None:
        raise ExperimentError("--dry-run writes no bundle; leave out --dry-run or --bundle")


def _announce(out: Output, subject: Subject, to: str) -> None:
    network, plan = subject.network, subject.settings
    out.note(
        f"{subject.title}: {network.n_neurons:,} neurons, {network.n_edges:,} edges, "
        f"{plan.duration:g} ms at dt {plan.dt:g} ms, seed {plan.seed}, for {to}"
    )


def _planned(
    out: Output,
    subject: Subject,
    to: str,
    by: str | None,
    baseline: bool,
    chip_model: bool,
    settings: Mapping[str, Any],
) -> Deployment:
    from neurobridge.deployment.job import labels
    from neurobridge.deployment.plan import plan_deployment

    plan = subject.settings
    stages = labels(baseline=baseline, chip_model=chip_model)
    try:
        with run_progress(out.notes, stages, subject.n_steps) as progress:
            return plan_deployment(
                subject.network,
                plan.duration,
                dt=plan.dt,
                to=to,
                seed=plan.seed,
                trial=plan.trial,
                by=by,
                accept=plan.accept,
                baseline=baseline,
                chip_model=chip_model,
                progress=progress,
                **settings,
            )
    except KeyboardInterrupt:
        out.note("interrupted; nothing was written", "yellow")
        raise typer.Exit(INTERRUPTED) from None


def _emit(
    out: Output,
    deployment: Deployment,
    command: str,
    report: Path | None,
    folder: Path | None,
    written: Path | None,
) -> None:
    document = {
        **deployment.to_dict(),
        "report": None if report is None else str(report),
        "bundle": None if written is None else str(written),
    }
    parts = deployment.parts()
    if deployment.findings:
        parts[-1:] = [Text("Findings", "bold"), findings_table(deployment.findings), "", parts[-1]]
    if report is not None:
        parts.append(Text.assemble("report  ", (str(report), "bold")))
    if written is not None:
        parts.append(Text.assemble("bundle  ", (str(written), "bold")))
    parts.append(_next(deployment, command, folder, written))
    out.emit(document, *parts)


def _next(deployment: Deployment, command: str, folder: Path | None, written: Path | None) -> Text:
    """What to do now."""
    if codes := deployment.to_accept:
        wanted = f"{command} --accept {','.join([*deployment.accepted, *codes])}"
        where = shlex.quote(str(folder)) if folder is not None else "FOLDER"
        return Text.assemble(
            ("\nNext\n", "bold"),
            ("  nothing is written before approximations are accepted or remedied\n", "dim"),
            f"    {wanted} --bundle {where}",
        )  # fmt: skip
    if deployment.stopped:
        return Text.assemble(("\nNext\n", "bold"), ("  remedy the errors that were found", "dim"))
    if written is not None:
        return Text.assemble(
            ("\nNext  ", "bold"), f"read {written / 'README.md'}, copy the folder to a machine "
            "with a board, and run it there; check.py compares what comes back with the twin",
        )  # fmt: skip
    lines: list[str | tuple[str, str]] = [
        ("\nNext\n", "bold"), ("  a folder for a machine with a board\n", "dim"),
        f"    {command} --bundle FOLDER\n",
    ]  # fmt: skip
    if deployment.chip_model is None:
        lines += [
            ("  the programs that the chip would run, bit for bit against the twin\n", "dim"),
            f"    {command} --chip-model\n",
        ]  # fmt: skip
    return Text.assemble(*lines)


def _command(subject: Subject, to: str, by: str | None, settings: Sequence[str]) -> str:
    plan = subject.settings
    parts = ["neurobridge", "deploy", subject.source, "--to", to]
    for name in ("duration", "dt", "seed", "trial"):
        parts += [f"--{name}", str(getattr(plan, name)).removesuffix(".0")]
    for pair in settings:
        parts += ["--set", pair]
    if by is not None:
        parts += ["--by", by]
    if plan.accept:
        parts += ["--accept", ",".join(plan.accept)]
    return shlex.join(parts)
