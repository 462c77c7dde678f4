"""Compare what a run gave with what is expected: python check.py [results.npz].

expected.npz holds the spikes of the twin, an exact copy of the chip's arithmetic, and a checksum of
every recorded state in every step. The exit code is 0 if everything recorded is identical and
nothing was lost in the run, else 1. The script needs NumPy only.
"""

from __future__ import annotations

import json
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
ON_CHIP = {
    "hardware": "the chips themselves",
    "chip model": "the programs for the chip, run in a model of it: no timing, no lost packets",
}


def main() -> None:
    """Print a line for everything that is compared, and a verdict."""
    results = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "results.npz"
    if not results.exists():
        sys.exit(f"{results} is not there; run the network first: python run.py spiNNaker")
    expected, found = read(HERE / "expected.npz"), read(results)
    if "info" not in found:
        sys.exit(f"{results} was not written by run.py: it does not say how it was made")
    info = json.loads(str(found.pop("info")))
    evidence = info["evidence"]
    if evidence == "virtual board":
        sys.exit("NO RESULT: a virtual board maps the network and computes nothing")
    problems = [*compare_spikes(expected, found)]
    if evidence in ON_CHIP:
        problems += [*compare_states(expected, found), *losses(info)]
    for line in problems:
        say(f"  {line}")
    say(verdict(evidence, problems))
    sys.exit(1 if problems or evidence not in ON_CHIP else 0)


def read(path: Path) -> dict[str, Any]:
    """All arrays of a file."""
    try:
        with np.load(path) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as err:
        sys.exit(f"{path} cannot be read: {err}; copy it again, or run the network again")


def compare_spikes(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What differs; numbers of spikes are printed for every population."""
    problems = []
    for name in sorted(n for n in expected if n.endswith(".spikes.step")):
        population = name.removesuffix(".spikes.step")
        if name not in found:
            problems.append(f"{population}: no spikes were recorded")
            continue
        wanted, got = (spikes_of(population, arrays) for arrays in (expected, found))
        same = wanted.shape == got.shape and bool((wanted == got).all())
        say(f"{population}: {len(wanted):,} spikes expected, {len(got):,} found")
        if not same:
            problems.append(f"{population}: {first_difference(wanted, got)}")
    return problems


def spikes_of(population: str, arrays: dict[str, Any]) -> Any:
    """Step and neuron of every spike, sorted, (k, 2)."""
    step, neuron = (arrays[f"{population}.spikes.{what}"] for what in ("step", "neuron"))
    order = np.lexsort((neuron, step))
    return np.column_stack([step[order], neuron[order]]).astype(np.int64)


def first_difference(wanted: Any, got: Any) -> str:
    """Where two sorted lists of spikes part."""
    n = min(len(wanted), len(got))
    differ = np.flatnonzero((wanted[:n] != got[:n]).any(axis=1))
    at = int(differ[0]) if differ.size else n
    ends = [
        f"neuron {s[at, 1]} in step {s[at, 0]}" if at < len(s) else "none" for s in (wanted, got)
    ]
    return f"the first spike that differs is number {at + 1:,}: expected {ends[0]}, found {ends[1]}"


def compare_states(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Recorded states, raw integers, by the checksum of every step."""
    problems = []
    for name in sorted(n for n in expected if n.endswith(".checksums")):
        state, wanted = name.removesuffix(".checksums"), expected[name]
        if state not in found:
            problems.append(f"{state} was not recorded")
            continue
        got = checksums(found[state])
        n = min(wanted.size, got.size)
        differ = np.flatnonzero(wanted[:n] != got[:n])
        if differ.size:
            problems.append(f"{state} differs from step {int(differ[0]):,} on")
        elif wanted.size != got.size:
            problems.append(f"{state}: {wanted.size:,} steps expected, {got.size:,} found")
        else:
            say(f"{state}: {wanted.size:,} steps identical to the last bit")
    return problems


def checksums(states: Any) -> Any:
    """One number for every step, uint32 (n_steps,)."""
    rows = np.ascontiguousarray(states, dtype="<i4")
    return np.array([zlib.crc32(row.tobytes()) for row in rows], dtype=np.uint32)


def losses(info: dict[str, Any]) -> list[str]:
    """What the run lost, as sPyNNaker's provenance says."""
    lines = [f"lost in the run: {what} = {count:,}" for what, count in info["lost"].items()]
    say(f"sPyNNaker {info['spynnaker']}, {info['n_cores']:,} cores; provenance read")
    return lines


def verdict(evidence: str, problems: list[str]) -> str:
    """A sentence with the level of evidence."""
    if evidence not in ON_CHIP:
        return (
            f"NOT COMPARABLE bit for bit: {evidence} is another simulator with its own arithmetic; "
            "the numbers of spikes are for orientation"
        )
    by = f"evidence: {evidence} ({ON_CHIP[evidence]})"
    if problems:
        reasons = f"{len(problems)} reason{'s' if len(problems) != 1 else ''}"
        return f"DIFFERENT, or not to be trusted: {reasons} above; {by}"
    return f"IDENTICAL to what is expected; {by}"


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
