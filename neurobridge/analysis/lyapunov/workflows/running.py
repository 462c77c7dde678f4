"""Many measurements one after another, or several at a time; Ctrl-C keeps those that are done."""

from __future__ import annotations

__all__ = ["Done", "in_turn"]

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from neurobridge.analysis.lyapunov.progress import progress_bar
from neurobridge.analysis.lyapunov.threads import on_threads
from neurobridge.errors import NetworkError

T = TypeVar("T")


@dataclass(frozen=True)
class Done(Generic[T]):
    """What was measured.

    Parameters
    ----------
    results : list
        In the order of the tasks; None for those that were not done.
    interrupted : bool
        Whether Ctrl-C ended it.
    """

    results: list[T | None]
    interrupted: bool


def in_turn(
    tasks: Sequence[Callable[[], T]], what: str, *, threads: int = 1, progress: bool = True
) -> Done[T]:
    """Carry out tasks.

    Parameters
    ----------
    tasks : sequence of functions without arguments
    what : str
        Said beside the bar of progress.
    threads : int
        Tasks at a time. What comes out does not depend on it.
    progress : bool
        Whether to show a bar on stderr, where that is a terminal.

    Returns
    -------
    Done
        After Ctrl-C, what was done until then.

    Raises
    ------
    KeyboardInterrupt
        If nothing was done yet.
    """
    if isinstance(threads, bool) or not isinstance(threads, (int, np.integer)) or threads < 1:
        raise NetworkError(f"threads: expected a whole number >= 1, got {threads!r}")
    results: list[T | None] = [None] * len(tasks)
    with on_threads(1), progress_bar(what, len(tasks), shown=progress) as tick:

        def one(place: int) -> None:
            results[place] = tasks[place]()
            tick(1)

        try:
            if threads == 1:
                for place in range(len(tasks)):
                    one(place)
            else:
                _on_pool(one, len(tasks), threads)
        except KeyboardInterrupt:
            if not any(result is not None for result in results):
                raise
            return Done(results, True)
    return Done(results, False)


def _on_pool(one: Callable[[int], None], count: int, threads: int) -> None:
    pool = ThreadPoolExecutor(threads)
    try:
        for finished in [pool.submit(one, place) for place in range(count)]:
            finished.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
