"""One network with ever more of the chip's errors, run with the same input each time."""

from __future__ import annotations

__all__ = ["STEPS", "Flags", "RunProgress", "Step", "VariantRuns", "n_runs"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from neurobridge.backends.base import Engine, Progress, RawResult
from neurobridge.backends.fixedpoint.simulate import simulate
from neurobridge.backends.reference.engine import ReferenceEngine
from neurobridge.errors import NetworkError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.network import Network
from neurobridge.graph.probe import SpikeProbe
from neurobridge.lowering.chip.discretise import discretise, discretise_drive
from neurobridge.lowering.chip.load import load_drive
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.chip.planned import planned
from neurobridge.lowering.chip.unload import unload
from neurobridge.lowering.compiled import CompiledNetwork
from neurobridge.lowering.finding import raise_if_errors
from neurobridge.lowering.lower import lower
from neurobridge.lowering.program import Drive
from neurobridge.recording import Recording, Spikes
from neurobridge.registry import get_backend

RunProgress = Callable[[str, int], None]
"""Called with the label of a run and the number of its steps that are done."""


@dataclass(frozen=True)
class Flags:
    """Which of the errors that real numbers can have are there; see :func:`discretise`."""

    discretisation: bool = False
    weights: bool = False
    decays: bool = False


@dataclass(frozen=True)
class Step:
    """An error of the chip, which comes on top of those before it in :data:`STEPS`.

    ``real`` is what a run in real numbers then has, None for the twin, which has them all and
    ``saturate`` besides; ``alone`` is this error without the others, None if that is impossible.
    """

    name: str
    words: str
    real: Flags | None = None
    alone: Flags | None = None
    saturate: bool = False


STEPS = (
    Step(
        "time step", "input as its mean over a step, currents held in it",
        Flags(True), Flags(discretisation=True),
    ),
    Step("weights", "rounded to 16 bits", Flags(True, True), Flags(weights=True)),
    Step(
        "decays", "decays, thresholds and other constants rounded",
        Flags(True, True, True), Flags(decays=True),
    ),
    Step("fixed point", "32-bit states, every product floored"),
    Step("saturation", "ring buffers hold 16 bits", saturate=True),
)  # fmt: skip
"""The chip's errors, in the order in which they are added."""


def n_runs(baseline: bool) -> int:
    """How often an attribution runs the network."""
    return 1 + len(STEPS) + sum(bool(s.alone) and s.alone != s.real for s in STEPS) + baseline


class VariantRuns:
    """The runs of one network.

    Parameters
    ----------
    network : Network
        Its state probes are left out.
    duration, dt : float or str
        In ms.
    trial : int
    accept : sequence of str
    settings : mapping
        Of the chip.
    progress : callable, optional

    Raises
    ------
    FindingsError, NetworkError
        If the chip cannot run it, or no spikes of neurons with dynamics are recorded.
    """

    def __init__(
        self,
        network: Network,
        duration: float,
        dt: float,
        trial: int,
        accept: Sequence[str],
        settings: Mapping[str, Any],
        progress: RunProgress | None,
    ) -> None:
        probes = {n: p for n, p in network.probes.items() if isinstance(p, SpikeProbe)}
        self.network = replace(network, probes=FrozenDict(probes))
        self.duration, self.trial, self.accept = duration, trial, tuple(accept)
        self.settings, self.progress = dict(settings), progress
        program = lower(self.network, dt)
        raise_if_errors(program.findings, self.accept)
        self.plan = planned(program, self.settings)
        self.watched = [
            p.name for p in program.spike_plans if not program.population(p.population).is_source
        ]
        if not self.watched:
            raise NetworkError(
                "attribution compares spikes, and none are recorded but those of sources; add a "
                "spike probe of a population with dynamics"
            )

    def real(self, label: str, flags: Flags, seed: int) -> Recording:
        """A run in real numbers with some of the errors."""
        return self._run(label, _RealEngine(self.plan, flags), seed)

    def twin(self, label: str, seed: int, *, saturate: bool) -> Recording:
        """A run of the twin, with or without the limit of its ring buffers."""
        return self._run(label, _TwinEngine(self.plan, saturate), seed)

    def spikes(self, recording: Recording) -> dict[str, Spikes]:
        """What a run recorded, without sources; a run that was interrupted ends all."""
        if recording.status == "incomplete":
            raise KeyboardInterrupt
        return {name: recording.spikes[name] for name in self.watched}

    def _run(self, label: str, engine: Engine, seed: int) -> Recording:
        built = CompiledNetwork(
            self.network, self.plan.program, get_backend("reference"), engine, (), self.accept,
            self.settings, {},
        )  # fmt: skip
        tell = self.progress
        report = None if tell is None else lambda done: tell(label, done)
        return built.run(self.duration, seed=seed, trial=self.trial, progress=report)


class _RealEngine(Engine):
    """The reference's arithmetic with some of the chip's errors."""

    def __init__(self, plan: ChipPlan, flags: Flags) -> None:
        self.plan, self.flags = plan, flags
        self.engine = ReferenceEngine(discretise(plan, **asdict(flags)))

    def run(self, drive: Drive, progress: Progress | None = None) -> RawResult:
        """See :class:`Engine`."""
        flags = self.flags
        given = discretise_drive(self.plan, drive, weights=flags.weights, decays=flags.decays)
        return self.engine.run(given, progress)


class _TwinEngine(Engine):
    """The twin."""

    def __init__(self, plan: ChipPlan, saturate: bool) -> None:
        self.plan, self.saturate = plan, saturate

    def run(self, drive: Drive, progress: Progress | None = None) -> RawResult:
        """See :class:`Engine`."""
        result = simulate(load_drive(self.plan, drive), progress, saturate=self.saturate)
        return unload(self.plan, drive, result, drive.n_steps)
