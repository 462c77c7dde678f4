"""The SpiNNaker backend: settings, checks, availability."""

from __future__ import annotations

__all__ = ["SpinnakerBackend"]

import os
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from neurobridge.backends.base import Availability, Backend, Capabilities, Engine
from neurobridge.backends.spinnaker.machine import MACHINE_SETTINGS, Machine, machine_settings
from neurobridge.errors import BackendUnavailableError
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.chip.settings import CHIP_SETTINGS
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.program import Program

KNOWN_VERSION = "1!7.4.1"
"""The version of sPyNNaker whose numerics are known to the bit."""
INSTALL = 'pip install "neurobridge-sim[spinnaker]"'
INSTALL_MODEL = 'pip install "neurobridge-sim[spinnaker-sim]"'


class SpinnakerBackend(Backend):
    """SpiNNaker 1 [1]_ through sPyNNaker [2]_.

    References
    ----------
    .. [1] Furber et al. (2014), The SpiNNaker project, Proc. IEEE 102:652,
       doi:10.1109/JPROC.2014.2304638.
    .. [2] Rhodes et al. (2018), sPyNNaker: a software package for running PyNN simulations on
       SpiNNaker, Front. Neurosci. 12:816, doi:10.3389/fnins.2018.00816.
    """

    name = "spinnaker"

    def capabilities(self) -> Capabilities:
        """See :class:`Backend`."""
        return Capabilities(
            summary="SpiNNaker 1 by sPyNNaker: boards, or its binaries in a model of the chip",
            tier="T3",
            equations=False,
            functions=frozenset(),
            exports=True,
            bytes_per_edge=300,
            bytes_per_neuron=10_000,
            settings={**MACHINE_SETTINGS, **CHIP_SETTINGS},
        )

    def availability(self) -> Availability:
        """See :class:`Backend`."""
        for package in ("pyNN", "spynnaker"):
            if find_spec(package) is None:
                return Availability(False, reason=f"{package} is not installed", install=INSTALL)
        try:
            return Availability(True, version=version("spynnaker"))
        except PackageNotFoundError:
            return Availability(True, version="not from a package")

    def check(self, program: Program, settings: Mapping[str, Any]) -> list[Finding]:
        """See :class:`Backend`."""
        from neurobridge.backends.fixedpoint.findings import chip_findings

        machine, findings = machine_settings(settings)
        plan, found = chip_findings(program, settings)
        findings += found
        findings += _clock(program)
        if any(f.where.startswith("setting") for f in findings):
            return findings
        findings += [*self._tools(machine), *_machine(machine)]
        if plan is not None:
            findings += _cores(plan, machine)
        return findings

    def emit(self, program: Program, settings: Mapping[str, Any]) -> Engine:
        """See :class:`Backend`."""
        here = self.availability()
        if not here.available:
            raise BackendUnavailableError(f"{here.reason}; install it with: {here.install}")
        from neurobridge.backends.spinnaker.engine import SpinnakerEngine

        return SpinnakerEngine(program, settings)

    def _tools(self, machine: Machine) -> Iterator[Finding]:
        here = self.availability()
        if here.available and here.version != KNOWN_VERSION:
            yield Finding(
                "spynnaker_version", "note", "backend 'spinnaker'",
                f"its numbers are known for sPyNNaker {KNOWN_VERSION}, this is {here.version}: a "
                "chip may compute other bits than expected",
                f"pip install 'spynnaker=={KNOWN_VERSION}'",
            )  # fmt: skip
        if machine.kind == "softboard" and find_spec("unicorn") is None:
            yield Finding(
                "chip_model_missing", "error", "machine='softboard'",
                "the model of the chip needs the package unicorn, which is not installed",
                INSTALL_MODEL,
            )  # fmt: skip


def _clock(program: Program) -> Iterator[Finding]:
    """The machine counts microseconds."""
    microseconds = program.dt * 1000
    if abs(microseconds - round(microseconds)) > 1e-6:
        yield Finding(
            "dt_not_microseconds", "error", "dt",
            f"expected a whole number of microseconds, got {program.dt!r} ms",
            f"use dt={round(microseconds) / 1000:g}", program.dt,
        )  # fmt: skip


def _machine(machine: Machine) -> Iterator[Finding]:
    """A machine that does not answer, or of which nothing is known."""
    if machine.kind == "cfg":
        from neurobridge.backends.spinnaker.user_cfg import cfg_finding

        if (finding := cfg_finding()) is not None:
            yield finding
    elif machine.kind == "board":
        yield from _board(machine)
    elif machine.kind == "spalloc":
        yield from _server(machine)


def _board(machine: Machine) -> Iterator[Finding]:
    from neurobridge.backends.spinnaker.reachability import SILENT, board_problem

    problem = board_problem(machine.host)
    where = f"board {machine.host}"
    if problem == SILENT:
        if not machine.boot:
            yield Finding(
                "board_silent", "error", where, "no answer within 2 s",
                "check its power, cable and address (192.168.240.1, or .253 for version 3, with "
                "192.168.240.254 on this computer); one that was not started since it was switched "
                "on is silent too: then set boot=True",
            )  # fmt: skip
    elif problem:
        yield Finding("board_unreachable", "error", where, problem, "check host, power and cable")


def _server(machine: Machine) -> Iterator[Finding]:
    from neurobridge.backends.spinnaker.reachability import server_problem

    where = f"server {machine.server}"
    needed = ["SPALLOC_USER"]
    if urlsplit(machine.server).scheme:
        needed.append("SPALLOC_PASSWORD")
    missing = [name for name in needed if not os.environ.get(name)]
    if missing:
        yield Finding(
            "spalloc_credentials", "error", where,
            f"{' and '.join(missing)} not in the environment: the server gives boards to users it "
            "knows",
            "export them in the shell, or put the server into ~/.spynnaker.cfg and use "
            "machine='cfg'",
        )  # fmt: skip
    if problem := server_problem(machine.server):
        yield Finding("server_unreachable", "error", where, problem, "check the address")


def _cores(plan: ChipPlan, machine: Machine) -> Iterator[Finding]:
    from neurobridge.backends.spinnaker.capacity import available_cores, needed_cores

    needed, available = needed_cores(plan), available_cores(machine)
    if available is not None and needed > available:
        boards = f"{machine.boards} board{'s' if machine.boards != 1 else ''}"
        yield Finding(
            "too_few_cores", "error", f"{boards} of version {machine.version}",
            f"the network needs about {needed:,} cores, and there are {available:,}",
            "set boards, if there are more; raise neurons_per_core; or take a smaller network",
            float(needed),
        )  # fmt: skip
