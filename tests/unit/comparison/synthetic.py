"""Recordings made by hand, and by a small seeded generator."""

from __future__ import annotations

import numpy as np

from neurobridge.recording import Recording, Signal, Spikes


def spikes(pairs, size=4, n_steps=100, dt=0.1, neurons=None):
    """Spikes from (step, neuron) or (step, neuron, trial) tuples in any order."""
    rows = sorted((p[2] if len(p) > 2 else 0, p[0], p[1]) for p in pairs)
    trial, step, neuron = (np.array([r[i] for r in rows]) for i in range(3)) if rows else ([],) * 3
    return Spikes(
        step=np.asarray(step, dtype=np.int64),
        neuron=np.asarray(neuron, dtype=np.int32),
        trial=np.asarray(trial, dtype=np.int32),
        dt=dt,
        n_steps=n_steps,
        size=size,
        neurons=None if neurons is None else np.asarray(neurons, dtype=np.int32),
    )


def poisson(size, n_steps, rate_per_step, seed, dt=0.1):
    """Independent random spikes; neurons differ in rate (log-normal)."""
    rng = np.random.default_rng(seed)
    shape = np.random.default_rng(7).lognormal(0.0, 0.8, size)
    counts = rng.poisson(np.minimum(shape * rate_per_step, 0.05) * n_steps)
    neuron = np.repeat(np.arange(size), counts)
    step = rng.integers(1, n_steps + 1, neuron.size)
    key = np.unique(step.astype(np.int64) * size + neuron)
    return Spikes(
        step=key // size,
        neuron=(key % size).astype(np.int32),
        trial=np.zeros(key.size, dtype=np.int32),
        dt=dt,
        n_steps=n_steps,
        size=size,
    )


def membrane(values, neurons=(0,), dt=0.1, unit="mV", population="cells"):
    """A signal sampled at every step."""
    array = np.asarray(values, dtype=np.float64)
    return Signal(
        variable="v",
        unit=unit,
        population=population,
        values=array,
        step=np.arange(1, array.shape[0] + 1, dtype=np.int64),
        neurons=np.asarray(neurons, dtype=np.int32),
        dt=dt,
    )


def recording(population_spikes, backend="reference", signals=None, seed=1, **changes):
    """A recording of spikes of one population or of several."""
    if isinstance(population_spikes, Spikes):
        population_spikes = {"cells": population_spikes}
    first = next(iter(population_spikes.values()))
    made = Recording(
        spikes=population_spikes,
        signals=signals or {},
        backend=backend,
        network_id="a" * 64,
        dt=first.dt,
        duration=first.n_steps * first.dt,
        seed=seed,
        versions={"neurobridge": "0.1.0", backend: "1.0"},
        timings={"build_s": 0.5, "run_s": 2.0, "collect_s": 0.01},
        info={"peak_mb": 120.0},
    )
    return made.replace(**changes)
