"""Runs a program in torch as any backend does: one run, from the initial state."""

from __future__ import annotations

__all__ = ["TorchEngine"]

import numpy as np
import torch
from numpy.typing import NDArray

from neurobridge.backends.base import Engine, Progress, RawResult, source_result
from neurobridge.backends.torch.carry import Outputs, initial_carry
from neurobridge.backends.torch.inputs import Inputs
from neurobridge.backends.torch.network import Options, TorchNetwork
from neurobridge.lowering.program import Drive, PopulationProgram, Program, SignalPlan, SpikePlan

SEGMENT = 100
"""Steps that are held in memory before what was recorded is taken out."""


class TorchEngine(Engine):
    """A program in torch, without gradients."""

    def __init__(self, program: Program, precision: str, device: str, threads: int | None) -> None:
        if threads is not None:
            torch.set_num_threads(int(threads))
        record = dict.fromkeys((p.population, p.variable) for p in program.signal_plans)
        self.options = Options(getattr(torch, precision), device, record=tuple(record))
        self.program = program
        self.module = TorchNetwork(program, self.options)

    def set_population(self, population: PopulationProgram) -> None:
        """See :class:`Engine`."""
        self.program = self.program.with_population(population)
        self.module = TorchNetwork(self.program, self.options)

    def weights(self) -> dict[int, NDArray[np.float64]]:
        """See :class:`Engine`."""
        return {i: w.cpu().numpy().astype(np.float64) for i, w in enumerate(self.module.weights)}

    def run(self, drive: Drive, progress: Progress | None = None) -> RawResult:
        """See :class:`Engine`."""
        module, options = self.module, self.options
        device = torch.device(options.device)
        inputs = Inputs.from_drives([drive], self.program, options.dtype, device)
        taken = _Taken(self.program)
        done = 0
        with torch.inference_mode():
            carry = initial_carry(self.program, module.constants, module.initial, 1)
            try:
                while done < drive.n_steps:
                    length = min(SEGMENT, drive.n_steps - done)
                    out, carry = module.segment(
                        done, length, module.constants, module.weights, carry, inputs
                    )
                    taken.take(out, done)
                    done += length
                    if progress is not None:
                        progress(done)
            except KeyboardInterrupt:
                pass
        return taken.result(drive, done)


class _Taken:
    """What was recorded so far, as arrays."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.spikes: dict[str, list[tuple[NDArray[np.int64], NDArray[np.int32]]]] = {
            p.name: [] for p in program.spike_plans
        }
        self.signals: dict[str, list[NDArray[np.float64]]] = {
            p.name: [] for p in program.signal_plans
        }

    def take(self, out: Outputs, first: int) -> None:
        """Take what the plans want out of a segment that began with step ``first``."""
        for plan in self.program.spike_plans:
            if plan.population in out.spikes:
                self.spikes[plan.name].append(_spikes(out, plan, first))
        for probe in self.program.signal_plans:
            values = out.states[probe.population, probe.variable][:, :, 0]
            self.signals[probe.name].append(_samples(values, probe, first))

    def result(self, drive: Drive, done: int) -> RawResult:
        """All of it."""
        spikes = {}
        for plan in self.program.spike_plans:
            if self.program.population(plan.population).is_source:
                spikes[plan.name] = source_result(plan, drive, done)
                continue
            parts = self.spikes[plan.name]
            spikes[plan.name] = (
                np.concatenate([np.zeros(0, np.int64), *(p[0] for p in parts)]),
                np.concatenate([np.zeros(0, np.int32), *(p[1] for p in parts)]),
            )
        signals = {
            p.name: np.concatenate([np.zeros((0, p.neurons.size)), *self.signals[p.name]])
            for p in self.program.signal_plans
        }
        return RawResult(spikes, signals, done)


def _spikes(
    out: Outputs, plan: SpikePlan, first: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    step, neuron = (a.cpu().numpy() for a in out.spikes[plan.population][:, :, 0].nonzero().T)
    if plan.neurons is not None:
        keep = np.isin(neuron, plan.neurons)
        step, neuron = step[keep], neuron[keep]
    return step.astype(np.int64) + first + 1, neuron.astype(np.int32)


def _samples(values: torch.Tensor, probe: SignalPlan, first: int) -> NDArray[np.float64]:
    """Rows whose end of step is a multiple of the interval."""
    ends = np.arange(first + 1, first + 1 + values.shape[0])
    rows = np.flatnonzero(ends % probe.interval == 0)
    chosen = values.cpu().numpy()[rows][:, probe.neurons]
    return chosen.astype(np.float64)
