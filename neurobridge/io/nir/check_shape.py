"""What the shape of a network does to those who read it: ends, branches, latency."""

from __future__ import annotations

__all__ = ["ends_of", "reach_findings", "shape_findings", "sources_of"]

from collections import Counter

from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.lowering.finding import Finding


def sources_of(network: Network) -> list[Population]:
    """The spike sources, which share one ``Input``."""
    return [p for p in network.populations.values() if p.model.is_source]


def ends_of(network: Network) -> list[str]:
    """Populations that get an ``Output`` of their own: those that nothing follows.

    The last population, if loops leave no end and there is no readout.
    """
    cells = [p.name for p in network.populations.values() if not p.model.is_source]
    followed = {p.pre for p in network.projections.values() if p.pre != p.post}
    followed |= {r.population for r in network.readouts.values()}
    ends = [name for name in cells if name not in followed]
    return ends if ends or network.readouts else cells[-1:]


def reach_findings(network: Network) -> list[Finding]:
    """On populations that cannot be reached: type inference of NIR follows edges from the Input."""
    reached = {p.name for p in sources_of(network)}
    growing = True
    while growing:
        further = {p.post for p in network.projections.values() if p.pre in reached} - reached
        reached |= further
        growing = bool(further)
    missing = [name for name in network.populations if name not in reached]
    if not missing and reached != {p.name for p in sources_of(network)}:
        return []
    where = f"populations {missing}" if missing else "network"
    return [
        Finding(
            "population_without_input", "error", where,
            "in NIR everything follows from an Input, but no path of projections leads here from a "
            "population of spike_source",
            "connect a spike_source to them (weights of 0 will do), or remove them",
        )
    ]  # fmt: skip


def shape_findings(network: Network, dt: float) -> list[Finding]:
    """On steps that projections take here and not there, and on what is walked in another order."""
    return [*_latency(network, dt), *_branches(network), *_outputs(network)]


def _latency(network: Network, dt: float) -> list[Finding]:
    forward = [
        p.name
        for p in network.projections.values()
        if p.pre != p.post and not network.population(p.pre).model.is_source
    ]
    if not forward:
        return []
    return [
        Finding(
            "forward_latency", "approximation", f"projections {forward}",
            "here every projection takes at least one step; in norse, snnTorch and others spikes "
            f"cross a forward projection in the step of the spike, {dt:g} ms earlier for each one "
            "on the way (loops take a step there too)",
            "shift spike times by dt for each layer when you compare, or accept it", dt,
        )
    ]  # fmt: skip


def _branches(network: Network) -> list[Finding]:
    """Where more than one way leads onward, depth-first is not the order of the signal."""
    sources = {p.name for p in sources_of(network)}
    onward = Counter(
        "input" if p.pre in sources else p.pre
        for p in network.projections.values()
        if p.pre != p.post
    )
    onward.update(r.population for r in network.readouts.values())
    several = [name for name, count in onward.items() if count > 1]
    if not several:
        return []
    return [
        Finding(
            "branches", "note", f"after {several}",
            "several projections or readouts lead onward; norse 1.1 walks a graph depth-first, so "
            "that some of them act a step late, and what it returns may be another node's",
            "run the file with nirtorch.nir_to_torch, see docs/nir.md", float(len(several)),
        )
    ]  # fmt: skip


def _outputs(network: Network) -> list[Finding]:
    names = [*network.readouts, *ends_of(network)]
    if len(names) < 2:
        return []
    return [
        Finding(
            "several_outputs", "note", f"readouts and populations {names}",
            "each has an Output; nirtorch 2.6 (and so snnTorch) never finishes building a graph "
            "with several, and norse 1.1 returns one of them",
            "let all end in one readout or population if one of them shall read the file",
            float(len(names)),
        )
    ]  # fmt: skip
