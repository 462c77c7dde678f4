"""Parts that a generated Brian2 script needs and Brian2 does not have.

``functions`` are for its equations. A *player* plays rows (step, neuron, value) into a
state variable, a *sampler* keeps a state variable every so many steps, a *history* brings back what
a group sent some steps ago, a *source* emits given spikes. All of them work with every code
generation target; for the standalone devices their data are files that the compiled program reads
at its start (``player.h``, on a GPU ``player_cuda.h``), so it can run again with others.
"""

from __future__ import annotations

__all__ = [
    "History",
    "Player",
    "Sampler",
    "build",
    "functions",
    "history",
    "player",
    "sampler",
    "simulate",
    "source",
]

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import (
    BrianObject,
    Clock,
    Network,
    NetworkOperation,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    Synapses,
    check_units,
    get_device,
    implementation,
    second,
)
from brian2.devices.device import RuntimeDevice, all_devices
from numpy.typing import NDArray


def _function(code_cpp: str, code_cython: str, function: Any) -> Any:
    name = function.__name__
    made = check_units(**dict.fromkeys(function.__code__.co_varnames, 1), result=1)(function)
    made = implementation("cpp", code_cpp, name=name)(
        implementation("cython", code_cython, name=name)(made)
    )
    on_gpu = f"__host__ __device__ {code_cpp.replace('std::', '')}"
    made.implementations.add_implementation("cuda", on_gpu, name=name)
    return made


def where(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where the condition holds, else ``b``; exact for inf and nan too."""
    return np.where(condition, a, b)


def floored(x: Any) -> Any:
    """Largest whole number up to x, as a real: Brian2's own floor is a 32-bit integer."""
    return np.floor(x)


def gauss_erf(x: Any) -> Any:
    """The error function."""
    from scipy.special import erf

    return erf(x)


def gauss_erfc(x: Any) -> Any:
    """The complementary error function."""
    from scipy.special import erfc

    return erfc(x)


def _from_c(name: str, function: Any) -> Any:
    """A function that the C library has."""
    ours = function.__name__
    return _function(
        f"inline double {ours}(double x) {{ return std::{name}(x); }}",
        f"from libc.math cimport {name} as _{name}\n"
        f"cdef double {ours}(double x):\n    return _{name}(x)\n",
        function,
    )


functions = {
    "where": _function(
        "inline double where(bool condition, double a, double b) { return condition ? a : b; }",
        "cdef double where(bint condition, double a, double b):\n"
        "    return a if condition else b\n",
        where,
    ),
    "floored": _from_c("floor", floored),
    "gauss_erf": _from_c("erf", gauss_erf),
    "gauss_erfc": _from_c("erfc", gauss_erfc),
}
"""What equations may call besides the functions of Brian2."""


class Player(NetworkOperation):  # type: ignore[misc]
    """Plays rows (step, neuron, value) into a state variable.

    Parameters
    ----------
    group : NeuronGroup
    variable : str
        State variable that the values go into.
    add : bool
        Add to the variable (True), or set it (False).
    lost_while_clamped : bool
        Rows for neurons that are clamped in their step do nothing.
    """

    def __init__(
        self,
        group: NeuronGroup,
        variable: str,
        *,
        add: bool,
        lost_while_clamped: bool,
        when: str,
        name: str,
    ) -> None:
        super().__init__(self.play, clock=group.clock, when=when, order=-1, name=name)
        self.variable = group.variables[variable].get_value()
        self.timestep = group.clock.variables["timestep"].get_value()
        self.add, self.lost_while_clamped = add, lost_while_clamped
        if lost_while_clamped:
            self.last_spike = group.variables["last_spike"].get_value()
            self.refractory_steps = group.variables["refractory_steps"].get_value()
        self.load(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0))

    def load(
        self, step: NDArray[np.int64], neuron: NDArray[np.int32], value: NDArray[np.float64]
    ) -> None:
        """Take the rows of the next run: sorted by step, each (step, neuron) at most once."""
        self.neuron, self.value = neuron, value
        self.last = int(step[-1]) if step.size else -1
        self.first_row = np.searchsorted(step, np.arange(self.last + 2)).tolist()

    def play(self) -> None:
        """Play the rows of the current step."""
        now = int(self.timestep[0])
        if now > self.last:
            return
        rows = slice(self.first_row[now], self.first_row[now + 1])
        neuron, value = self.neuron[rows], self.value[rows]
        if not neuron.size:
            return
        if not self.add:
            self.variable[neuron] = value
            return
        if self.lost_while_clamped:
            steps = self.refractory_steps
            clamped_for = steps if steps.size == 1 else steps[neuron]
            free = now - self.last_spike[neuron] > clamped_for
            neuron, value = neuron[free], value[free]
        self.variable[neuron] += value


class Sampler(NetworkOperation):  # type: ignore[misc]
    """Keeps a state variable of some neurons at the end of every ``interval``-th step."""

    def __init__(
        self,
        group: NeuronGroup,
        variable: str,
        neurons: NDArray[np.int32],
        interval: int,
        *,
        name: str,
    ) -> None:
        super().__init__(self.sample, clock=group.clock, when="end", name=name)
        self.variable = group.variables[variable].get_value()
        self.timestep = group.clock.variables["timestep"].get_value()
        self.neurons, self.interval = neurons, interval
        self.values = np.empty((0, neurons.size))

    def load(self, n_steps: int) -> None:
        """Make room for the samples of a run."""
        self.values = np.empty((n_steps // self.interval, self.neurons.size))

    def sample(self) -> None:
        """Keep a sample if it is time for one."""
        row, rest = divmod(int(self.timestep[0]) + 1, self.interval)
        if not rest:
            self.values[row - 1] = self.variable[self.neurons]


class HostOperation(BrianObject):  # type: ignore[misc]
    """What a compiled program does in every step, outside of the code that Brian2 generates.

    Parameters
    ----------
    made : str
        C++ declaration of something that exists once.
    call : str
        C++ call; ``now`` is the current step.
    """

    def __init__(
        self, made: str, call: str, clock: Clock, when: str, order: int, name: str
    ) -> None:
        super().__init__(clock=clock, when=when, order=order, name=name)
        self.made, self.call = made, call


class History(NetworkOperation):  # type: ignore[misc]
    """Brings back what a group sent some steps ago; 0 before the first.

    Parameters
    ----------
    group : NeuronGroup
        Of n neurons, with a variable ``sent``.
    past : NeuronGroup
        Its variable ``sent`` gets n values for each delay, one delay after the other.
    delays : sequence of int
        In steps, above 0.
    """

    def __init__(
        self, group: NeuronGroup, past: NeuronGroup, delays: Sequence[int], order: int, name: str
    ) -> None:
        super().__init__(self.play, clock=group.clock, when="groups", order=order, name=name)
        self.sent = group.variables["sent"].get_value()
        self.past = past.variables["sent"].get_value()
        self.timestep = group.clock.variables["timestep"].get_value()
        self.delays = np.asarray(delays)
        self.load()

    def load(self) -> None:
        """Nothing was sent before the next run."""
        self.ring = np.zeros((int(self.delays.max()) + 1, self.sent.size))

    def play(self) -> None:
        """Keep what is sent now, and lay out what was sent before."""
        now = int(self.timestep[0])
        self.ring[now % len(self.ring)] = self.sent
        self.past[:] = self.ring[(now - self.delays) % len(self.ring)].ravel()


def player(
    group: NeuronGroup,
    variable: str,
    *,
    add: bool,
    lost_while_clamped: bool = False,
    when: str,
    name: str,
) -> Any:
    """A :class:`Player`, or a compiled one for a standalone device."""
    if isinstance(get_device(), RuntimeDevice):
        return Player(
            group, variable, add=add, lost_while_clamped=lost_while_clamped, when=when, name=name
        )
    if lost_while_clamped:
        one_for_all = str(group.variables["refractory_steps"].scalar).lower()
        arrays = [_array(group, v) for v in (variable, "last_spike", "refractory_steps")]
        call = f"add_if_free(now, {', '.join(arrays)}, {one_for_all})"
    else:
        call = f"{'add' if add else 'set'}(now, {_array(group, variable)})"
    made = f'{_helpers()}::Table table("{name}")'
    return HostOperation(made, f"table.{call}", group.clock, when, -1, name)


def sampler(
    group: NeuronGroup, variable: str, neurons: NDArray[np.int32], interval: int, *, name: str
) -> Any:
    """A :class:`Sampler`, or a compiled one for a standalone device."""
    if isinstance(get_device(), RuntimeDevice):
        return Sampler(group, variable, neurons, interval, name=name)
    made = f'{_helpers()}::Sampler sampler("{name}", brian::results_dir, {interval})'
    call = f"sampler.sample(now, {_array(group, variable)})"
    operation = HostOperation(made, call, group.clock, "end", 0, name)
    operation.sampled_neurons = neurons
    return operation


def history(
    group: NeuronGroup, past: NeuronGroup, delays: Sequence[int], *, order: int, name: str
) -> Any:
    """A :class:`History`, or a compiled one for a standalone device."""
    if isinstance(get_device(), RuntimeDevice):
        return History(group, past, delays, order, name)
    steps = ", ".join(str(d) for d in delays)
    made = f"{_helpers()}::History history({group.N}, {{{steps}}})"
    arrays = ", ".join(_array(g, "sent") for g in (group, past))
    call = f"history.play(now, {arrays})"
    return HostOperation(made, call, group.clock, "groups", order, name)


def source(size: int, *, clock: Clock, name: str) -> SpikeGeneratorGroup:
    """A population without dynamics; its spikes are given before each run."""
    return SpikeGeneratorGroup(size, [], [] * second, clock=clock, when="start", name=name)


def _on_gpu() -> bool:
    """Whether the device is ``cuda_standalone``."""
    return get_device() is all_devices.get("cuda_standalone")


def _helpers() -> str:
    """Namespace of what plays and samples."""
    return "player::gpu" if _on_gpu() else "player"


def _array(group: NeuronGroup, variable: str) -> str:
    """Pointer to the values of a variable, in the memory of the GPU if it is there."""
    where_it_is = {"prefix": "dev"} if _on_gpu() else {}
    return f"brian::{get_device().get_array_name(group.variables[variable], **where_it_is)}"


def simulate(
    net: Network,
    n_steps: int,
    first: Sequence[Any] = (),
    later: Sequence[Any] = (),
    start_steps: int = 0,
    **how: Any,
) -> None:
    """Run a network whose first steps differ from those after.

    Parameters
    ----------
    net : Network
    n_steps : int
    first, later : sequence of BrianObject
        What is active in the first steps only, or after them only.
    start_steps : int
        How many the first steps are.
    **how
        Further arguments of Brian2's ``run``.
    """
    dt = next(iter(net.objects)).clock.dt
    beginning = min(start_steps, n_steps)
    for steps, on, off in ((beginning, first, later), (n_steps - beginning, later, first)):
        for thing in on:
            thing.active = True
        for thing in off:
            thing.active = False
        if steps:
            net.run(steps * dt, **how)


_REPORT = 'if (duration > 0) std::cout << "done " << completed << std::endl;'


def build(
    net: Network,
    directory: Path,
    first: Sequence[Any] = (),
    later: Sequence[Any] = (),
    start_steps: int = 0,
) -> None:
    """Compile a network for the ``cpp_standalone`` or ``cuda_standalone`` device; do not run it.

    The program reads ``inputs/`` in its folder and writes ``results/``; ``layout.json`` tells
    which file holds what.

    Parameters
    ----------
    net : Network
    directory : Path
        Folder of the generated project.
    first, later, start_steps
        As in :func:`simulate`.
    """
    device = get_device()
    net.run(0 * second, report=_REPORT, report_period=1 * second)
    device.insert_code("main", "\n".join(_schedule(net)))
    for group in net.objects:
        if isinstance(group, SpikeGeneratorGroup):
            variables = [group.variables[v] for v in ("_timebins", "neuron_index")]
            arrays = [device.get_array_name(v, access_data=False) for v in variables]
            line = f'player::read_spikes("{group.name}", {", ".join(arrays)});'
            if _on_gpu():
                line += "".join(f" dev{array} = {array};" for array in arrays)
            device.insert_code("main", line)
    dt = float(next(iter(net.objects)).clock.dt)
    parts = (
        f"{{{', '.join(f'_run_{code.name}' for thing in things for code in thing._code_objects)}}}"
        for things in (first, later)
    )
    device.insert_code(
        "main",
        f"player::simulate({net.name}, {dt!r}, {start_steps}, {', '.join(parts)}, "
        'std::getenv("REPORT") ? report_progress : NULL);',
    )
    for variable, name in device.dynamic_arrays.items():
        if isinstance(variable.owner, Synapses):  # large, and known: write them only if asked
            cleared = [f"brian::{name}", f"brian::dev{name}"][: 1 + _on_gpu()]
            line = " ".join(f"{array}.clear();" for array in cleared)
            device.insert_code("before_end", f'if (!std::getenv("WRITE_SYNAPSES")) {{ {line} }}')
    by_brian2 = os.name == "nt"  # it finds Visual Studio
    device.build(directory=str(directory), compile=by_brian2, run=False, with_output=False)
    if _on_gpu():
        _make_on_gpu(directory)
    elif not by_brian2:
        _make(directory)
    _write_layout(net, directory)


def _schedule(net: Network) -> Iterator[str]:
    """What the program does in a step, in order: Brian2's code and ours."""
    yield f"{net.name}.clear();"
    for thing in net.sorted_objects:
        clock = thing.clock.name
        if isinstance(thing, HostOperation):
            steps = f"const int64_t now = brian::{clock}.timestep[0]; {thing.call};"
            yield f"{net.name}.add(&{clock}, [] {{ static {thing.made}; {steps} }});"
        for code in thing._code_objects:
            yield f"{net.name}.add(&{clock}, _run_{code.name});"


_COMMON = """\
#include <climits>
#include <ctime>
#include <fstream>
#include <iostream>
#include "objects.h"
#include "brianlib/common_math.h"
#include "player.h"
"""
_COMPILE_ONCE = """
common.h.gch: common.h $(H_SRCS)
	$(CXX) $(subst -include common.h,,$(CXXFLAGS)) -x c++-header $< -o $@

$(OBJS): CXXFLAGS += -include common.h
$(OBJS): common.h.gch
"""


def _make(directory: Path) -> None:
    """Compile the headers once, then what Brian2 wrote: most files are short, and include them."""
    (directory / "common.h").write_text(_COMMON)
    with (directory / "makefile").open("a") as makefile:
        makefile.write(_COMPILE_ONCE)
    # Brian2 would start a compiler for every file at once, a hundred or more, and ask it first
    # which headers each file includes
    _run_make(directory, "--silent", "--assume-old=make.deps")
    (directory / "common.h.gch").unlink()


def _make_on_gpu(directory: Path) -> None:
    """Mend the makefile of a CUDA project, and compile it."""
    from brian2cuda.utils.gputools import get_nvcc_path

    for name in ("player.h", "player_cuda.h"):
        shutil.copyfile(Path(__file__).with_name(name), directory / name)
    makefile = directory / "makefile"
    text = makefile.read_text()
    # CUDA 13 and its libraries need C++17; brian2cuda 1.0b1 asks for C++11.
    text = text.replace("-std=c++11", "-std=c++17")
    if not _has_curand(get_nvcc_path()):
        base = _curand_package()
        (directory / "libcurand.so").symlink_to(next((base / "lib").glob("libcurand.so*")))
        text = text.replace("NVCCFLAGS = ", f"NVCCFLAGS = -I{base / 'include'} ")
        text = text.replace("LFLAGS = ", f"LFLAGS = -L. -Xlinker -rpath={base / 'lib'} ")
    makefile.write_text(text)
    _run_make(directory)


def _run_make(directory: Path, *options: str) -> None:
    subprocess.run(["make", f"-j{os.cpu_count() or 1}", *options], cwd=directory, check=True)


def _has_curand(nvcc: str) -> bool:
    """Whether the CUDA toolkit has the random numbers that every project includes."""
    asked = subprocess.run(
        [nvcc, "-E", "-x", "cu", "-"],
        input="#include <curand.h>",
        capture_output=True,
        check=False,
        text=True,
    )
    return asked.returncode == 0


def _curand_package() -> Path:
    """Folder of the Python package that has cuRAND instead."""
    spec = find_spec("nvidia")
    for place in spec.submodule_search_locations or () if spec else ():
        for header in Path(place).glob("*/include/curand.h"):
            return header.parent.parent
    raise RuntimeError(
        "error: this CUDA toolkit has no cuRAND (curand.h), which every project of brian2cuda "
        "includes; install it: pip install nvidia-curand"
    )


def _write_layout(net: Network, directory: Path) -> None:
    device = get_device()

    def file_of(owner: Any, variable: str) -> str:
        return str(device.get_array_filename(owner.variables[variable]))

    clock = next(iter(net.objects)).clock
    layout = {"grid": {"timestep": file_of(clock, "timestep")}}
    for thing in net.objects:
        if isinstance(thing, SpikeMonitor):
            layout[thing.name] = {"i": file_of(thing, "i"), "t": file_of(thing, "t")}
        elif isinstance(thing, Synapses):
            layout[thing.name] = {"w": file_of(thing, "w")}
        elif hasattr(thing, "sampled_neurons"):
            (directory / "samples").mkdir(exist_ok=True)
            thing.sampled_neurons.tofile(directory / "samples" / f"{thing.name}.neurons")
    (directory / "layout.json").write_text(json.dumps(layout, indent=1))
