"""The part of the page on SpiNNaker."""

from __future__ import annotations

__all__ = ["spinnaker_page"]

from collections.abc import Mapping
from typing import Any

from benchmarks.table import seconds, table

Found = Mapping[str, Any]

_HEAD = """\
## SpiNNaker, without a board

The twin is the chip's integer arithmetic in NumPy, the chip model runs the programs that sPyNNaker
ships instruction by instruction. No hardware was used, and nothing here says how fast a chip is.
"""

_MODEL = """\
### The twin and the chip model

{n:,} leaky neurons with exponential currents, {n_edges:,} synapses with delays of 1 to 15 ms,
{steps} steps of 1 ms, {n_spikes:,} spikes: the same neurons in the same steps, or there would be no
row. CPU time of the whole process with all that it starts; that of the chip model has sPyNNaker's
mapping and data for the cores in it, without which it does not start.
"""


def spinnaker_page(results: Mapping[str, Found]) -> str:
    """What is there of it; empty if nothing is."""
    parts = []
    rows = [
        row(found)
        for start, row in _ROWS.items()
        for name, found in results.items()
        if name.startswith(start)
    ]
    if rows:
        head = ["", "CPU s, minimum", "median", "target"]
        parts.append(table(head, rows))
    if "spinnaker-chip-model" in results:
        parts.append(_model(results["spinnaker-chip-model"]))
    if not parts:
        return ""
    found = [f for name, f in results.items() if name.startswith("spinnaker-")]
    repeats, loads = ([f[key] for f in found] for key in ("repeats", "load"))
    note = (
        f"Measured on {found[0]['machine']['CPU']}, {found[0]['machine']['memory']}; "
        f"{min(repeats)} to {max(repeats)} repeats, load {min(loads):.1f} to {max(loads):.1f} "
        "processes.\n"
    )
    return "\n".join([_HEAD, *parts, note])


def _twin(found: Found) -> list[str]:
    what = (
        f"{found['duration'] / 1000:g} s of the olfactory network on the twin ({found['n']:,} "
        f"neurons, {found['n_edges']:,} edges, {found['n_spikes']:,} spikes, steps of "
        f"{found['dt']:g} ms)"
    )
    return [what, *_times(found["took"], "run_s", 180.0)]


def _lowering(found: Found) -> list[str]:
    what = (
        f"a network of {found['n_edges']:,} edges lowered, its weights in 16 bits, in "
        f"{found['parts']} parts (total error {found['total']:.2%}, {found['zeros']:,} zeros)"
    )
    return [what, *_times(found["took"], "work_s", 5.0)]


_ROWS = {"spinnaker-twin": _twin, "spinnaker-lowering": _lowering}


def _times(took: Found, phase: str, limit: float) -> list[str]:
    low, middle = took["min"][phase], took["median"][phase]
    met = "met" if middle <= limit else "missed"
    return [seconds(low), seconds(middle), f"at most {limit:g}: {met}"]


def _model(found: Found) -> str:
    ours, rival = found["sides"]["twin"], found["sides"]["chip model"]
    rows = []
    for name, side in found["sides"].items():
        cells = [seconds(side[kind]["cpu_s"]) for kind in ("min", "median")]
        times = "" if side is ours else f"{_ratio(rival, ours):.0f}"
        target = "" if side is ours else (
            f"at least 5: {'met' if _ratio(rival, ours) >= 5 else 'missed'}"
        )  # fmt: skip
        rows.append([name, *cells, times, target])
    head = ["", "CPU s, minimum", "median", "times as long, medians", "target"]
    return f"{_MODEL.format(**found)}\n{table(head, rows)}"


def _ratio(rival: Found, ours: Found) -> float:
    return float(rival["median"]["cpu_s"] / ours["median"]["cpu_s"])
