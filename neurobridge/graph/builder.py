"""NetworkBuilder: hand-made networks, in a few lines."""

from __future__ import annotations

__all__ = ["NetworkBuilder"]

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurobridge.errors import NetworkError, UnitError, UnknownNameError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.edges import Edges
from neurobridge.graph.encoder import Encoder
from neurobridge.graph.labels import Labels
from neurobridge.graph.model import NeuronModel
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.probe import Probe
from neurobridge.graph.projection import Projection, TickDelays
from neurobridge.graph.readout import Readout
from neurobridge.graph.stimulus import Stimulus
from neurobridge.graph.weight import Explicit, Factorised, LowRank, Weight, WeightSum
from neurobridge.units import parse_quantity


class NetworkBuilder:
    """Collects the parts of a network; :meth:`build` makes the :class:`Network`.

    Examples
    --------
    >>> from neurobridge import NetworkBuilder, SpikeTrains, models
    >>> net = NetworkBuilder()
    >>> net.population("input", 1, models.spike_source)
    >>> net.population("cell", 1, models.lif_exp, tau_m="10 ms")
    >>> net.connect("drive", "input", "cell", [(0, 0)], weight="1.5 nA", delay="1 ms")
    >>> net.add(SpikeTrains("spikes", "input", time=[5.0], neuron=[0]))
    >>> network = net.build()
    """

    def __init__(self) -> None:
        self._populations: dict[str, Population] = {}
        self._projections: dict[str, Projection] = {}
        self._others: dict[str, dict[str, Any]] = {
            "stimuli": {}, "probes": {}, "readouts": {}, "encoders": {}
        }  # fmt: skip
        self._metadata: dict[str, Any] = {}

    def population(
        self,
        name: str,
        size: int,
        model: NeuronModel,
        *,
        initial: Mapping[str, Any] | None = None,
        ids: ArrayLike | None = None,
        labels: Labels | Mapping[str, ArrayLike] | None = None,
        sign: ArrayLike | None = None,
        positions: ArrayLike | None = None,
        **parameters: Any,
    ) -> None:
        """Add a population; see :class:`Population`. Parameters are given by name."""
        self._new(name, self._populations, "population")
        if not isinstance(labels, Labels):
            columns: Any = FrozenDict(labels or {})
            labels = Labels(columns, None if sign is None else np.asarray(sign))
        elif sign is not None:
            raise NetworkError(f"population {name!r}: give the sign inside labels, not twice")
        self._populations[name] = Population(
            name,
            size,
            model,
            FrozenDict(parameters),
            FrozenDict(initial or {}),
            None if ids is None else np.asarray(ids),
            labels,
            None if positions is None else np.asarray(positions),
        )

    def connect(
        self,
        name: str,
        pre: str,
        post: str,
        pairs: ArrayLike,
        *,
        weight: Weight | ArrayLike | str,
        delay: Any,
        receptor: str | None = None,
        count: ArrayLike | None = None,
        sign: ArrayLike | None = None,
        columns: Mapping[str, ArrayLike] | None = None,
    ) -> None:
        """Add a projection.

        Parameters
        ----------
        name, pre, post : str
        pairs : int array, shape (E, 2)
            (pre index, post index) of every edge, in any order; parallel edges are kept.
        weight : float, str, array of shape (E,), or a weight object
            One for all, or one for each pair in the order of ``pairs``; in the unit of the
            receptor, or with a unit (``"0.1 nA"``).
        delay : float, str, array of shape (E,), or TickDelays
            In ms; one for all, or one for each pair in the order of ``pairs``.
        receptor : str, optional
            Default: by the sign of the weight.
        count, sign : array of shape (E,), optional
            For factorised weights.
        columns : mapping of str to array of shape (E,), optional
            Further columns of the edges, such as the groups of tied weights.
        """
        self._new(name, self._projections, "projection")
        for side in (pre, post):
            if side not in self._populations:
                raise UnknownNameError("population", side, self._populations)
        index = np.asarray(pairs)
        index = index.reshape(0, 2).astype(np.int64) if index.size == 0 else index
        if index.ndim != 2 or index.shape[1] != 2:
            raise NetworkError(
                f"projection {name!r}: pairs must have shape (E, 2), got {index.shape}"
            )
        target = self._populations[post]
        try:
            edges, order = Edges.from_pairs(
                index[:, 0], index[:, 1], self._populations[pre].size, target.size,
                count=count, sign=sign, columns=dict(columns or {}),
            )  # fmt: skip
        except NetworkError as err:
            raise NetworkError(f"projection {name!r}: {err}") from err
        self._projections[name] = Projection(
            name, pre, post, edges,
            _weight(weight, edges.n_edges, order, target.model, receptor, name),
            _delay(delay, edges.n_edges, order, name),
            receptor,
        )  # fmt: skip

    def add(self, *parts: Stimulus | Probe | Readout | Encoder) -> None:
        """Add stimuli, probes, readouts and encoders."""
        for part in parts:
            kind = "readouts" if isinstance(part, Readout) else "stimuli"
            kind = "encoders" if isinstance(part, Encoder) else kind
            kind = "probes" if isinstance(part, Probe) else kind
            self._new(part.name, self._others[kind], kind)
            self._others[kind][part.name] = part

    def metadata(self, **entries: Any) -> None:
        """Notes that travel with the network."""
        self._metadata.update(entries)

    def build(self) -> Network:
        """The network."""
        return Network(
            FrozenDict(self._populations),
            FrozenDict(self._projections),
            FrozenDict(self._others["stimuli"]),
            FrozenDict(self._others["probes"]),
            FrozenDict(self._others["readouts"]),
            FrozenDict(self._others["encoders"]),
            FrozenDict(self._metadata),
        )

    def _new(self, name: str, group: Mapping[str, Any], kind: str) -> None:
        if name in group:
            raise NetworkError(f"there are two {kind} entries named {name!r}; names must be unique")


def _weight(
    weight: Any, n_edges: int, order: Any, model: NeuronModel, receptor: str | None, name: str
) -> Weight:
    if isinstance(weight, (Factorised, Explicit, LowRank, WeightSum)):
        return weight if order is None else _in_order(weight, order, n_edges, name)
    try:
        unit = model.weight_unit(receptor)
    except (NetworkError, UnitError) as err:
        raise type(err)(f"projection {name!r}: {err}") from err
    value = parse_quantity(weight, unit, f"projection {name!r}, weight")
    per_edge = _per_edge(value, n_edges, order, f"projection {name!r}, weight")
    try:
        return Explicit(per_edge)
    except NetworkError as err:
        raise NetworkError(f"projection {name!r}: {err}") from err


def _in_order(weight: Weight, order: Any, n_edges: int, name: str) -> Weight:
    """A weight object that was given in the order of the pairs, in that of the edges."""
    if isinstance(weight, WeightSum):
        return WeightSum(tuple(_term_in_order(t, order, n_edges, name) for t in weight.terms))
    return _term_in_order(weight, order, n_edges, name)


def _term_in_order(
    weight: Factorised | Explicit | LowRank, order: Any, n_edges: int, name: str
) -> Factorised | Explicit | LowRank:
    if isinstance(weight, Explicit):
        if weight.weight.shape != (n_edges,):
            raise NetworkError(
                f"projection {name!r}, weight: {weight.weight.size} values for {n_edges} edges"
            )
        return replace(weight, weight=weight.weight[order])
    return weight


def _delay(delay: Any, n_edges: int, order: Any, name: str) -> float | TickDelays:
    if isinstance(delay, TickDelays):
        ticks = _per_edge(delay.ticks, n_edges, order, f"projection {name!r}, delay")
        return TickDelays(ticks.astype(np.int64), delay.tick)
    value = parse_quantity(delay, "ms", f"projection {name!r}, delay")
    if np.ndim(value) == 0:
        return float(value)
    per_edge = _per_edge(value, n_edges, order, f"projection {name!r}, delay")
    try:
        return TickDelays.from_ms(per_edge)
    except NetworkError as err:
        raise NetworkError(f"projection {name!r}: {err}") from err


def _per_edge(value: Any, n_edges: int, order: Any, where: str) -> np.ndarray[Any, Any]:
    array = np.asarray(value, dtype=np.float64)
    if array.ndim == 0:
        return np.full(n_edges, float(array))
    if array.shape != (n_edges,):
        raise NetworkError(f"{where}: {array.size} values for {n_edges} edges")
    return array if order is None else array[order]
