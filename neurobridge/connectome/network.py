"""From a connectome to a network: neurons of one model, one projection with factorised weights."""

from __future__ import annotations

__all__ = ["to_network"]

from dataclasses import asdict
from typing import Any, Literal

import numpy as np
import pandas as pd

from neurobridge.connectome.table import Connectome
from neurobridge.errors import ConnectomeError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.edges import Edges
from neurobridge.graph.labels import Column, Labels
from neurobridge.graph.model import NeuronModel
from neurobridge.graph.network import Network, Operation
from neurobridge.graph.population import Population
from neurobridge.graph.projection import Projection
from neurobridge.graph.weight import Explicit, Factorised, Weight
from neurobridge.lowering.finding import Finding
from neurobridge.units import parse_quantity

PROBABILITY = "p_"
"""Prefix of the label columns that hold the probability of a transmitter."""


def to_network(
    connectome: Connectome,
    model: NeuronModel,
    *,
    weight: float | str,
    delay: float | str,
    name: str = "neurons",
    projection: str = "synapses",
    receptor: str | None = None,
    gap_junctions: Literal["error", "drop"] = "error",
    initial: dict[str, Any] | None = None,
    **parameters: Any,
) -> Network:
    """A network of all neurons of a connectome.

    Parameters
    ----------
    connectome : Connectome
        With signs assigned, see :meth:`Connectome.with_signs`.
    model : NeuronModel
    weight : float or str
        Weight of one synapse (of a unit of strength, where the data set has no counts), positive;
        the sign comes from the connectome. In the unit of the receptor, or with a unit.
    delay : float or str
        In ms, the same for all edges.
    name, projection : str
        Names of the population and of its recurrent projection.
    receptor : str, optional
        Default: by sign.
    gap_junctions : {"error", "drop"}
        What to do with edges of kind ``gap``: the models here have chemical synapses only.
    initial, **parameters
        See :class:`Population`.

    Returns
    -------
    Network
        Labels, ids and provenance of the connectome included.

    Raises
    ------
    ConnectomeError
        If signs are missing, or there are gap junctions that nothing was said about.
    """
    keep = _chemical(connectome, gap_junctions)
    population = Population(
        name, connectome.n_neurons, model, FrozenDict(parameters), FrozenDict(initial or {}),
        connectome.ids, _labels(connectome),
    )  # fmt: skip
    edges = _edges(connectome)
    weights = _weights(connectome, weight, model, receptor)
    made = Projection(projection, name, name, edges, weights, _ms(delay), receptor)
    if keep is not None:
        made = made.take(keep)
    origin = connectome.provenance
    return Network(
        FrozenDict({name: population}),
        FrozenDict({projection: made}),
        metadata=FrozenDict(
            {
                "dataset": origin.dataset,
                "connectome": connectome.digest,
                "findings": [f.to_dict() for f in _findings(connectome, keep)],
                "edge_labels": _edge_categories(connectome),
                "references": [asdict(r) for r in connectome.references],
            }
        ),
        history=(
            Operation(
                "to_network",
                FrozenDict(
                    {
                        "dataset": origin.dataset,
                        "connectome": connectome.digest,
                        "steps": [str(s) for s in connectome.history],
                        "model": model.name,
                        "weight": str(weight),
                        "delay": str(delay),
                    }
                ),
                "",
            ),
        ),
    )


def _findings(
    connectome: Connectome, keep: np.ndarray[Any, np.dtype[np.bool_]] | None
) -> list[Finding]:
    """What loading and signs had to say, and what is left out here."""
    found = list(connectome.findings)
    if keep is not None:
        found.append(
            Finding(
                "gap_junctions_dropped", "note", f"connectome {connectome.provenance.dataset!r}",
                f"{int((~keep).sum()):,} of {keep.size:,} edges are gap junctions",
                "they are left out, as asked for by gap_junctions='drop'",
                float((~keep).sum()),
            )
        )  # fmt: skip
    return found


def _edge_categories(connectome: Connectome) -> dict[str, list[str]]:
    """What the codes in the edge columns stand for."""
    return {
        label: [str(c) for c in values.categories]
        for label, values in connectome.edge_labels.items()
        if isinstance(values, pd.Categorical)
    }


def _ms(delay: float | str) -> float:
    return float(parse_quantity(delay, "ms", "delay"))


def _chemical(
    connectome: Connectome, gap_junctions: str
) -> np.ndarray[Any, np.dtype[np.bool_]] | None:
    gap = connectome.is_gap
    if not gap.any():
        return None
    if gap_junctions != "drop":
        raise ConnectomeError(
            f"{int(gap.sum()):,} of {gap.size:,} edges are gap junctions, which no synapse model "
            "here can carry; leave them out with gap_junctions='drop'"
        )
    return np.asarray(~gap)


def _labels(connectome: Connectome) -> Labels:
    columns, names, probabilities = {}, [], []
    for label, values in connectome.labels.items():
        if isinstance(values, pd.Categorical):
            columns[label] = _column(values)
        elif label.startswith(PROBABILITY):
            names.append(label.removeprefix(PROBABILITY))
            probabilities.append(np.asarray(values, dtype=np.float16))
        else:
            columns[label] = Column.of(np.asarray(values, dtype=object))
    return Labels(
        FrozenDict(columns),
        connectome.sign,
        np.stack(probabilities, axis=1) if probabilities else None,
        tuple(names),
    )


def _column(values: pd.Categorical) -> Column:
    """A categorical column; missing values become the empty label."""
    codes = np.asarray(values.codes, dtype=np.int64) + 1
    categories = ("", *(str(c) for c in values.categories))
    if (codes > 0).all():
        return Column((codes - 1).astype(np.uint32), categories[1:])
    return Column(codes.astype(np.uint32), categories)


def _edges(connectome: Connectome) -> Edges:
    """The edges of a connectome, which are in canonical order already."""
    n = connectome.n_neurons
    indptr = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(connectome.post, minlength=n), out=indptr[1:])
    columns = {
        label: np.asarray(values.codes if isinstance(values, pd.Categorical) else values)
        for label, values in connectome.edge_labels.items()
    }
    count: Any = connectome.count
    return Edges(n, n, indptr, connectome.pre, count, connectome.edge_sign, FrozenDict(columns))


def _weights(
    connectome: Connectome, weight: float | str, model: NeuronModel, receptor: str | None
) -> Weight:
    if not model.receptors and not model.couplings:
        raise ConnectomeError(f"model {model.name!r} has no receptor and takes no synapses")
    unit = model.weight_unit(receptor)
    one = float(parse_quantity(weight, unit, "weight of one synapse"))
    if not one > 0 or not np.isfinite(one):
        raise ConnectomeError(
            f"the weight of one synapse must be positive and finite, got {weight!r}; signs come "
            "from the connectome"
        )
    if connectome.count is not None:
        return Factorised(one)
    assert connectome.weight is not None
    return Explicit(connectome.weight * connectome.signs_per_edge * one)
