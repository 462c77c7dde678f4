"""The NEST backend: settings, checks, availability."""

from __future__ import annotations

__all__ = ["NestBackend"]

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

from neurobridge.backends.base import Availability, Backend, Capabilities, Engine
from neurobridge.backends.nest.cells import Models, choose_cells
from neurobridge.backends.nest.clock import tics_per_ms
from neurobridge.backends.nest.nestml import NESTML_FUNCTIONS
from neurobridge.backends.nest.rates import is_rate, rate_neuron
from neurobridge.backends.settings import check_choice, check_count, refuse_settings
from neurobridge.errors import BackendError, BackendUnavailableError
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.program import Program
from neurobridge.registry import backends_that

INSTALL = 'pip install "neurobridge-sim[nest]"'
CHOICES = get_args(Models)


class NestBackend(Backend):
    """NEST [1]_: built-in cells where exactly equivalent, NESTML [2]_ for every other model.

    References
    ----------
    .. [1] Gewaltig & Diesmann (2007), NEST (NEural Simulation Tool), Scholarpedia 2(4):1430.
    .. [2] Plotnikov et al. (2016), NESTML: a modeling language for spiking neurons,
       Modellierung 2016, arXiv:1606.02882.
    """

    name = "nest"

    def capabilities(self) -> Capabilities:
        """See :class:`Backend`."""
        return Capabilities(
            summary="NEST: built-in cells where exactly equivalent, any other model by NESTML, "
            "its own rate neurons",
            tier="T1",
            equations=True,
            functions=NESTML_FUNCTIONS,
            continuous_coupling=True,
            bytes_per_edge=100,
            bytes_per_neuron=15_000,
            threads=True,
            exports=True,
            settings={
                "threads": "threads of each process (default 1)",
                "models": "auto (built-in cells where exactly equivalent, the default), nestml "
                "(compile all), builtin (refuse what is not built in)",
            },
        )

    def availability(self) -> Availability:
        """See :class:`Backend`."""
        spec = find_spec("nest")
        if spec is None or not spec.submodule_search_locations:
            return Availability(False, reason="NEST is not installed", install=INSTALL)
        folder = Path(next(iter(spec.submodule_search_locations)))
        if not any(folder.glob("nestkernel_api*.so")):
            reason = f"the package 'nest' at {folder} is not NEST 3.10 or later"
            return Availability(False, reason=reason, install=INSTALL)
        try:
            return Availability(True, version=version("nest-simulator"))
        except PackageNotFoundError:
            return Availability(True, version="not from a package")

    def check(self, program: Program, settings: Mapping[str, Any]) -> list[Finding]:
        """See :class:`Backend`."""
        findings = _check_settings(settings)
        try:
            tics_per_ms(program.dt)
        except ValueError as err:
            findings.append(Finding("nest_time_grid", "error", "dt", str(err), "change dt"))
        if findings:
            return findings
        return _check_rates(program) or _check_cells(program, settings.get("models", "auto"))

    def emit(self, program: Program, settings: Mapping[str, Any]) -> Engine:
        """See :class:`Backend`."""
        here = self.availability()
        if not here.available:
            raise BackendUnavailableError(f"{here.reason}; install it with: {here.install}")
        refuse_settings(_check_settings(settings))
        from neurobridge.backends.nest.engine import NestEngine

        return NestEngine(program, settings.get("models", "auto"), settings.get("threads", 1))


def _check_settings(settings: Mapping[str, Any]) -> list[Finding]:
    return [
        *check_choice(NestBackend.name, "models", settings.get("models", "auto"), CHOICES),
        *check_count(NestBackend.name, "threads", settings.get("threads", 1)),
    ]


def _check_rates(program: Program) -> list[Finding]:
    """Rate models that NEST's own neurons do not equal; there is no other way to couple rates."""
    others = [n for n in backends_that(lambda c: c.continuous_coupling) if n != NestBackend.name]
    able = " or ".join(others)
    reasons = {p.name: rate_neuron(p, program)[1] for p in program.populations if is_rate(p)}
    return [
        Finding(
            "no_rate_neuron", "error", f"population {name!r}",
            f"no rate neuron of NEST is equal to it: {reason}", f"run it on {able}",
        )
        for name, reason in reasons.items()
        if reason
    ]  # fmt: skip


def _check_cells(program: Program, models: Models) -> list[Finding]:
    """What cannot be built in, and what has to be compiled with tools that may be missing."""
    try:
        cells = choose_cells(program, models)
    except BackendError as err:
        return [
            Finding("no_builtin_cell", "error", "setting 'models'", str(err), "set models='auto'")
        ]
    names = [name for name, cell in cells.items() if cell.nestml]
    if not names:
        return []
    from neurobridge.backends.nest.nestml_build import CompilerMissingError, require_tools

    try:
        require_tools()
    except CompilerMissingError as err:
        where = f"populations {', '.join(names)}"
        remedy = "install what is missing, or use models that NEST has built in"
        return [Finding("nestml_unavailable", "error", where, str(err), remedy)]
    return []
