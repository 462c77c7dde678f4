"""What the runs of a deployment share, and each of them."""

from __future__ import annotations

__all__ = ["CHIP_MODEL", "MAPPING", "OTHER_SEED", "REFERENCE", "TWIN", "Job", "job_of", "labels"]

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from neurobridge.backends.spinnaker.machine import Machine
from neurobridge.comparison.execute import RunProgress
from neurobridge.deployment.chip_model import ChipModelRun, run_chip_model
from neurobridge.deployment.core_estimate import CoreEstimate, estimate_cores
from neurobridge.deployment.twin import TwinEngine
from neurobridge.deployment.weight_scale import ScaledPlan
from neurobridge.graph.network import Network
from neurobridge.graph.probe import SpikeProbe
from neurobridge.lowering.chip.network import ChipNetwork
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.compiled import CompiledNetwork
from neurobridge.lowering.compiled import compile as build
from neurobridge.lowering.drive import lower_drive
from neurobridge.lowering.finding import Finding, raise_if_errors
from neurobridge.lowering.grid import check_dt, to_steps
from neurobridge.lowering.lower import lower
from neurobridge.lowering.program import Drive, Program
from neurobridge.recording import Recording
from neurobridge.registry import get_backend
from neurobridge.units import parse_quantity

if TYPE_CHECKING:
    from neurobridge.backends.spinnaker.mapping import MachineMapping

REFERENCE, TWIN, OTHER_SEED, MAPPING, CHIP_MODEL = (
    "reference", "twin", "other seed", "mapping", "chip model",
)  # fmt: skip
"""Labels of what takes time, as ``progress`` gets them."""


def labels(*, baseline: bool, chip_model: bool) -> list[str]:
    """The labels in the order in which they come."""
    other, model = [OTHER_SEED] if baseline else [], [CHIP_MODEL] if chip_model else []
    return [REFERENCE, TWIN, *other, MAPPING, *model]


@dataclass(frozen=True)
class Job:
    """A network whose spikes are all recorded, its program and its drive."""

    network: Network
    program: Program
    drive: Drive
    duration: float
    seed: int
    trial: int
    findings: tuple[Finding, ...]
    progress: RunProgress | None

    def refuse(self, found: list[Finding], bound: ChipPlan | None) -> None:
        """Stop if there is no plan; a bound that is too large may still give way to a run."""
        problems = [f for f in [*self.findings, *found] if f.severity == "error"]
        if bound is None and all(f.code == "input_too_large" for f in problems):
            return
        raise_if_errors(problems)

    def reference(self, seed: int, label: str) -> Recording:
        """A run in float64."""
        accept = self._approximations(self.findings)
        with build(self.network, "reference", dt=self.program.dt, accept=accept) as compiled:
            return self._run(compiled, seed, label)

    def twin(self, scaled: ScaledPlan) -> tuple[Recording, TwinEngine]:
        """A run in the chip's arithmetic."""
        engine = TwinEngine(scaled.plan)
        findings = (*self.findings, *scaled.findings)
        compiled = CompiledNetwork(
            self.network, scaled.plan.program, get_backend("fixedpoint"), engine, findings,
            self._approximations(findings), scaled.settings, {},
        )  # fmt: skip
        return self._run(compiled, self.seed, TWIN), engine

    def mapping(self, network: ChipNetwork, machine: Machine) -> MachineMapping | CoreEstimate:
        """Where everything comes to lie, by sPyNNaker if it is there and the machine is enough."""
        found: MachineMapping | CoreEstimate = estimate_cores(network, machine)
        if found.fits and find_spec("spynnaker") is not None:
            from neurobridge.backends.spinnaker.mapping import map_network

            found = map_network(network, version=machine.version, boards=machine.boards)
        self._done(MAPPING)
        return found

    def chip_model(self, twin: Recording, settings: dict[str, Any]) -> ChipModelRun:
        """The shipped programs in the chip model."""
        found = run_chip_model(
            self.network, self.duration, twin, dt=self.program.dt, seed=self.seed,
            trial=self.trial, accept=self._approximations(twin.findings), settings=settings,
            progress=self._of(CHIP_MODEL),
        )  # fmt: skip
        self._done(CHIP_MODEL)
        return found

    def _run(self, compiled: CompiledNetwork, seed: int, label: str) -> Recording:
        recording = compiled.run(
            self.duration, seed=seed, trial=self.trial, progress=self._of(label)
        )
        if recording.status == "incomplete":
            raise KeyboardInterrupt
        self._done(label)
        return recording

    def _of(self, label: str) -> Any:
        return None if self.progress is None else partial(self.progress, label)

    def _done(self, label: str) -> None:
        if self.progress is not None:
            self.progress(label, self.drive.n_steps)

    @staticmethod
    def _approximations(findings: Sequence[Finding]) -> tuple[str, ...]:
        """All of them: a dry run shows what they do before they are accepted."""
        return tuple(sorted({f.code for f in findings if f.severity == "approximation"}))


def job_of(
    network: Network,
    duration: Any,
    dt: Any,
    seed: int,
    trial: int,
    progress: RunProgress | None,
) -> Job:
    """Lower a network and its drive; errors are among the findings."""
    recorded = network
    for probe in network.probes.values():
        if isinstance(probe, SpikeProbe):
            recorded = recorded.without_probe(probe.name)
    program = lower(recorded, check_dt(dt))
    ms = float(parse_quantity(duration, "ms", "duration"))
    n_steps, rounded = to_steps(ms, program.dt, "duration", "duration_rounding", at_least=1)
    drive, found = lower_drive(recorded, program.dt, int(n_steps), seed, trial)
    findings = tuple(dict.fromkeys([*program.findings, *rounded, *found]))
    return Job(recorded, program, drive, ms, seed, trial, findings, progress)
