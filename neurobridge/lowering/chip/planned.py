"""The plan of a program, or an error with all that speaks against one."""

from __future__ import annotations

__all__ = ["planned"]

from collections.abc import Mapping
from typing import Any

from neurobridge.backends.fixedpoint.findings import chip_findings
from neurobridge.errors import NetworkError
from neurobridge.lowering.check import check_program
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.finding import raise_if_errors
from neurobridge.lowering.program import Program
from neurobridge.registry import get_backend


def planned(program: Program, settings: Mapping[str, Any]) -> ChipPlan:
    """Lay a program out for the chip; what is rounded there is no obstacle.

    Parameters
    ----------
    program : Program
    settings : mapping
        See :data:`neurobridge.lowering.chip.settings.CHIP_SETTINGS`.

    Raises
    ------
    FindingsError
        If the chip cannot run it.
    UnknownNameError
        If a setting does not exist.
    """
    plan, findings = chip_findings(program, settings)
    if plan is None:
        findings += check_program(program, get_backend("fixedpoint"), settings)
    raise_if_errors(dict.fromkeys(f for f in findings if f.severity == "error"))
    if plan is None:
        raise NetworkError("the network has no layout on SpiNNaker; check it on 'fixedpoint'")
    return plan
