"""Measure, store, write the page: ``python -m benchmarks [NAMES] [--quick]``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from fnmatch import fnmatch
from functools import partial
from typing import Any

from benchmarks.engines import again, reference
from benchmarks.machine import describe, load
from benchmarks.measure import ROOT
from benchmarks.memory import codex, memory, native_load
from benchmarks.page import page
from benchmarks.side_by_side import CASES, compare

STORED = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"

Benchmark = Callable[[int], dict[str, Any]]


def benchmarks(quick: bool) -> dict[str, Benchmark]:
    """All benchmarks by name, in the order of the page; each takes the number of repeats."""
    scales = ["small"] if quick else ["2M", "15M"]
    found: dict[str, Benchmark] = {
        f"{name}-{scale}": partial(compare, name, scale) for scale in scales for name in CASES
    }
    if quick:
        found["load"] = partial(native_load, "small")
        return found | {"again": partial(again, "small")}
    found |= {"memory": memory, "load": partial(native_load, "15M"), "codex": codex}
    return found | {"reference": reference, "again": partial(again, "2M")}


def main() -> None:
    """Run what was asked for; see the module."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", default=["*"], help="which, with * (default: all)")
    parser.add_argument("--quick", action="store_true", help="a small graph; the page is kept")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each side (default 3)")
    parser.add_argument("--page", action="store_true", help="only write the page again")
    options = parser.parse_args()
    known = benchmarks(options.quick)
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
    paths = {name: stored / f"{name}.json" for name in known}
    text = page({n: json.loads(p.read_text()) for n, p in paths.items() if p.exists()})
    if options.quick:
        print(text)
    else:
        PAGE.write_text(text, encoding="utf-8")
        print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
