"""Rivals in one process that take turns, on one thread of the CPU or on a GPU."""

from __future__ import annotations

__all__ = ["prepare_torch", "take_turns"]

import time
from collections.abc import Callable, Mapping
from statistics import median

import torch


def prepare_torch(device: str) -> dict[str, str]:
    """One thread, and the same numbers in every run; says on what it runs."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    if device == "cpu":
        return {"device": device}
    return {"device": device, "gpu": torch.cuda.get_device_name(device)}


def take_turns(
    rivals: Mapping[str, Callable[[], object]], repeats: int, device: str, warm_up: int = 2
) -> dict[str, dict[str, float]]:
    """Seconds of a call, the minimum and the median of ``repeats`` calls: A, B, A, B, ...

    CPU time, user and system; on a GPU wall time until it is idle again.
    """
    for call in rivals.values():
        for _ in range(warm_up):
            call()
    taken: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(repeats):
        for name, call in rivals.items():
            start = _now(device)
            call()
            taken[name].append(_now(device) - start)
    return {name: {"min": min(s), "median": median(s)} for name, s in taken.items()}


def _now(device: str) -> float:
    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize(device)
    return time.perf_counter()
