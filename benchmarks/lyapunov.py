"""Lyapunov spectra against what one would take instead."""

from __future__ import annotations

__all__ = ["adaptive", "defaults", "flystability", "lyapax", "networks", "on_device", "sparse"]

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from benchmarks.lyapunov_networks import network
from benchmarks.lyapunov_turns import Side, compare
from benchmarks.measure import python

Found = dict[str, Any]
Target = tuple[str, str, float]
"""A rival, one of ours, and how many times as long the rival must take, at least."""

OURS, MIXED = "neurobridge", "neurobridge, float32 tangents"

STEPS = {100: 10_000, 200: 4000, 500: 1000, 1000: 400}
"""Of the full spectrum of so many neurons, and at most twice as many of its leading exponents.

A spectrum of neurobridge is of 10,000 steps if nothing else is asked for.
"""


def ours(name: str, n: int, k: int, steps: int, **more: Any) -> Side:
    """A spectrum by neurobridge."""
    return Side(name, "benchmarks.lyapunov_ours", "", network(n), k, steps, **more)


def rival(name: str, argument: str, like: Side, **more: Any) -> Side:
    """The same by another."""
    return replace(like, name=name, module="benchmarks.lyapunov_rivals", argument=argument, **more)


def flystability(quick: bool, repeats: int) -> Found:
    """The algorithm of FlyStability, and the one that Engelken and others published."""
    measure = partial(_against_flystability, repeats=repeats)
    if quick:
        groups = [measure(50, 1, 20, 20), measure(20, 20, 20, 20)]
    else:
        groups = [measure(1000, 1, 2000, 200), measure(200, 200, STEPS[200], 1000)]
    return {"groups": groups, "repeats": repeats}


def _against_flystability(n: int, k: int, steps: int, their_steps: int, repeats: int) -> Found:
    """Its steps cost the same however many there are; there are more of ours for fixed costs."""
    mine = ours(OURS, n, k, steps)
    mixed = replace(mine, name=MIXED, precision="mixed")
    other = replace(mine, steps=their_steps)
    theirs = rival("FlyStability's algorithm", "flystability", other, precision="float32")
    wide = replace(theirs, name="the same in float64", precision="float64")
    dense = rival("dense Jacobians, as Engelken et al.", "engelken", other)
    same_precision = [(theirs.name, MIXED, 3.0), (wide.name, OURS, 3.0)]
    targets = [(theirs.name, OURS, 50.0)] if k == 1 else same_precision
    return group(n, k, [mine, mixed, theirs, wide, dense], targets, repeats)


def lyapax(quick: bool, repeats: int) -> Found:
    """lyapax with QR every ten steps."""
    full = [20] if quick else [100, 200, 500]
    leading = [40] if quick else [100, 200, 500, 1000]
    measure = partial(_against_lyapax, quick=quick, repeats=repeats)
    groups = [measure(n, n, 1.05) for n in full] + [measure(n, 20, 0.95) for n in leading]
    return {"groups": groups, "repeats": repeats}


def _against_lyapax(n: int, k: int, target: float, quick: bool, repeats: int) -> Found:
    mine = ours(OURS, n, k, _steps(n, k, quick))
    mixed = replace(mine, name=MIXED, precision="mixed")
    theirs = rival("lyapax", "lyapax", mine, elsewhere=True)
    single = replace(theirs, name="lyapax, float32", precision="float32")
    targets = [(theirs.name, OURS, target)]
    if k == n:
        targets.append((theirs.name, MIXED, 1.5))
    return group(n, k, [mine, mixed, theirs, single], targets, repeats)


def defaults(quick: bool, repeats: int) -> Found:
    """chaotax, clvlib and lyapynov as they are by default: QR in every step."""
    groups = []
    for n in [20] if quick else [100, 200]:
        mine = ours(OURS, n, n, _steps(n, n, quick))
        steps = 20 if quick else 100_000 // n  # clvlib keeps every Q and R
        theirs = [
            rival("chaotax", "chaotax", mine, elsewhere=True, every=1, retraces=True),
            rival("clvlib", "clvlib", mine, elsewhere=True, every=1, units=True, steps=steps),
            rival("lyapynov", "lyapynov", mine, elsewhere=True, every=1, units=True, steps=steps),
        ]
        targets = [(side.name, OURS, 3.5) for side in theirs]
        groups.append(group(n, n, [mine, *theirs], targets, repeats))
    return {"groups": groups, "repeats": repeats}


def sparse(quick: bool, repeats: int) -> Found:
    """Of a hundredth of all couplings, by edges and as a full matrix."""
    n = 100 if quick else 1000
    groups = []
    for k in (n, 20):
        steps = _steps(n, k, quick)
        sparse_network = network(n, density=0.05 if quick else 0.01)
        mine = replace(ours(OURS, n, k, steps), network=sparse_network)
        dense = replace(mine, name="neurobridge, dense", options={"dense": True})
        groups.append(group(n, k, [mine, dense], [(dense.name, OURS, 12.0)], repeats))
    return {"groups": groups, "repeats": repeats}


def adaptive(quick: bool, repeats: int) -> Found:
    """Dimension and entropy from as many exponents as they need."""
    n = 40 if quick else 1000
    full = ours("neurobridge, all exponents", n, n, _steps(n, n, quick))
    few = replace(full, name=OURS, options={"adaptive": True})
    found = group(n, n, [few, full], [(full.name, OURS, 8.0)], repeats)
    return {"groups": [found], "repeats": repeats}


def networks(quick: bool, repeats: int) -> Found:
    """Many networks on two cores; see :mod:`benchmarks.lyapunov_many`."""
    size = ("20", "50") if quick else ("200", "300")
    found = python("-m", "benchmarks.lyapunov_many", *size, str(repeats)).told
    return {**found, "repeats": repeats}


def on_device(device: str, quick: bool, repeats: int) -> Found:
    """A large network on a GPU; see :mod:`benchmarks.lyapunov_device`."""
    size = ("60", "40", "20") if quick else ("2000", "2000", "100")
    arguments = (device, *size, str(repeats))
    return {**python("-m", "benchmarks.lyapunov_device", *arguments).told, "repeats": repeats}


def group(n: int, k: int, sides: Sequence[Side], targets: Sequence[Target], repeats: int) -> Found:
    """Sides that compute the same."""
    print(f" {n} neurons, {k} exponents", flush=True)
    measured: Mapping[str, Any] = compare(sides, repeats)
    return {"n": n, "k": k, "sides": measured, "targets": list(targets)}


def _steps(n: int, k: int, quick: bool) -> int:
    if quick:
        return 20
    return STEPS[n] if k == n else 2 * STEPS[n]
