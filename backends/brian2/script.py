"""The Brian2 script of a program: the text that is run, and that a user publishes.

The text has sections: *header* (imports, how to load arrays), *settings* (code generation),
*network* (everything that Brian2 builds), *run*. Engines execute ``settings`` and ``network``,
with the arrays at hand; an exported project is the whole.

How the contract of a step maps to Brian2 is told in ``docs/brian2.md``.
"""

from __future__ import annotations

__all__ = ["COMPILER_FLAGS", "Script", "write_script"]

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import indent

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.brian2.coupling import (
    Coupling,
    Operation,
    Phase,
    lasting_locals,
    operations,
    order,
)
from neurobridge.backends.brian2.target import Target
from neurobridge.backends.brian2.translate import Names, identifier
from neurobridge.lowering.program import Pathway, PopulationProgram, Program, SignalPlan

COMPILER_FLAGS = (
    "-w",
    "-g0",
    "-O3",
    "-march=native",
    "-std=c++11",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
)
"""Flags of GCC and clang that keep every rounding of IEEE 754 as the text says (no fast-math).

Python has extensions compiled with -g, which does nothing to the code and takes a third longer.
"""

HOST_FLAGS = ("-w", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math")
NVCC_FLAGS = ("-w", "-O3", "-fmad=false")
"""The same for a GPU: the compiler behind nvcc, and nvcc itself."""

SENT = "sent"
"""What a group sends; `Names` keeps it free."""

_IMPORTED = """
Clock Network NeuronGroup Path SpikeMonitor Synapses Table binary brian2cuda build cuda defaultclock
first folder functions grid history later load ms monitor n_neurons net neuron np player population
prefs probe read_samples read_spikes run_binary sampler samples set_device simulate source step
table values write_inputs
""".split()


@dataclass
class Script:
    """Text of a script, its arrays, and the names of the objects in it.

    Parameters
    ----------
    settings, network : str
        Sections of the text.
    arrays : dict of str to array
        What ``load(name)`` gives.
    groups : dict of str to str
        Population -> its object.
    names : dict of str to Names
        Population -> names of its variables.
    synapses : dict of int to str
        Index of a pathway -> its object; pathways without edges have none.
    events : dict of (str, str) to str
        (Population, receptor) -> the player of its input events.
    currents : dict of str to str
        Population -> the player of its injected current.
    monitors : dict of str to str
        Population -> its spike monitor.
    samplers : dict of str to str
        Signal plan -> its sampler.
    histories : dict of str to str
        Population -> what remembers its output.
    past : dict of str to str
        Population -> the group that holds its output of earlier steps.
    phases : dict of str to list of str
        ``first`` and ``later``: what is active in the first steps of a run only, or after them.
    start_steps : int
        How many the first steps are.
    """

    settings: str = ""
    network: str = ""
    arrays: dict[str, NDArray[np.generic]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    names: dict[str, Names] = field(default_factory=dict)
    synapses: dict[int, str] = field(default_factory=dict)
    events: dict[tuple[str, str], str] = field(default_factory=dict)
    currents: dict[str, str] = field(default_factory=dict)
    monitors: dict[str, str] = field(default_factory=dict)
    samplers: dict[str, str] = field(default_factory=dict)
    histories: dict[str, str] = field(default_factory=dict)
    past: dict[str, str] = field(default_factory=dict)
    phases: dict[Phase, list[str]] = field(default_factory=lambda: {"first": [], "later": []})
    start_steps: int = 0
    taken: set[str] = field(default_factory=lambda: set(_IMPORTED))

    def new_name(self, wish: str) -> str:
        """An identifier that no object of the script has."""
        name = identifier(wish, self.taken)
        self.taken.add(name)
        return name

    def load(self, name: str, array: NDArray[np.generic]) -> str:
        """Keep an array; returns the code that loads it."""
        self.arrays[name] = array
        return f"load({name!r})"

    def value(self, name: str, value: float | int | NDArray[np.generic]) -> str:
        """Code of a number, or of an array."""
        if isinstance(value, np.ndarray) and value.ndim:
            return self.load(name, value)
        if isinstance(value, (int, np.integer)):
            return repr(int(value))
        number = float(value)
        return repr(number) if np.isfinite(number) else f"float({str(number)!r})"


def write_script(program: Program, target: Target) -> Script:
    """The script of a program for one code generation target.

    Parameters
    ----------
    program : Program
        For a GPU every pathway has one delay (:func:`delays.split`).
    target : Target
    """
    script, coupling = Script(), Coupling(program)
    script.settings, script.start_steps = _settings(target), coupling.start_steps
    dynamic = [p for p in program.populations if not p.is_source]
    parts = [
        _title("Time: the grid that everything runs on"),
        *_grid(program.dt, target),
        _title("Populations (ms, mV, nA, nF, uS, MOhm, written as plain numbers)"),
        *(_population(script, coupling, p) for p in program.populations),
        *(_history(script, coupling, p) for p in dynamic),
        _title("Projections: a spike of one step reaches the synapses in the next, so Brian2's"),
        "# delays are one step shorter than the delays named here",
        _LATE_ON_GPU * target.on_gpu,
        _EDGES_IN_NUMPY * (target.name == "cython"),
        *(
            _pathway(script, program, target, k, p)
            for k, p in enumerate(program.pathways)
            if p.n_edges and not p.continuous
        ),
        *(_continuous(script, coupling, k, p) for k, p in coupling.pathways.items()),
        _STEPS_IN_CYTHON * (target.name == "cython"),
        _title("Input: events and currents are rows (step, neuron, value), given for each run"),
        *(_inputs(script, p) for p in dynamic),
        _title("Recording"),
        *(_monitor(script, p) for p in _recorded(program)),
        *(_sampler(script, plan) for plan in program.signal_plans),
        _title("Network: a step is integrate, receive, spike, reset"),
        _network(script),
    ]
    script.network = "\n".join(part for part in parts if part) + "\n"
    return script


def _title(text: str) -> str:
    return f"\n# ---- {text}"


_LATE_ON_GPU = """\
# (on a GPU only those of sources: brian2cuda finds spikes by the step in which they were made)"""

_EDGES_IN_NUMPY = "prefs.codegen.target = 'numpy'  # to make edges, which happens once"
_STEPS_IN_CYTHON = "prefs.codegen.target = 'cython'  # for what happens in every step"


def _grid(dt: float, target: Target) -> list[str]:
    if target.on_gpu:  # brian2cuda looks at the default clock to see which spikes have arrived
        return ["from brian2 import defaultclock", f"defaultclock.dt = {dt!r} * ms",
                "grid = defaultclock"]  # fmt: skip
    return [f"grid = Clock(dt={dt!r} * ms, name='grid')"]


def _settings(target: Target) -> str:
    lines = [
        "# Evaluate the equations exactly as they are written, in IEEE 754 double precision.",
        "prefs.codegen.loop_invariant_optimisations = False",
    ]
    if target.on_gpu:
        lines += [
            "import brian2cuda  # brings the device",
            f"prefs.codegen.cpp.extra_compile_args_gcc = {list(HOST_FLAGS)!r}",
            "prefs.codegen.cpp.headers = ['\"player_cuda.h\"']",
            "cuda = prefs.devices.cuda_standalone.cuda_backend",
            f"cuda.extra_compile_args_nvcc = {list(NVCC_FLAGS)!r}",
            "cuda.detect_gpus = False  # the first one that CUDA_VISIBLE_DEVICES shows",
            "cuda.gpu_id = 0",
            f"cuda.compute_capability = {target.architecture!r}",
            "set_device('cuda_standalone', build_on_run=False)",
        ]
        return "\n".join(lines) + "\n"
    lines += [
        f"prefs.codegen.cpp.extra_compile_args_gcc = {list(COMPILER_FLAGS)!r}",
        "prefs.codegen.cpp.extra_compile_args_msvc = ['/Ox', '/w', '/fp:precise', '/MP']",
    ]
    if target.name == "cpp_standalone":
        lines += [
            "prefs.codegen.cpp.headers = ['\"player.h\"']",
            "prefs.codegen.cpp.include_dirs = [str(folder)]",
            "prefs.devices.cpp_standalone.openmp_threads = "
            f"{target.threads if target.threads > 1 else 0}",
            "set_device('cpp_standalone', build_on_run=False)",
        ]
    else:
        lines.append(f"prefs.codegen.target = {target.name!r}")
    return "\n".join(lines) + "\n"


def _population(script: Script, coupling: Coupling, pop: PopulationProgram) -> str:
    group = script.groups[pop.name] = script.new_name(pop.name)
    head = f"\n# Population {pop.name!r}"
    if pop.is_source:
        made = f"{group} = source({pop.size}, clock=grid, name={group!r})"
        return f"{head}: its spikes are given\n{made}"
    code = pop.code
    stages = (*code.start, *code.stages)
    local = [a.target for stage in stages for a in stage.update]
    local += [a.target for a in code.reset]
    own = [*code.states, *code.memory, *pop.constants, *local]
    sums = _name_sums(coupling, pop, own)
    names = script.names[pop.name] = Names.choose([*own, *sums])
    variables = [names[name] for name in (*code.states, *code.memory, *sums, *lasting_locals(code))]
    if coupling.sends(pop.name):
        variables.append(SENT)
    lines = [
        head,
        f"{group} = NeuronGroup(",
        f"    {pop.size},",
        f'    """\n{indent(_equations(pop, names, variables), "    ")}\n    """,',
        *(_spiking(pop, names) if code.threshold else []),
        f"    clock=grid, namespace=functions, name={group!r},",
        ")",
        *_operations(script, coupling, pop, group),
        *_values(script, pop, names, group),
    ]
    return "\n".join(lines)


def _name_sums(coupling: Coupling, pop: PopulationProgram, taken: list[str]) -> list[str]:
    """Names of the variables that hold what arrives, by pathway and stage."""
    found: list[str] = []
    for index, path in coupling.onto(pop.name).items():
        for stage in coupling.stages(index):
            number = f"_{stage + 1}" if len(coupling.stages(index)) > 1 else ""
            name = identifier(f"{path.receptor}_{path.projection}{number}", (*taken, *found))
            coupling.sums[index, stage] = name
            found.append(name)
    return found


def _equations(pop: PopulationProgram, names: Names, variables: list[str]) -> str:
    """State, and constants: one number for all neurons (shared), or one for each."""

    def constant(name: str, value: object, kind: str) -> str:
        shared = not (isinstance(value, np.ndarray) and value.ndim)
        return f"{name} : {kind} ({'shared, ' if shared else ''}constant)"

    lines = [f"{name} : 1" for name in variables]
    if pop.code.takes_current:
        lines.append("current : 1  # injected")
    if pop.code.crossing:
        lines.append("above : boolean  # over threshold at the end of the step before")
    lines += [
        "last_spike : integer  # step of the last spike",
        "free = t_in_timesteps - last_spike > refractory_steps : boolean  # not clamped",
        constant("refractory_steps", pop.refractory_steps, "integer"),
    ]
    lines += [constant(names[name], value, "1") for name, value in pop.constants.items()]
    return "\n".join(lines)


def _spiking(pop: PopulationProgram, names: Names) -> list[str]:
    """Threshold and reset."""
    condition = f"free and {names.code(pop.code.threshold)}"
    if pop.code.crossing:
        condition += " and not above"
    reset = [f"{names[a.target]} = {names.code(a.expression)}" for a in pop.code.reset]
    text = indent("\n".join([*reset, "last_spike = t_in_timesteps"]), "    ")
    return [f"    threshold={condition!r},", f'    reset="""\n{text}\n    """,']


def _operations(
    script: Script, coupling: Coupling, pop: PopulationProgram, group: str
) -> list[str]:
    """The stages of phase 1, and the memory of a threshold that must be crossed."""
    names = script.names[pop.name]
    lines = []
    found = list(operations(coupling, pop.name))
    for number, operation in enumerate(found, 1):
        name = f"{group}_update" if len(found) == 1 else f"{group}_{operation.what}_{number}"
        lines += _operation(script, operation, names, group, name)
    if pop.code.crossing:
        condition = names.code(pop.code.threshold)
        lines.append(
            f"{group}.run_regularly('above = {condition}', when='start', name='{group}_above')"
        )
    return lines


def _operation(
    script: Script, operation: Operation, names: Names, group: str, name: str
) -> list[str]:
    targets = [SENT if operation.what == "send" else names[a.target] for a in operation.lines]
    pairs = zip(targets, operation.lines, strict=True)
    text = "\n".join(f"{target} = {names.code(a.expression)}" for target, a in pairs)
    made = (
        f'{group}.run_regularly("""\n{indent(text, "    ")}\n'
        f'    """, when=\'groups\', order={order(operation.stage, operation.what)}, name={name!r})'
    )
    if len(operation.phases) == 1 and script.start_steps:
        variable = script.new_name(name)
        script.phases[operation.phases[0]].append(variable)
        return [f"{variable} = {made}"]
    return [made]


def _values(script: Script, pop: PopulationProgram, names: Names, group: str) -> list[str]:
    """Constants and initial state."""
    values: Mapping[str, object] = {**pop.constants, **pop.initial}
    steps = script.value(f"{group}_refractory_steps", pop.refractory_steps)
    return [
        f"{group}.refractory_steps = {steps}",
        f"{group}.last_spike = -1 - {steps}  # long ago",
        *(
            f"{group}.{names[name]} = {script.value(f'{group}_{names[name]}', value)}"  # type: ignore[arg-type]
            for name, value in values.items()
        ),
    ]


def _pathway(script: Script, program: Program, target: Target, index: int, path: Pathway) -> str:
    post = program.population(path.post)
    receptor = post.code.receptor(path.receptor)
    names = script.names[path.post]
    name = script.synapses[index] = script.new_name(f"{path.projection}_{path.receptor}")
    gain = "" if receptor.gain == "1.0" else f" * ({names.synaptic(receptor.gain)})"
    effect = f"w{gain} * int(free_post)" if receptor.drop else f"w{gain}"
    comment = f"\n# Projection {path.projection!r}: {path.n_edges:,} edges"
    first, last = path.delay_range
    homogeneous = first == last
    earlier = 0 if target.on_gpu and not program.population(path.pre).is_source else 1
    delay = f"delay={first - earlier} * grid.dt, " if homogeneous else ""
    note = f", delay of {first} steps" if homogeneous else f", delays of {first} to {last} steps"
    lines = [
        f"{comment}{note}",
        f"{name} = Synapses(",
        f"    {script.groups[path.pre]}, {script.groups[path.post]}, 'w : 1 (constant)',",
        f"    on_pre='{names[receptor.variable]}_post += {effect}',",
        f"    {delay}clock=grid, order={index}, namespace=functions, name={name!r},",
        ")",
        *_edges(script, name, post.size, path, script.load(f"{name}_i", path.source)),
    ]
    if not homogeneous:
        delays = script.load(f"{name}_delay", np.asarray(path.delay))
        lines.append(f"{name}.delay = ({delays} - 1) * grid.dt")
    return "\n".join(lines)


def _edges(script: Script, name: str, n_post: int, path: Pathway, source: str) -> list[str]:
    return [
        f"{name}.connect(",
        f"    i={source},",
        f"    j=np.repeat(np.arange({n_post}, dtype=np.int32), "
        f"np.diff({script.load(f'{name}_indptr', path.indptr)})),",
        ")",
        f"{name}.w = {script.load(f'{name}_w', path.weight)}",
    ]


def _history(script: Script, coupling: Coupling, pop: PopulationProgram) -> str:
    """The output of earlier steps, one copy of the population for each delay."""
    delays = coupling.delays(pop.name)
    if not delays:
        return ""
    group = script.groups[pop.name]
    past = script.past[pop.name] = script.new_name(f"{pop.name}_past")
    name = script.histories[pop.name] = script.new_name(f"{pop.name}_history")
    return (
        f"\n# What population {pop.name!r} sent {delays} steps ago, one after the other\n"
        f"{past} = NeuronGroup({len(delays) * pop.size}, 'sent : 1', clock=grid, name={past!r})\n"
        f"{name} = history({group}, {past}, {delays}, order={order(0, 'remember')}, name={name!r})"
    )


def _continuous(script: Script, coupling: Coupling, index: int, path: Pathway) -> str:
    """Synapses that sum ``weight * sent`` in every stage; with a delay, once a step."""
    name = script.synapses[index] = script.new_name(f"{path.projection}_{path.receptor}")
    post = coupling.program.population(path.post)
    first, last = path.delay_range
    steps = f"delay of {first} steps" if first == last else f"delays of {first} to {last} steps"
    pre, source = script.groups[path.pre], script.load(f"{name}_i", path.source)
    if first:
        delays = coupling.delays(path.pre)
        pre, n_pre = script.past[path.pre], coupling.program.population(path.pre).size
        copy = np.searchsorted(delays, np.broadcast_to(path.delay, (path.n_edges,)))
        source = script.load(f"{name}_i", path.source + n_pre * copy)
    sums = {stage: coupling.sums[index, stage] for stage in coupling.stages(index)}
    equations = [f"{sums[stage]}_post = w*sent_pre : 1 (summed)" for stage in sums]
    lines = [
        f"\n# Projection {path.projection!r}: {path.n_edges:,} edges, "
        f"{steps if first else 'without delay'}, continuous",
        f"{name} = Synapses(",
        f'    {pre}, {script.groups[path.post]},\n    """',
        *(f"    {line}" for line in ("w : 1 (constant)", *equations)),
        f'    """,\n    clock=grid, name={name!r},',
        ")",
        *_edges(script, name, post.size, path, source),
    ]
    for stage, variable in sums.items():
        updater = f"{name}.summed_updaters['{variable}_post']"
        lines.append(f"{updater}.order = {order(stage, 'sum')}")
        phases = coupling.phases(path.post, stage)
        if len(phases) == 1 and script.start_steps:
            script.phases[phases[0]].append(updater)
    return "\n".join(lines)


def _inputs(script: Script, pop: PopulationProgram) -> str:
    group, names = script.groups[pop.name], script.names[pop.name]
    lines = []
    for receptor in pop.code.receptors:
        name = script.new_name(f"{pop.name}_{receptor.name}_events")
        script.events[pop.name, receptor.name] = name
        lost = ", lost_while_clamped=True" if receptor.drop else ""
        lines.append(
            f"{name} = player({group}, {names[receptor.variable]!r}, add=True{lost}, "
            f"when='synapses', name={name!r})"
        )
    if pop.code.takes_current:
        name = script.currents[pop.name] = script.new_name(f"{pop.name}_current")
        lines.append(f"{name} = player({group}, 'current', add=False, when='start', name={name!r})")
    return "\n".join(lines)


def _recorded(program: Program) -> list[PopulationProgram]:
    """Populations whose spikes the simulator must tell; those of sources are known."""
    asked = {plan.population for plan in program.spike_plans}
    return [
        p for p in program.populations if p.name in asked and not p.is_source and p.code.threshold
    ]


def _monitor(script: Script, pop: PopulationProgram) -> str:
    name = script.monitors[pop.name] = script.new_name(f"{pop.name}_spikes")
    return f"{name} = SpikeMonitor({script.groups[pop.name]}, name={name!r})"


def _sampler(script: Script, plan: SignalPlan) -> str:
    name = script.samplers[plan.name] = script.new_name(f"{plan.name}_samples")
    group, names = script.groups[plan.population], script.names[plan.population]
    neurons = script.load(f"{name}_neurons", plan.neurons)
    return (
        f"{name} = sampler({group}, {names[plan.variable]!r}, {neurons}, "
        f"{plan.interval}, name={name!r})"
    )


def _network(script: Script) -> str:
    objects = [
        *script.groups.values(),
        *script.past.values(),
        *script.histories.values(),
        *script.synapses.values(),
        *script.events.values(),
        *script.currents.values(),
        *script.monitors.values(),
        *script.samplers.values(),
    ]
    lines = [
        f"net = Network({', '.join(objects)}, name='net')",
        "net.schedule = ['start', 'groups', 'synapses', 'thresholds', 'resets', 'end']",
    ]
    if script.start_steps:
        first, later = (", ".join(script.phases[phase]) for phase in ("first", "later"))
        lines += [
            f"# The first {script.start_steps} steps of a run have more stages than those after",
            f"first, later = [{first}], [{later}]",
        ]
    return "\n".join(lines)
