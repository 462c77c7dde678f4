"""A NIR graph or file as a network."""

from __future__ import annotations

__all__ = ["from_nir"]

import re
from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import FileFormatError, NetworkError, NeurobridgeError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.edges import Edges
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.projection import Projection, TickDelays
from neurobridge.graph.readout import Readout
from neurobridge.graph.weight import Explicit
from neurobridge.io.nir.cells import FoundCell, population_of
from neurobridge.io.nir.dense import from_dense
from neurobridge.io.nir.graph import CELLS, Path, SourceGraph, load_graph
from neurobridge.io.nir.notes import labels_from
from neurobridge.io.nir.readouts import found_filter
from neurobridge.lowering.grid import check_dt
from neurobridge.models.source import spike_source

Real = NDArray[np.float64]
Part = TypeVar("Part", Population, Projection, Readout)

_TICK = 0.01
_PICOSECOND = 9
"""Decimals of a delay in ms; seconds and back cost the last bits."""


def from_nir(
    source: str | FilePath | Any,
    *,
    dt: float | None = None,
    integrator: Literal["exact", "euler"] | None = None,
) -> Network:
    r"""A network from a NIR file or graph.

    ``Input`` becomes populations of ``spike_source``, ``LIF`` becomes ``lif_delta`` and ``CubaLIF``
    ``lif_exp``, both with a threshold that must be passed (``v > v_thresh``) unless the file says
    otherwise, and without a refractory period. ``Linear`` and ``Affine`` become projections, and a
    ``Delay`` on the way adds to their delay of one step. Before an ``Output`` they become readouts,
    with an ``LI`` or ``CubaLI`` as their filter. A bias becomes ``i_offset``; in ``lif_exp`` it
    builds up through the synapse, as it does in NIR (the initial ``i_exc`` cancels it).

    Parameters
    ----------
    source : str, Path or nir.NIRGraph
    dt : float, optional
        Time step in ms for which the weights were made. Files of neurobridge say it; for others it
        is needed (snnTorch: 0.1).
    integrator : {"exact", "euler"}, optional
        Of the neurons; ``"euler"`` takes :math:`1 - dt/\tau` for the decay, as norse and snnTorch
        do. Default: what the file says, else ``"exact"``.

    Returns
    -------
    Network
        Without stimuli. Times become ms; other numbers are taken as mV, nA and MOhm. Delays are
        rounded to 1e-9 ms.

    Raises
    ------
    FileFormatError
        If the file is missing or damaged, holds nodes that have no counterpart here, or values or
        shapes that do not fit.
    NetworkError
        If ``dt`` is missing, or not that of the file.
    """
    if integrator not in (None, "exact", "euler"):
        raise NetworkError(f"from_nir: integrator must be 'exact' or 'euler', got {integrator!r}")
    graph = load_graph(source)
    dt = _time_step(graph, dt)
    try:
        return _Reader(graph, dt, integrator).network()
    except FileFormatError:
        raise
    except (NeurobridgeError, AttributeError, KeyError, TypeError, ValueError) as err:
        raise FileFormatError(f"{graph.where}: {err}") from err


def _time_step(graph: SourceGraph, dt: float | None) -> float:
    said = graph.note.get("dt")
    if dt is None and said is None:
        raise NetworkError(
            f"{graph.where} does not say for which time step its weights were made; give dt= in ms "
            "(snnTorch: 0.1, norse: 1 unless it was chosen)"
        )
    if dt is not None and said is not None and check_dt(dt) != said:
        raise NetworkError(
            f"{graph.where} was made for dt = {said} ms, got dt = {dt}; its weights are right for "
            "the former only, so leave dt out"
        )
    return check_dt(said if dt is None else dt)


class _Reader:
    """Parts of one network, as they come together."""

    def __init__(self, graph: SourceGraph, dt: float, integrator: str | None) -> None:
        self.graph, self.dt, self.integrator = graph, dt, integrator
        self.cells: dict[str, FoundCell] = {}
        self.populations: dict[str, Population] = {}
        self.projections: dict[str, Projection] = {}
        self.readouts: dict[str, Readout] = {}
        self.slices: dict[str, dict[str, slice]] = {}
        self.names: dict[str, str] = {}

    def network(self) -> Network:
        for node in self.graph.of_kind("Input"):
            self._add_sources(node)
        for node in self.graph.of_kind(*CELLS):
            self._add_cell(node)
        for path in self.graph.paths:
            if self.graph.kinds[path.post] in CELLS:
                self._add_projections(path)
            elif path.weights is not None:
                self._add_readout(path)
        note = self.graph.note
        return Network(
            FrozenDict(_ordered(self.populations, note.get("populations", ()))),
            FrozenDict(_ordered(self.projections, note.get("projections", ()))),
            readouts=FrozenDict(_ordered(self.readouts, note.get("readouts", ()))),
            metadata=FrozenDict(note.get("metadata", {})),
        )

    # -- populations ------------------------------------------------------------------------------

    def _add_sources(self, node: str) -> None:
        size = self.graph.sizes[node]
        sources = self.graph.notes[node].get("sources") or [{"population": node, "size": size}]
        if sum(s["size"] for s in sources) != size:
            self.graph.fail(
                f"node {node!r} (Input): {size} neurons, but its metadata count "
                f"{sum(s['size'] for s in sources)}"
            )
        first = 0
        self.slices[node] = {}
        for note in sources:
            name = _free(note["population"], self.populations)
            self.populations[name] = Population(
                name, note["size"], spike_source,
                ids=_ids(note), labels=labels_from(note.get("labels")),
            )  # fmt: skip
            self.slices[node][name] = slice(first, first + note["size"])
            first += note["size"]

    def _add_cell(self, node: str) -> None:
        note, kind = self.graph.notes[node], self.graph.kinds[node]
        integrator = self.integrator or note.get("integrator", "exact")
        cell = population_of(kind, self.graph.fields[node], note, self.dt, integrator)
        current = self._offset(node) * cell.offset
        parameters = {**cell.parameters, "i_offset": current}
        initial = {"i_exc": _one_or_each(-current)} if kind == "CubaLIF" and current.any() else {}
        name = _free(note.get("population", node), self.populations)
        self.names[node], self.cells[node] = name, cell
        self.slices[node] = {name: slice(0, self.graph.sizes[node])}
        self.populations[name] = Population(
            name, self.graph.sizes[node], cell.model,
            FrozenDict({k: _one_or_each(v) for k, v in parameters.items()}),
            FrozenDict(initial), _ids(note), labels_from(note.get("labels")),
        )  # fmt: skip

    def _offset(self, node: str) -> Real:
        """Sum of the biases onto a population; an ``Affine`` after several sources counts once."""
        total = np.zeros(self.graph.sizes[node])
        for name in {p.weights for p in self.graph.paths if p.post == node and p.weights}:
            total += self.graph.fields[name].get("bias", 0.0)
        return total

    # -- projections ------------------------------------------------------------------------------

    def _add_projections(self, path: Path) -> None:
        """One projection, or one for each source that shares the ``Input``."""
        jump = self.cells[path.post].jump
        size = self.graph.sizes[path.pre]
        note = self.graph.notes[path.weights] if path.weights else {}
        dense = self.graph.fields[path.weights]["weight"] if path.weights else np.eye(size)
        sources = self.slices[path.pre]
        for pre, columns in sources.items():
            block = dense[:, columns] * jump[:, None]
            if len(sources) > 1 and note.get("pre") != pre and not block.any():
                continue
            edges, weights = from_dense(block)
            post = self.names[path.post]
            name = note.get("projection") or path.weights or f"{pre}_{post}"
            if name in self.projections:
                name = f"{name}_{pre}_{post}"
            name = _free(name, self.projections)
            delay = self._delay(path, columns, edges, note)
            self.projections[name] = Projection(
                name, pre, post, edges, Explicit(weights), delay, note.get("receptor")
            )

    def _delay(
        self, path: Path, columns: slice, edges: Edges, note: Mapping[str, Any]
    ) -> float | TickDelays:
        """One step, and what the Delay nodes on the way add."""
        before = np.broadcast_to(path.pre_delay, (self.graph.sizes[path.pre],))[columns]
        after = np.broadcast_to(path.post_delay, (self.graph.sizes[path.post],))
        delay = np.round(before[edges.pre] + after[edges.post] + self.dt, _PICOSECOND)
        if not delay.size:
            return round(float(before.max(initial=0.0)) + self.dt, _PICOSECOND)
        if (delay == delay[0]).all() and "tick" not in note:
            return float(delay[0])
        return TickDelays.from_ms(delay, note.get("tick", _TICK))

    # -- readouts ---------------------------------------------------------------------------------

    def _add_readout(self, path: Path) -> None:
        graph, node = self.graph, path.weights
        assert node is not None
        if graph.kinds[path.pre] == "Input":
            graph.fail(f"node {node!r} leads from an Input to an Output, with no neurons between")
        if np.any(path.pre_delay) or np.any(path.post_delay):
            graph.fail(f"a Delay between {path.pre!r} and {path.post!r}: readouts have no delay")
        note, fields = graph.notes[node], graph.fields[node]
        weight, bias = fields["weight"], fields.get("bias", np.zeros(graph.sizes[path.post]))
        taus: dict[str, Any] = {}
        if path.filter is not None:
            if bias.any():
                graph.fail(
                    f"node {node!r} (Affine): a bias before {path.filter!r} "
                    f"({graph.kinds[path.filter]}) is filtered, which a readout cannot do; take it "
                    "out, or add it to v_leak as r times the bias"
                )
            taus, factor, bias = found_filter(
                graph.kinds[path.filter], graph.fields[path.filter], bool(note.get("synapse")),
                self.dt, graph.at(path.filter),
            )  # fmt: skip
            weight = weight * factor[:, None]
        neurons = np.asarray(note.get("neurons", np.arange(weight.shape[1])), dtype=np.int32)
        name = _free(note.get("readout", node), self.readouts)
        classes = note.get("classes")
        self.readouts[name] = Readout(
            name, self.names[path.pre], neurons, weight[:, neurons],
            np.asarray(note.get("bias", bias), dtype=np.float64), pool=note.get("pool", "none"),
            classes=None if classes is None else tuple(classes), **taus,
        )  # fmt: skip


def _ids(note: Mapping[str, Any]) -> NDArray[np.int64] | None:
    ids = note.get("ids")
    return None if ids is None else np.asarray(ids, dtype=np.int64)


def _one_or_each(values: Real) -> float | Real:
    return float(values[0]) if (values == values[0]).all() else values


def _free(name: str, taken: Iterable[str]) -> str:
    """A name of ours, plain and not yet taken, that is as close as possible."""
    plain = re.sub(r"\W", "_", str(name), flags=re.ASCII)
    plain = plain if plain.isidentifier() else f"n{plain}"
    free, number = plain, 1
    while free in taken:
        number += 1
        free = f"{plain}_{number}"
    return free


def _ordered(parts: Mapping[str, Part], order: Iterable[str]) -> dict[str, Part]:
    """Parts in the order of the file's note; those that it does not name come last."""
    named = [*(name for name in order if name in parts), *parts]
    return {name: parts[name] for name in dict.fromkeys(named)}
