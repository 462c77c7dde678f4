"""neurobridge against a script written by hand for the simulator, with the same arrays."""

from __future__ import annotations

__all__ = ["CASES", "NATIVE", "Case", "compare", "nestml_module"]

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.measure import Measured, interleaved, python
from benchmarks.prepare import DATA, SCALES, prepared

NATIVE = Path(__file__).parent / "native"


@dataclass(frozen=True)
class Case:
    """A model on a backend, and the script that does the same by hand."""

    title: str
    model: str
    backend: str
    settings: str
    script: str
    first: tuple[str, ...] = ()
    compiled: bool = False


CASES = {
    "nest-lif": Case(
        "NEST, `iaf_psc_exp`", "lif", "nest", "{}", "nest_lif.py", ("static_synapse",)
    ),
    "nest-lif-lean": Case(
        "NEST, `iaf_psc_exp`, by hand with the smallest synapse to the recorder",
        "lif",
        "nest",
        "{}",
        "nest_lif.py",
        ("static_synapse_hom_w_hpc",),
    ),
    "nest-shiu": Case(
        "NEST, Shiu model (NESTML)", "shiu", "nest", "{}", "nest_shiu.py", compiled=True
    ),
    "brian2-shiu": Case(
        "Brian2 cpp_standalone, Shiu model",
        "shiu",
        "brian2",
        '{"target": "cpp_standalone"}',
        "brian2_shiu.py",
    ),
}


def compare(name: str, scale: str, repeats: int) -> dict[str, Any]:
    """Measure a case in turns; raises :class:`AssertionError` if the spikes differ."""
    case, duration = CASES[name], SCALES[scale]
    folder = prepared(scale, case.model)
    with TemporaryDirectory() as scratch:
        found = {kind: Path(scratch) / f"{kind}.npz" for kind in ("native", "neurobridge")}
        first = [nestml_module()] if case.compiled else case.first
        ours = ["-m", "benchmarks.ours", folder / "network", case.backend, case.settings]
        rivals: dict[str, Callable[[], Measured]] = {
            "native": partial(
                python, NATIVE / case.script, *first, folder / "arrays", str(duration),
                found["native"],
            ),
            "neurobridge": partial(python, *ours, str(duration), found["neurobridge"]),
        }  # fmt: skip
        if case.compiled:  # into the cache of compiled models, as the native one is
            rivals["neurobridge"]()
        sides = interleaved(rivals, repeats)
        n_spikes = _same_spikes(found["native"], found["neurobridge"])
    n_edges = int(np.load(folder / "arrays" / "pre.npy", mmap_mode="r").size)
    n = int(np.load(folder / "arrays" / "n.npy"))
    return {
        "title": case.title, "n": n, "n_edges": n_edges, "duration": duration,
        "n_spikes": n_spikes, "repeats": repeats, "sides": sides,
    }  # fmt: skip


def _same_spikes(a: Path, b: Path) -> int:
    """The number of spikes, which must be the same ones."""
    sorted_rows = []
    for path in (a, b):
        with np.load(path) as spikes:
            step, neuron = spikes["step"].astype(np.int64), spikes["neuron"].astype(np.int64)
        order = np.lexsort((neuron, step))
        sorted_rows.append(np.column_stack([step[order], neuron[order]]))
    first, second = sorted_rows
    if not np.array_equal(first, second):
        raise AssertionError(f"spikes differ: {len(first):,} and {len(second):,}")
    return len(first)


def nestml_module() -> str:
    """The hand-written NESTML model, compiled: its build is not measured, on neither side."""
    from neurobridge.backends.nest.nestml_build import build_module

    text = (NATIVE / "shiu.nestml").read_text(encoding="utf-8")
    return str(build_module("shiu_by_hand", text, DATA / "nest"))
