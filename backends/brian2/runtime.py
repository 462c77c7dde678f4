"""Brian2 in this process: targets numpy and cython.

Brian2 keeps preferences, a device and a logger for the whole process. All of them are as they were
whenever control returns to the caller.
"""

from __future__ import annotations

__all__ = ["RuntimeEngine"]

import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.base import Progress, RawResult
from neurobridge.backends.brian2.engine import Brian2Engine, Real
from neurobridge.backends.brian2.script import write_script
from neurobridge.backends.brian2.target import Target
from neurobridge.errors import BackendError, NeurobridgeError
from neurobridge.lowering.program import Drive, Program

REPORT_EVERY_S = 0.5


class RuntimeEngine(Brian2Engine):
    """Executes the script in a namespace of its own, and runs its network again and again."""

    def __init__(self, program: Program, target: Target) -> None:
        super().__init__(program, write_script(program, target), target)
        with _brian2("building the network"):
            self.objects = _namespace(self.script.arrays)
            exec(compile(self.script.settings, "<settings>", "exec"), self.objects)
            exec(compile(self.script.network, "<network>", "exec"), self.objects)
            net = self.objects["net"]
            for thing in net.objects:
                thing._network = net.id  # or Brian2 complains when they go without a run
            net.run(0 * self.objects["ms"], namespace={})  # compiles what it needs
        self.script.arrays.clear()  # Brian2 has its own copies now

    def run(self, drive: Drive, progress: Progress | None = None) -> RawResult:
        """See :class:`Engine`."""
        import brian2

        from neurobridge.backends.brian2.player import simulate

        net, step = self.objects["net"], self._values("grid", "timestep")
        start = time.perf_counter()
        with _brian2("running the network"):
            exec(compile(self.script.settings, "<settings>", "exec"), self.objects)
            self._rewind(drive)
            try:
                simulate(
                    net,
                    drive.n_steps,
                    *self._parts(),
                    report=_reporter(progress, drive.n_steps),
                    report_period=REPORT_EVERY_S * brian2.second,
                    namespace={},
                )
            except KeyboardInterrupt:
                brian2.Network._globally_running = False
        steps_done = int(step[0])
        signals = {plan: self.objects[name].values for plan, name in self.script.samplers.items()}
        result = self._result(drive, steps_done, self._read_spikes, signals)
        result.info["run_s"] = time.perf_counter() - start
        return result

    def weights(self) -> dict[int, Real]:
        """See :class:`Engine`."""
        found = {k: np.empty(0) for k in range(len(self.program.pathways))}
        for index, name in self.script.synapses.items():
            found[index] = self._values(name, "w").copy()
        return found

    def close(self) -> None:
        """Let go of the network."""
        self.objects.clear()

    # -- helpers ------------------------------------------------------------------------------

    def _parts(self) -> tuple[list[Any], list[Any], int]:
        """What is active in the first steps only, what after them, and how many they are."""
        if not self.script.start_steps:
            return [], [], 0
        return self.objects["first"], self.objects["later"], self.script.start_steps

    def _values(self, name: str, variable: str) -> NDArray[Any]:
        """The array that Brian2 works on."""
        values: NDArray[Any] = self.objects[name].variables[variable].get_value()
        return values

    def _fill(self, name: str, variable: str, value: object) -> None:
        self.objects[name].variables[variable].set_value(value)

    def _replace_values(self, population: str, values: Mapping[str, float | Real]) -> None:
        group, names = self.script.groups[population], self.script.names[population]
        for name, value in values.items():
            self._fill(group, names[name], value)

    def _rewind(self, drive: Drive) -> None:
        """Back to the initial state, with the input of the next run."""
        for clock_variable in ("timestep", "t"):
            self._fill("grid", clock_variable, 0)
        self.objects["net"].t_ = 0.0
        for pop in self.program.populations:
            if not pop.is_source:
                self._rewind_population(pop.name)
        for name in self.script.histories.values():
            self.objects[name].load()
        for name in self.script.synapses.values():
            for pathway in self.objects[name]._pathways:
                pathway.queue._restore_from_full_state(None)  # nothing is on its way
        for name in self.script.monitors.values():
            self.objects[name].resize(0)
            self._fill(name, "N", 0)
            self._fill(name, "count", 0)
        for name in self.script.samplers.values():
            self.objects[name].load(drive.n_steps)
        self._load(drive)

    def _rewind_population(self, population: str) -> None:
        pop, group = self.program.population(population), self.script.groups[population]
        self._replace_values(population, {**pop.initial, **dict.fromkeys(pop.code.memory, 0.0)})
        if pop.code.takes_current:
            self._fill(group, "current", 0.0)
        self._fill(group, "last_spike", -1 - np.asarray(pop.refractory_steps))
        if pop.code.threshold:
            self._fill(group, "_spikespace", 0)

    def _load(self, drive: Drive) -> None:
        for name, table in self.tables(drive).items():
            self.objects[name].load(*table)
            self.objects[name].active = bool(table.step.size)
        dt = self.objects["grid"].dt
        for name, (stamp, neuron, _) in self.sources(drive).items():
            self.objects[name].set_spikes(neuron, stamp * dt, sorted=True)
            self._fill(name, "_spikespace", 0)

    def _read_spikes(self, monitor: str) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        times, neurons = self._values(monitor, "t"), self._values(monitor, "i")
        stamp = np.rint(times / (self.program.dt * 1e-3)).astype(np.int64) + 1
        return stamp, neurons.astype(np.int32)


def _namespace(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Names that the header of a script brings."""
    import brian2

    from neurobridge.backends.brian2 import player

    names = "Clock Network NeuronGroup SpikeMonitor Synapses ms prefs".split()
    return {
        **{name: getattr(brian2, name) for name in names},
        **{
            name: getattr(player, name)
            for name in ("functions", "history", "player", "sampler", "source")
        },
        "np": np,
        "load": arrays.__getitem__,
        "folder": Path(),
    }


def _reporter(progress: Progress | None, n_steps: int) -> Any:
    if progress is None:
        return None

    def report(elapsed: Any, completed: float, start: Any, duration: Any) -> None:
        progress(round(completed * n_steps))

    return report


@contextmanager
def _brian2(doing: str) -> Iterator[None]:
    """Set Brian2's global state for us and put it back; turn its errors into ours."""
    excepthook = sys.excepthook
    import brian2
    from brian2.devices.device import reset_device, set_device
    from brian2.utils.logger import BrianLogger

    sys.excepthook = excepthook  # Brian2 puts its own there when it is imported
    kept = dict(brian2.prefs.prefs)
    handler = BrianLogger.console_handler
    level = handler.level if handler is not None else None
    set_device("runtime")
    try:
        if handler is not None:
            handler.setLevel(logging.CRITICAL)
        with np.errstate(all="ignore"):  # where() evaluates both sides, as the other targets do not
            yield
    except (KeyboardInterrupt, NeurobridgeError):
        raise
    except Exception as error:
        cause = _first_cause(error)
        if isinstance(cause, ZeroDivisionError):
            remedy = "Brian2's Cython target stops there; numpy and cpp_standalone give inf or nan"
        else:
            remedy = "If the message names a compiler or Cython, try target='numpy'"
        raise BackendError(
            f"Brian2 failed while {doing}: {type(cause).__name__}: {cause}. {remedy}"
        ) from error
    finally:
        if handler is not None:
            handler.setLevel(level)
        reset_device()
        brian2.prefs.prefs.update(kept)


def _first_cause(error: BaseException) -> BaseException:
    """What went wrong in the first place; Brian2 wraps it in where it was noticed."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
