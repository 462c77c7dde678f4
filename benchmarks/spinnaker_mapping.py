"""Mapping onto SpiNNaker: what a project of ours takes beside a plain script of sPyNNaker.

    python -m benchmarks.spinnaker_mapping [NEURONS [SYNAPSES_ONTO_EACH [PART_SIZE ...]]]

Both sides are given the same lists, in processes of their own that take turns; ``whole`` is the
plain script with one population and one list for each receptor.
"""

from __future__ import annotations

__all__ = ["side_by_side"]

import json
import os
import runpy
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import interleaved, python

HERE = "benchmarks.spinnaker_mapping"
CELL = {
    "tau_m": 20.0, "cm": 1.0, "v_rest": -65.0, "v_reset": -65.0, "v_thresh": -50.0,
    "tau_syn_E": 5.0, "tau_syn_I": 5.0, "tau_refrac": 2.0, "i_offset": 0.1,
}  # fmt: skip
STEPS, EXCITATORY, SHIFTS = 100, 0.8, (4, 4)


def side_by_side(
    n: int, n_onto: int, part_size: int, repeats: int, *, whole: bool = False
) -> dict[str, Any]:
    """CPU time from the start of Python to the end of the mapping, and where it goes.

    Parameters
    ----------
    n, n_onto : int
        Neurons, and synapses onto each.
    part_size : int
        Neurons of a part at most; 0 is what the backend chooses.
    repeats : int
    whole : bool
        Also without parts.
    """
    from neurobridge.lowering.chip.parts import mapped_fastest

    size = part_size or mapped_fastest(n, 256, n * n_onto, n)
    with tempfile.TemporaryDirectory() as scratch:
        sides = {"project": ("project", size), "plain script": ("plain", size)}
        if whole:
            sides["whole"] = ("plain", n)
        starts = {}
        for name, (job, parts) in sides.items():
            folder = Path(scratch) / str(parts)
            if not folder.exists():
                python("-m", HERE, "prepare", str(n), str(n_onto), str(parts), folder)
            starts[name] = lambda job=job, folder=folder: python("-m", HERE, job, folder)
        found = interleaved(starts, repeats)
    ratio = found["project"]["min"]["cpu_s"] / found["plain script"]["min"]["cpu_s"]
    return {"n": n, "n_onto": n_onto, "part_size": size, "ratio": ratio, "sides": found}


# -- in processes of their own --------------------------------------------------------------------


def prepare(n: str, n_onto: str, part_size: str, folder: str) -> dict[str, Any]:
    """Write the project, and the same lists as a user would have them: one row a synapse."""
    from neurobridge.backends.spinnaker.project import write_project

    network = _random(int(n), int(n_onto), int(part_size))
    write_project(Path(folder), network, time_scale_factor=1)
    lists = {
        f"{p.pre}.{p.post}.{p.receptor}": _rows(p, network.population(p.post))
        for p in network.projections
    }
    np.savez(Path(folder) / "lists.npz", **lists)
    sizes = {p.name: p.size for p in network.populations}
    (Path(folder) / "sizes.json").write_text(json.dumps(sizes))
    (Path(folder) / ".spynnaker.cfg").write_text("[Machine]\nversion = 5\nvirtual_board = True\n")
    return {}


def project(folder: str) -> dict[str, Any]:
    """The project's own script."""
    _at_home(folder)
    start = time.perf_counter()
    network = runpy.run_path("run.py", run_name="project")["Network"]("spiNNaker")
    network.build()
    built = time.perf_counter()
    network.run()
    return {"phases": {"build_s": built - start, "map_s": time.perf_counter() - built}}


def plain(folder: str) -> dict[str, Any]:
    """What a user would write by hand."""
    _at_home(folder)
    start = time.perf_counter()
    from pyNN import spiNNaker as sim  # noqa: N813

    sim.setup(timestep=1.0)
    sizes = json.loads(Path("sizes.json").read_text())
    populations = {
        name: sim.Population(size, sim.IF_curr_exp(**CELL), label=name)
        for name, size in sizes.items()
    }
    with np.load("lists.npz") as lists:
        for name in lists.files:
            pre, post, receptor = name.split(".")
            sim.Projection(
                populations[pre], populations[post], sim.FromListConnector(lists[name]),
                sim.StaticSynapse(), receptor_type=receptor,
            )  # fmt: skip
    for population in populations.values():
        population.record("spikes")
    built = time.perf_counter()
    sim.run(STEPS)
    return {"phases": {"build_s": built - start, "map_s": time.perf_counter() - built}}


def _at_home(folder: str) -> None:
    os.chdir(folder)
    os.environ["HOME"] = folder


def _random(n: int, n_onto: int, part_size: int) -> Any:
    """Each neuron has as many sources, drawn from all; the first four fifths excite."""
    from neurobridge.lowering.chip.network import RECEPTORS, ChipNetwork, ChipPopulation

    rng = np.random.default_rng(1)
    starts = range(0, n, part_size)
    populations = tuple(
        ChipPopulation(
            f"part_{i}", min(part_size, n - start), "IF_curr_exp", CELL, {"v": -65.0}, SHIFTS, 256
        )
        for i, start in enumerate(starts)
    )
    source = rng.integers(0, n, n * n_onto).astype(np.int32)
    target = np.repeat(np.arange(n, dtype=np.int32), n_onto)
    word = rng.integers(1, 2000, n * n_onto).astype(np.uint16)
    delay = rng.integers(2, 16, n * n_onto).astype(np.int32)
    receptor = (source >= EXCITATORY * n).astype(np.int64)
    group = (target // part_size * len(starts) + source // part_size) * 2 + receptor
    order = np.argsort(group, kind="stable")
    ends = np.flatnonzero(np.diff(group[order], append=-1)) + 1
    projections = []
    for chosen in np.split(order, ends[:-1]):
        pair, kind = divmod(int(group[chosen[0]]), 2)
        post, pre = divmod(pair, len(starts))
        projections.append(
            _projection(
                pre, post, RECEPTORS[kind], source[chosen] % part_size,
                target[chosen] % part_size, word[chosen], delay[chosen],
            )
        )  # fmt: skip
    return ChipNetwork(1.0, STEPS, populations, (), tuple(projections))


def _projection(pre: int, post: int, receptor: str, *columns: Any) -> Any:
    from neurobridge.lowering.chip.network import ChipProjection

    names = f"part_{pre}", f"part_{post}"
    return ChipProjection(f"{pre}_{post}_{receptor}", *names, receptor, *columns)


def _rows(projection: Any, post: Any) -> Any:
    order = np.lexsort((projection.target, projection.source))
    weight = projection.word * post.resolution(projection.receptor)
    columns = projection.source, projection.target, weight, projection.delays
    return np.column_stack(columns)[order]


def main(arguments: list[str]) -> None:
    """Compare for the sizes that are asked for, and print a table."""
    n, n_onto, *parts = (*map(int, arguments), *(10_000, 200)[len(arguments) :])
    for part_size in parts or [0]:
        found = side_by_side(n, n_onto, part_size, 3)
        best = {name: side["min"] for name, side in found["sides"].items()}
        print(f"{n:,} neurons, {n * n_onto:,} synapses, parts of {found['part_size']:,}")
        for name, took in best.items():
            print(f"  {name}: {took['cpu_s']:.1f} s CPU, {took['wall_s']:.1f} s")
        print(f"  ratio {found['ratio']:.3f}")


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in ("prepare", "project", "plain"):
        job, *given, result = sys.argv[1:]
        Path(result).write_text(json.dumps(globals()[job](*given)))
    else:
        main(sys.argv[1:])
