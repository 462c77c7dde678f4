"""A progress bar on stderr, where that is a terminal."""

from __future__ import annotations

__all__ = ["Tick", "progress_bar", "silent"]

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Tick = Callable[[float], None]
"""Called with what was done since the last call."""


def silent(_: float) -> None:
    """Show nothing."""


@contextmanager
def progress_bar(what: str, total: float, *, shown: bool = True) -> Iterator[Tick]:
    """A bar that is gone when it is done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        TextColumn("{task.percentage:3.0f} %"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not (shown and console.is_terminal),
    )
    with bars:
        task = bars.add_task(what, total=total)
        yield lambda done: bars.advance(task, done)
