"""Equations of a user's: differential equations or maps in text, compiled."""

from __future__ import annotations

__all__ = ["equations"]

import re
from collections.abc import Mapping

import numpy as np
from scipy.sparse import csr_array

from neurobridge.analysis.lyapunov.declared import Cells, DeclaredSystem
from neurobridge.analysis.lyapunov.linear_code import code_of
from neurobridge.analysis.lyapunov.system import Meaning, Real
from neurobridge.errors import ModelError, NetworkError, UnknownNameError
from neurobridge.expression import names_in, parse
from neurobridge.rng import generator

_LINE = re.compile(r"(?:d(?P<flow>\w+)/dt|(?P<map>\w+)')\s*=\s*(?P<body>.+)\Z")


def equations(
    text: str,
    parameters: Mapping[str, float] | None = None,
    initial: Mapping[str, float] | None = None,
    *,
    dt: float = 0.01,
    unit: str = "1",
) -> DeclaredSystem:
    """A system of a few ordinary differential equations, or a map.

    Parameters
    ----------
    text : str
        One equation a line (or separated by ``;``), ``dx/dt = sigma*(y - x)`` for a flow or
        ``x' = 1 - a*x**2 + y`` for a map, in the expression language of neuron models.
    parameters : mapping of str to float, optional
        Values of all other names.
    initial : mapping of state to float, optional
        States that are not named start at a standard normal number that depends on the seed.
    dt : float
        Default time step of a flow. That of a map is 1.
    unit : str
        What the unit of time is called.

    Returns
    -------
    DeclaredSystem

    Raises
    ------
    ModelError
        If a line cannot be read, or flows and maps are mixed.
    UnknownNameError
        If a name has no value.

    Examples
    --------
    >>> from neurobridge.analysis import lyapunov
    >>> lorenz = lyapunov.equations(
    ...     "dx/dt = sigma*(y - x); dy/dt = x*(rho - z) - y; dz/dt = x*y - beta*z",
    ...     {"sigma": 10.0, "rho": 28.0, "beta": 8 / 3},
    ... )
    >>> lyapunov.spectrum(lorenz, time=1000.0).exponents  # doctest: +SKIP
    """
    meaning, slopes = _read(text)
    values = {name: _number(f"parameter {name!r}", v) for name, v in (parameters or {}).items()}
    for state, body in slopes.items():
        for name in sorted(names_in(body) - set(slopes)):
            if name not in values:
                raise UnknownNameError(f"name in the equation of {state!r}", name, values)
    clash = sorted(set(values) & set(slopes))
    if clash:
        raise ModelError(f"equations: {clash} are both states and parameters")
    start = {name: _number(f"initial {name!r}", v) for name, v in (initial or {}).items()}
    for name in start:
        if name not in slopes:
            raise UnknownNameError("state with an initial value", name, slopes)
    code = code_of(slopes, "", ())
    cells = Cells("equations", 1, code, {n: values[n] for n in code.constants})

    def initial_state(seed: int) -> Real:
        drawn = generator(seed, "lyapunov.initial", "").standard_normal(len(slopes))
        return np.array([start.get(n, x) for n, x in zip(slopes, drawn, strict=True)])

    return DeclaredSystem(
        meaning, unit, tuple(slopes), (cells,), csr_array((0, 0)), initial_state, None,
        dt if meaning == "flow" else 1.0, "rk4" if meaning == "flow" else "map",
    )  # fmt: skip


def _read(text: str) -> tuple[Meaning, dict[str, str]]:
    found: dict[str, str] = {}
    kinds = set()
    for raw in text.replace(";", "\n").splitlines():
        line = raw.split("#", 1)[0].strip()
        if not line:
            continue
        match = _LINE.match(line)
        if match is None:
            raise ModelError(
                f'equations: cannot read {line!r}; write "dx/dt = ..." for a flow, "x\' = ..." '
                "for a map"
            )
        name = match["flow"] or match["map"]
        if name in found:
            raise ModelError(f"equations: {name!r} is defined twice")
        parse(match["body"], f"equation of {name!r}")
        found[name] = match["body"].strip()
        kinds.add("flow" if match["flow"] else "map")
    if len(kinds) != 1:
        what = "there is none" if not kinds else "flows (dx/dt) and maps (x') are mixed"
        raise ModelError(f"equations: {what}")
    return kinds.pop(), found  # type: ignore[return-value]


def _number(what: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise NetworkError(f"equations: {what} must be a number, got {value!r}")
    if not np.isfinite(value):
        raise NetworkError(f"equations: {what} must be finite, got {value!r}")
    return float(value)
