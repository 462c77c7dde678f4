"""The part of the page on the standard networks."""

from __future__ import annotations

__all__ = ["networks_page"]

from collections.abc import Mapping
from typing import Any

from benchmarks.machine import note
from benchmarks.networks import CASES
from benchmarks.table import goal, seconds, table

Found = Mapping[str, Any]

PACKAGES = ("numpy", "nest-simulator", "numba")

_HEAD = """\
## Standard networks, beside NEST

`neurobridge.models.networks` on `native`, and the same networks as one writes them for NEST
(`benchmarks/native/nest_networks.py`), steps of 0.1 ms, one thread. NEST draws connections and
input with its own generator, so spikes differ and rates are compared; the input of neurobridge is
drawn inside its run as that of NEST is. CPU seconds; *build* is everything before the first step.
"""


def networks_page(results: Mapping[str, Found]) -> str:
    """What is there of it; empty if nothing is."""
    parts = [_part(found) for name, found in results.items() if name.startswith("networks-")]
    return "\n".join([_HEAD, *parts]) if parts else ""


def _part(found: Found) -> str:
    case, sides = CASES[found["network"]], found["sides"]
    told = {name: side["runs"][0]["told"] for name, side in sides.items()}
    ours = sides["neurobridge"]
    rows = []
    for name, side in sides.items():
        times = [side[kind]["run_s"] / ours[kind]["run_s"] for kind in ("min", "median")]
        rows.append(
            [
                name, f"{told[name]['n_edges']:,}", seconds(side["min"]["build_s"]),
                f"{side['min']['run_s']:.3g}", f"{side['median']['run_s']:.3g}",
                "" if side is ours else f"{times[0]:.1f} ({times[1]:.1f})",
                "" if side is ours or not case.times_faster
                else goal(times[0], case.times_faster, at_least=True),
                f"{told[name]['n_spikes']:,}", f"{side['peak_mb']:,.0f}",
            ]
        )  # fmt: skip
    head = [
        "", "connections", "build", "run, minimum", "median", "times as long (medians)", "goal",
        "spikes", "peak MB",
    ]  # fmt: skip
    intro = (
        f"{told['neurobridge']['n']:,} neurons, {found['duration']:g} ms "
        f"({round(found['duration'] / 0.1):,} steps); hash of the spikes of neurobridge "
        f"`{told['neurobridge']['hash']}`. Rates are those after {found['discard']:g} ms.\n"
    )
    title = f"### {case.title}\n"
    return "\n".join([title, intro, table(head, rows), _rates(told), note(found, PACKAGES)])


def _rates(told: Mapping[str, Found]) -> str:
    """Rates of the groups beside those that they are known for."""
    ours, nest = told["neurobridge"], told["NEST"]
    rows = [
        [
            group, f"{rate:.3g} ± {ours['within'][group]:.2g}", f"{ours['rates'][group]:.2f}",
            f"{nest['rates'][group]:.2f}",
            "agrees" if abs(ours["rates"][group] - rate) <= ours["within"][group] else "differs",
            ours["sources"][group],
        ]
        for group, rate in ours["expected"].items()
    ]  # fmt: skip
    head = ["group", "known for, Hz", "neurobridge", "NEST", "", "from"]
    return table(head, rows)
