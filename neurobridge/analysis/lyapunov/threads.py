"""How many threads the linear algebra uses."""

from __future__ import annotations

__all__ = ["on_threads"]

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from neurobridge.errors import NetworkError
from neurobridge.installed import refuse_without_numba


@contextmanager
def on_threads(threads: int) -> Iterator[None]:
    """Give BLAS so many threads for a while.

    Raises
    ------
    NetworkError
        If it is no whole number >= 1.
    """
    refuse_without_numba()
    from threadpoolctl import threadpool_limits

    whole = isinstance(threads, (int, np.integer)) and not isinstance(threads, bool)
    if not whole or threads < 1:
        raise NetworkError(f"threads: expected a whole number >= 1, got {threads!r}")
    with threadpool_limits(int(threads), user_api="blas"):
        yield
