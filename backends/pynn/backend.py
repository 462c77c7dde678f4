"""The PyNN backend: settings, availability, and what it says before a run."""

from __future__ import annotations

__all__ = ["PynnBackend"]

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from neurobridge.backends.base import Availability, Backend, Capabilities, Engine
from neurobridge.backends.pynn.check import check_cells, check_edges, check_simulator
from neurobridge.backends.pynn.simulators import SIMULATORS, Simulator, simulator
from neurobridge.backends.settings import check_count, refuse_settings, wrong_setting
from neurobridge.errors import BackendUnavailableError
from neurobridge.expression import FUNCTIONS
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.program import Program

INSTALL = 'pip install "neurobridge-sim[pynn]"'


class PynnBackend(Backend):
    """Simulators with PyNN's interface [1]_, one cell of PyNN for each of our models.

    References
    ----------
    .. [1] Davison et al. (2009), PyNN: a common interface for neuronal network simulators,
       Front. Neuroinform. 2:11, doi:10.3389/neuro.11.011.2008.
    """

    name = "pynn"

    def capabilities(self) -> Capabilities:
        """See :class:`Backend`."""
        return Capabilities(
            summary="PyNN's simulators for small networks: NEURON, or another by its name",
            tier="T2",
            equations=False,
            functions=FUNCTIONS,
            bytes_per_edge=1_500,
            bytes_per_neuron=20_000,
            settings={
                "simulator": f"{', '.join(SIMULATORS)} (default neuron), or a module with PyNN's "
                "interface",
                "substeps": "steps of the simulator in one of dt (default 1; more are closer to "
                "the equations, and put spikes between the steps of dt)",
            },
        )

    def availability(self) -> Availability:
        """See :class:`Backend`. Which simulators there are is part of the version."""
        if find_spec("pyNN") is None:
            return Availability(False, reason="PyNN is not installed", install=INSTALL)
        found = [known.name for known in SIMULATORS.values() if known.installed]
        if not found:
            reason = f"PyNN is installed, but none of {', '.join(SIMULATORS)}"
            return Availability(False, reason=reason, install=INSTALL)
        try:
            number = version("pynn")
        except PackageNotFoundError:
            number = "not from a package"
        return Availability(True, version=f"{number} ({', '.join(found)})")

    def check(self, program: Program, settings: Mapping[str, Any]) -> list[Finding]:
        """See :class:`Backend`."""
        wrong = _check_settings(settings)
        if wrong:
            return wrong
        chosen = _simulator(settings)
        return [
            *check_simulator(chosen),
            *check_edges(program),
            *check_cells(program, chosen, settings.get("substeps", 1)),
        ]

    def emit(self, program: Program, settings: Mapping[str, Any]) -> Engine:
        """See :class:`Backend`."""
        here = self.availability()
        if not here.available:
            raise BackendUnavailableError(f"{here.reason}; install it with: {here.install}")
        refuse_settings(_check_settings(settings))
        from neurobridge.backends.pynn.engine import PynnEngine

        return PynnEngine(program, _simulator(settings), settings.get("substeps", 1))


def _simulator(settings: Mapping[str, Any]) -> Simulator:
    return simulator(settings.get("simulator", "neuron"))


def _check_settings(settings: Mapping[str, Any]) -> list[Finding]:
    name, findings = settings.get("simulator", "neuron"), []
    if not isinstance(name, str) or not name:
        why = f"expected one of {list(SIMULATORS)} or the name of a module, got {name!r}"
        findings.append(wrong_setting(PynnBackend.name, "simulator", why))
    return [*findings, *check_count(PynnBackend.name, "substeps", settings.get("substeps", 1))]
