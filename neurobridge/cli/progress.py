"""Progress of runs, on stderr and only on a terminal."""

from __future__ import annotations

__all__ = ["run_progress"]

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from neurobridge.compare.execute import RunProgress


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
    tasks = {
        label: bars.add_task(label, total=None, start=False, state="waiting", visible=True)
        for label in labels
    }
    with bars:
        lines = _Lines(bars, tasks, n_steps)
        lines.begin(labels[0])
        yield lines.report


class _Lines:
    """Moves from one run to the next as the reports come in."""

    def __init__(self, bars: Progress, tasks: dict[str, TaskID], n_steps: int) -> None:
        self.bars, self.tasks, self.n_steps = bars, tasks, n_steps
        self.labels = list(tasks)

    def begin(self, label: str) -> None:
        self.bars.start_task(self.tasks[label])
        self.bars.update(self.tasks[label], state="building")

    def report(self, label: str, step: int) -> None:
        """Called by the runs."""
        place = self.labels.index(label)
        for earlier in self.labels[:place]:
            self._finish(earlier)
        if not self.bars.tasks[place].started:
            self.begin(label)
        state = f"{step / self.n_steps:4.0%} of {self.n_steps:,} steps"
        self.bars.update(self.tasks[label], total=self.n_steps, completed=step, state=state)
        if step >= self.n_steps:
            self._finish(label)
            if place + 1 < len(self.labels):
                self.begin(self.labels[place + 1])

    def _finish(self, label: str) -> None:
        self.bars.update(self.tasks[label], total=1, completed=1, state="done")
