"""``neurobridge train`` and ``neurobridge runs``."""

from __future__ import annotations

__all__ = ["runs", "train"]

import dataclasses
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typer
from rich import box
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from neurobridge.cli.entry import AGREED, DIFFERENT, INTERRUPTED
from neurobridge.cli.output import Output, output
from neurobridge.cli.subject import key_values, split
from neurobridge.comparison.execute import parse_backends
from neurobridge.errors import ExperimentError
from neurobridge.experiment import load_experiment
from neurobridge.lowering.compiled import check
from neurobridge.lowering.finding import raise_if_errors

if TYPE_CHECKING:
    from neurobridge.experiment.training import TrainingSetup
    from neurobridge.graph.network import Network
    from neurobridge.training import Fit
    from neurobridge.training.deployment import Deployed

RUNS = Path("runs")
"""Where runs go that are given no folder."""


def train(
    source: str,
    folder: Path | None,
    settings: Sequence[str],
    given: Mapping[str, Any],
    backends: str | None,
    resume: bool,
    as_json: bool,
) -> None:
    """Train as a file says, save what was learned, and run it elsewhere if asked."""
    if resume and folder is None:
        raise ExperimentError("--resume goes on with a run: give its folder, --out FOLDER")
    with output(as_json) as out:
        experiment = load_experiment(source)
        changes = {**key_values(settings), **{k: v for k, v in given.items() if v is not None}}
        setup = experiment.training(**changes)
        from neurobridge.training.processes import is_helper

        _check_backends(setup, backends)
        place = folder or _free_folder(experiment.name)
        if not is_helper(setup.settings.processes):
            out.note(_announcement(setup, place))
        done = _trained(setup, place, resume=resume, progress=not as_json)
        if done.status == "interrupted":
            out.note(f"interrupted; --resume --out {place} goes on after the last whole epoch")
            raise typer.Exit(INTERRUPTED)
        network = _saved(done)
        _draw(done, setup)
        test = _measured(done, setup)
        deployed = _deployed(setup, network, backends, out)
        out.emit(_document(done, network, test, deployed), *_tables(done, test, deployed))
    raise typer.Exit(AGREED if all(d.agrees for d in deployed) else DIFFERENT)


def runs(folder: Path, as_json: bool) -> None:
    """A table of the runs below a folder."""
    from neurobridge.training import list_runs

    with output(as_json) as out:
        found = list_runs(folder)
        rows = [{"folder": str(path), **content} for path, content in found]
        out.emit(rows, _runs_table(rows) if rows else Text(f"no runs in {folder}"))


# -- parts of train -----------------------------------------------------------------------------


def _free_folder(name: str) -> Path:
    """``runs/NAME-1``, or the first number that is not taken."""
    number = 1
    while (RUNS / f"{name}-{number}").exists():
        number += 1
    return RUNS / f"{name}-{number}"


def _check_backends(setup: TrainingSetup, backends: str | None) -> None:
    """Refuse backends that do not exist or lack what the network needs, before training."""
    names = split(backends)
    if not names:
        return
    if not setup.data.rows("test").size:
        raise ExperimentError("there are no trials in the split 'test' to run on backends")
    for run in parse_backends(names):
        found = check(setup.network, run.backend, dt=setup.dt, **run.settings)
        raise_if_errors(found, setup.options["accept"])


def _trained(setup: TrainingSetup, place: Path, *, resume: bool, progress: bool) -> Fit:
    """Train; a term that does not fit is named with its line."""
    from neurobridge.training.checks import TermError
    from neurobridge.training.fitting import fit

    try:
        return fit(
            setup.model(), setup.data, setup.objective, place, metrics=setup.metrics,
            resume=resume, progress=progress, **dataclasses.asdict(setup.settings),
        )  # fmt: skip
    except TermError as err:
        with setup.places.at("training", err.kind, err.name):
            raise err.reason from None


def _announcement(setup: TrainingSetup, place: Path) -> str:
    network, data = setup.network, setup.data
    sizes = [f"{n} {s}" for s in ("train", "validation", "test") if (n := data.rows(s).size)]
    return (
        f"{network.n_neurons:,} neurons, {network.n_edges:,} edges, {' + '.join(sizes)} trials, "
        f"{setup.settings.epochs} epochs, into {place}"
    )


def _saved(done: Fit) -> Network:
    """The trained network, proven, in the folder of its run."""
    from neurobridge.io.native import save

    network = done.network(verify=True)
    save(network, done.folder / "network", overwrite=True)
    return network


def _draw(done: Fit, setup: TrainingSetup) -> None:
    """Loss, values and activity, as files."""
    import torch

    from neurobridge.training.drawing import draw_activity, draw_values
    from neurobridge.training.objective import Seen

    figures = done.folder / "figures"
    figures.mkdir(exist_ok=True)
    model = done.model.eval()
    row = np.concatenate([setup.data.rows("validation"), setup.data.rows("train")])[:1]
    batch = setup.data.batch(model, row, setup.settings.seed, 0)
    with torch.no_grad():
        seen = Seen(model, model(batch.inputs, batch.features), batch.targets)
    for name, figure in (
        ("loss", done.draw()), ("values", draw_values(model)), ("activity", draw_activity(seen))
    ):  # fmt: skip
        figure.savefig(figures / f"{name}.png", dpi=120)


def _measured(done: Fit, setup: TrainingSetup) -> dict[str, float]:
    """The metrics on the test trials, in torch."""
    from neurobridge.training import measure

    if not setup.data.rows("test").size:
        return {}
    settings = setup.settings
    return measure(done.model, setup.data, setup.metrics, batch=settings.batch, seed=settings.seed)


def _deployed(
    setup: TrainingSetup, network: Network, backends: str | None, out: Output
) -> list[Deployed]:
    """The test trials on every backend that is named, on torch if none is."""
    from neurobridge.training.deployment import deploy

    names = split(backends) or ["torch"]
    n_trials = setup.data.rows("test").size
    if not n_trials:
        return []
    with Progress(console=out.notes, transient=True) as bars:
        tasks = {name: bars.add_task(name, total=n_trials) for name in names}
        return deploy(
            network, setup.data, names, dt=setup.dt, seed=setup.settings.seed,
            accept=setup.options["accept"],
            progress=lambda name, n: bars.update(tasks[name], completed=n),
        )  # fmt: skip


def _document(
    done: Fit, network: Network, test: Mapping[str, float], deployed: Sequence[Deployed]
) -> dict[str, Any]:
    last = {} if done.best_epoch < 0 else done.history.iloc[done.best_epoch].dropna().to_dict()
    return {
        "folder": str(done.folder),
        "status": done.status,
        "epochs": done.epochs,
        "best_epoch": done.best_epoch,
        "metrics": {k: v for k, v in last.items() if "/" in str(k)},
        "test": dict(test),
        "network_id": network.id,
        "accuracy": {d.backend: d.accuracy.value for d in deployed if d.accuracy is not None},
        "spikes": {d.backend: d.spikes for d in deployed},
        "output_difference": {d.backend: d.output_difference for d in deployed},
        "identical": all(d.agrees for d in deployed),
    }


def _tables(done: Fit, test: Mapping[str, float], deployed: Sequence[Deployed]) -> list[Any]:
    history = done.history
    chosen = sorted({0, done.best_epoch, len(history) - 1}) if done.epochs else []
    epochs = Table(box=box.SIMPLE_HEAD, title=f"{done.folder}: {done.status}", title_justify="left")
    epochs.add_column("")
    for epoch in chosen:
        best = " (best)" if epoch == done.best_epoch else ""
        epochs.add_column(f"epoch {epoch}{best}", justify="right")
    for name in (c for c in history.columns if "/" in c):
        epochs.add_row(name, *(f"{history[name].iloc[epoch]:.4g}" for epoch in chosen))
    parts: list[Any] = [epochs]
    if deployed:
        said = ", ".join(f"{name} {value:.4g}" for name, value in test.items())
        title = f"test trials{': ' if said else ''}{said}"
        table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
        for heading in ("backend", "accuracy", "spikes", "same spikes", "output differs by"):
            table.add_column(heading, justify="left" if heading == "backend" else "right")
        for d in deployed:
            table.add_row(
                d.backend,
                "-" if d.accuracy is None else f"{d.accuracy.value:.1%}",
                f"{d.spikes:,}",
                ("all" if d.spikes else "-") if d.same_spikes else "no",
                f"{d.output_difference:.3g}",
            )
        parts.append(table)
    return parts


def _runs_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("run", "status", "epochs", "best", "metrics of the best epoch", "time"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        found: Mapping[str, float] = row.get("metrics", {})
        shown = {k: v for k, v in found.items() if k.startswith("validation/")} or found
        seconds = row.get("seconds")
        table.add_row(
            row["folder"],
            row["status"],
            f"{row.get('epochs_done', 0)} of {row['epochs']}",
            str(row.get("best_epoch", "-")),
            ", ".join(f"{name.partition('/')[2]} {value:.4g}" for name, value in shown.items()),
            "-" if seconds is None else time.strftime("%H:%M:%S", time.gmtime(seconds)),
        )
    return table
