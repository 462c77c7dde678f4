"""Lowering: the ordered, logged passes from a Network to a Program."""

from __future__ import annotations

__all__ = ["lower", "trained_findings"]

import numpy as np

from neurobridge.graph.network import Network
from neurobridge.graph.probe import SpikeProbe, StateProbe
from neurobridge.lowering.event_plans import event_plans
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.grid import check_dt, to_steps
from neurobridge.lowering.neurons import lower_population
from neurobridge.lowering.pathways import lower_projection
from neurobridge.lowering.program import (
    Pathway,
    PopulationProgram,
    Program,
    SignalPlan,
    SpikePlan,
)
from neurobridge.units import parse_unit


def lower(network: Network, dt: float) -> Program:
    """Lower a network for one time step.

    Parameters
    ----------
    network : Network
    dt : float
        In ms.

    Returns
    -------
    Program
        With all findings; errors among them are raised by the caller, together with those of the
        backend.
    """
    dt = check_dt(dt)
    findings = [Finding(**f) for f in network.metadata.get("findings", ())]
    findings += trained_findings(network, dt)
    log: list[str] = []

    populations = []
    for population in network.populations.values():
        program, found = lower_population(population, dt)
        populations.append(program)
        findings += found
        log.append(
            f"neurons: {population.name!r}, {population.size:,} x {population.model.name}, "
            f"integrator {population.model.integrator}, {len(program.constants)} constants"
        )

    pathways: list[Pathway] = []
    for projection in network.projections.values():
        made, found = lower_projection(network, projection, dt)
        pathways += made
        findings += found
        for p in made:
            low, high = p.delay_range
            log.append(
                f"pathways: {projection.name!r} -> {p.post}.{p.receptor}, {p.n_edges:,} edges, "
                f"delay {low}..{high} steps"
            )

    findings += _stage_findings(populations, pathways)
    spikes = _spike_plans(network)
    signals = _signal_plans(network, dt, findings)
    log.append(f"probes: {len(spikes)} of spikes, {len(signals)} of states")
    return Program(
        dt, tuple(populations), tuple(pathways), spikes, signals, tuple(findings), tuple(log),
        network.id, event_plans(network, dt),
    )  # fmt: skip


def trained_findings(network: Network, dt: float) -> list[Finding]:
    """A network that was trained at one time step is another network at another."""
    trained = network.metadata.get("trained_dt")
    if trained is None or trained == dt:
        return []
    return [
        Finding(
            "trained_at_other_dt", "approximation", "network",
            f"it was trained at dt = {trained:g} ms and is to run at {dt:g} ms; spikes move, and "
            "with them what was learned",
            f"run it at dt = {trained:g} ms, or accept this and test what it does", dt / trained,
        )
    ]  # fmt: skip


def _stage_findings(populations: list[PopulationProgram], pathways: list[Pathway]) -> list[Finding]:
    """Populations that hear of each other within a step must take it in the same stages."""
    code = {p.name: p.code for p in populations}
    integrator = {p.name: p.model.integrator for p in populations}

    def stages(name: str) -> tuple[int, int, int]:
        return len(code[name].stages), len(code[name].start), code[name].start_steps

    return [
        Finding(
            "integrators_differ", "error", f"projection {p.projection!r}",
            f"{p.pre!r} is integrated by {integrator[p.pre]}, {p.post!r} by {integrator[p.post]}, "
            "and a projection without delay couples them within the step",
            "give both models the same integrator, or the projection a delay",
        )
        for p in pathways
        if p.continuous and p.n_edges and p.delay_range[0] == 0 and stages(p.pre) != stages(p.post)
    ]  # fmt: skip


def _spike_plans(network: Network) -> tuple[SpikePlan, ...]:
    """The spike probes; without any, all spikes of all populations."""
    probes = [p for p in network.probes.values() if isinstance(p, SpikeProbe)]
    if probes:
        return tuple(SpikePlan(p.name, p.population, p.neurons) for p in probes)
    spiking = (name for name, p in network.populations.items() if p.model.spikes)
    return tuple(SpikePlan(name, name, None) for name in spiking)


def _signal_plans(network: Network, dt: float, findings: list[Finding]) -> tuple[SignalPlan, ...]:
    plans = []
    for probe in network.probes.values():
        if not isinstance(probe, StateProbe):
            continue
        population = network.population(probe.population)
        interval, found = to_steps(
            dt if probe.interval is None else probe.interval,
            dt, f"probe {probe.name!r}, interval", "interval_rounding", at_least=1,
        )  # fmt: skip
        findings += found
        neurons = probe.neurons
        if neurons is None:
            neurons = np.arange(population.size, dtype=np.int32)
        unit = str(parse_unit(population.model.states[probe.variable].unit).dimension)
        plans.append(
            SignalPlan(
                probe.name, population.name, probe.variable, unit, neurons, max(int(interval), 1)
            )
        )
    return tuple(plans)
