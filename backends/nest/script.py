"""The NEST script of a program: what the engine runs is what an exported project contains."""

from __future__ import annotations

__all__ = ["Script", "build_script", "export_script", "stimulus_script"]

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

import numpy as np
from neurobridge.backends.nest.cells import Cell
from neurobridge.backends.nest.clock import tics_per_ms

from neurobridge.lowering.program import Drive, PopulationProgram, Program, SpikePlan

EVENT_ARRAYS = ("target", "weight", "step", "channel", "count")


@dataclass
class Script:
    """Source text, and the arrays that it reads by name."""

    text: str = ""
    arrays: dict[str, Any] = field(default_factory=dict)

    def add(self, *lines: str) -> None:
        """Append lines of a function body."""
        self.text += "".join(f"    {line}\n" if line else "\n" for line in lines)

    def value(self, name: str, value: Any) -> str:
        """A number as text; an array as a look-up of its name."""
        if np.ndim(value) == 0:
            return repr(value.item() if isinstance(value, np.generic) else value)
        self.arrays[name] = value
        return f"array({name!r})"

    def table(self, prefix: str, values: Mapping[str, Any]) -> str:
        """A call of ``dict`` with numbers and look-ups."""
        items = (f"{key}={self.value(f'{prefix}.{key}', v)}" for key, v in values.items())
        return f"dict({', '.join(items)})"


def build_script(program: Program, cells: Mapping[str, Cell]) -> Script:
    """The function ``build(array, modules, threads)`` that creates and connects everything."""
    script = Script("def build(array, modules=(), threads=1):\n")
    script.add('"""Create the neurons, connect them, attach the recorders."""')
    longest = max((int(np.max(p.refractory_steps)) for p in program.populations), default=0)
    delays = tuple(int(d) for d in program.delay_range)
    script.add(
        f"net = Network(DT, tics_per_ms={tics_per_ms(program.dt)}, delays={delays}, "
        f"refractory={longest},",
        f"              threads=threads, modules=modules, recorders={len(_recorded(program))})",
    )
    for population in program.populations:
        _population(script, population, cells)
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
        script.add(f"net.play_spikes({name!r}, {stamp}, {neuron})")
    for number, event in enumerate(drive.events):
        cell, name = cells[event.population], f"events{number}"
        arrays = (script.value(f"{name}.{n}", getattr(event, n)) for n in EVENT_ARRAYS)
        key = f"{number}: {event.stimulus}"
        script.add(
            f"net.play_events({key!r}, {event.population!r}, {', '.join(arrays)},",
            f"                receptor={cell.receptors[event.receptor]}, "
            f"factor={cell.weight_factor})  # {event.receptor}",
        )
    for number, current in enumerate(drive.currents):
        arrays = (script.value(f"current{number}.{n}", getattr(current, n))
                  for n in ("neuron", "start", "value"))  # fmt: skip
        factor = cells[current.population].current_factor
        script.add(
            f"net.play_current({f'{number}: {current.stimulus}'!r}, {current.population!r}, "
            f"{', '.join(arrays)}, factor={factor})"
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
        models=_MODEL_NAMES.format(compiled) if compiled else "",
    )
    main = _MAIN.format(modules=_MODULES if compiled else "    modules = []")
    text = "\n\n".join([header, build.text, stimulus.text, main])
    return Script(text, {**build.arrays, **stimulus.arrays})


def _population(script: Script, population: PopulationProgram, cells: Mapping[str, Cell]) -> None:
    name, size = population.name, population.size
    if population.is_source:
        script.add("", f"# {name}: {size:,} sources of given spikes")
        script.add(f"net.sources({name!r}, {size})")
        return
    cell = cells[name]
    script.add("", f"# {name}: {size:,} neurons of model {population.model.name}")
    script.add(*(f"#   {line}" for line in _equations(population)))
    script.add(
        "net.neurons(",
        f"    {name!r}, {cell.model!r}, {size},",
        f"    parameters={script.table(name, cell.parameters)},",
        f"    initial={script.table(f'{name}.initial', cell.initial)},",
        f"    silent={script.table(f'{name}.silent', cell.silent)},",
        ")",
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
        arrays = (script.value(f"{prefix}.{n}", getattr(pathway, n))
                  for n in ("indptr", "source", "weight"))  # fmt: skip
        script.add(
            f"net.connect({pathway.pre!r}, {pathway.post!r}, {', '.join(arrays)},",
            f"            delay={script.value(f'{prefix}.delay', pathway.delay)}, "
            f"receptor={cell.receptors[pathway.receptor]}, factor={cell.weight_factor})",
        )


def _recorders(script: Script, program: Program, cells: Mapping[str, Cell]) -> None:
    for plan in _recorded(program):
        call = f"net.record_spikes({plan.name!r}, {plan.population!r}"
        if plan.neurons is not None:
            call += f", {script.value(f'{plan.name}.neurons', plan.neurons)}"
        script.add("", f"{call})")
    for signal in program.signal_plans:
        variable, factor = cells[signal.population].recordables[signal.variable]
        neurons = script.value(f"{signal.name}.neurons", signal.neurons)
        script.add(
            "",
            f"# {signal.variable} in {signal.unit}",
            f"net.record_signal({signal.name!r}, {signal.population!r}, {variable!r}, {neurons}, "
            f"interval={signal.interval}, factor={factor})",
        )


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

    python run.py [threads]

prints how many spikes each recorder saw, and writes spikes.npz (NAME/stamp in steps of DT,
NAME/neuron) and signals.npz (an array of shape (samples, neurons) for each probe).
README.md says what has to be installed.
"""

import sys
from pathlib import Path

import numpy as np

from nest_tools import Network
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
    modules = [str(build_module(n, text, HERE / "build")) for n, text in sources.items()]"""

_MAIN = '''\
def main():
    """Build, run once, write what was recorded."""
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 1
{modules}
    net = build(array, modules, threads)
    result = net.run(N_STEPS, lambda net: stimulate(net, array))
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
