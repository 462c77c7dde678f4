"""``neurobridge lyapunov train``."""

from __future__ import annotations

__all__ = ["train"]

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from neurobridge.analysis.lyapunov import workflows
from neurobridge.analysis.lyapunov.words import per_time, with_error
from neurobridge.cli import lists
from neurobridge.cli.entry import DIFFERENT
from neurobridge.cli.lyapunov_options import Networks, Running, Training, Windows
from neurobridge.cli.lyapunov_study import emit, ensemble_of, leave, results
from neurobridge.errors import ExperimentError

if TYPE_CHECKING:
    from neurobridge.analysis.lyapunov.workflows.trained_networks import (
        SpectralTraining,
        TrainedNetwork,
    )

LEADING = 10
"""Exponents that are shown one by one."""


def train(
    networks: Networks, training: Training, windows: Windows, running: Running, samples: int
) -> None:
    """Train, check, and say what came out."""
    if running.threads != 1:
        raise ExperimentError("--threads: networks are trained one after another; leave it out")
    given = asdict(training)
    numbers = {
        name: number
        for name in ("weights", "gains", "shifts", "tau", "bias")
        if (number := given.pop(f"number_{name}")) is not None
    }
    target = given.pop("target")
    with results(running) as out:
        study = workflows.train(
            ensemble_of(networks, out),
            target=None if target is None else lists.numbers(target, "--target"),
            parameters=given.pop("parameters") or ("gains", "shifts"), numbers=numbers,
            by=given.pop("share_by"), validate_every=given.pop("validate_every") or None,
            samples=samples, seed=running.seed, progress=not running.json, **given,
            **asdict(windows),
        )  # fmt: skip
        emit(out, study, running, study.to_dict(), _parts(study))
    leave(study, study.interrupted)
    if not all(n.confirmed and not n.remark for n in study.networks):
        raise typer.Exit(DIFFERENT)


def _parts(study: SpectralTraining) -> list[Any]:
    parts: list[Any] = []
    for trained in study.networks:
        row = study.table[study.table["sample"] == trained.sample].iloc[0]
        parts += [_table(trained, study.settings["meaning"]), *_verdict(trained, row)]
    return parts


def _table(trained: TrainedNetwork, meaning: str) -> Table:
    """Before and after, training beside the independent run."""
    unit = trained.after.spectrum.unit
    title = (
        f"seed {trained.seed}: {trained.parameters} parameters, trained on the {meaning}; runs of "
        f"the flow; exponents {per_time(unit)}"
    )
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    for heading in ("", "before", "target", "by training", "independent run"):
        table.add_column(heading, justify="right", no_wrap=True)
    before, after = trained.before.table(), trained.after.table()
    k = trained.after.trained.size
    shown = [*range(min(k, LEADING)), *range(k, len(after))]
    for i in shown:
        old, new = before.iloc[i], after.iloc[i]
        target = "-" if new["target"] != new["target"] else f"{new['target']:.4g}"
        table.add_row(
            str(new["quantity"]).replace("lambda_", "λ"), f"{old['validated']:.4g}", target,
            with_error(new["trained"], new["trained_error"]),
            with_error(new["validated"], new["error"]),
        )  # fmt: skip
    return table


def _verdict(trained: TrainedNetwork, row: Any) -> list[Text]:
    """What training did, whether a run confirms what it says, and whether the target is reached."""
    lines = [Text(f"training  loss {row['loss_before']:.4g} to {row['loss_after']:.4g}")]
    if trained.remark:
        lines.append(Text(f"          {trained.remark}", "bold red"))
    if trained.confirmed:
        lines.append(Text("check     the independent run confirms what training says"))
    else:
        said = "check     the independent run DOES NOT CONFIRM what training says"
        if trained.confirmed_there:
            said += " (another attractor: from the initial state of the training a run confirms it)"
        lines.append(Text(said, "bold red"))
    if trained.reached is None:
        return [*lines, Text("target    none")]
    apart = (
        f"distance of the run from it {row['checked_before']:.4g} before, "
        f"{row['checked_after']:.4g} after"
    )
    if trained.reached:
        said = f"target    reached, within the 95 % interval of the independent run; {apart}"
        return [*lines, Text(said)]
    said = f"target    NOT reached, outside of the 95 % interval of the independent run; {apart}"
    return [*lines, Text(said, "red")]
