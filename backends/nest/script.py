"""The NEST script of a program: what the engine runs is what an exported project contains."""

from __future__ import annotations

__all__ = ["Script", "build_script", "export_script", "stimulus_script"]

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from textwrap import dedent, indent
from typing import Any

import numpy as np

from neurobridge.backends.nest.cells import Cell
from neurobridge.backends.nest.clock import tics_per_ms
from neurobridge.backends.nest.delays import delays_in_nest
from neurobridge.lowering.program import Drive, PopulationProgram, Program, SpikePlan

LINE = 94
"""Longest line of a function body, without its indentation."""
EVENT_ARRAYS = ("target", "weight", "step", "channel", "count")
CURRENT_ARRAYS = ("neuron", "start", "value")
EDGE_ARRAYS = ("indptr", "source", "weight")


@dataclass
class Script:
    """Source text, and the arrays that it reads by name."""

    text: str = ""
    arrays: dict[str, Any] = field(default_factory=dict)

    def add(self, *lines: str) -> None:
        """Append lines of a function body."""
        text = "\n".join(lines).split("\n")
        self.text += "".join(f"    {line}\n" if line else "\n" for line in text)

    def call(self, function: str, *arguments: str, **named: str) -> None:
        """Append a call, on one line if it fits."""
        written = [*arguments, *(f"{key}={value}" for key, value in named.items())]
        line = f"{function}({', '.join(written)})"
        if len(line) > LINE or "\n" in line:
            line = f"{function}(\n{_indented(written)})"
        self.add(line)

    def value(self, name: str, value: Any) -> str:
        """A number as text; an array as a look-up of its name."""
        if np.ndim(value) == 0:
            return repr(value.item() if isinstance(value, np.generic) else value)
        self.arrays[name] = value
        return f"array({name!r})"

    def table(self, prefix: str, values: Mapping[str, Any]) -> str:
        """A dictionary of numbers and look-ups, an item a line."""
        items = [f"{key!r}: {self.value(f'{prefix}.{key}', v)}" for key, v in values.items()]
        return f"{{\n{_indented(items)}}}"


def _indented(items: Iterable[str]) -> str:
    return indent("".join(f"{item},\n" for item in items), "    ")


def build_script(program: Program, cells: Mapping[str, Cell]) -> Script:
    """The function ``build(array, modules, threads)`` that creates and connects everything."""
    script = Script("def build(array, modules=(), threads=1):\n")
    script.add('"""Create the neurons, connect them, attach the recorders."""')
    longest = max((int(np.max(p.refractory_steps)) for p in program.populations), default=0)
    times = delays_in_nest(program)
    script.call(
        "net = Network",
        "DT",
        tics_per_ms=repr(tics_per_ms(program.dt)),
        delays=repr(times.delays),
        refractory=repr(longest),
        threads="threads",
        modules="modules",
        recorders=repr(len(_recorded(program))),
    )
    for population in program.populations:
        _population(script, population, cells, times.ahead.get(population.name, 0))
    _pathways(script, program, cells)
    _recorders(script, program, cells)
    script.add("return net")
    return script


def stimulus_script(program: Program, cells: Mapping[str, Cell], drive: Drive) -> Script:
    """The function ``stimulate(net, array)`` that sets the input of one run."""
    script = Script("def stimulate(net, array):\n")
    script.add('"""Set what is played into the network in one run."""')
    for name in dict.fromkeys(s.population for s in drive.sources):
        trains = [s for s in drive.sources if s.population == name]
        stamp = script.value(f"{name}.stamp", np.concatenate([t.stamp for t in trains]))
        neuron = script.value(f"{name}.neuron", np.concatenate([t.neuron for t in trains]))
        script.call("net.play_spikes", repr(name), stamp, neuron)
    for number, event in enumerate(drive.events):
        cell = cells[event.population]
        script.add("", f"# {event.stimulus}: onto receptor {event.receptor} of {event.population}")
        script.call(
            "net.play_events",
            repr(f"{number}: {event.stimulus}"),
            repr(event.population),
            *(script.value(f"events{number}.{n}", getattr(event, n)) for n in EVENT_ARRAYS),
            receptor=repr(cell.receptors[event.receptor]),
            factor=repr(cell.weight_factor),
        )
    for number, current in enumerate(drive.currents):
        name, cell = current.population, cells[current.population]
        script.add("", f"# {current.stimulus}: current into {name}")
        script.call(
            "net.move_parameter" if cell.moved else "net.play_current",
            repr(cell.moved or f"{number}: {current.stimulus}"),
            repr(name),
            *(script.value(f"current{number}.{n}", getattr(current, n)) for n in CURRENT_ARRAYS),
            factor=script.value(f"{name}.current_factor", cell.current_factor),
        )
    return script


def export_script(program: Program, cells: Mapping[str, Cell], drive: Drive) -> Script:
    """A whole program: header, ``build``, ``stimulate`` and ``main``."""
    build, stimulus = build_script(program, cells), stimulus_script(program, cells, drive)
    compiled = sorted({c.nestml.name for c in cells.values() if c.nestml})
    header = _HEADER.format(
        network=program.network_id[:12],
        summary=_summary(program),
        dt=program.dt,
        n_steps=drive.n_steps,
        compile="from nestml_build import build_module\n" if compiled else "",
        ranks="from nest_ranks import once\n" if compiled else "",
        models=_MODEL_NAMES.format(compiled) if compiled else "",
    )
    main = _MAIN.format(modules=_MODULES if compiled else "    modules = []")
    text = "\n\n".join([header, build.text, stimulus.text, main])
    return Script(text, {**build.arrays, **stimulus.arrays})


def _population(
    script: Script, population: PopulationProgram, cells: Mapping[str, Cell], ahead: int
) -> None:
    name, size = population.name, population.size
    if population.is_source:
        script.add("", f"# {name}: {size:,} sources of given spikes")
        early = f", ahead={ahead}" if ahead else ""
        script.add(f"net.sources({name!r}, {size}{early})")
        return
    cell = cells[name]
    script.add("", f"# {name}: {size:,} neurons of model {population.model.name}")
    script.add(*(f"#   {line}" for line in _equations(population)))
    script.call(
        "net.neurons",
        repr(name),
        repr(cell.model),
        repr(size),
        parameters=script.table(name, cell.parameters),
        initial=script.table(f"{name}.initial", cell.initial),
        silent=script.table(f"{name}.silent", cell.silent),
        **({"last": script.table(f"{name}.last", cell.last)} if cell.last else {}),
    )


def _equations(population: PopulationProgram) -> Iterable[str]:
    yield from dedent(population.model.equations).strip().splitlines()
    if population.code.threshold:
        yield f"spike if {population.code.threshold}, then " + "; ".join(
            f"{a.target} = {a.expression}" for a in population.code.reset
        )


def _pathways(script: Script, program: Program, cells: Mapping[str, Cell]) -> None:
    for number, pathway in enumerate(program.pathways):
        cell, prefix = cells[pathway.post], f"edges{number}"
        script.add(
            "",
            f"# {pathway.projection}: {pathway.pre} -> {pathway.post}, receptor "
            f"{pathway.receptor}, {pathway.n_edges:,} edges",
        )
        if not pathway.n_edges:
            continue
        named = {
            "delay": script.value(f"{prefix}.delay", pathway.delay),
            "factor": script.value(f"{pathway.post}.weight_factor", cell.weight_factor),
        }
        if not pathway.continuous:
            named["receptor"] = repr(cell.receptors[pathway.receptor])
        script.call(
            "net.couple" if pathway.continuous else "net.connect",
            repr(pathway.pre),
            repr(pathway.post),
            *(script.value(f"{prefix}.{n}", getattr(pathway, n)) for n in EDGE_ARRAYS),
            **named,
        )


def _recorders(script: Script, program: Program, cells: Mapping[str, Cell]) -> None:
    for plan in _recorded(program):
        call = f"net.record_spikes({plan.name!r}, {plan.population!r}"
        if plan.neurons is not None:
            call += f", {script.value(f'{plan.name}.neurons', plan.neurons)}"
        script.add("", f"{call})")
    for signal in program.signal_plans:
        cell, name = cells[signal.population], signal.name
        variable, factor = cell.recordables[signal.variable]
        script.add("", f"# {signal.variable} in {signal.unit}")
        script.call(
            "net.record_signal",
            repr(name),
            repr(signal.population),
            repr(variable),
            script.value(f"{name}.neurons", signal.neurons),
            interval=repr(signal.interval),
            factor=script.value(f"{name}.samples.factor", _some(factor, signal.neurons)),
            shift=script.value(f"{name}.samples.shift", _some(cell.shift, signal.neurons)),
        )


def _some(value: Any, neurons: np.ndarray[Any, Any]) -> Any:
    """What belongs to these neurons: one number for all, or one for each."""
    return value[neurons] if np.ndim(value) else value


def _recorded(program: Program) -> list[SpikePlan]:
    """Spike plans that need a recorder: the spikes of sources are known from the stimulus."""
    sources = {p.name for p in program.populations if p.is_source}
    return [plan for plan in program.spike_plans if plan.population not in sources]


def _summary(program: Program) -> str:
    neurons = sum(p.size for p in program.populations)
    edges = sum(p.n_edges for p in program.pathways)
    return f"{neurons:,} neurons, {edges:,} edges"


_HEADER = '''\
"""Network {network} on NEST: {summary}.

    [mpirun -n PROCESSES] python run.py [threads]

prints how many spikes each recorder saw, and writes spikes.npz (NAME/stamp in steps of DT,
NAME/neuron) and signals.npz (an array of shape (samples, neurons) for each probe).
README.md says what has to be installed.
"""

import sys
from pathlib import Path

import numpy as np

{ranks}from nest_tools import Network
{compile}
HERE = Path(__file__).resolve().parent
DT = {dt!r}  # time step in ms
N_STEPS = {n_steps}
{models}

def array(name):
    """An array of this project."""
    return np.load(HERE / "arrays" / f"{{name}}.npy")
'''

_MODEL_NAMES = "MODELS = {!r}  # in models/*.nestml, compiled on first use\n"

_MODULES = """\
    sources = {name: (HERE / "models" / f"{name}.nestml").read_text() for name in MODELS}
    modules = once(
        lambda: [str(build_module(n, text, HERE / "build")) for n, text in sources.items()]
    )"""

_MAIN = '''\
def main():
    """Build, run once, write what was recorded."""
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 1
{modules}
    net = build(array, modules, threads)
    result = net.run(N_STEPS, lambda net: stimulate(net, array))
    if not net.writes:
        return
    spikes = {{}}
    for name, (stamp, neuron) in result.spikes.items():
        order = np.lexsort((neuron, stamp))
        spikes |= {{f"{{name}}/stamp": stamp[order], f"{{name}}/neuron": neuron[order]}}
        print(f"{{name}}: {{len(stamp)}} spikes")
    np.savez(HERE / "spikes.npz", **spikes)
    np.savez(HERE / "signals.npz", **result.signals)


if __name__ == "__main__":
    main()
'''
