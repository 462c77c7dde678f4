"""NeuronModel: the dynamics of a neuron and its synapses, declared once for all backends."""

from __future__ import annotations

__all__ = ["Coupling", "NeuronModel", "Parameter", "Receptor", "Refractory"]

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np

from neurobridge.citation import Reference
from neurobridge.errors import ModelError, NetworkError, UnitError, UnknownNameError
from neurobridge.expression import FUNCTIONS, is_condition, names_in, parse
from neurobridge.frozen import FrozenDict
from neurobridge.graph.equations import (
    Equation,
    check_dimensions,
    dimension_of,
    parse_equations,
)
from neurobridge.units import DIMENSIONLESS, Dimension, parse_quantity, parse_unit

Integrator = Literal["exact", "rk4", "ab4", "euler", "exponential_euler"]
INTEGRATORS: tuple[str, ...] = ("exact", "rk4", "ab4", "euler", "exponential_euler")
RESERVED = FUNCTIONS | {"current", "free", "w", "dt", "t", "where"}
"""Names with a meaning of their own in equations and in generated code."""

_ASSIGN = re.compile(r"(?P<name>\w+)\s*(?P<op>[-+*/]?=)(?!=)\s*(?P<body>.+)\Z")


@dataclass(frozen=True)
class Parameter:
    """A parameter of a neuron model.

    Parameters
    ----------
    default : float or str or None
        In ``unit``, or a string with its own unit; None if there is no sensible default.
    unit : str
        Canonical unit of the values, e.g. ``"mV"``.
    doc : str
    above, at_least, below, at_most : float, optional
        Bounds: exclusive (above, below) or inclusive (at_least, at_most), in ``unit``.
    """

    default: float | str | None
    unit: str
    doc: str = ""
    above: float = -math.inf
    at_least: float = -math.inf
    below: float = math.inf
    at_most: float = math.inf

    def convert(self, value: Any, where: str) -> Any:
        """``value`` as float or float64 array in canonical units, checked against the bounds."""
        array = np.asarray(parse_quantity(value, self.unit, where), dtype=np.float64)
        _require(np.isfinite(array), array, where, "must be finite")
        _require(array > self.above, array, where, f"must be above {self.above:g} {self.unit}")
        _require(array >= self.at_least, array, where, f"must be >= {self.at_least:g} {self.unit}")
        _require(array < self.below, array, where, f"must be below {self.below:g} {self.unit}")
        _require(array <= self.at_most, array, where, f"must be <= {self.at_most:g} {self.unit}")
        return float(array) if array.ndim == 0 else array


def _require(ok: Any, array: np.ndarray[Any, Any], where: str, rule: str) -> None:
    if np.all(ok):
        return
    if array.ndim == 0:
        raise NetworkError(f"{where} {rule}, got {float(array):g}")
    bad = np.flatnonzero(~np.asarray(ok))
    raise NetworkError(
        f"{where} {rule}, but {bad.size} of {array.size} values are not; "
        f"the first is {array.flat[bad[0]]:g} at index {bad[0]}"
    )


@dataclass(frozen=True)
class Receptor:
    """Where spikes arrive.

    Parameters
    ----------
    name : str
    event : str
        What a spike of weight ``w`` does: ``"i_exc += w"`` or ``"x += w * exp(1) / tau"``. It adds
        to one state, in proportion to ``w``.
    sign : {"positive", "negative", "any"}
        Weights that are routed here when a projection names no receptor.
    magnitude : bool
        Whether ``w`` is the absolute value of the weight (conductances) or the signed weight.
    when_clamped : {"keep", "drop"}
        What happens to a spike that arrives while the neuron is clamped (refractory).
    """

    name: str
    event: str
    sign: Literal["positive", "negative", "any"]
    magnitude: bool
    when_clamped: Literal["keep", "drop"]

    @cached_property
    def _parts(self) -> tuple[str, str]:
        match = _ASSIGN.match(self.event.strip())
        if match is None or match["op"] != "+=":
            raise ModelError(
                f"receptor {self.name!r}: the event must be 'state += w' or 'state += w * "
                f"expression', got {self.event!r}"
            )
        return match["name"], match["body"].strip()

    @property
    def variable(self) -> str:
        """The state that an event adds to."""
        return self._parts[0]

    @property
    def added(self) -> str:
        """The expression that is added, in terms of ``w``."""
        return self._parts[1]


@dataclass(frozen=True)
class Coupling:
    """Where the continuous output of other neurons arrives.

    In the equations ``name`` stands for the sum of ``weight * output`` over the incoming edges.

    Parameters
    ----------
    name : str
    unit : str
        Of the sum, and so of a weight, since outputs have no unit.
    sign : {"positive", "negative", "any"}
        Weights that are routed here when a projection names no receptor.
    """

    name: str
    unit: str = "1"
    sign: Literal["positive", "negative", "any"] = "any"

    magnitude: ClassVar[bool] = False
    """Weights keep their sign."""


@dataclass(frozen=True)
class Refractory:
    """Absolute refractoriness.

    Parameters
    ----------
    period : str
        The parameter that holds its length in ms.
    clamped : tuple of str
        States that hold their value while it lasts; all others go on.
    """

    period: str
    clamped: tuple[str, ...]


@dataclass(frozen=True)
class NeuronModel:
    """A neuron with its synapses: equations, threshold, reset, refractoriness, receptors.

    There are no defaults for policies: a model says what it does, or it is refused.

    Parameters
    ----------
    name : str
    equations : str
        Lines ``dx/dt = expression : unit`` (states) and ``y = expression : unit`` (shorthands).
        The name ``current`` is the injected current in ``current_unit``; the name of a coupling
        is its sum. Unit names such as ``mV`` may be used as factors. Dimensions are checked.
    parameters : mapping of str to Parameter
    receptors : sequence of Receptor
    threshold : str
        Condition under which the neuron spikes, e.g. ``"v >= v_thresh"``; empty: never.
    threshold_policy : {"level", "crossing"}
        Whether the condition is enough, or must have been false one step before.
    reset : str
        Statements separated by ``;`` such as ``"v = v_reset; u += d"``; empty: none.
    refractory : Refractory or None
    integrator : {"exact", "rk4", "ab4", "euler", "exponential_euler"}
        ``exact`` needs equations that are linear in the states, and takes input as constant over
        a step.
    initial : mapping of str to float or str
        Initial value of each state: a number in its unit or an expression over parameters.
        (or over shorthands, and states that come before). States that are not named start at 0.
    reference : str
        The paper that the model is from.
    doc : str
    output : str
        Expression over states and parameters that the neuron sends along its projections all the
        time, without a unit (a rate); empty: none. It sends this or spikes, not both.
    couplings : sequence of Coupling
        Where the output of other neurons arrives.
    current_unit : str
        Unit of injected current.

    Raises
    ------
    ModelError, UnitError
        If names, units or policies do not fit together.
    """

    name: str
    equations: str
    parameters: Mapping[str, Parameter]
    receptors: tuple[Receptor, ...]
    threshold: str
    threshold_policy: Literal["level", "crossing"]
    reset: str
    refractory: Refractory | None
    integrator: Integrator
    initial: Mapping[str, float | str] = field(default_factory=dict)
    reference: str = ""
    doc: str = ""
    output: str = ""
    couplings: tuple[Coupling, ...] = ()
    current_unit: str = "nA"

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", FrozenDict(self.parameters))
        object.__setattr__(self, "initial", FrozenDict(self.initial))
        object.__setattr__(self, "receptors", tuple(self.receptors))
        object.__setattr__(self, "couplings", tuple(self.couplings))
        self._check_policies()
        self._check_names()
        self._check_units()

    def __hash__(self) -> int:
        return hash((self.name, self.equations, self.threshold, self.reset, self.integrator))

    # -- what is in it ------------------------------------------------------------------------

    @cached_property
    def lines(self) -> tuple[Equation, ...]:
        """All equations, in the order given."""
        return parse_equations(self.equations, self._where)

    @cached_property
    def states(self) -> dict[str, Equation]:
        """The differential equations by state."""
        return {e.name: e for e in self.lines if e.differential}

    @cached_property
    def shorthands(self) -> dict[str, Equation]:
        """The algebraic lines by name."""
        return {e.name: e for e in self.lines if not e.differential}

    @cached_property
    def dimensions(self) -> dict[str, Dimension]:
        """Dimension of every name that an equation may use."""
        known = {n: parse_unit(p.unit).dimension for n, p in self.parameters.items()}
        known |= {e.name: parse_unit(e.unit).dimension for e in self.lines}
        known |= {c.name: parse_unit(c.unit).dimension for c in self.couplings}
        return known | {"current": parse_unit(self.current_unit).dimension}

    @property
    def references(self) -> tuple[Reference, ...]:
        """The paper that the model is from, for :func:`neurobridge.citations`."""
        return (Reference(self.name, self.reference),) if self.reference else ()

    @property
    def takes_current(self) -> bool:
        """Whether the equations have a place for injected current."""
        return any("current" in names_in(e.expression) for e in self.lines)

    @property
    def is_source(self) -> bool:
        """Whether this is a pure source of spikes, without states."""
        return not self.states

    @cached_property
    def reset_statements(self) -> tuple[tuple[str, str], ...]:
        """The reset as (state, expression) pairs, in order."""
        return tuple(self._statement(s) for s in self.reset.split(";") if s.strip())

    @property
    def coupling_names(self) -> tuple[str, ...]:
        """Names of the couplings."""
        return tuple(c.name for c in self.couplings)

    @property
    def spikes(self) -> bool:
        """Whether neurons of this model can spike."""
        return bool(self.threshold) or self.is_source

    def receptor(self, name: str) -> Receptor:
        """The receptor of that name."""
        for receptor in self.receptors:
            if receptor.name == name:
                return receptor
        raise UnknownNameError(f"receptor of model {self.name!r}", name, self.receptor_names)

    @property
    def receptor_names(self) -> tuple[str, ...]:
        """Names of the receptors."""
        return tuple(r.name for r in self.receptors)

    def reached(self, receptor: str | None) -> tuple[Receptor | Coupling, ...]:
        """The receptors or couplings that edges can reach: the one that is named, or by sign.

        Without a name it is the first of sign ``any``, else the only one, else the one that is
        ``positive`` and the one that is ``negative``; couplings are looked at first.

        Raises
        ------
        UnknownNameError
            If there is none of that name.
        NetworkError
            If signs do not decide, or there is none at all.
        """
        if receptor is not None:
            return (self._entry(receptor),)
        entries: tuple[Receptor | Coupling, ...] = self.couplings or self.receptors
        if not entries:
            raise NetworkError(f"model {self.name!r} has no receptor, so it takes no spikes")
        either = [r for r in entries if r.sign == "any"]
        if either:
            return (either[0],)
        signs = sorted(r.sign for r in entries)
        if len(signs) > 1 and signs != ["negative", "positive"]:
            raise NetworkError(
                f"say which receptor is meant, one of {[r.name for r in entries]}; the sign of a "
                "weight does not decide"
            )
        return entries

    def _entry(self, name: str) -> Receptor | Coupling:
        """The receptor or coupling of that name."""
        entries: tuple[Receptor | Coupling, ...] = (*self.receptors, *self.couplings)
        for entry in entries:
            if entry.name == name:
                return entry
        names = (*self.receptor_names, *self.coupling_names)
        raise UnknownNameError(f"receptor of model {self.name!r}", name, names)

    def weight_unit(self, receptor: str | None) -> str:
        """The unit of weights at a receptor, derived from its event; see :meth:`reached`.

        Raises
        ------
        UnitError
            If no receptor is named, and those that signs choose between differ in unit.
        """
        units = {r.name: str(self._weight_dimension(r)) for r in self.reached(receptor)}
        if len(set(units.values())) > 1:
            raise UnitError(
                f"model {self.name!r}: the unit of a weight depends on the receptor, {units}; say "
                "which one is meant"
            )
        return next(iter(units.values()))

    def weight_factor(self, receptor: str, unit: str) -> float:
        """Canonical weight units in one ``unit``; raises :class:`UnitError` if it does not fit."""
        expected, given = self._weight_dimension(self._entry(receptor)), parse_unit(unit)
        if given.dimension != expected:
            raise UnitError(
                f"weights at receptor {receptor!r} of model {self.name!r} are in {expected}, "
                f"got {unit!r}"
            )
        return given.factor

    def with_integrator(self, integrator: Integrator) -> NeuronModel:
        """The same model under another integrator, named accordingly."""
        return replace(self, name=f"{self.name}.{integrator}", integrator=integrator)

    # -- checks -------------------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return f"model {self.name!r}"

    def _statement(self, text: str) -> tuple[str, str]:
        match = _ASSIGN.match(text.strip())
        if match is None:
            raise ModelError(
                f"{self._where}: {text.strip()!r} is not a statement like 'v = v_reset'"
            )
        name, op, body = match["name"], match["op"], match["body"].strip()
        parse(body, f"{self._where}, reset")
        return name, body if op == "=" else f"{name} {op[0]} ({body})"

    def _check_policies(self) -> None:
        if not re.fullmatch(r"[A-Za-z][\w.]*", self.name):
            raise ModelError(f"model name {self.name!r}: use letters, digits and _ only")
        if self.integrator not in INTEGRATORS:
            raise ModelError(
                f"{self._where}: unknown integrator {self.integrator!r}; one of {INTEGRATORS}"
            )
        if self.threshold_policy not in ("level", "crossing"):
            raise ModelError(
                f"{self._where}: threshold_policy must be 'level' or 'crossing', "
                f"got {self.threshold_policy!r}"
            )
        for r in self.receptors:
            if r.when_clamped not in ("keep", "drop"):
                raise ModelError(
                    f"{self._where}, receptor {r.name!r}: when_clamped must be 'keep' or 'drop', "
                    f"got {r.when_clamped!r}"
                )
            if r.sign not in ("positive", "negative", "any"):
                raise ModelError(
                    f"{self._where}, receptor {r.name!r}: sign must be 'positive', 'negative' or "
                    f"'any', got {r.sign!r}"
                )
        names = (*self.receptor_names, *self.coupling_names)
        if len(set(names)) != len(names):
            raise ModelError(f"{self._where}: two receptors have the same name: {names}")
        for c in self.couplings:
            if c.sign not in ("positive", "negative", "any"):
                raise ModelError(
                    f"{self._where}, coupling {c.name!r}: sign must be 'positive', 'negative' or "
                    f"'any', got {c.sign!r}"
                )
        if self.output and self.threshold:
            raise ModelError(
                f"{self._where}: it has an output and a threshold; a neuron sends one of the two, "
                "a continuous signal or spikes"
            )
        if self.output and self.is_source:
            raise ModelError(
                f"{self._where}: an output needs a state to follow; write an equation 'dx/dt = ...'"
            )

    def _check_names(self) -> None:
        both = set(self.parameters) & {e.name for e in self.lines}
        if both:
            raise ModelError(f"{self._where}: {sorted(both)} are both parameters and equations")
        taken = both | (
            set(self.coupling_names) & {*self.parameters, *(e.name for e in self.lines)}
        )
        if taken:
            raise ModelError(
                f"{self._where}: {sorted(taken)} are both couplings and something else"
            )
        for name in [*self.parameters, *(e.name for e in self.lines), *self.coupling_names]:
            if name in RESERVED or not re.fullmatch(r"[A-Za-z]\w*", name):
                raise ModelError(
                    f"{self._where}: {name!r} cannot be used as a name "
                    f"(reserved: {', '.join(sorted(RESERVED))})"
                )
        if self.refractory is not None:
            self._known_name(self.refractory.period, "refractory period", self.parameters)
            for name in self.refractory.clamped:
                self._known_name(name, "clamped state", self.states)
        for name, _ in self.reset_statements:
            self._known_name(name, "state in the reset", self.states)
        for receptor in self.receptors:
            self._known_name(receptor.variable, f"state of receptor {receptor.name!r}", self.states)
        for name in self.initial:
            self._known_name(name, "state in initial", self.states)

    def _known_name(self, name: str, kind: str, known: Mapping[str, Any]) -> None:
        if name not in known:
            raise UnknownNameError(f"{kind} of {self._where}", name, known)

    def _check_units(self) -> None:
        known = self.dimensions
        if parse_unit(self.current_unit).factor != 1:
            raise UnitError(
                f"{self._where}: current_unit is {self.current_unit!r}; expected one of the units "
                f"that are used inside, here '{known['current']}'"
            )
        for equation in self.lines:
            check_dimensions(equation, known, self._where)
        if self.threshold:
            dimension_of(self.threshold, known, f"{self._where}, threshold")
            if not is_condition(self.threshold):
                raise ModelError(f"{self._where}: the threshold {self.threshold!r} is no condition")
        if self.output:
            got = dimension_of(self.output, known, f"{self._where}, output")
            self._same_dimension(got, DIMENSIONLESS, "output", self.output)
            inputs = names_in(self.output) & {"current", *self.coupling_names}
            if inputs:
                raise ModelError(
                    f"{self._where}: the output {self.output!r} uses the input {sorted(inputs)}; "
                    "it may depend on states and parameters"
                )
        for name, body in self.reset_statements:
            got = dimension_of(body, known, f"{self._where}, reset of {name!r}")
            self._same_dimension(got, known[name], f"reset of {name!r}", body)
        for receptor in self.receptors:
            self._weight_dimension(receptor)
        for name, value in self.initial.items():
            if isinstance(value, str):
                got = dimension_of(value, known, f"{self._where}, initial {name!r}")
                self._same_dimension(got, known[name], f"initial {name!r}", value)
        for name, parameter in self.parameters.items():
            if parameter.default is not None:
                parameter.convert(parameter.default, f"{self._where}, default of {name!r}")
        if self.refractory is not None:
            period = self.refractory.period
            self._same_dimension(
                known[period], parse_unit("ms").dimension, f"parameter {period!r}", period
            )

    def _same_dimension(self, got: Dimension, expected: Dimension, what: str, text: str) -> None:
        if got != expected and text.strip() not in ("0", "0.0"):
            raise UnitError(f"{self._where}, {what}: expected {expected}, but '{text}' is in {got}")

    def _weight_dimension(self, receptor: Receptor | Coupling) -> Dimension:
        """Dimension of ``w``: what makes the event add up, its expression being linear in ``w``."""
        if isinstance(receptor, Coupling):
            return parse_unit(receptor.unit).dimension
        where = f"{self._where}, receptor {receptor.name!r}"
        if "w" not in names_in(receptor.added):
            raise ModelError(f"{where}: the event {receptor.event!r} does not use the weight w")
        known = {**self.dimensions, "w": DIMENSIONLESS}
        gain = dimension_of(receptor.added, known, where)
        return self.dimensions[receptor.variable] / gain
