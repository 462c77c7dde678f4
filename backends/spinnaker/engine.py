"""A program on SpiNNaker: laid out once; every run is a project in a process of its own."""

from __future__ import annotations

__all__ = ["SpinnakerEngine"]

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurobridge.backends.base import Progress, RawResult
from neurobridge.backends.fixedpoint.engine import ChipEngine
from neurobridge.backends.spinnaker.child import run_project
from neurobridge.backends.spinnaker.losses import loss_message
from neurobridge.backends.spinnaker.machine import machine_settings
from neurobridge.backends.spinnaker.project import read_results, write_project
from neurobridge.errors import BackendError
from neurobridge.lowering.chip.load import load_drive
from neurobridge.lowering.chip.network import ChipNetwork, ChipResult
from neurobridge.lowering.chip.unload import unload
from neurobridge.lowering.finding import raise_if_errors
from neurobridge.lowering.program import Drive, Program


class SpinnakerEngine(ChipEngine):
    """Runs a program on a machine of SpiNNaker."""

    def __init__(self, program: Program, settings: Mapping[str, Any]) -> None:
        super().__init__(program, settings)
        self.machine, findings = machine_settings(settings)
        raise_if_errors(findings)

    def run(self, drive: Drive, progress: Progress | None = None) -> RawResult:
        """See :class:`Engine`."""
        if not self.machine.computes:
            raise BackendError(
                "machine='virtual' maps a network and computes nothing, so there are no spikes to "
                "record: use machine='softboard' (the binaries in a model of the chip), a board, "
                "or the backend 'fixedpoint' (the same arithmetic)"
            )
        network = load_drive(self.plan, drive)
        if not network.populations:  # sources alone: their spikes are known
            return unload(self.plan, drive, _nothing(network), drive.n_steps)
        if progress is not None:
            progress(0)
        start = time.perf_counter()
        try:
            with tempfile.TemporaryDirectory(prefix="neurobridge-spinnaker-") as folder:
                self._write(Path(folder), network)
                run_project(Path(folder), self.machine)
                result, info = read_results(Path(folder), network)
        except KeyboardInterrupt:
            return unload(self.plan, drive, _nothing(network), 0)
        raw = unload(self.plan, drive, result, drive.n_steps)
        raw.info |= {"evidence": info["evidence"], "run_s": time.perf_counter() - start}
        raw.degraded = loss_message(info["lost"])
        if progress is not None:
            progress(drive.n_steps)
        return raw

    def export(self, folder: Path, drive: Drive) -> None:
        """See :class:`Engine`: the project folder."""
        self._write(folder, load_drive(self.plan, drive))

    def _write(self, folder: Path, network: ChipNetwork) -> None:
        program = self.plan.program
        write_project(
            folder,
            network,
            time_scale_factor=self.machine.scale(network.dt),
            extra={"network": program.network_id},
        )


def _nothing(network: ChipNetwork) -> ChipResult:
    """The result of a run that did not get anywhere."""
    no_spikes = np.zeros(0, np.int64), np.zeros(0, np.int32)
    states = {
        (p.name, variable): np.zeros((0, p.neurons(variable).size), np.int32)
        for p in network.populations
        for variable in p.record
        if variable != "spikes"
    }
    return ChipResult({p.name: no_spikes for p in network.populations}, states, {})
