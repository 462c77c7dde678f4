"""Progress of runs, on stderr and only on a terminal."""

from __future__ import annotations

__all__ = ["run_progress"]

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from neurobridge.comparison.execute import RunProgress


@contextmanager
def run_progress(console: Console, labels: Sequence[str], n_steps: int) -> Iterator[RunProgress]:
    """A line for each run: building, then its share of steps, then done.

    Parameters
    ----------
    console : Console
    labels : sequence of str
        Runs in the order in which they come.
    n_steps : int
        Steps of each.
    """
    bars = Progress(
        SpinnerColumn(finished_text="[green]✓"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        TextColumn("{task.fields[state]}", style="dim"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bars:
        lines = _Lines(bars, labels, n_steps)
        lines.begin(0)
        yield lines.report


class _Lines:
    """Begins the line of a run when the one before it has ended."""

    def __init__(self, bars: Progress, labels: Sequence[str], n_steps: int) -> None:
        self.bars, self.labels, self.n_steps = bars, list(labels), n_steps
        self.tasks: list[TaskID] = []

    def begin(self, place: int) -> None:
        width = max(map(len, self.labels))
        text = f"{self.labels[place]:<{width}}"
        self.tasks.append(self.bars.add_task(text, total=None, state="building"))

    def report(self, label: str, step: int) -> None:
        """Called by the runs, which come in order."""
        place = self.labels.index(label)
        while len(self.tasks) <= place:  # the run before failed, and never said that it is done
            self.bars.update(self.tasks[-1], total=1, completed=1, state="")
            self.begin(len(self.tasks))
        done = step >= self.n_steps
        state = "done" if done else f"{step / self.n_steps:4.0%} of {self.n_steps:,} steps"
        self.bars.update(self.tasks[place], total=self.n_steps, completed=step, state=state)
        if done and place + 1 < len(self.labels) and len(self.tasks) == place + 1:
            self.begin(place + 1)
