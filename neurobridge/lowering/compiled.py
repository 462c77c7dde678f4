"""check(), compile() and run(): the ways in for users."""

from __future__ import annotations

__all__ = ["CompiledNetwork", "check", "compile", "run"]

import operator
import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import (
    BackendError,
    BackendUnavailableError,
    FindingsError,
    NetworkError,
    NeurobridgeError,
    UnknownNameError,
)
from neurobridge.graph.network import Network
from neurobridge.graph.stimulus import Stimulus
from neurobridge.lowering.check import check_program
from neurobridge.lowering.drive import lower_drive
from neurobridge.lowering.finding import Finding, raise_if_errors
from neurobridge.lowering.grid import to_steps
from neurobridge.lowering.lower import lower
from neurobridge.lowering.many import RunJob, perform_all
from neurobridge.lowering.neurons import lower_population
from neurobridge.lowering.program import Drive, PopulationProgram, Program
from neurobridge.recording import Recording, Signal, Spikes, Status
from neurobridge.registry import backends_that, get_backend
from neurobridge.units import parse_quantity

if TYPE_CHECKING:
    from neurobridge.backends.base import Backend, Engine, Progress, RawResult

DEFAULT_BACKEND = "native"
"""The backend of a run for which none is named."""

RECORDING_CAP_MB = 4096.0
"""Default limit of what state probes may record, in MB."""


def check(
    network: Network, backend: str = DEFAULT_BACKEND, *, dt: float, **settings: Any
) -> list[Finding]:
    """What will differ, or stop, if a network runs on a backend; nothing is built or drawn.

    Parameters
    ----------
    network : Network
    backend : str
        Default: ``native``.
    dt : float
        In ms.
    **settings
        Settings of the backend.

    Returns
    -------
    list of Finding

    Raises
    ------
    UnknownNameError
        If the backend or a setting does not exist.
    NeurobridgeError
        If the network cannot be lowered at all, e.g. for a weight in the wrong unit.
    """
    program = lower(network, dt)
    found = check_program(program, get_backend(backend), settings)
    return [*found, *_stimulus_findings(network, program)]


def compile(
    network: Network,
    backend: str = DEFAULT_BACKEND,
    *,
    dt: float,
    accept: Sequence[str] = (),
    **settings: Any,
) -> CompiledNetwork:
    """Build a network in a backend, to run it any number of times.

    Parameters
    ----------
    network : Network
    backend : str
        See ``neurobridge backends``; default: ``native``.
    dt : float
        Time step in ms.
    accept : sequence of str
        Names of approximations that are accepted; each is then part of the recording.
    **settings
        Settings of the backend, e.g. ``target="cpp_standalone"`` or ``threads=2``.

    Raises
    ------
    FindingsError
        Lists every finding of severity error, and every approximation that was not accepted.
    """
    chosen = get_backend(backend)
    start = time.perf_counter()
    program = lower(network, dt)
    findings = check_program(program, chosen, settings)
    raise_if_errors([*findings, *_stimulus_findings(network, program)], accept)
    lowered = time.perf_counter()
    engine = _emit(chosen, program, settings)
    timings = {"lower_s": lowered - start, "build_s": time.perf_counter() - lowered}
    return CompiledNetwork(
        network, program, chosen, engine, tuple(findings), tuple(accept), dict(settings), timings
    )


def _emit(backend: Backend, program: Program, settings: dict[str, Any]) -> Engine:
    """Build; a simulator that is there but does not load is named, with what it said."""
    try:
        return backend.emit(program, settings)
    except BackendUnavailableError:
        raise
    except ImportError as err:
        raise BackendUnavailableError(
            f"backend {backend.name!r} is installed, but cannot be imported: {err}. Install it "
            f"anew: {backend.availability().install or 'with the versions of constraints.txt'}"
        ) from err


def run(
    network: Network,
    duration: float,
    backend: str = DEFAULT_BACKEND,
    *,
    dt: float,
    seed: int = 0,
    trial: int = 0,
    accept: Sequence[str] = (),
    progress: Progress | None = None,
    recording_cap_mb: float = RECORDING_CAP_MB,
    **settings: Any,
) -> Recording:
    """Build and run a network once.

    Parameters
    ----------
    network : Network
    duration : float
        In ms; a multiple of dt.
    backend, dt, accept, **settings
        See :func:`compile`.
    seed, trial : int
        Key of everything that is drawn.
    progress : callable, optional
        Called with the number of steps done.
    recording_cap_mb : float
        See :meth:`CompiledNetwork.run`.

    Raises
    ------
    FindingsError, NetworkError
        As :func:`compile` and :meth:`CompiledNetwork.run`.
    """
    with compile(network, backend, dt=dt, accept=accept, **settings) as compiled:
        return compiled.run(
            duration, seed=seed, trial=trial, progress=progress, recording_cap_mb=recording_cap_mb
        )


def _run_arguments(given: Mapping[str, Any], number: int) -> dict[str, Any]:
    """What one of many runs is given, refused if it is nothing that a run takes."""
    known = ("seed", "trial", "stimuli", "parameters")
    for name in given:
        if name not in known:
            raise TypeError(
                f"run {number} of run_many is given {name!r}; expected some of {', '.join(known)}"
            )
    return dict(given)


def _stimulus_findings(network: Network, program: Program) -> list[Finding]:
    """What the stimuli would say about a run of any length."""
    return lower_drive(network, program.dt, n_steps=0, seed=0, trial=0)[1]


class CompiledNetwork:
    """A network that was built in a backend. Use it as a context manager, or close it."""

    def __init__(
        self,
        network: Network,
        program: Program,
        backend: Backend,
        engine: Engine,
        findings: tuple[Finding, ...],
        accept: tuple[str, ...],
        settings: dict[str, Any],
        timings: dict[str, float],
    ) -> None:
        self.network, self.program, self.findings = network, program, findings
        self.settings, self.timings = settings, timings
        self._backend, self._engine, self._accept = backend, engine, accept
        self._closed = False

    def __enter__(self) -> CompiledNetwork:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release what the simulator holds; the network cannot run afterwards."""
        self._closed = True
        self._engine.close()

    def run(
        self,
        duration: float,
        *,
        seed: int = 0,
        trial: int = 0,
        stimuli: Sequence[Stimulus] | None = None,
        parameters: Mapping[str, Mapping[str, Any]] | None = None,
        progress: Progress | None = None,
        recording_cap_mb: float = RECORDING_CAP_MB,
    ) -> Recording:
        """Run from the initial state; the network is not built again.

        What is refused changes nothing: neither parameters nor anything else.

        Parameters
        ----------
        duration : float
            In ms.
        seed, trial : int
        stimuli : sequence of Stimulus, optional
            Replace the network's stimuli of the same names in this run, or come on top.
        parameters : mapping of population to mapping of parameter to value, optional
            Replace parameters for this and later runs.
        progress : callable, optional
        recording_cap_mb : float
            Largest size of recorded states that is allowed.

        Returns
        -------
        Recording
            With status ``incomplete`` if the run was interrupted, ``degraded`` if a probe diverged.

        Raises
        ------
        FindingsError
            If a stimulus, the duration or the parameters do not fit the time step or what was
            built.
        NetworkError
            If the states would take more than ``recording_cap_mb``.
        BackendError
            After :meth:`close`.
        """
        self._refuse_closed()
        job = self._job(
            duration, seed, trial, stimuli, parameters, recording_cap_mb=recording_cap_mb
        )
        for population in job.changed:
            self._engine.set_population(population)
            self.program = self.program.with_population(population)
        self.network = job.own
        return self._perform(self._engine, job, progress)

    def run_many(
        self,
        duration: float,
        runs: Sequence[Mapping[str, Any]],
        *,
        threads: int = 1,
        progress: Progress | None = None,
        recording_cap_mb: float = RECORDING_CAP_MB,
    ) -> list[Recording]:
        """Many runs of what was built: trials, or values of parameters; several at a time.

        Each run is as :meth:`run` would give it alone. What the runs are given holds for each of
        them only, and is checked before the first begins.

        Parameters
        ----------
        duration : float
            In ms.
        runs : sequence of mappings
            ``seed``, ``trial``, ``stimuli`` and ``parameters`` of :meth:`run`, e.g.
            ``[{"trial": 0}, {"trial": 1, "parameters": {"neurons": {"tau_m": 10.0}}}]``.
        threads : int
            How many runs go on at a time, if the backend can share what it built (``native``);
            with any other they follow one another.
        progress : callable, optional
            Called with the number of runs done.
        recording_cap_mb : float
            Largest size of recorded states of a run that is allowed.

        Returns
        -------
        list of Recording
            In the order of ``runs``.

        Raises
        ------
        TypeError
            If a run is given something else.
        FindingsError, NetworkError, BackendError
            As :meth:`run`.
        """
        self._refuse_closed()
        count = operator.index(threads)
        if count < 1:
            raise ValueError(f"threads of run_many: expected at least 1, got {threads}")
        jobs = [self._job(duration, **_run_arguments(r, i), recording_cap_mb=recording_cap_mb)
                for i, r in enumerate(runs)]  # fmt: skip
        return perform_all(self._engine, self.program, jobs, self._perform, count, progress)

    def _job(
        self,
        duration: float,
        seed: int = 0,
        trial: int = 0,
        stimuli: Sequence[Stimulus] | None = None,
        parameters: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        recording_cap_mb: float,
    ) -> RunJob:
        """What a run plays and changes; nothing is changed yet."""
        own, changed = self._with_parameters(parameters or {})
        network = own
        for stimulus in stimuli or ():
            network = network.with_stimulus(stimulus)
        n_steps, findings = self._steps(duration)
        counted = self._backend.capabilities().draws_counts
        drive, found = lower_drive(network, self.program.dt, n_steps, seed, trial, counted=counted)
        findings += found
        raise_if_errors(findings, self._accept)
        expected = self.recording_mb(duration)
        if expected > recording_cap_mb:
            raise NetworkError(
                f"the state probes would record {expected:,.0f} MB, the cap is "
                f"{recording_cap_mb:,.0f} MB; record fewer neurons, at a longer interval, or raise "
                "recording_cap_mb"
            )
        return RunJob(own, network, tuple(changed), drive, seed, trial, tuple(findings))

    def _perform(self, engine: Engine, job: RunJob, progress: Progress | None) -> Recording:
        """Run a job on an engine that has its parameters."""
        start = time.perf_counter()
        raw = engine.run(job.drive, progress)
        ran = time.perf_counter()
        findings = [*self.findings, *job.findings]
        recording = self._recording(raw, job.drive, job.seed, job.trial, findings, job.network)
        timings = {
            **self.timings,
            "run_s": float(raw.info.get("run_s", ran - start)),
            "collect_s": time.perf_counter() - ran,
        }
        return recording.replace(timings=timings)

    def recording_mb(self, duration: float) -> float:
        """Expected size of the recorded states of a run of ``duration`` ms, in MB."""
        steps = parse_quantity(duration, "ms", "duration") / self.program.dt
        samples = sum(steps / p.interval * p.neurons.size for p in self.program.signal_plans)
        return float(samples * 8 / 1e6)

    def weights(self, projection: str) -> NDArray[np.float64]:
        """Weights as the simulator holds them, in canonical edge order, float64 (E,)."""
        if projection not in self.network.projections:
            raise UnknownNameError("projection", projection, self.network.projections)
        self._refuse_closed()
        held = self._engine.weights()
        n_edges = self.network.projections[projection].edges.n_edges
        values = np.full(n_edges, np.nan)
        for i, pathway in enumerate(self.program.pathways):
            if pathway.projection == projection:
                values[slice(None) if pathway.edge is None else pathway.edge] = held[i]
        return values

    def export(self, folder: str | Path, duration: float, *, seed: int = 0, trial: int = 0) -> Path:
        """Write this run as a project that needs no neurobridge; returns the folder.

        Raises
        ------
        NeurobridgeError
            If the backend cannot export, or the folder exists and is not empty.
        """
        self._refuse_closed()
        target = Path(folder)
        if not self._backend.capabilities().exports:
            able = " or ".join(backends_that(lambda can: can.exports))
            raise NeurobridgeError(
                f"backend {self._backend.name!r} has no standalone form; export from {able}"
            )
        if target.exists() and not (target.is_dir() and not any(target.iterdir())):
            raise NeurobridgeError(f"{target} is a file, or not empty; choose a new folder")
        n_steps, findings = self._steps(duration)
        drive, found = lower_drive(self.network, self.program.dt, n_steps, seed, trial)
        raise_if_errors([*findings, *found], self._accept)
        target.mkdir(parents=True, exist_ok=True)
        self._engine.export(target, drive)
        return target

    # -- helpers --------------------------------------------------------------------------------

    def _refuse_closed(self) -> None:
        if self._closed:
            raise BackendError(
                f"this network was closed on {self._backend.name!r}; use it before close() or "
                "inside its 'with' block, or compile it again"
            )

    def _steps(self, duration: float) -> tuple[int, list[Finding]]:
        ms = parse_quantity(duration, "ms", "duration")
        steps, findings = to_steps(ms, self.program.dt, "duration", "duration_rounding", at_least=1)
        return int(steps), findings

    def _with_parameters(
        self, parameters: Mapping[str, Mapping[str, Any]]
    ) -> tuple[Network, list[PopulationProgram]]:
        """The network with other parameters, and what changes in the engine."""
        network, changed = self.network, []
        for name, values in parameters.items():
            network = network.with_parameters(name, **values)
            new, findings = lower_population(network.population(name), self.program.dt)
            raise_if_errors(findings, self._accept)
            built = self.program.population(name)
            if new.code != built.code or not np.array_equal(
                new.refractory_steps, built.refractory_steps
            ):
                raise FindingsError(
                    f"the new parameters of {name!r} change what was built (refractory steps or "
                    "code), not only numbers in it; compile the network again with them"
                )
            changed.append(new)
        return network, changed

    def _recording(
        self,
        raw: RawResult,
        drive: Drive,
        seed: int,
        trial: int,
        findings: list[Finding],
        network: Network,
    ) -> Recording:
        program = self.program
        spikes = {}
        for plan in program.spike_plans:
            stamp, neuron = raw.spikes[plan.name]
            order = np.lexsort((neuron, stamp))
            spikes[plan.name] = Spikes(
                step=stamp[order].astype(np.int64),
                neuron=neuron[order].astype(np.int32),
                trial=np.full(order.size, trial, dtype=np.int32),
                dt=program.dt,
                n_steps=raw.steps_done,
                size=program.population(plan.population).size,
                neurons=plan.neurons,
            )
        signals = {}
        for probe in program.signal_plans:
            values = raw.signals[probe.name]
            step = (np.arange(values.shape[0], dtype=np.int64) + 1) * probe.interval
            signals[probe.name] = Signal(
                probe.variable,
                probe.unit,
                probe.population,
                values,
                step,
                probe.neurons,
                program.dt,
            )
        status, message = _verdict(raw, drive.n_steps, signals)
        return Recording(
            spikes=spikes,
            signals=signals,
            backend=self._backend.name,
            network_id=network.id,
            dt=program.dt,
            duration=drive.n_steps * program.dt,
            seed=seed,
            trial=trial,
            status=status,
            message=message,
            findings=tuple(findings),
            versions=_versions(self._backend),
            settings=self.settings,
            info=raw.info,
        )


def _verdict(raw: RawResult, asked: int, signals: Mapping[str, Signal]) -> tuple[Status, str]:
    """The status of a run: whether it reached its end, and whether its result can be trusted."""
    if raw.steps_done < asked:
        return "incomplete", f"interrupted after {raw.steps_done:,} of {asked:,} steps"
    if raw.degraded:
        return "degraded", raw.degraded
    for name, signal in signals.items():
        bad = np.argwhere(~np.isfinite(signal.values))
        if bad.size:
            row, column = bad[0]
            return "degraded", (
                f"probe {name!r}: {signal.variable} of neuron {signal.neurons[column]} is "
                f"{signal.values[row, column]} from {signal.time[row]:g} ms on; the integration "
                "diverged, so take a smaller dt or another integrator"
            )
    return "ok", ""


def _versions(backend: Backend) -> dict[str, str]:
    from neurobridge import __version__

    return {
        "neurobridge": __version__,
        backend.name: backend.availability().version,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
