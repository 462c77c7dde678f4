"""``docs/benchmarks.md`` from stored results."""

from __future__ import annotations

__all__ = ["ORDER", "page"]

from collections.abc import Mapping
from typing import Any

from benchmarks.brain_page import brain_page
from benchmarks.lyapunov_page import lyapunov_page
from benchmarks.networks_page import networks_page
from benchmarks.spinnaker_page import spinnaker_page
from benchmarks.table import ratio, seconds, table
from benchmarks.training_page import training_page

Results = Mapping[str, Mapping[str, Any]]

PHASES = {"import_s": "import", "load_s": "load", "build_s": "build", "run_s": "run"}

ORDER = (
    "A network with the size", "Standard networks", "Against scripts", "Memory of", "Loading",
    "The reference beside", "Building once", "SpiNNaker", "Training", "Lyapunov", "The machine",
)  # fmt: skip
"""What the headings begin with, in the order of the page."""

OWN_NOTE = ("brain-", "networks-", "spinnaker-", "train-", "lyapunov-")
"""Names of results that say themselves on which machine they were measured."""

_HEAD = """\
# Benchmarks

`python -m benchmarks` measures all of this and writes this page; `--quick` takes a small graph and
a minute, and writes nothing here. Names choose: `python -m benchmarks "brain-*" codex`; then only
their parts of the page are new.

Every number is from processes of their own. Rivals take turns (A, B, A, B, ...). Times are CPU
seconds, user and system, of a process with all that it starts, for they depend less than wall time
on what else the machine does. Tables show the minimum of the repeats; ratios of the minima and of
the medians are given. Peak memory is that of the largest process, and the smallest of the repeats.
"""

_NATIVE = """\
## Against scripts written by hand

A script for the simulator, written as its users write it (`benchmarks/native/`), and neurobridge,
with the same neurons, edges, weights and input spikes. *Total* is the whole process: the script
loads plain arrays, neurobridge opens its native file and verifies every hash, lowers the network
and draws the input. NESTML models were compiled before, on both sides; the C++ that Brian2
generates is compiled in each run, on both sides. **All spikes are identical, or there would be no
row.** Target: at most 1.10 times the total of the script.

neurobridge needs less memory on NEST because each neuron's connection to the spike recorder comes
in a block of 1,024: it takes NEST's smallest synapse for them (8 kB a neuron instead of 33 kB).
Who writes by hand can do so, too: the second comparison.
"""

_MEMORY = """\
## Memory of {n_edges:,} edges

Over what `import neurobridge` takes ({bare:.0f} MB). The edge table is a Parquet file of ids with
18 digits in random order. The arrays themselves are {arrays:.0f} MB.
"""

_LOAD = """\
## Loading

All files are in the page cache. *Reading* is `read_bytes()` of the same files; neurobridge also
computes SHA-256 of every array and checks the network. SHA-256 runs on all cores, so wall time is
what a user waits; CPU time is the sum over the cores. The Codex file has one row per pair and
neuropil; its rival is `pyarrow.csv.read_csv` alone, which parses all five columns, where
neurobridge parses the three that it needs, then sums the rows of each pair and hashes the file.
"""

_REFERENCE = """\
## The reference beside the simulators

The olfactory network of FlyWire 783 (9,729 neurons, 121,218 edges), Shiu model, {duration:g} ms,
{n_spikes:,} spikes, the same on all. Loading, building and compiling included in the total.
"""

_AGAIN = """\
## Building once

A network of {duration:g} ms is compiled, run, and run again with another seed; then compiled again
for that seed. Both ways give the same spikes. CPU seconds; the first column includes the import
of the simulator.
"""


def page(results: Results) -> str:
    """The page of all results that are there."""
    parts = [_HEAD]
    if brain := brain_page(results):
        parts.append(brain)
    if standard := networks_page(results):
        parts.append(standard)
    native = {k: r for k, r in results.items() if "sides" in r and "title" in r}
    if native:
        parts += [_NATIVE, _native(native)]
    if "memory" in results:
        parts.append(_memory(results["memory"]))
    loads = {k: results[k] for k in ("load", "codex") if k in results}
    if loads:
        parts += [_LOAD, _loads(loads)]
    if "reference" in results:
        parts.append(_engines(results["reference"]))
    if "again" in results:
        parts.append(_again(results["again"]))
    if chip := spinnaker_page(results):
        parts.append(chip)
    if training := training_page(results):
        parts.append(training)
    if exponents := lyapunov_page(results):
        parts.append(exponents)
    if others := {k: r for k, r in results.items() if not k.startswith(OWN_NOTE)}:
        parts.append(_machine(others))
    return "\n".join(parts)


def _native(results: Results) -> str:
    head = ["network", "", *PHASES.values(), "total", "ratio of minima", "of medians", "peak MB"]
    rows = []
    for found in results.values():
        name = (
            f"{found['title']}, {found['n']:,} neurons, {found['n_edges']:,} edges, "
            f"{found['duration']:g} ms, {found['n_spikes']:,} spikes"
        )
        sides = found["sides"]
        by_hand = sides["native"]
        for side, measured in sides.items():
            ours = side == "neurobridge"
            rows.append(
                [
                    name if not ours else "", side,
                    *(seconds(measured["min"][phase]) for phase in PHASES),
                    seconds(measured["min"]["cpu_s"]),
                    *(
                        ratio(measured[kind]["cpu_s"], by_hand[kind]["cpu_s"], 1.1) if ours else ""
                        for kind in ("min", "median")
                    ),
                    f"{measured['peak_mb']:,.0f}",
                ]
            )  # fmt: skip
    return table(head, rows)


def _memory(found: Mapping[str, Any]) -> str:
    built, loaded = found["built"], found["loaded"]
    head = _MEMORY.format(n_edges=built["n_edges"], bare=built["bare_mb"], arrays=built["array_mb"])
    rows = [
        ["resident, built from an edge table", f"{built['resident_mb']:.0f}", "300"],
        ["peak while building", f"{built['peak_mb']:.0f}", "1,000"],
        ["loaded from its native file, private", f"{loaded['private_mb']:.0f}", "300"],
        ["loaded, mapped and shared with the page cache", f"{loaded['mapped_mb']:.0f}", "-"],
    ]
    return f"{head}\n{table(['', 'MB', 'target, at most'], rows)}"


def _loads(results: Results) -> str:
    titles = {"load": "native file, verified", "codex": "Codex `.csv.gz` to a connectome"}
    rows = []
    for name, found in results.items():
        rival, ours = found["sides"].values()
        size = f"{found['mb']:,.0f} MB"
        if "rows" in found:
            size += f", {found['rows']:,} rows, {found['n_edges']:,} edges"
        cells = [f"{titles[name]} ({size})"]
        for kind in ("work_wall_s", "work_cpu_s"):
            cells += [seconds(side["min"][kind]) for side in (rival, ours)]
            cells.append(ratio(ours["min"][kind], rival["min"][kind], 3.0))
        rows.append(cells)
    head = ["", "rival, wall s", "neurobridge", "ratio", "rival, CPU s", "neurobridge", "ratio"]
    return table(head, rows)


def _engines(found: Mapping[str, Any]) -> str:
    rows = [
        [name, *(seconds(run["min"][k]) for k in ("build_s", "run_s", "cpu_s")),
         f"{run['peak_mb']:,.0f}"]
        for name, run in found["rows"].items()
    ]  # fmt: skip
    return f"{_REFERENCE.format(**found)}\n" + table(
        ["backend", "build", "run", "total CPU s", "peak MB"], rows
    )


def _again(found: Mapping[str, Any]) -> str:
    rows = []
    for name, run in found["rows"].items():
        low = run["min"]
        anew = low["build again"] + low["run the new one"]
        rows.append(
            [name, seconds(low["build"] + low["run"]), seconds(low["run again"]), seconds(anew),
             f"{anew / low['run again']:.1f}"]
        )  # fmt: skip
    head = ["backend", "build and run", "run again", "build again and run", "times faster"]
    return f"{_AGAIN.format(**found)}\n{table(head, rows)}"


def _machine(results: Results) -> str:
    machine = next(iter(results.values()))["machine"]
    lines = [f"- {name}: {value}" for name, value in machine.items()]
    repeats = sorted({r["repeats"] for r in results.values()})
    loads = [r["load"] for r in results.values()]
    lines.append(
        f"- repeats: {repeats[0]} to {repeats[-1]}; load during the measurements: "
        f"{min(loads):.1f} to {max(loads):.1f} processes"
    )
    return "## The machine\n\n" + "\n".join(lines) + "\n"
