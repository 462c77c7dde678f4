"""Membrane traces where runs first part, or an example of how they coincide."""

from __future__ import annotations

__all__ = ["Scene", "scene", "traces"]

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.comparison.cast import Cast, Run
from neurobridge.comparison.result import Comparison
from neurobridge.comparison.svg import Canvas, Scale
from neurobridge.recording import Signal

WIDTH, LEFT = 1120.0, 84.0
WINDOW_MS = 80.0

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Scene:
    """Which trace to show: one neuron of one probe, from ``begin`` to ``end`` in ms."""

    probe: str
    neuron: int
    begin: float
    end: float
    parted: float | None

    @property
    def window(self) -> tuple[float, float]:
        """Begin and end in ms."""
        return self.begin, self.end


def scene(comparison: Comparison, cast: Cast) -> Scene | None:
    """The neuron that parts first if it was probed, else the probed one that differs most.

    Without any difference, a probed neuron that spikes. None if no state variable was probed.
    """
    probes = _drawable(cast)
    if not probes:
        return None
    divergences = [e.metrics.divergence for e in comparison.others if e.metrics]
    parted = min((d for d in divergences if d is not None), key=lambda d: d.step, default=None)
    if parted is None:
        return _example(cast, probes)
    window = _around(parted.time, cast.duration)
    for probe, signal in probes.items():
        if signal.population == parted.population and parted.neuron in signal.neurons:
            return Scene(probe, parted.neuron, *window, parted.time)
    probe, neuron = _most_different(cast, probes, window)
    return Scene(probe, neuron, *window, parted.time)


def traces(cast: Cast, chosen: Scene) -> str:
    """The state variable of one neuron on all runs, and the difference to the reference."""
    runs = [r for r in [cast.reference, *cast.others] if chosen.probe in r.recording.signals]
    cuts = {r.name: _cut(r, chosen) for r in runs}
    signal = cast.reference.recording.signals[chosen.probe]
    canvas = Canvas(WIDTH, 520, f"{signal.variable} of neuron {chosen.neuron} on all runs")
    x = Scale(*chosen.window, LEFT, WIDTH - 20)
    y = _padded([v for _, v in cuts.values()], 300.0, 34.0)
    for k, run in enumerate(runs):
        time, values = cuts[run.name]
        canvas.line(x(time), y(values), f"{run.series} w{min(k, 2)}")
    _keys(canvas, runs)
    canvas.rule(LEFT, 300.0, WIDTH - 20, 300.0, "guide")
    canvas.y_axis(y, LEFT, f"{signal.variable} ({signal.unit})", about=4)
    _differences(canvas, cuts, runs, x, signal.unit)
    if chosen.parted is not None:
        at = float(x(chosen.parted))
        canvas.rule(at, 34.0, at, 454.0, "cut")
        canvas.text(at + 8, 48.0, f"{chosen.parted:g} ms", "tick")
    return canvas.render()


def _drawable(cast: Cast) -> dict[str, Signal]:
    """Probes with samples that at least one other run has too; voltages first."""
    shared = {
        name: signal
        for name, signal in cast.reference.recording.signals.items()
        if signal.values.size and any(name in r.recording.signals for r in cast.others)
    }
    return dict(sorted(shared.items(), key=lambda item: item[1].unit != "mV"))


def _example(cast: Cast, probes: dict[str, Signal]) -> Scene:
    probe, signal = next(iter(probes.items()))
    spikes = cast.reference.recording.spikes.get(signal.population)
    counts = spikes.counts[signal.neurons] if spikes else np.zeros(signal.neurons.size)
    by_count = np.argsort(counts, kind="stable")[np.count_nonzero(counts == 0) :]
    typical = by_count[by_count.size // 2] if by_count.size else 0
    neuron = int(signal.neurons[typical])
    times = spikes.of(neuron) if spikes else np.zeros(0)
    middle = float(times[times.size // 2]) if times.size else cast.duration / 2
    return Scene(probe, neuron, *_around(middle, cast.duration), None)


def _around(time: float, duration: float) -> tuple[float, float]:
    begin = min(max(0.0, time - WINDOW_MS / 2), max(0.0, duration - WINDOW_MS))
    return begin, min(duration, begin + WINDOW_MS)


def _most_different(
    cast: Cast, probes: dict[str, Signal], window: tuple[float, float]
) -> tuple[str, int]:
    probe, signal = next(iter(probes.items()))
    gap = np.zeros(signal.neurons.size)
    for run in cast.others:
        other = run.recording.signals.get(probe)
        if other is not None:
            n = min(signal.step.size, other.step.size)
            inside = (signal.time[:n] >= window[0]) & (signal.time[:n] <= window[1])
            apart = np.abs(signal.values[:n][inside] - other.values[:n][inside])
            gap = np.maximum(gap, apart.max(axis=0, initial=0.0))
    return probe, int(signal.neurons[int(np.nan_to_num(gap, nan=np.inf).argmax())])


def _cut(run: Run, chosen: Scene) -> tuple[Real, Real]:
    signal = run.recording.signals[chosen.probe]
    inside = (signal.time >= chosen.begin) & (signal.time <= chosen.end)
    column = int(np.flatnonzero(signal.neurons == chosen.neuron)[0])
    return signal.time[inside], signal.values[inside, column]


def _differences(
    canvas: Canvas, cuts: dict[str, tuple[Real, Real]], runs: list[Run], x: Scale, unit: str
) -> None:
    base = cuts[runs[0].name][1]
    gaps = {}
    for run in runs[1:]:
        values = cuts[run.name][1]
        gaps[run.name] = values - base[: values.size]
    largest = max((float(np.nanmax(np.abs(g), initial=0.0)) for g in gaps.values()), default=0.0)
    power = math.floor(math.log10(largest)) if largest else 0
    power = power if abs(power) > 2 else 0
    y = _padded([g / 10.0**power for g in gaps.values()], 454.0, 340.0, symmetric=True)
    canvas.rule(LEFT, float(y(0.0)), WIDTH - 20, float(y(0.0)), "guide")
    for run in runs[1:]:
        gap = gaps[run.name] / 10.0**power
        canvas.line(x(cuts[run.name][0]), y(gap), f"{run.series} w2")
    scaled = f"10{_superscript(power)} {unit}" if power else unit
    canvas.text(LEFT + 10, 334.0, f"difference to {runs[0].name} ({scaled})", "tick")
    if not largest:
        canvas.text(WIDTH - 20, 334.0, "exactly 0 throughout", "tick", "end")
    canvas.x_axis(x, 454.0, "time (ms)", about=8)
    canvas.y_axis(y, LEFT, about=4)


def _padded(curves: list[Real], start: float, end: float, symmetric: bool = False) -> Scale:
    values = np.concatenate(curves) if curves else np.zeros(1)
    values = values[np.isfinite(values)]
    low, high = float(values.min(initial=np.inf)), float(values.max(initial=-np.inf))
    if symmetric:
        reach = max(abs(low), abs(high)) if values.size else 0.0
        low, high = -reach, reach
    if not values.size or low == high:
        centre = low if values.size else 0.0
        return Scale(centre - 1.0, centre + 1.0, start, end)
    margin = 0.06 * (high - low)
    return Scale(low - margin, high + margin, start, end)


def _keys(canvas: Canvas, runs: list[Run]) -> None:
    left = LEFT
    for run in runs:
        canvas.rule(left, 14.0, left + 24, 14.0, f"line {run.series} key")
        canvas.text(left + 32, 19.0, run.name, "tick")
        left += 52.0 + 9.2 * len(run.name)


def _superscript(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
