"""The part of the page on Lyapunov spectra."""

from __future__ import annotations

__all__ = ["PACKAGES", "lyapunov_page"]

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.machine import note
from benchmarks.table import table

Found = Mapping[str, Any]

_HEAD = """\
## Lyapunov spectra

Random networks `dx/dt = -x + J tanh(x)` with gain 3, as the Euler map with a step of 0.1 tau, which
all sides can compute. Each side is a process that waits for its turns (A, B, A, B, ...), on one
core. Times are CPU time of a whole call in ms per tau of ten steps, compiled before; *a call* is
what a call of ten steps takes, and *first* the first call, in which some compile. Before anything
is measured every side must give the exponents of Householder in float64 every five steps with the
dense Jacobian, over 20 tau from the same state and frame; *off* is the largest difference.
*Times as long* is a rival's time over that of neurobridge: of the minima, and of the medians.

Other packages are run by the Python that the environment variable `LYAPUNOV_RIVALS` names, of an
environment with `pip install lyapax chaotax clvlib lyapynov`; one that is not there is in the table
as not installed.
"""

_WORDS = {
    "lyapunov-flystability": """\
### The algorithm of FlyStability

Written anew: a dense Jacobian in each step, made by a product with a dense diagonal matrix, QR
every two steps, in float32, and in float64 to compare what is equally exact. Its error in the time
that it divides by is left out. Beside it the way of Engelken, Wolf & Abbott (2023): a dense
Jacobian in each step, Householder every ten, in NumPy. Targets are for the same precision, except
for the leading exponent, where it is its float32 and our float64.
""",
    "lyapunov-lyapax": """\
### lyapax

With QR every ten steps (its default, every step, takes up to four times as long), compiled as a
whole. lyapax warns of float32; its time in float32 is beside it.
""",
    "lyapunov-defaults": """\
### chaotax, clvlib and lyapynov

At their defaults: QR in every step, which chaotax and lyapynov cannot change. chaotax traces and
compiles in each call; that is not counted here, but is in *a call*. clvlib keeps every Q and R.
""",
    "lyapunov-sparse": """\
### Sparse coupling

A hundredth of all couplings; neurobridge by edges, and with the same matrix as a dense one.
""",
    "lyapunov-adaptive": """\
### As many exponents as are needed

Kaplan-Yorke dimension and entropy with `k="adaptive"`, and from the full spectrum. *Off* is the
largest difference of the exponents that both need.
""",
}

_NETWORKS = """\
### Many networks at once

Networks of {n} neurons, all exponents of {steps} steps, with `spectra(..., threads=...)`. Exponents
are the same to the last bit. Wall time, for which nothing else may run, and CPU time.
"""

_DEVICE = """\
### All exponents of {n:,} neurons, on a GPU

Wall time of a whole call, compiled before, of {steps:,} steps on the GPU and fewer on one core of
the CPU ({cores} cores). Exponents of both differ by {apart:.0e} over the steps of the CPU.
"""

WALL_AND_CPU = ("min", "median", "cpu")
MOST = 10.0
"""How many times as long as one network 16 may take on two cores."""

PACKAGES = ("numpy", "scipy", "torch", "numba")
RIVALS = ("lyapax", "chaotax", "clvlib", "lyapynov")


def lyapunov_page(results: Mapping[str, Found]) -> str:
    """What is there of it; empty if nothing is."""
    parts = [_part(n, f) for n, f in results.items() if n.startswith("lyapunov-")]
    return "\n".join([_HEAD, *parts]) if parts else ""


def _part(name: str, found: Found) -> str:
    kind = name.split("-")[1]
    special = {"networks": _networks, "device": _device}
    body = special[kind](found) if kind in special else f"{_WORDS[name]}\n{_groups(found)}"
    return f"{body}\n{note(found, PACKAGES)}"


def _networks(found: Found) -> str:
    one, *many = found["sides"].items()
    rows = [[one[0], *(f"{one[1][key]:.3g}" for key in WALL_AND_CPU), "", "", ""]]
    for name, took in many:
        times = [took[key] / one[1][key] for key in ("min", "median")]
        asked = "2 threads" in name
        told = f"at most {MOST:.0f}: {_met(*(-t for t in times), -MOST)}" if asked else "-"
        numbers = [f"{took[key]:.3g}" for key in WALL_AND_CPU]
        share = f"{took['cpu'] / one[1]['cpu']:.2f}"
        rows.append([name, *numbers, f"{times[0]:.2f} ({times[1]:.2f})", share, told])
    head = ["", "s, minimum", "median", "CPU s", "times as long as one", "CPU", "target"]
    return f"{_NETWORKS.format(**found)}\n{table(head, rows)}"


def _device(found: Found) -> str:
    one = next(iter(found["sides"].values()))
    rows = [
        [name, *(f"{took[key]:.3g}" for key in ("min", "median")),
         f"{one['min'] / took['min']:.1f} ({one['median'] / took['median']:.1f})"]
        for name, took in found["sides"].items()
    ]  # fmt: skip
    head = ["", "ms a tau, minimum", "median", "times faster than one core"]
    return f"{_DEVICE.format(**found)}\n{table(head, rows)}"


def _groups(found: Found) -> str:
    rows = [row for group in found["groups"] for row in _rows(group)]
    head = ["exponents", "", "ms a tau, minimum", "median", "largest", "a call, ms", "first, s",
            "off", "times as long", "target"]  # fmt: skip
    return table(head, rows)


def _rows(group: Found) -> list[list[str]]:
    sides, title = group["sides"], _title(group["n"], group["k"])
    rows = []
    for name, side in sides.items():
        first = title if not rows else ""
        if "missing" in side:
            rows.append([first, name, *["not installed"] * 3, *["-"] * 5])
            continue
        label = f"{name} {side['version']}".strip() if name.split(",")[0] in RIVALS else name
        rows.append(
            [first, label, *(f"{side[key]:.3g}" for key in ("min", "median", "max")),
             f"{1000 * side['fixed_s']:.2g}", f"{side['first_s']:.2g}", f"{side['apart']:.0e}",
             *_against(name, sides, group["targets"])]
        )  # fmt: skip
    return rows


def _title(n: int, k: int) -> str:
    if k == n:
        return f"all {n:,}"
    return f"the leading one of {n:,}" if k == 1 else f"{k} of {n:,}"


def _against(name: str, sides: Found, targets: Sequence[Sequence[Any]]) -> list[str]:
    """How many times as long a side takes as each of ours, and the targets."""
    ours = [own for own in sides if own.startswith("neurobridge")]
    asked = {own: least for rival, own, least in targets if rival == name}
    if name in ours and not asked:
        return ["", ""]
    against = list(asked) if name in ours else [own for own in ours if own != name]
    times, told = [], []
    for own in against:
        low, middle = (sides[name][key] / sides[own][key] for key in ("min", "median"))
        times.append(f"{low:.2f} ({middle:.2f})")
        least = asked.get(own)
        told.append(f"at least {least:.2f}: {_met(low, middle, least)}" if least else "-")
    return ["; ".join(times), "; ".join(told) if asked else "-"]


def _met(low: float, middle: float, least: float) -> str:
    """By both, by the minimum or the median only, or not."""
    if min(low, middle) >= least:
        return "met"
    return "met by one of both" if max(low, middle) >= least else "missed"
