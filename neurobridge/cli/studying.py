"""``neurobridge study``: run what is missing of a study, and show what there is."""

from __future__ import annotations

__all__ = ["study"]

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import typer
from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from neurobridge.cli.entry import AGREED, CRASHED, INTERRUPTED
from neurobridge.cli.output import Output, output
from neurobridge.cli.places import refuse_unwritable
from neurobridge.errors import ExperimentError
from neurobridge.study import LocalPlan, Study, StudyResult, load_study, read_study, run_study
from neurobridge.study.executor import StudyProgress
from neurobridge.study.store import MANIFEST
from neurobridge.study.summary import METHOD, varying

STUDIES = Path("studies")
"""Where stores go that are given no folder."""

ROWS, SHOWN = 40, 3
"""Rows of a summary, and failures with their tracebacks, that a terminal is shown."""

FIGURE = "study.svg"
FORMATS = (".png", ".svg", ".pdf")


@dataclass(frozen=True)
class Asked:
    """What the command was asked to do.

    Parameters
    ----------
    out : Path or None
    look : bool
        Only show what there is.
    extend : bool
    workers : int or None
        In place of the cluster of the file.
    plot : Path or None
    measures : list of str or None
        That are summarised and drawn.
    over : str or None
    """

    out: Path | None
    look: bool
    extend: bool
    workers: int | None
    plot: Path | None
    measures: list[str] | None
    over: str | None


def study(source: str, asked: Asked, as_json: bool) -> None:
    """Run a study and summarise it; code 1 if trials failed, 130 after Ctrl-C."""
    with output(as_json) as out:
        chosen = load_study(source)
        folder = asked.out or STUDIES / chosen.name
        _refuse_early(asked, chosen)
        interrupted = False
        if asked.look:
            result = read_study(chosen, folder)
        else:
            refuse_unwritable(folder)
            out.note(_announcement(chosen, folder))
            result, interrupted = _ran(out, chosen, folder, asked)
        figure = _drawn(result, asked) if result.done else None
        out.emit(_document(result, asked, interrupted, figure), *_parts(result, asked, figure))
        if interrupted:
            out.note(f"interrupted; {result.done:,} of {result.total:,} trials are kept. The same "
                     "command goes on with the others", "bold red")  # fmt: skip
    if interrupted:
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(CRASHED if result.failures else AGREED)


def _refuse_early(asked: Asked, chosen: Study) -> None:
    """What would be refused in the end is refused at the beginning."""
    if asked.workers is not None and asked.workers < 1:
        raise ExperimentError(f"--workers: expected at least 1, got {asked.workers}")
    if asked.plot is not None and asked.plot.suffix not in FORMATS:
        raise ExperimentError(
            f"--plot {asked.plot}: expected a name that ends in {', '.join(FORMATS)}"
        )
    if asked.plot is not None:
        refuse_unwritable(asked.plot)
    for option, given, known in (
        ("--measures", asked.measures or (), [*chosen.columns, "spikes"]),
        ("--over", [asked.over] if asked.over else (), chosen.paths),
    ):
        for name in given:
            if name not in known:
                raise ExperimentError(f"{option} {name!r}: expected some of {', '.join(known)}")


def _ran(out: Output, chosen: Study, folder: Path, asked: Asked) -> tuple[StudyResult, bool]:
    cluster = None if asked.workers is None else LocalPlan(workers=asked.workers)
    try:
        with _progress(out.notes) as progress:
            return run_study(
                chosen, folder, cluster=cluster, extend=asked.extend, progress=progress
            ), False
    except KeyboardInterrupt:
        if not (folder / MANIFEST).exists():
            out.note("interrupted before the first trial; nothing was begun", "yellow")
            raise typer.Exit(INTERRUPTED) from None
        return read_study(chosen, folder), True


@contextmanager
def _progress(console: Console) -> Iterator[StudyProgress]:
    """A bar of trials, on stderr and only on a terminal."""
    bar = Progress(
        TextColumn("trials"),
        BarColumn(bar_width=40),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]}", style="bold red"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=None, failed="")

        def report(done: int, failed: int, total: int) -> None:
            text = f"{failed:,} failed" if failed else ""
            bar.update(task, completed=done + failed, total=total, failed=text)

        yield report


def _announcement(chosen: Study, folder: Path) -> str:
    each = len(chosen.plan.seeds) * len(chosen.plan.trials)
    return (
        f"{chosen.name}: {chosen.total:,} trials ({len(chosen.subjects)} networks, "
        f"{len(chosen.backends)} backends, {chosen.n_points:,} points, {each:,} seeds and trials), "
        f"into {folder}"
    )


def _drawn(result: StudyResult, asked: Asked) -> Path | None:
    """The figure, where it was asked for; after a run also without being asked."""
    if asked.look and asked.plot is None:
        return None
    place = asked.plot or result.folder / FIGURE
    place.parent.mkdir(parents=True, exist_ok=True)
    result.plot(asked.measures, asked.over).savefig(place)
    return place


def _document(
    result: StudyResult, asked: Asked, interrupted: bool, figure: Path | None
) -> dict[str, Any]:
    status = "complete" if result.complete else "incomplete"
    return {
        "name": result.name,
        "status": "interrupted" if interrupted else status,
        "trials": result.total,
        "done": result.done,
        "failed": len(result.failures),
        "failures": list(result.failures),
        "best": result.best,
        "interval": METHOD,
        "summary": result.summary(asked.measures).to_dict(orient="records"),
        "folder": str(result.folder),
        "figure": None if figure is None else str(figure),
    }


def _parts(result: StudyResult, asked: Asked, figure: Path | None) -> Iterator[Any]:
    colour = "green" if result.complete else "bold red" if result.failures else "yellow"
    yield Text.assemble(
        (f"{result.done:,} of {result.total:,} trials", colour),
        (f", {len(result.failures):,} failed" if result.failures else "", "bold red"),
    )
    if result.best is not None:
        yield _best(result)
    elif result.done:
        yield _summary(result, asked)
    for failure in result.failures[:SHOWN]:
        yield Text.assemble(("failed  ", "bold red"), failure["where"])
        yield Text(failure["traceback"] or failure["message"], "dim")
    for failure in result.failures[SHOWN:]:
        yield Text.assemble(("failed  ", "bold red"), failure["where"], ": ",
                            failure["message"].partition("\n")[0])  # fmt: skip
    if figure is not None:
        yield Text.assemble("figure  ", (str(figure), "bold"))
    yield Text.assemble("store   ", (str(result.folder), "bold"))


def _best(result: StudyResult) -> Text:
    best = result.best
    assert best is not None
    what = best["objective"]
    if best["target"] is not None:
        what = f"distance of {what} from {best['target']:g}"
    values = ", ".join(f"{path} = {value:.6g}" for path, value in best["parameters"].items())
    return Text(f"best: {what} is {best['value']:.6g} at point {best['point']}, {values}")


def _summary(result: StudyResult, asked: Asked) -> Table:
    """Points down, measures across, each as mean and half of its interval."""
    chosen = asked.measures or list(result.measures)[:4]
    summary = result.summary(chosen)
    paths = varying(summary, result.paths)
    named = varying(summary, ("experiment", "backend"))
    table = Table(
        box=box.SIMPLE_HEAD, caption=f"mean ± interval ({METHOD})", caption_justify="left"
    )
    for name in (*named, *_short(paths)):
        table.add_column(name, overflow="fold")
    table.add_column("n", justify="right")
    for name in chosen:
        table.add_column(name, justify="right", overflow="fold")
    points = list(summary.groupby(["experiment", "backend", "point"], sort=False))
    for _, point in points[:ROWS]:
        head = point.iloc[0]
        cells = [str(head[n]) for n in named] + [f"{head[p]:g}" for p in paths]
        table.add_row(*cells, str(int(point["n"].max())), *map(_cell, point.itertuples()))
    if len(points) > ROWS:
        table.add_row(f"... {len(points) - ROWS:,} more in results.parquet")
    return table


def _short(paths: list[str]) -> list[str]:
    """The last parts of paths, where they tell the paths apart."""
    last = [path.rpartition(".")[2] for path in paths]
    return last if len(set(last)) == len(last) else paths


def _cell(row: Any) -> str:
    if pd.isna(row.mean):
        return "-"
    return f"{row.mean:.4g}" + ("" if pd.isna(row.low) else f" ± {(row.high - row.low) / 2:.2g}")
