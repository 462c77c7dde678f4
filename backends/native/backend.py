"""The native backend: settings, checks, and what to do without numba."""

from __future__ import annotations

__all__ = ["NativeBackend"]

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from neurobridge.backends.base import Availability, Backend, Capabilities, Engine
from neurobridge.backends.settings import check_choice, check_count, refuse_settings
from neurobridge.expression import FUNCTIONS
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.program import Program

INSTALL = 'pip install "neurobridge-sim[native]"'
MODES = ("auto", "event", "dense")


class NativeBackend(Backend):
    """Compiled by numba: event-driven where little happens, all neurons at once where much does."""

    name = "native"

    def capabilities(self) -> Capabilities:
        """See :class:`Backend`."""
        return Capabilities(
            summary="compiled by numba: event-driven or all neurons at once, as activity has it; "
            "any declared model, no simulator needed",
            tier="T0",
            equations=True,
            functions=FUNCTIONS,
            continuous_coupling=True,
            threads=True,
            draws_counts=True,
            bytes_per_edge=24,
            bytes_per_neuron=600,
            settings={
                "mode": "auto (the default), event (linear models) or dense",
                "threads": "threads of one run (default 1); spikes do not depend on it",
            },
        )

    def availability(self) -> Availability:
        """See :class:`Backend`; without numba the reference runs in its place."""
        if has_numba():
            return Availability(True, f"numba {_version()}")
        return Availability(True, "without numba, so runs are the reference's")

    def check(self, program: Program, settings: Mapping[str, Any]) -> list[Finding]:
        """See :class:`Backend`."""
        findings = _check_settings(settings)
        if not has_numba():
            findings.append(
                Finding(
                    "numba_missing", "note", "backend 'native'",
                    "numba is not installed, so the reference runs in its place: the same "
                    "contract, 10 to 1,000 times slower",
                    f"install it: {INSTALL}",
                )
            )  # fmt: skip
        elif not findings and settings.get("mode") == "event":
            findings += _check_events(program)
        return findings

    def emit(self, program: Program, settings: Mapping[str, Any]) -> Engine:
        """See :class:`Backend`."""
        refuse_settings(_check_settings(settings))
        if not has_numba():
            from neurobridge.backends.reference.engine import ReferenceEngine

            return ReferenceEngine(program)
        from neurobridge.backends.native.engine import NativeEngine

        return NativeEngine(program, settings.get("mode", "auto"), settings.get("threads", 1))


def has_numba() -> bool:
    """Whether numba is installed; it is not imported."""
    return find_spec("numba") is not None


def _version() -> str:
    try:
        return version("numba")
    except PackageNotFoundError:
        return "of unknown version"


def _check_settings(settings: Mapping[str, Any]) -> list[Finding]:
    return [
        *check_choice(NativeBackend.name, "mode", settings.get("mode", "auto"), MODES),
        *check_count(NativeBackend.name, "threads", settings.get("threads", 1)),
    ]


def _check_events(program: Program) -> list[Finding]:
    """What keeps a population from the event-driven path."""
    from neurobridge.backends.native.kind import kind_of
    from neurobridge.backends.native.sleep import classes_of

    findings = []
    for p in program.populations:
        if p.is_source:
            continue
        kind = kind_of(p)
        if not kind.may_sleep:
            why = (
                f"model {p.model.name!r} is not linear with a threshold on one state, or is "
                "coupled continuously"
            )
        elif classes_of(kind, p) is None:
            why = "its states never die away, or nearly every neuron has time constants of its own"
        else:
            continue
        findings.append(
            Finding(
                "no_event_path", "error", f"population {p.name!r}", why,
                "set mode='auto' or mode='dense'",
            )
        )  # fmt: skip
    return findings
