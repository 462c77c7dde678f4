"""Check: a program against what a backend can do, before anything is built."""

from __future__ import annotations

__all__ = ["check_program", "memory_estimate"]

from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Any

import psutil

from neurobridge.errors import UnknownNameError
from neurobridge.expression import functions_in
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.program import PopulationProgram, Program
from neurobridge.registry import backends_that

if TYPE_CHECKING:
    from neurobridge.backends.base import Backend, Capabilities


def check_program(program: Program, backend: Backend, settings: Mapping[str, Any]) -> list[Finding]:
    """Everything that speaks against running a program on a backend, or will make it differ."""
    can = backend.capabilities()
    for name in settings:
        if name not in can.settings:
            raise UnknownNameError(f"setting of backend {backend.name!r}", name, can.settings)
    findings = [*_availability(backend), *program.findings]
    for population in program.populations:
        findings += _neurons(population, can, backend.name)
    findings += _features(program, can, backend.name)
    findings += _memory(program, can, backend.name)
    findings += backend.check(program, settings)
    return findings


def memory_estimate(program: Program, can: Capabilities) -> float:
    """Expected resident memory of a built program in bytes; rough, on the safe side."""
    edges = sum(p.n_edges for p in program.pathways)
    neurons = sum(p.size for p in program.populations)
    return edges * can.bytes_per_edge + neurons * can.bytes_per_neuron


def _availability(backend: Backend) -> list[Finding]:
    here = backend.availability()
    if here.available:
        return []
    return [
        Finding(
            "backend_unavailable", "error", f"backend {backend.name!r}", here.reason, here.install
        )
    ]


def _neurons(p: PopulationProgram, can: Capabilities, name: str) -> list[Finding]:
    """About the equations; a backend with a catalogue of cells speaks about them itself."""
    if p.is_source or not can.equations:
        return []
    findings = []
    missing = {f for text in p.code.expressions for f in functions_in(text)} - can.functions
    if missing:
        findings.append(
            Finding(
                "function_unsupported", "error", f"population {p.name!r}",
                f"model {p.model.name!r} calls {sorted(missing)}, which {name} does not have",
                f"write the equations without it, or run on {_that_have(missing)}",
            )
        )  # fmt: skip
    if p.model.integrator != "exact":
        findings.append(
            Finding(
                "numerical_integration", "note", f"population {p.name!r}",
                f"model {p.model.name!r} is integrated by {p.model.integrator} at this dt; all "
                "backends do the same arithmetic, but the result depends on dt",
                "compare with a smaller dt if accuracy matters",
            )
        )  # fmt: skip
    return findings


def _that_have(functions: Set[str]) -> str:
    """The backends that take equations with these functions, in words."""
    able = backends_that(lambda can: can.equations and functions <= can.functions)
    return " or ".join(able) or "none of the known backends, for none has it"


def _features(program: Program, can: Capabilities, name: str) -> list[Finding]:
    _, high = program.delay_range
    findings = []
    if can.max_delay_steps is not None and high > can.max_delay_steps:
        findings.append(
            Finding(
                "delay_too_long", "error", "projections",
                f"the longest delay is {high} steps, {name} can do {can.max_delay_steps}",
                "choose a larger dt or another backend", float(high),
            )
        )  # fmt: skip
    uneven = [p.projection for p in program.pathways if not isinstance(p.delay, int)]
    if uneven and not can.heterogeneous_delays:
        findings.append(
            Finding(
                "delays_differ", "error", f"projections {sorted(set(uneven))}",
                f"{name} has one delay for all edges of a projection", "choose another backend",
            )
        )  # fmt: skip
    coupled = [p.name for p in program.populations if p.code.couplings or p.model.output]
    if coupled and not can.continuous_coupling:
        findings.append(
            Finding(
                "continuous_unsupported", "error", f"populations {coupled}",
                f"{name} carries spikes, but these models send a continuous output",
                f"run it on {' or '.join(backends_that(lambda c: c.continuous_coupling))}",
                float(len(coupled)),
            )
        )  # fmt: skip
    if program.signal_plans and not can.state_probes:
        findings.append(
            Finding(
                "states_unsupported", "error",
                f"probes {[p.name for p in program.signal_plans]}",
                f"{name} records spikes only, no states",
                "remove these probes, or choose another backend", float(len(program.signal_plans)),
            )
        )  # fmt: skip
    return findings


def _memory(program: Program, can: Capabilities, name: str) -> list[Finding]:
    need = memory_estimate(program, can)
    have = psutil.virtual_memory().available
    if need <= have:
        return []
    return [
        Finding(
            "memory", "error", "network",
            f"building it on {name} needs about {need / 2**30:.1f} GiB, {have / 2**30:.1f} GiB are "
            "free",
            "prune or select a part of the network, or use a larger machine", need,
        )
    ]  # fmt: skip
