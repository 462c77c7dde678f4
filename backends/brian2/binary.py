"""Run a network that Brian2 has compiled: write its input, start it, read its results.

Needs numpy alone. The folder layout is that of ``player.h`` and :func:`player.build`.
"""

from __future__ import annotations

__all__ = ["Table", "read_samples", "read_spikes", "read_weights", "run_binary", "write_inputs"]

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RESULTS = "results"
Report = Callable[[float], None]


class Table(NamedTuple):
    """Rows (step, neuron, value), sorted by step; each (step, neuron) at most once."""

    step: NDArray[np.int64]
    neuron: NDArray[np.int32]
    value: NDArray[np.float64]


def write_inputs(
    directory: Path, n_steps: int, tables: Mapping[str, Table], sources: Mapping[str, Table]
) -> None:
    """Write what the next run of the program reads: rows of players, spikes of sources."""
    inputs = directory / "inputs"
    inputs.mkdir(exist_ok=True)
    np.array([n_steps], dtype=np.int64).tofile(inputs / "n_steps")
    for name, (step, neuron, value) in tables.items():
        step.astype(np.int64, copy=False).tofile(inputs / f"{name}.step")
        neuron.astype(np.int32, copy=False).tofile(inputs / f"{name}.neuron")
        value.astype(np.float64, copy=False).tofile(inputs / f"{name}.value")
    for name, (step, neuron, _) in sources.items():
        step.astype(np.int32).tofile(inputs / f"{name}.step")
        neuron.astype(np.int32, copy=False).tofile(inputs / f"{name}.neuron")


def run_binary(
    directory: Path,
    arguments: Sequence[str] = (),
    *,
    report: Report | None = None,
    write_synapses: bool = False,
) -> int:
    """Run the program once.

    Parameters
    ----------
    directory : Path
        Folder of the C++ project.
    arguments : sequence of str
        Assignments ``group.variable=value`` (or ``=file``) made before the run.
    report : callable, optional
        Called about once a second with the fraction done.
    write_synapses : bool
        Write the synapses to the results, too.

    Returns
    -------
    int
        Steps done: all, or fewer after Ctrl-C (what was recorded until then is kept).

    Raises
    ------
    RuntimeError
        If the program fails; the message holds what it said.
    """
    shutil.rmtree(directory / RESULTS, ignore_errors=True)  # never read those of an older run
    (directory / RESULTS).mkdir()
    # OpenMP threads that wait for others soon give way: other processes may need the cores.
    # CUDA counts GPUs as nvidia-smi does.
    environment = {"GOMP_SPINCOUNT": "10000", "CUDA_DEVICE_ORDER": "PCI_BUS_ID", **os.environ}
    if report is not None:
        environment["REPORT"] = "1"
    if write_synapses:
        environment["WRITE_SYNAPSES"] = "1"
    process = subprocess.Popen(
        [str(directory / "main"), "--results_dir", f"{RESULTS}/", *arguments],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C reaches it through us, once
    )
    said = _follow(process, report)
    if process.returncode == -signal.SIGINT:  # it had not begun to simulate
        return 0
    if process.returncode:
        raise RuntimeError(f"exit status {process.returncode}: {' '.join(said)[-2000:]}")
    return int(np.fromfile(_layout(directory, "grid", "timestep"), dtype=np.int64)[0])


def _follow(process: subprocess.Popen[str], report: Report | None) -> list[str]:
    """Read what the program says until it ends; at Ctrl-C ask it to stop, and wait."""
    assert process.stdout is not None  # it is a pipe
    said: list[str] = []
    stopped = False
    try:
        while True:
            try:
                for line in process.stdout:
                    if not line.startswith("done "):
                        said.append(line.strip())
                    elif report is not None and not stopped:
                        report(float(line.split()[1]))
                process.wait()
                return said
            except KeyboardInterrupt:
                if stopped:
                    raise
                stopped = True
                process.send_signal(signal.SIGINT)  # the step is finished, results are written
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()


def _layout(directory: Path, name: str, variable: str) -> Path:
    layout = json.loads((directory / "layout.json").read_text())
    return directory / RESULTS / str(layout[name][variable])


def read_spikes(
    directory: Path, monitor: str, dt_ms: float
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Stamp in steps and neuron of every spike of a monitor."""
    time = np.fromfile(_layout(directory, monitor, "t"))
    neuron = np.fromfile(_layout(directory, monitor, "i"), dtype=np.int32)
    return np.rint(time / (dt_ms * 1e-3)).astype(np.int64) + 1, neuron


def read_samples(directory: Path, sampler: str, n_neurons: int) -> NDArray[np.float64]:
    """Samples of a sampler, shape (n_samples, n_neurons)."""
    return np.fromfile(directory / RESULTS / f"{sampler}.samples").reshape(-1, n_neurons)


def read_weights(directory: Path, synapses: str) -> NDArray[np.float64]:
    """Weight of every synapse; the last run was one with ``write_synapses``."""
    return np.fromfile(_layout(directory, synapses, "w"))
