"""Connectome: who is connected to whom, with how many synapses, and where that is known from."""

from __future__ import annotations

__all__ = ["Connectome"]

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurobridge.citation import Reference
from neurobridge.connectome.labels import (
    Label,
    as_label,
    digest_label,
    read_only,
    text_values,
)
from neurobridge.connectome.provenance import Provenance, Step
from neurobridge.errors import ConnectomeError, UnknownNameError
from neurobridge.frozen import FrozenDict
from neurobridge.lowering.finding import Finding

if TYPE_CHECKING:
    from neurobridge.connectome.describe import Description
    from neurobridge.connectome.policies import SignPolicy
    from neurobridge.connectome.signs import Unknown

Direction = Literal["in", "out", "both"]

_RESERVED = frozenset({"id", "sign"})


@dataclass(frozen=True, eq=False, repr=False)
class Connectome:
    """Neurons, edges and their origin. Immutable; every operation returns a new one.

    Neurons are sorted by id. Edges are in canonical order: by post, then pre, then edge labels.
    All arrays are read-only. Make one with :func:`~neurobridge.connectome.from_edges`,
    :func:`~neurobridge.connectome.from_matrix` or :func:`~neurobridge.connectome.load`.

    Parameters
    ----------
    ids : int64 array, shape (N,)
        Unique and ascending. Where a data set has names instead of ids, these are 0 to N - 1 in
        the order of the sorted names, which are the label ``"name"``.
    pre, post : int32 array, shape (E,)
        Index of the source and of the target of every edge.
    count : uint16 or uint32 array, shape (E,), or None
        Synapses per edge, uint16 wherever the largest allows it; None where the data set has
        strengths instead.
    weight : float64 array, shape (E,), or None
        Strength per edge, above zero, where the data set has no counts.
    labels : mapping of str to Categorical or array, shape (N,)
        Columns about neurons: ``cell_type``, ``side``, ``nt`` (transmitter), ``p_ach`` ...
    edge_labels : mapping of str to Categorical or array, shape (E,)
        Columns about edges: ``neuropil``, ``nt``, ``kind`` (``chemical`` or ``gap``) ...
    sign : int8 array, shape (N,), or None
        +1, -1 or 0 (unknown, or nothing to sign) per neuron; None before signs are assigned.
    edge_sign : int8 array, shape (E,), or None
        The same per edge, where the transmitter is known per edge.
    provenance : Provenance
    history : tuple of Step
        What was done since loading.
    findings : tuple of Finding
        What loading and every operation had to say, e.g. dropped edges.

    Raises
    ------
    ConnectomeError
        If the arrays contradict each other.
    """

    ids: NDArray[np.int64]
    pre: NDArray[np.int32]
    post: NDArray[np.int32]
    provenance: Provenance
    count: NDArray[np.unsignedinteger] | None = None
    weight: NDArray[np.float64] | None = None
    labels: Mapping[str, Label] = field(default_factory=dict)
    edge_labels: Mapping[str, Label] = field(default_factory=dict)
    sign: NDArray[np.int8] | None = None
    edge_sign: NDArray[np.int8] | None = None
    history: tuple[Step, ...] = ()
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        n, e = self.ids.size, self.pre.size
        for name, dtype, size in (
            ("ids", np.int64, n),
            ("pre", np.int32, e),
            ("post", np.int32, e),
            ("count", (np.uint16, np.uint32), e),
            ("weight", np.float64, e),
            ("sign", np.int8, n),
            ("edge_sign", np.int8, e),
        ):
            array = getattr(self, name)
            if array is not None:
                _check_array(name, array, dtype, size)
                object.__setattr__(self, name, _frozen(array))
        for name, size in (("labels", n), ("edge_labels", e)):
            columns = {k: as_label(v, k) for k, v in sorted(getattr(self, name).items())}
            for label, column in columns.items():
                _check_length(f"{name}[{label!r}]", len(column), size)
            object.__setattr__(self, name, FrozenDict(columns))
        for name in _RESERVED & self.labels.keys():
            raise ConnectomeError(
                f"label {name!r}: every neuron has an id and a sign besides its labels, so the "
                "name is taken. Call the label something else, e.g. in the column mapping"
            )
        if self.count is None and self.weight is None:
            raise ConnectomeError("a connectome needs a count or a weight for every edge, got none")
        _check_order(self)

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return int(self.ids.size)

    @property
    def n_edges(self) -> int:
        """Number of edges; edges of one pair that differ in a label count separately."""
        return int(self.pre.size)

    @property
    def n_synapses(self) -> int | None:
        """Sum of all counts; None where there are no counts."""
        return None if self.count is None else int(self.count.sum(dtype=np.uint64))

    @property
    def strength(self) -> NDArray[Any]:
        """The weight where there is one, else the count, shape (E,)."""
        strength = self.weight if self.weight is not None else self.count
        assert strength is not None
        return strength

    @property
    def references(self) -> tuple[Reference, ...]:
        """What to cite when this connectome is used."""
        return self.provenance.references

    @property
    def is_gap(self) -> NDArray[np.bool_]:
        """Which edges are gap junctions (``kind == 'gap'``), bool (E,)."""
        kind = self.edge_labels.get("kind")
        if not isinstance(kind, pd.Categorical) or "gap" not in kind.categories:
            return np.zeros(self.n_edges, dtype=bool)
        return np.asarray(kind.codes == kind.categories.get_loc("gap"))

    @property
    def signs_per_edge(self) -> NDArray[np.int8]:
        """Sign of every edge, int8 (E,): of the edge itself, or of its source.

        Gap junctions have no transmitter; their entry is 0.

        Raises
        ------
        ConnectomeError
            If no signs were assigned.
        """
        if self.edge_sign is not None:
            return self.edge_sign
        if self.sign is None:
            raise ConnectomeError(
                "this connectome has no signs. Assign them first, e.g. "
                "connectome.with_signs(Argmax('fly'))"
            )
        return np.where(self.is_gap, np.int8(0), self.sign[self.pre])

    @property
    def names(self) -> NDArray[Any]:
        """Name of every neuron as text, object (N,); the id where there is no name."""
        return (
            text_values(self.labels["name"])
            if "name" in self.labels
            else self.ids.astype(str).astype(object)
        )

    @property
    def neurons(self) -> pd.DataFrame:
        """A table of the neurons: id, labels, sign. Made anew on each use."""
        frame = pd.DataFrame({"id": self.ids, **self.labels})
        return frame if self.sign is None else frame.assign(sign=self.sign)

    @property
    def edges(self) -> pd.DataFrame:
        """A table of the edges: ids of both ends, count or weight, labels. Made on each use."""
        columns: dict[str, Any] = {"pre": self.ids[self.pre], "post": self.ids[self.post]}
        for name in ("count", "weight", "edge_sign"):
            if getattr(self, name) is not None:
                columns[name] = getattr(self, name)
        return pd.DataFrame({**columns, **self.edge_labels})

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all arrays: equal for equal connectomes, wherever they came from."""
        state = hashlib.sha256(b"neurobridge connectome 1")
        for name in ("ids", "pre", "post", "count", "weight", "sign", "edge_sign"):
            array = getattr(self, name)
            state.update(f"|{name}:{None if array is None else array.dtype.str}|".encode())
            if array is not None:
                state.update(np.ascontiguousarray(array).data)
        for kind, columns in (("label", self.labels), ("edge label", self.edge_labels)):
            for name, column in columns.items():
                state.update(json.dumps([kind, name]).encode())
                for part in digest_label(column):
                    state.update(part)
        return state.hexdigest()

    def index_of(self, ids: ArrayLike) -> NDArray[np.int32]:
        """Index of neurons by id.

        Parameters
        ----------
        ids : int array-like, shape (k,)

        Returns
        -------
        int32 array, shape (k,)

        Raises
        ------
        ConnectomeError
            If an id is not an integer.
        UnknownNameError
            If a neuron does not exist.
        """
        wanted = np.atleast_1d(np.asarray(ids))
        if wanted.size == 0:
            return np.empty(0, dtype=np.int32)
        if wanted.dtype.kind not in "iu":
            raise ConnectomeError(
                f"neurons are found by integer ids, got {wanted.dtype}, e.g. {wanted[0]!r}. "
                "For names use select(\"name in ('A', 'B')\")"
            )
        known = wanted <= np.iinfo(np.int64).max
        as_int64 = np.where(known, wanted, 0).astype(np.int64)  # uint64 would meet them as float64
        index = np.searchsorted(self.ids, as_int64)
        known &= index < self.n_neurons
        known[known] = self.ids[index[known]] == as_int64[known]
        if not known.all():
            lost = wanted[~known]
            raise UnknownNameError(
                "neuron",
                int(lost[0]),
                (),
                f"{lost.size} of {wanted.size} ids are not in this "
                f"connectome of {self.n_neurons:,} neurons ({self.provenance.dataset})",
            )
        return index.astype(np.int32)

    def label(self, name: str) -> Label:
        """A label column of the neurons.

        Raises
        ------
        UnknownNameError
            If there is none of that name.
        """
        if name not in self.labels:
            raise UnknownNameError("label", name, self.labels)
        return self.labels[name]

    def describe(self) -> Description:
        """Sizes, density, reciprocity, degrees, sign balance and label coverage."""
        from neurobridge.connectome.describe import describe

        return describe(self)

    def with_signs(self, policy: SignPolicy, unknown: Unknown = "error") -> Connectome:
        """Assign the sign of every neuron or edge; see :mod:`neurobridge.connectome.signs`.

        Parameters
        ----------
        policy : SignPolicy
            ``Argmax(table)``, ``Threshold``, ``Sampled``, ``PerEdge`` or ``Explicit``.
        unknown : {"error", "drop", "excitatory", "inhibitory"}
            What becomes of edges whose transmitter is not known: refuse with counts, remove the
            edges, or take them for +1 or -1. What was decided is in :attr:`findings`.

        Raises
        ------
        FindingsError
            If ``unknown`` is ``"error"`` and an edge has no sign.
        UnknownNameError
            If a transmitter is not in the policy's table, or a label does not exist.
        """
        from neurobridge.connectome.signs import assign_signs

        return assign_signs(self, policy, unknown)

    def select(self, expression: str) -> Connectome:
        """Neurons for which an expression over labels holds, and the edges between them.

        Parameters
        ----------
        expression : str
            For example ``"cell_type in ('KCg-m', 'KCab') and side == 'left'"``. Names are labels,
            ``id`` and ``sign``. Operators are ``== != < <= > >= in``, ``not in``, ``and``, ``or``
            and ``not``; functions are ``startswith(label, text)``, ``contains(label, text)`` and
            ``missing(label)``. A missing value equals nothing.

        Raises
        ------
        ConnectomeError
            If the expression cannot be read.
        UnknownNameError
            If it names a label or a value that does not exist.
        """
        from neurobridge.connectome.select import select

        return select(self, expression)

    def with_ids(self, ids: ArrayLike) -> Connectome:
        """Neurons of the given ids, and the edges between them; errors of :meth:`index_of`."""
        from neurobridge.connectome.select import with_ids

        return with_ids(self, ids)

    def of_cell_types(self, cell_types: Iterable[str], label: str = "cell_type") -> Connectome:
        """Neurons of the given cell types, and the edges between them.

        Raises
        ------
        UnknownNameError
            If the label or a cell type does not exist.
        """
        from neurobridge.connectome.select import of_cell_types

        return of_cell_types(self, cell_types, label)

    def in_region(self, regions: str | Iterable[str], label: str = "neuropil") -> Connectome:
        """Edges in the given regions, and the neurons that have one there.

        Parameters
        ----------
        regions : str or iterable of str
        label : str
            The edge label that holds the region.

        Raises
        ------
        UnknownNameError
            If the edge label or a region does not exist.
        """
        from neurobridge.connectome.select import in_region

        return in_region(self, regions, label)

    def neighbourhood(
        self, seeds: str | ArrayLike, hops: int = 1, direction: Direction = "both"
    ) -> Connectome:
        """Neurons within some hops of a set, the set itself, and the edges between them all.

        Parameters
        ----------
        seeds : str or int array-like
            An expression as for :meth:`select`, or ids.
        hops : int
            How many edges away at most.
        direction : {"in", "out", "both"}
            Against edges (who drives the set), along them, or either.

        Raises
        ------
        ConnectomeError
            If hops is negative or direction is unknown.
        """
        from neurobridge.connectome.select import neighbourhood

        return neighbourhood(self, seeds, hops, direction)

    def prune(self, at_least: float) -> Connectome:
        """Edges whose count (or weight, where there are no counts) is at least ``at_least``.

        All neurons stay. Rows of one pair that differ in an edge label are judged one by one.

        Raises
        ------
        ConnectomeError
            If ``at_least`` is not a finite number.
        """
        from neurobridge.connectome.select import prune

        return prune(self, at_least)

    def largest_component(self) -> Connectome:
        """The largest strongly connected component; of equally large ones that with the lowest id.

        Raises
        ------
        ConnectomeError
            If there are no neurons.
        """
        from neurobridge.connectome.select import largest_component

        return largest_component(self)

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write a folder that :meth:`load` reads; see :mod:`neurobridge.connectome.storage`.

        Raises
        ------
        FileFormatError
            If ``path`` exists, unless it is a saved connectome and ``overwrite`` is True.
        """
        from neurobridge.connectome.storage import save

        return save(self, Path(path), overwrite)

    @classmethod
    def load(cls, path: str | Path) -> Connectome:
        """Read a folder that :meth:`save` wrote, and check every hash.

        Raises
        ------
        FileFormatError
            If the folder is no saved connectome, is of another schema, or was changed.
        """
        from neurobridge.connectome.storage import load

        return load(Path(path))

    def replace(self, **changes: Any) -> Connectome:
        """A copy with some fields changed; the history is the caller's affair."""
        return replace(self, **changes)

    def __repr__(self) -> str:
        amount = "strengths" if self.n_synapses is None else f"{self.n_synapses:,} synapses"
        signs = "unsigned" if self.sign is None and self.edge_sign is None else "signed"
        return (
            f"<Connectome {self.provenance.dataset} {self.provenance.release}: "
            f"{self.n_neurons:,} neurons, {self.n_edges:,} edges, {amount}, {signs}>"
        )


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Read-only, and of the one width that its values ask for."""
    if array.dtype == np.uint32 and int(array.max(initial=0)) < 2**16:
        return read_only(array.astype(np.uint16))
    return read_only(array.copy()) if array.flags.writeable else array


def _check_array(name: str, array: NDArray[Any], dtype: Any, size: int) -> None:
    allowed = dtype if isinstance(dtype, tuple) else (dtype,)
    if array.dtype not in allowed or array.ndim != 1:
        names = " or ".join(np.dtype(d).name for d in allowed)
        raise ConnectomeError(
            f"{name}: expected a one-dimensional {names} array, got {array.dtype} of shape "
            f"{array.shape}. Let from_edges() make the arrays"
        )
    _check_length(name, array.size, size)


def _check_length(name: str, got: int, expected: int) -> None:
    if got != expected:
        raise ConnectomeError(f"{name}: expected {expected:,} entries, got {got:,}")


def _check_order(connectome: Connectome) -> None:
    ids, pre, post = connectome.ids, connectome.pre, connectome.post
    if ids.size > 1 and not bool(np.all(ids[1:] > ids[:-1])):
        raise ConnectomeError(
            "ids: expected unique ascending ids. Let from_edges() make the arrays"
        )
    if not pre.size:
        return
    if min(int(pre.min()), int(post.min())) < 0 or max(int(pre.max()), int(post.max())) >= ids.size:
        raise ConnectomeError(
            f"pre and post: expected indices from 0 to {ids.size - 1}, got some outside. "
            "Let from_edges() make the arrays"
        )
    step = post[1:] == post[:-1]
    if not bool(np.all((post[1:] > post[:-1]) | (step & (pre[1:] >= pre[:-1])))):
        raise ConnectomeError(
            "pre and post: expected edges sorted by (post, pre). Let from_edges() make the arrays"
        )
