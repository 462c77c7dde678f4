"""Threads of torch: sums that are shared by another number of threads have other last digits."""

from __future__ import annotations

__all__ = ["on_threads"]

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def on_threads(n: int) -> Iterator[None]:
    """Use so many threads inside, and as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)
