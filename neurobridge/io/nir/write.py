"""A network as a NIR graph, in memory or in a file."""

from __future__ import annotations

__all__ = ["to_nir", "write_nir"]

import io
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import FileFormatError, NetworkError
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.projection import Projection, TickDelays
from neurobridge.graph.readout import Readout
from neurobridge.io.nir.cells import Cell, Scaling, cell_of, counterpart, is_strict
from neurobridge.io.nir.check_shape import ends_of, sources_of
from neurobridge.io.nir.dense import to_dense
from neurobridge.io.nir.findings import nir_findings, refuse
from neurobridge.io.nir.library import library
from neurobridge.io.nir.notes import UNITS, labels_note, noted
from neurobridge.io.nir.readouts import bias_is_affine, filter_fields
from neurobridge.lowering.grid import TOLERANCE, check_dt

Real = NDArray[np.float64]


def to_nir(
    network: Network,
    *,
    dt: float,
    scaling: Scaling = "torch",
    accept: Sequence[str] = (),
    importer: str | None = None,
) -> Any:
    r"""A network as a NIR graph.

    Parameters
    ----------
    network : Network
        Of ``lif_delta``, ``lif_exp`` and ``spike_source``.
    dt : float
        Time step in ms of the framework that will read it (snnTorch: always 0.1). A spike is fed as
        the number 1 for one step, so weights depend on it; delays are counted from one step on.
    scaling : {"torch", "physical"}
        The unit of currents. ``"torch"`` is what norse and snnTorch can read: mV with
        :math:`r = 1` for ``LIF``, mV per step with :math:`r = \tau_m/dt` for ``CubaLIF``.
        ``"physical"`` is nA, with :math:`r = \tau_m/c_m` in MOhm.
    accept : sequence of str
        Approximations to accept by name; see :func:`nir_findings`.
    importer : {"py-spinnaker2"}, optional
        Refuse also what this one cannot take.

    Returns
    -------
    nir.NIRGraph
        One ``Input`` for all sources, a ``Linear`` or ``Affine`` for each projection, an
        ``Output`` for each readout and for each population that nothing else follows. Potentials
        are counted from rest. Names, ids, labels, ``c_m`` and ``v_rest`` are in the metadata.

    Raises
    ------
    FindingsError
        With everything that NIR cannot say and that was not accepted.
    BackendUnavailableError
        If the package ``nir`` is not installed.
    """
    if not isinstance(network, Network):
        raise NetworkError(f"to_nir: expected a Network, got {type(network).__name__}")
    if scaling not in get_args(Scaling):
        raise NetworkError(f"to_nir: scaling must be 'torch' or 'physical', got {scaling!r}")
    dt = check_dt(dt)
    refuse(nir_findings(network, dt=dt, importer=importer), accept)
    return _Writer(network, dt, scaling).graph()


def write_nir(
    network: Network,
    path: str | Path,
    *,
    dt: float,
    scaling: Scaling = "torch",
    accept: Sequence[str] = (),
    importer: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a network as a NIR file (HDF5); see :func:`to_nir`.

    Missing folders are made; the file appears complete or not at all.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileFormatError
        If the file exists, unless ``overwrite`` is set.
    """
    path = Path(path)
    if path.exists() and (path.is_dir() or not overwrite):
        remedy = "" if path.is_dir() else ", or replace it with overwrite=True"
        raise FileFormatError(f"{path} exists; choose another name{remedy}")
    graph = to_nir(network, dt=dt, scaling=scaling, accept=accept, importer=importer)
    content = io.BytesIO()
    library().write(content, graph)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content.getvalue())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


class _Writer:
    """Nodes and edges of one graph, as they come together."""

    def __init__(self, network: Network, dt: float, scaling: Scaling) -> None:
        self.network, self.dt, self.scaling = network, dt, scaling
        self.nir = library()
        self.nodes: dict[str, Any] = {}
        self.edges: list[tuple[str, str]] = []
        self.sources = sources_of(network)
        self.cells: dict[str, Cell] = {
            p.name: cell_of(p, dt, scaling)
            for p in network.populations.values()
            if not p.model.is_source
        }
        self.biases = {n: c.bias for n, c in self.cells.items() if c.bias.any()}
        self.names: dict[str, str] = {}

    def graph(self) -> Any:
        self._add_input()
        for name, cell in self.cells.items():
            self._add_cell(self.network.populations[name], cell)
        # norse walks the edges of a node in this order and returns what it comes to last: loops
        # first, outputs at the end.
        for projection in sorted(self.network.projections.values(), key=lambda p: p.pre != p.post):
            self._add_projection(projection)
        for readout in self.network.readouts.values():
            self._add_readout(readout)
        for name in ends_of(self.network):
            output = self._node(f"{name}_output", self.nir.Output(self._shape(name)))
            self.edges.append((self.names[name], output))
        return self.nir.NIRGraph(self.nodes, self.edges, metadata=self._metadata())

    def _node(self, name: str, node: Any) -> str:
        """Add a node under a name that is still free."""
        free, number = name, 1
        while free in self.nodes:
            number += 1
            free = f"{name}_{number}"
        self.nodes[free] = node
        return free

    def _shape(self, population: str) -> NDArray[np.int64]:
        return np.array([self.network.populations[population].size])

    def _add_input(self) -> None:
        note = [
            {"population": p.name, "size": p.size, **_identity(p)}
            for p in self.sources
        ]  # fmt: skip
        size = np.array([sum(p.size for p in self.sources)])
        name = self._node("input", self.nir.Input(size, metadata=noted(sources=note)))
        self.names.update({p.name: name for p in self.sources})

    def _add_cell(self, p: Population, cell: Cell) -> None:
        base = counterpart(p.model)
        assert base is not None
        metadata = noted(
            population=p.name, model=base.name, integrator=p.model.integrator,
            strict=is_strict(p.model), c_m=p.parameters["c_m"], v_rest=p.parameters["v_rest"],
            **_identity(p),
        )  # fmt: skip
        node = getattr(self.nir, cell.kind)(**cell.fields, metadata=metadata)
        self.names[p.name] = self._node(p.name, node)

    def _add_projection(self, p: Projection) -> None:
        first, n_columns = self._columns(p)
        weights = to_dense(p.edges, self.network.weights(p.name), n_columns, first)
        weights *= self.cells[p.post].gain[:, None]
        tick = p.delay.tick if isinstance(p.delay, TickDelays) else None
        metadata = noted(projection=p.name, pre=p.pre, tick=tick, receptor=p.receptor)
        bias = self.biases.pop(p.post, None)
        linear = self._node(p.name, self._linear(weights, bias, metadata))
        chain = [self.names[p.pre], linear, self.names[p.post]]
        delay = self._delay(p, first, n_columns)
        if delay is not None:
            chain.insert(1, self._node(f"{p.name}_delay", self.nir.Delay(delay)))
        self.edges += pairwise(chain)

    def _columns(self, p: Projection) -> tuple[int, int]:
        """First column of the presynaptic population, and how many there are in all."""
        if p.pre in self.cells:
            return 0, p.edges.n_pre
        sizes = {s.name: s.size for s in self.sources}
        before = list(sizes)[: list(sizes).index(p.pre)]
        return sum(sizes[name] for name in before), sum(sizes.values())

    def _linear(self, weights: Real, bias: Real | None, metadata: dict[str, str]) -> Any:
        if bias is None:
            return self.nir.Linear(weight=weights, metadata=metadata)
        return self.nir.Affine(weight=weights, bias=bias, metadata=metadata)

    def _delay(self, p: Projection, first: int, n_columns: int) -> Real | None:
        """What exceeds one step, in s for each presynaptic neuron; None if nothing does."""
        more = np.zeros(n_columns)
        if isinstance(p.delay, TickDelays):
            more[first + p.edges.pre] = p.delay.ms - self.dt
        else:
            more[first : first + p.edges.n_pre] = p.delay - self.dt
        more[np.abs(more) < TOLERANCE * self.dt] = 0.0
        return more / 1e3 if more.any() else None

    def _add_readout(self, r: Readout) -> None:
        weights = np.zeros((r.bias.size, self.network.populations[r.population].size))
        for column, neuron in enumerate(r.neurons):
            weights[:, neuron] += r.weight[:, column]
        affine = bias_is_affine(r)
        found = filter_fields(r, self.dt)
        metadata = noted(
            readout=r.name, neurons=list(dict.fromkeys(r.neurons.tolist())), pool=r.pool,
            classes=r.classes, bias=None if affine else r.bias, synapse=r.tau_m is None or None,
        )  # fmt: skip
        bias = r.bias if affine and r.bias.any() else None
        chain = [self.names[r.population]]
        chain.append(self._node(r.name, self._linear(weights, bias, metadata)))
        if found is not None:
            kind, fields = found
            chain.append(self._node(f"{r.name}_filter", getattr(self.nir, kind)(**fields)))
        output = self.nir.Output(np.array([r.bias.size]))
        chain.append(self._node(f"{r.name}_output", output))
        self.edges += pairwise(chain)

    def _metadata(self) -> dict[str, Any]:
        note = noted(
            dt=self.dt,
            populations=list(self.network.populations),
            projections=list(self.network.projections),
            readouts=list(self.network.readouts),
            metadata=self.network.metadata,
        )
        return {"units": UNITS[self.scaling], "dt_ms": self.dt, **note}


def _identity(p: Population) -> dict[str, Any]:
    """Ids and labels, for a note; without what every population has."""
    ids = None if np.array_equal(p.ids, np.arange(p.size)) else p.ids.tolist()  # type: ignore[union-attr, arg-type]
    return {"ids": ids, "labels": labels_note(p.labels)}
