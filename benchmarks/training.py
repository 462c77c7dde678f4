"""Training and inference in torch against what one would take instead."""

from __future__ import annotations

__all__ = ["brain", "rates", "spikes"]

from typing import Any

from benchmarks.measure import python

BRAIN_STEPS, BRAIN_BATCH = 100, 2


def rates(device: str, repeats: int) -> dict[str, Any]:
    """A rate network; see :mod:`benchmarks.rate_rivals`."""
    found = python("-m", "benchmarks.rate_rivals", device, str(10 * repeats)).told
    return {**found, "repeats": 10 * repeats}


def spikes(n_steps: int, device: str, repeats: int) -> dict[str, Any]:
    """A sparse spiking network; see :mod:`benchmarks.spike_rivals`."""
    found = python("-m", "benchmarks.spike_rivals", device, str(repeats), str(n_steps)).told
    return {**found, "repeats": repeats}


def brain(device: str, repeats: int) -> dict[str, Any]:
    """Steps of a network with the size of a fly brain; see :mod:`benchmarks.brain_step`."""
    arguments = (device, str(BRAIN_STEPS), str(BRAIN_BATCH))
    measured = [python("-m", "benchmarks.brain_step", *arguments) for _ in range(repeats)]
    best = min(measured, key=lambda m: m.told["step_s"])
    return {**best.told, "peak_mb": max(m.peak_mb for m in measured), "repeats": repeats}
