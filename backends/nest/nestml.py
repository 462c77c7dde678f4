"""Update code as a NESTML model.

The text uses plain assignments of ``real`` variables only. Physical units, ``integrate_odes`` and
numbers worked out by NESTML are left out on purpose: the code is the integrator, and every number
that is not in the equations themselves is a parameter that is set at run time, with all its bits.
"""

from __future__ import annotations

__all__ = ["NESTML_FUNCTIONS", "Nestml", "nestml_model"]

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from neurobridge.expression import Dialect, render
from neurobridge.lowering.program import Assignment, NeuronCode, PopulationProgram

NESTML_FUNCTIONS = frozenset(
    "exp log sqrt sin cos tan tanh sinh cosh expm1 log1p abs floor exprel".split()
)
"""Functions of the expression language that have a form in NESTML."""

_KEYWORDS = """
    integer real string boolean void function inline return if elif else for while in step inf and
    or not recordable kernel model state parameters internals update equations input output
    continuous onReceive onCondition spike inhibitory excitatory homogeneous heterogeneous true
    false e pi t resolution timestep steps emit_spike print println clip pow max min ceil round
    delta integrate_odes convolve erf erfc ln log10 random_normal random_poisson random_uniform
    info warning
"""
_STATUS_OF_NEST = """
    Ca archiver_length beta_Ca element_type frozen global_id ignore_and_spike local model model_id
    ignore_and_spike_interval ignore_and_spike_offset node_uses_wfr post_trace receptor_types
    recordables synaptic_elements t_spike tau_Ca tau_minus tau_minus_triplet thread
    thread_local_id vp
"""
_CPP = """
    alignas alignof asm auto bool break case catch char class concept const constexpr const_cast
    continue decltype default delete do double dynamic_cast enum explicit export extern float
    friend goto inline int long mutable namespace new noexcept nullptr operator private protected
    public register reinterpret_cast requires short signed sizeof static static_cast struct switch
    template this throw try typedef typeid typename union unsigned using virtual volatile wchar_t
    from to lag origin get_t nest std numerics handle connect send
"""
_OURS = "current refractory refractory_steps may_spike was_over"
_PREFIXES = ["", *"yzafpnumcdhkMGTPEZY", "da"]
_UNITS = "s g m V A F S Hz Ohm J W N C K Pa T L B rad mol cd Wb H eV bit min h d".split()
RESERVED = frozenset(
    [*f"{_KEYWORDS} {_STATUS_OF_NEST} {_CPP} {_OURS}".split()]
    + [prefix + unit for prefix in _PREFIXES for unit in _UNITS]
)
"""Names that mean something to NESTML, to NEST's status dictionary or to C++."""


@dataclass(frozen=True)
class Nestml:
    """A NESTML model, and the names that it gives to what our code names.

    Parameters
    ----------
    name : str
        Name of the model in NEST; it ends in a hash of the text.
    text : str
        The NESTML source.
    ports : tuple of str
        Receptors in the order of NEST's receptor types.
    """

    name: str
    text: str
    ports: tuple[str, ...]

    def receptor_type(self, receptor: str) -> int:
        """NEST's number of a receptor: 0 if it is the only one, else counted from 1."""
        return 0 if len(self.ports) == 1 else self.ports.index(receptor) + 1


def safe_name(name: str) -> str:
    """The name in NESTML: a name that means something there gets the suffix ``_x``."""
    return f"{name}_x" if name in RESERVED or name.endswith("_x") else name


def nestml_model(population: PopulationProgram) -> Nestml:
    """The NESTML model of a population. Populations with the same code share one model."""
    code = population.code
    body = "\n".join(_body(code, sorted(population.constants)))
    digest = hashlib.sha256(body.encode()).hexdigest()[:10]
    name = f"nb_{re.sub('[^A-Za-z0-9_]', '_', population.model.name)}_{digest}"
    title = f"# One time step of model {population.model.name!r}, written out."
    text = f"{title}\nmodel {name}:\n{body}\n"
    return Nestml(name, text, tuple(r.name for r in code.receptors))


def _body(code: NeuronCode, constants: list[str]) -> Iterable[str]:
    yield from _state(code)
    yield "    parameters:"
    yield from (f"        {safe_name(name)} real = 0.0" for name in constants)
    yield "        refractory_steps integer = 0"
    yield "        may_spike boolean = true  # false before time 0, while an older run dies out"
    yield from _inputs(code)
    if code.threshold:
        yield "    output:\n        spike"
    yield from _update(code)
    for receptor in code.receptors:
        yield from _receive(code, receptor.name)
    if code.threshold:
        yield from _spike(code)


def _state(code: NeuronCode) -> Iterable[str]:
    yield "    state:"
    yield from (f"        {safe_name(name)} real = 0.0" for name in code.states)
    yield "        refractory integer = 0  # clamped steps still to come"
    yield "        free boolean = true  # not clamped in this step"
    if code.crossing:
        yield "        was_over boolean = false  # over threshold at the end of the step before"


def _inputs(code: NeuronCode) -> Iterable[str]:
    ports = [f"        spikes_{r.name} <- spike" for r in code.receptors]
    if code.takes_current:
        ports.append("        current real <- continuous  # nA")
    if ports:
        yield "    input:"
        yield from ports


def _update(code: NeuronCode) -> Iterable[str]:
    yield "    update:  # phase 1: integrate to the end of the step"
    if code.crossing:
        yield f"        was_over = {_expression(code.threshold)}"
    yield "        free = refractory == 0"
    yield "        if refractory > 0:\n            refractory -= 1"
    yield from _assignments(code.update, code.states)


def _receive(code: NeuronCode, name: str) -> Iterable[str]:
    receptor = code.receptor(name)
    variable, gain = safe_name(receptor.variable), _expression(receptor.gain)
    event = f"spikes_{name} * 1 s"
    added = event if receptor.gain == "1.0" else f"({event}) * ({gain})"
    yield f"    onReceive(spikes_{name}):  # phase 2: events that arrive at the end of the step"
    if receptor.drop:
        yield f"        if free:\n            {variable} += {added}"
    else:
        yield f"        {variable} += {added}"


def _spike(code: NeuronCode) -> Iterable[str]:
    tests = ["may_spike", "free", *(["(not was_over)"] if code.crossing else [])]
    tests.append(_expression(code.threshold))
    yield f"    onCondition({' and '.join(tests)}):  # phase 3: threshold and reset"
    yield from _assignments(code.reset, code.states)
    yield "        refractory = refractory_steps"
    yield "        emit_spike()"


def _assignments(lines: Iterable[Assignment], states: Iterable[str]) -> Iterable[str]:
    """Assignments in order; the first one to a local declares it."""
    declared = set(states)
    for line in lines:
        kind = "" if line.target in declared else " real"
        declared.add(line.target)
        yield f"        {safe_name(line.target)}{kind} = {_expression(line.expression)}"


def _expression(text: str) -> str:
    return render(text, _DIALECT)


def _where(condition: str, yes: str, no: str) -> str:
    return f"({condition} ? {yes} : {no})"


def _log1p(x: str) -> str:
    """Accurate without a library function: Higham (2002), ISBN 0898715216, problem 1.5."""
    return _where(f"(1.0 + ({x}) == 1.0)", x, f"(({x}) * ln(1.0 + ({x})) / ((1.0 + ({x})) - 1.0))")


def _name(name: str) -> str:
    return name if name in {"free", "current"} else safe_name(name)


_DIALECT = Dialect(
    where=_where,
    functions={"log": "ln"},
    calls={
        "sqrt": lambda x: f"(({x}) ** 0.5)",
        "log1p": _log1p,
        "exprel": lambda x: _where(f"(({x}) == 0.0)", "1.0", f"expm1({x}) / ({x})"),
    },
    power=lambda base, exponent: f"(({base}) ** ({exponent}))",
    name=_name,
)
