"""What NIR cannot say about edges."""

from __future__ import annotations

__all__ = ["edge_findings"]

import numpy as np

from neurobridge.graph.network import Network
from neurobridge.graph.projection import Projection, TickDelays
from neurobridge.io.nir.check_shape import sources_of
from neurobridge.io.nir.dense import LARGEST, dense_bytes
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.grid import TOLERANCE


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
