"""What NIR cannot say about edges, and which neurons no edge reaches."""

from __future__ import annotations

__all__ = ["edge_findings", "latency_findings", "reach_findings", "sources_of"]

import numpy as np

from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.projection import Projection, TickDelays
from neurobridge.io.nir.dense import LARGEST, dense_bytes
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.grid import TOLERANCE


def sources_of(network: Network) -> list[Population]:
    """The spike sources, which share one ``Input``."""
    return [p for p in network.populations.values() if p.model.is_source]


def reach_findings(network: Network) -> list[Finding]:
    """On populations that cannot be reached: type inference of NIR follows edges from the Input."""
    reached = {p.name for p in sources_of(network)}
    growing = True
    while growing:
        further = {p.post for p in network.projections.values() if p.pre in reached} - reached
        reached |= further
        growing = bool(further)
    missing = [name for name in network.populations if name not in reached]
    if not missing:
        return []
    return [
        Finding(
            "population_without_input", "error", f"populations {missing}",
            "in NIR everything follows from an Input, but no path of projections leads here from a "
            "population of spike_source",
            "connect a spike_source to them (weights of 0 will do), or remove them",
        )
    ]  # fmt: skip


def edge_findings(network: Network, p: Projection, dt: float) -> list[Finding]:
    """On one projection: its size as a matrix, edges that vanish in it, and delays."""
    where = f"projection {p.name!r}"
    findings = []
    from_source = network.population(p.pre).model.is_source
    n_pre = sum(s.size for s in sources_of(network)) if from_source else p.edges.n_pre
    if n_pre * p.edges.n_post > LARGEST:
        need = dense_bytes(p.edges.n_post, n_pre)
        findings.append(
            Finding(
                "dense_weights", "error", where,
                f"NIR has dense matrices: {p.edges.n_edges:,} edges would become "
                f"{p.edges.n_post:,} x {n_pre:,} numbers, {need / 2**30:.2g} GiB; at most "
                f"{LARGEST:,} are written",
                "select a part of the network first, or save it with neurobridge.save", float(need),
            )
        )  # fmt: skip
        return findings + _delays(p, dt, where)
    pair = p.edges.post.astype(np.int64) * p.edges.n_pre + p.edges.pre
    parallel = p.edges.n_edges - np.unique(pair).size
    if parallel:
        findings.append(
            Finding(
                "parallel_edges_merged", "note", where,
                f"{parallel} edges run beside another one; their weights are added up",
                "none needed", float(parallel),
            )
        )  # fmt: skip
    zeros = int((network.weights(p.name) == 0).sum())
    if zeros:
        findings.append(
            Finding(
                "zero_edges_dropped", "note", where,
                f"{zeros} edges have weight 0, which is no edge in a dense matrix", "none needed",
                float(zeros),
            )
        )  # fmt: skip
    return findings + _delays(p, dt, where)


def _delays(p: Projection, dt: float, where: str) -> list[Finding]:
    delays = p.delay.ms if isinstance(p.delay, TickDelays) else np.atleast_1d(p.delay)
    if not delays.size:
        return []
    low, high = float(delays.min()), float(delays.max())
    if low < dt * (1 - TOLERANCE):
        return [
            Finding(
                "delay_below_dt", "error", where,
                f"the shortest delay is {low:g} ms, below dt = {dt:g} ms", f"use dt <= {low:g} ms",
                low,
            )
        ]  # fmt: skip
    findings = []
    if isinstance(p.delay, TickDelays):
        first = np.full(p.edges.n_pre, -1, dtype=np.int64)
        first[p.edges.pre] = p.delay.ticks
        if (first[p.edges.pre] != p.delay.ticks).any():
            return [
                Finding(
                    "delays_differ", "error", where,
                    "a Delay of NIR holds one delay for each neuron, but edges of one neuron "
                    f"differ here: {low:g} .. {high:g} ms",
                    "split the projection by delay, or give all edges the same", high - low,
                )
            ]  # fmt: skip
    if high > dt * (1 + TOLERANCE):
        findings.append(
            Finding(
                "delay_node", "note", where,
                f"delays up to {high:g} ms: what exceeds dt = {dt:g} ms is written as a Delay, "
                "which norse 1.1 and snnTorch 1.0 cannot read",
                f"use delays of {dt:g} ms if one of them shall read the file", high - dt,
            )
        )  # fmt: skip
    return findings


def latency_findings(network: Network, dt: float) -> list[Finding]:
    """On projections forward, which take no time in other frameworks."""
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
