"""Pass "pathways": projections become edges onto one receptor, with weights and delays in steps."""

from __future__ import annotations

__all__ = ["lower_projection"]

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError
from neurobridge.graph.edges import Edges
from neurobridge.graph.model import Coupling, Receptor
from neurobridge.graph.network import Network
from neurobridge.graph.projection import Projection, TickDelays
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.grid import to_steps
from neurobridge.lowering.program import Pathway


def lower_projection(
    network: Network, projection: Projection, dt: float
) -> tuple[list[Pathway], list[Finding]]:
    """The pathways of a projection: one, or one for each receptor that its signs reach."""
    where = f"projection {projection.name!r}"
    weights = network.weights(projection.name)
    entries = network.population(projection.post).model.reached(projection.receptor)
    continuous = isinstance(entries[0], Coupling)
    delay, findings = _delay_steps(projection, dt, where, at_least=0 if continuous else 1)
    pathways = []
    for entry, chosen in _route(entries, weights, where):
        values = np.abs(weights) if entry.magnitude else weights
        pathways.append(_pathway(projection, entry, values, delay, chosen))
    return pathways, findings


def _delay_steps(
    projection: Projection, dt: float, where: str, at_least: int
) -> tuple[int | NDArray[np.int32], list[Finding]]:
    delay = projection.delay
    if isinstance(delay, TickDelays):
        present, inverse = np.unique(delay.ticks, return_inverse=True)
        steps, findings = to_steps(
            present * delay.tick, dt, f"{where}, delay", "delay_rounding", at_least=at_least
        )
        if present.size == 1:
            return int(steps[0]), findings
        return steps.astype(np.int32)[inverse], findings
    steps, findings = to_steps(delay, dt, f"{where}, delay", "delay_rounding", at_least=at_least)
    return int(steps), findings


def _check_sign(receptor: Receptor | Coupling, weights: NDArray[np.float64], where: str) -> None:
    wrong = {"positive": weights < 0, "negative": weights > 0}.get(receptor.sign)
    if wrong is not None and wrong.any():
        bad = int(np.flatnonzero(wrong)[0])
        raise NetworkError(
            f"{where}: receptor {receptor.name!r} takes {receptor.sign} weights, but "
            f"{int(wrong.sum())} of {weights.size} are not, e.g. {weights[bad]:g} on edge {bad}; "
            "name another receptor, or none to route by sign"
        )


def _route(
    receptors: tuple[Receptor | Coupling, ...], weights: NDArray[np.float64], where: str
) -> list[tuple[Receptor | Coupling, NDArray[np.bool_] | None]]:
    """Which edges go to which receptor; None for all of them. Zero weights go with the positive."""
    if len(receptors) == 1:
        _check_sign(receptors[0], weights, where)
        return [(receptors[0], None)]
    by_sign = {r.sign: r for r in receptors}
    negative = weights < 0
    if not negative.any():
        return [(by_sign["positive"], None)]
    if negative.all():
        return [(by_sign["negative"], None)]
    return [(by_sign["positive"], ~negative), (by_sign["negative"], negative)]


def _pathway(
    projection: Projection,
    entry: Receptor | Coupling,
    weights: NDArray[np.float64],
    delay: int | NDArray[np.int32],
    chosen: NDArray[np.bool_] | None,
) -> Pathway:
    edges: Edges = projection.edges
    names: dict[str, Any] = {
        "projection": projection.name, "pre": projection.pre, "post": projection.post,
        "receptor": entry.name, "continuous": isinstance(entry, Coupling),
    }  # fmt: skip
    if chosen is None:
        return Pathway(**names, indptr=edges.indptr, source=edges.pre, weight=weights, delay=delay)
    before = np.concatenate([[0], np.cumsum(chosen)])
    return Pathway(
        **names,
        indptr=before[edges.indptr],
        source=edges.pre[chosen],
        weight=weights[chosen],
        delay=delay if isinstance(delay, int) else delay[chosen],
        edge=np.flatnonzero(chosen),
    )
