"""Brian2's standalone modes: a child process writes and compiles the program, we run it.

The device that Brian2 uses for this is global state, so it never exists in this process; Brian2 is
not even imported here.
"""

from __future__ import annotations

__all__ = ["StandaloneEngine"]

import shutil
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.base import Progress, RawResult
from neurobridge.backends.brian2 import binary, delays, gpu
from neurobridge.backends.brian2.engine import Brian2Engine, Real
from neurobridge.backends.brian2.project import write_header, write_helpers, write_parts
from neurobridge.backends.brian2.script import write_script
from neurobridge.backends.brian2.target import Target
from neurobridge.errors import BackendError
from neurobridge.lowering.program import Drive, Program, SignalPlan

_BUILD = '\nbuild(net, folder / "build"{parts})\n'


class StandaloneEngine(Brian2Engine):
    """A compiled network in a folder of its own.

    Parameters
    ----------
    program : Program
    target : Target
        ``cpp_standalone`` or ``cuda_standalone``.
    folder : Path, optional
        Where to build; it must be empty, and is kept. By default a temporary folder, which is
        removed with the engine.
    """

    def __init__(self, program: Program, target: Target, folder: Path | None) -> None:
        self._split = delays.split(program, target)
        script = write_script(self._split.program, target)
        super().__init__(program, script, target)
        self.folder = _make_folder(folder)
        if folder is None:
            self._finalizer = weakref.finalize(self, shutil.rmtree, self.folder, True)
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        script.arrays.clear()
        self._assignments: dict[str, str] = {}

    @property
    def project(self) -> Path:
        """Folder of the generated project."""
        return self.folder / "build"

    def run(self, drive: Drive, progress: Progress | None = None) -> RawResult:
        """See :class:`Engine`."""
        start = time.perf_counter()
        report = None if progress is None else lambda done: progress(round(done * drive.n_steps))
        binary.write_inputs(self.project, drive.n_steps, self.tables(drive), self.sources(drive))
        steps_done = self._start(report)
        signals = {
            plan.name: self._read_samples(plan) if steps_done else np.empty((0, plan.neurons.size))
            for plan in self.program.signal_plans
        }
        read_spikes = self._read_spikes if steps_done else _no_spikes
        result = self._result(drive, steps_done, read_spikes, signals)
        result.info["run_s"] = time.perf_counter() - start
        return result

    def weights(self) -> dict[int, Real]:
        """See :class:`Engine`: what the program holds after a run of no steps."""
        nothing = Drive(0, (), (), ())
        binary.write_inputs(self.project, 0, self.tables(nothing), self.sources(nothing))
        self._start(None, write_synapses=True)
        found = {k: np.empty(0) for k in range(len(self._split.origin))}
        for index, name in self.script.synapses.items():
            found[index] = binary.read_weights(self.project, name)
        return self._split.join(found)

    def close(self) -> None:
        """Remove the build, unless its folder was given."""
        finalizer = getattr(self, "_finalizer", None)
        if finalizer is not None:
            finalizer()

    # -- helpers ------------------------------------------------------------------------------

    def _build(self) -> None:
        """Write the script and its arrays, and run it in a process of its own."""
        arrays = self.folder / "arrays"
        arrays.mkdir()
        for name, array in self.script.arrays.items():
            np.save(arrays / f"{name}.npy", array)
        write_helpers(self.folder)
        text = write_header(compiled=True) + self.script.settings + self.script.network
        text += _BUILD.format(parts=write_parts(self.script))
        (self.folder / "network.py").write_text(text)
        child = subprocess.run(
            [sys.executable, "network.py"],
            cwd=self.folder,
            check=False,
            capture_output=True,
            text=True,
        )
        if child.returncode:
            raise BackendError(_explain(child.stdout + child.stderr, self.target))
        shutil.rmtree(arrays)  # the project has its own copies

    def _start(self, report: binary.Report | None, *, write_synapses: bool = False) -> int:
        if self.target.on_gpu:
            gpu.find_gpu()  # or it says why there is none
        arguments = [f"{key}={value}" for key, value in self._assignments.items()]
        try:
            return binary.run_binary(
                self.project, arguments, report=report, write_synapses=write_synapses
            )
        except RuntimeError as error:
            remedy = gpu.explain_failure(str(error)) if self.target.on_gpu else ""
            raise BackendError(
                f"the program that Brian2 compiled stopped with {error}{remedy}. It is in "
                f"{self.project}"
            ) from error

    def _replace_values(self, population: str, values: Mapping[str, float | Real]) -> None:
        """Brian2 takes values from the command line, but none that are not finite: use files."""
        group, names = self.script.groups[population], self.script.names[population]
        pop = self.program.population(population)
        (self.project / "inputs").mkdir(exist_ok=True)
        for name, value in values.items():
            shape = np.shape(value) or ((1,) if name in pop.constants else (pop.size,))
            key = f"{group}.{names[name]}"
            # brian2cuda makes the name of the file lower case
            file = self._assignments.setdefault(key, f"inputs/value_{len(self._assignments)}")
            np.broadcast_to(np.asarray(value, np.float64), shape).tofile(self.project / file)

    def _read_spikes(self, monitor: str) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        return binary.read_spikes(self.project, monitor, self.program.dt)

    def _read_samples(self, plan: SignalPlan) -> Real:
        name = self.script.samplers[plan.name]
        return binary.read_samples(self.project, name, plan.neurons.size)


def _no_spikes(monitor: str) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    return np.empty(0, np.int64), np.empty(0, np.int32)


def _make_folder(folder: Path | None) -> Path:
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="neurobridge-brian2-"))
    if folder.exists() and any(folder.iterdir()):
        raise BackendError(
            f"build_folder {str(folder)!r} is not empty; give a new folder, or none for a "
            "temporary one"
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def _explain(output: str, target: Target) -> str:
    """A message from what the child process said."""
    lines = [line for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower() or "Error" in line]
    told = "\n".join((errors or lines)[-8:])
    if target.on_gpu:
        language = "CUDA"
        remedy = (
            "If this is about the compiler, check that nvcc, g++ and make work and fit together "
            "(nvcc refuses a g++ that is newer than it), or use target='cpp_standalone'"
        )
    else:
        language = "C++"
        remedy = (
            "If this is about the compiler, check that g++ (or clang++) and make work, or use "
            "target='cython' or target='numpy'"
        )
    return f"Brian2 could not build the {language} program:\n{told}\n{remedy}"
