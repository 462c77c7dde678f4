"""Measure, store, write the page: ``python -m benchmarks [NAMES] [--quick]``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Collection
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import brain, lyapunov, networks
from benchmarks.engines import again, reference
from benchmarks.machine import describe, load
from benchmarks.measure import ROOT
from benchmarks.memory import codex, memory, native_load
from benchmarks.networks import standard
from benchmarks.page import ORDER, page
from benchmarks.sections import merged
from benchmarks.side_by_side import CASES, compare
from benchmarks.spinnaker_twin import chip_model, lowering, twin
from benchmarks.training import brain as train_brain
from benchmarks.training import rates, spikes

STORED = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"

Benchmark = Callable[[int], dict[str, Any]]


def benchmarks(quick: bool, device: str) -> dict[str, Benchmark]:
    """All benchmarks by name, in the order of the page; each takes the number of repeats."""
    where = "" if device == "cpu" else f"-{device.replace(':', '-')}"
    training: dict[str, Benchmark] = {
        f"train-rates{where}": partial(rates, device),
        f"train-spikes{where}": partial(spikes, 50 if quick else 500, device),
    }
    exponents: dict[str, Benchmark] = {
        f"lyapunov-{name}": partial(getattr(lyapunov, name), quick)
        for name in ("lyapax", "flystability", "defaults", "sparse", "adaptive", "networks")
    }
    if where:
        exponents[f"lyapunov-device{where}"] = partial(lyapunov.on_device, device, quick)
    scale = "small" if quick else "15M"
    whole: dict[str, Benchmark] = {
        f"brain-{name}": partial(measure, scale)
        for name, measure in (
            ("sugar", brain.sugar), ("busy", brain.busy), ("background", brain.background),
            ("threads", brain.two_threads),
        )
    }  # fmt: skip
    scales = ["small"] if quick else ["2M", "15M"]
    found: dict[str, Benchmark] = {
        f"{name}-{scale}": partial(compare, name, scale) for scale in scales for name in CASES
    }
    if quick:
        found["load"] = partial(native_load, "small")
        found["spinnaker-lowering-small"] = partial(lowering, "small")
        return found | {"again": partial(again, "small")} | whole | training | exponents
    found |= {"memory": memory, "load": partial(native_load, "15M"), "codex": codex}
    found |= {"reference": reference, "again": partial(again, "2M"), "spinnaker-twin": twin}
    found |= {"spinnaker-lowering-2M": partial(lowering, "2M"), "spinnaker-chip-model": chip_model}
    whole["brain-table"] = brain.from_table
    whole |= {f"networks-{name}": partial(standard, name) for name in networks.CASES}
    return (
        found | whole | training | {f"train-brain{where}": partial(train_brain, device)} | exponents
    )


def main() -> None:
    """Run what was asked for; see the module."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", default=["*"], help="which, with * (default: all)")
    parser.add_argument("--quick", action="store_true", help="a small graph; the page is kept")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each side (default 3)")
    parser.add_argument("--device", default="cpu", help="of train-*, lyapunov-device: cuda, ...")
    parser.add_argument("--page", action="store_true", help="only write the page again")
    options = parser.parse_args()
    known = benchmarks(options.quick, options.device)
    chosen = {n: b for n, b in known.items() if any(fnmatch(n, p) for p in options.names)}
    if not chosen:
        parser.error(f"no benchmark is called {options.names}; there are {', '.join(known)}")
    stored = STORED / ("quick" if options.quick else "full")
    stored.mkdir(parents=True, exist_ok=True)
    for name, benchmark in chosen.items() if not options.page else ():
        print(name, flush=True)
        found = benchmark(1 if options.quick else options.repeats)
        found |= {"machine": describe(), "load": load()}
        (stored / f"{name}.json").write_text(json.dumps(found, indent=1))
    text = page(_stored(stored, [*known, "lyapunov-device"]))
    if options.quick:
        print(text)
    else:
        PAGE.write_text(merged(PAGE.read_text(encoding="utf-8"), text, ORDER), encoding="utf-8")
        print(f"wrote {PAGE.relative_to(ROOT)}")


def _stored(folder: Path, names: Collection[str]) -> dict[str, Any]:
    """Stored results in the order of the page; those of other devices follow those of the CPU."""
    found = {}
    for name in names:
        for path in sorted(folder.glob(f"{name}.json")) + sorted(folder.glob(f"{name}-cuda*.json")):
            found[path.stem] = json.loads(path.read_text())
    return found


if __name__ == "__main__":
    main()
