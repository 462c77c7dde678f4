"""Many measurements one after another, or several at a time; Ctrl-C keeps those that are done."""

from __future__ import annotations

__all__ = ["Diverged", "Done", "found_of", "in_turn", "or_diverged"]

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import thread_time
from typing import Generic, TypeVar

import numpy as np

from neurobridge.analysis.lyapunov.progress import progress_bar
from neurobridge.analysis.lyapunov.system import DivergedError
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
    interruption : str
        How many were done when Ctrl-C ended it; empty if all were.
    """

    results: list[T | None]
    interruption: str


@dataclass(frozen=True)
class Diverged:
    """A network whose state grew without bound, which has no exponents.

    Parameters
    ----------
    error : DivergedError
        What was said of it.
    seconds : float
        CPU time that it took to find out.
    """

    error: DivergedError
    seconds: float


def or_diverged(measure: Callable[[], T]) -> T | Diverged:
    """What is measured; one network of several may diverge without ending the others."""
    begun = thread_time()
    try:
        return measure()
    except DivergedError as err:
        return Diverged(err, thread_time() - begun)


def found_of(results: Iterable[T | Diverged | None]) -> list[T]:
    """What was measured of networks that did not diverge.

    Raises
    ------
    DivergedError
        If all of them did.
    """
    done = [result for result in results if result is not None]
    found = [result for result in done if not isinstance(result, Diverged)]
    if not found:
        raise next(result.error for result in done if isinstance(result, Diverged))
    return found


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
            done = sum(result is not None for result in results)
            if not done:
                raise
            return Done(results, f"interrupted: {done} of {len(tasks)} {what}")
    return Done(results, "")


def _on_pool(one: Callable[[int], None], count: int, threads: int) -> None:
    pool = ThreadPoolExecutor(threads)
    try:
        for finished in [pool.submit(one, place) for place in range(count)]:
            finished.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
