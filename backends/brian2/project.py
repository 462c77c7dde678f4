"""Write a script as a folder that runs without neurobridge."""

from __future__ import annotations

__all__ = ["HELPERS", "write_header", "write_helpers", "write_parts", "write_project"]

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.brian2 import delays
from neurobridge.backends.brian2.binary import Table
from neurobridge.backends.brian2.script import Script, write_script
from neurobridge.backends.brian2.target import Target
from neurobridge.lowering.program import Program

Real = NDArray[np.float64]

HELPERS = ("player.py", "player.h", "player_cuda.h", "binary.py")
"""Files that a script needs beside it."""

_HEADER = '''\
from pathlib import Path

import numpy as np
from brian2 import Clock, Network, NeuronGroup, SpikeMonitor, Synapses, ms, prefs, set_device

from player import build, functions, history, player, sampler, simulate, source

folder = Path(__file__).resolve().parent


def load(name):
    """An array of this project."""
    return np.load(folder / "arrays" / f"{name}.npy")


# ---- Code generation
'''

_RUNTIME = '''
# ---- Run: give the input, then let Brian2 simulate
def table(name):
    """Rows (step, neuron, value) of one input."""
    return [load(f"{{name}}_{{column}}") for column in ("step", "neuron", "value")]


{loads}
simulate(net, {n_steps}{parts})

# ---- Results: (stamp in steps, neuron) of every spike; a spike in step k has the stamp k + 1
(folder / "results").mkdir(exist_ok=True)
for population, monitor in {monitors}.items():
    step = np.rint(monitor.t / grid.dt).astype(int) + 1
    np.save(folder / "results" / f"{{monitor.name}}.npy", np.column_stack([step, monitor.i]))
    print(f"{{population}}: {{monitor.num_spikes}} spikes")
for probe, samples in {samplers}.items():
    np.save(folder / "results" / f"{{samples.name}}.npy", samples.values)
'''

_COMPILED = '''
# ---- Run: compile, write the input where the program reads it, start the program
def table(name):
    """Rows (step, neuron, value) of one input."""
    return Table(*(load(f"{{name}}_{{column}}") for column in ("step", "neuron", "value")))


build(net, folder / "build"{parts})
write_inputs(
    folder / "build",
    {n_steps},
    {{name: table(name) for name in {tables}}},
    {{name: table(name) for name in {sources}}},
)
run_binary(folder / "build")

# ---- Results: (stamp in steps, neuron) of every spike; a spike in step k has the stamp k + 1
(folder / "results").mkdir(exist_ok=True)
for population, monitor in {monitors}.items():
    step, neuron = read_spikes(folder / "build", monitor.name, {dt!r})
    np.save(folder / "results" / f"{{monitor.name}}.npy", np.column_stack([step, neuron]))
    print(f"{{population}}: {{step.size}} spikes")
for probe, (samples, n_neurons) in {samplers}.items():
    values = read_samples(folder / "build", samples.name, n_neurons)
    np.save(folder / "results" / f"{{samples.name}}.npy", values)
'''

_README = """\
# A network for Brian2

`python run.py` simulates it and writes `results/`. It needs {needs}.

{inventory}

Files: `run.py` is the network, `arrays/` its edges, parameters and input, `player.py`{more} play
the input into it. `results/NAME_spikes.npy` has one row (stamp in steps of {dt} ms, neuron) for
each spike{signals}.

Network id: {network_id}
"""

_BRIAN2 = (
    'Brian2 (Python 3.11: `pip install "brian2==2.9.0" "numpy<2.4"`; newer: '
    '`pip install "brian2==2.10.1"`)'
)
_NEEDS = {
    "numpy": _BRIAN2,
    "cython": f"{_BRIAN2} and a C++ compiler",
    "cpp_standalone": f"{_BRIAN2}, and a C++ compiler with make",
    "cuda_standalone": "an NVIDIA GPU with its driver, the CUDA toolkit (nvcc), a C++ compiler "
    'with make, and Python 3.12 or newer with `pip install "brian2cuda==1.0b1" nvidia-curand`',
}


def write_helpers(folder: Path) -> None:
    """Copy the files that a script imports."""
    for name in HELPERS:
        shutil.copyfile(Path(__file__).with_name(name), folder / name)


def write_header(compiled: bool) -> str:
    """Imports, and how arrays are loaded."""
    if not compiled:
        return _HEADER
    imported = "from binary import Table, read_samples, read_spikes, run_binary, write_inputs\n"
    return _HEADER.replace("from player import", f"{imported}from player import")


def write_parts(script: Script) -> str:
    """Further arguments of ``simulate`` and ``build``, if the first steps of a run differ."""
    return f", first, later, {script.start_steps}" if script.start_steps else ""


def write_project(
    folder: Path,
    program: Program,
    target: Target,
    n_steps: int,
    tables: Mapping[str, Table],
    sources: Mapping[str, Table],
) -> None:
    """Write ``run.py``, its arrays, its helpers and a README.

    Parameters
    ----------
    folder : Path
    program : Program
    target : Target
    n_steps : int
    tables, sources : mapping of str to Table
        Input of the run, by the names of players and sources in the script.
    """
    script = write_script(delays.split(program, target).program, target)
    run = _compiled_run if target.compiled else _runtime_run
    text = "".join(
        [
            f'"""{_summary(program, n_steps)}"""\n\n',
            write_header(target.compiled),
            script.settings,
            script.network,
            run(program, script, n_steps, tables, sources),
        ]
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.py").write_text(text)
    (folder / "README.md").write_text(_readme(program, target, n_steps))
    write_helpers(folder)
    _write_arrays(folder / "arrays", script, {**tables, **sources})


def _write_arrays(folder: Path, script: Script, tables: Mapping[str, Table]) -> None:
    folder.mkdir(exist_ok=True)
    for name, array in script.arrays.items():
        np.save(folder / f"{name}.npy", array)
    for name, rows in tables.items():
        for column, array in rows._asdict().items():
            np.save(folder / f"{name}_{column}.npy", array)


def _mapping(names: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key!r}: {name}" for key, name in names.items()) + "}"


def _runtime_run(
    program: Program, script: Script, n_steps: int, tables: Iterable[str], sources: Iterable[str]
) -> str:
    lines = [f"{name}.load(*table({name!r}))" for name in tables]
    lines += [f"{name}.load({n_steps})" for name in script.samplers.values()]
    for name in sources:
        lines.append(f"step, neuron, _ = table({name!r})")
        lines.append(f"{name}.set_spikes(neuron, step * grid.dt, sorted=True)")
    return _RUNTIME.format(
        loads="\n".join(lines),
        n_steps=n_steps,
        parts=write_parts(script),
        monitors=_mapping(script.monitors),
        samplers=_mapping(script.samplers),
    )


def _compiled_run(
    program: Program, script: Script, n_steps: int, tables: Iterable[str], sources: Iterable[str]
) -> str:
    samplers = ", ".join(
        f"{plan.name!r}: ({script.samplers[plan.name]}, {plan.neurons.size})"
        for plan in program.signal_plans
    )
    return _COMPILED.format(
        n_steps=n_steps,
        parts=write_parts(script),
        tables=list(tables),
        sources=list(sources),
        monitors=_mapping(script.monitors),
        samplers=f"{{{samplers}}}",
        dt=program.dt,
    )


def _summary(program: Program, n_steps: int) -> str:
    edges = sum(p.n_edges for p in program.pathways)
    neurons = sum(p.size for p in program.populations)
    return (
        f"A network of {neurons:,} neurons and {edges:,} edges, run for "
        f"{n_steps * program.dt:g} ms at dt = {program.dt:g} ms in Brian2."
    )


def _readme(program: Program, target: Target, n_steps: int) -> str:
    populations = [
        f"- population `{p.name}`: {p.size:,} neurons"
        + (", spikes given" if p.is_source else f", model {getattr(p.model, 'name', 'unknown')}")
        for p in program.populations
    ]
    projections = [
        f"- projection `{p.projection}` ({p.pre} to {p.post}, receptor {p.receptor}): "
        f"{p.n_edges:,} edges"
        for p in program.pathways
    ]
    return _README.format(
        needs=_NEEDS[target.name],
        inventory="\n".join([_summary(program, n_steps), "", *populations, *projections]),
        more=", `player.h`, `player_cuda.h` and `binary.py`" if target.compiled else "",
        dt=program.dt,
        signals=", `results/NAME_samples.npy` the samples of a state probe"
        * bool(program.signal_plans),
        network_id=program.network_id,
    )
