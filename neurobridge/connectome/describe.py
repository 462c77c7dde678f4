"""What a connectome is like, in numbers."""

from __future__ import annotations

__all__ = ["Degrees", "Description", "describe"]

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.connectome.labels import missing
from neurobridge.connectome.table import Connectome

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class Degrees:
    """Partners per neuron: distinct neurons, self included; all 0 without neurons."""

    smallest: int
    median: float
    mean: float
    percentile_95: float
    largest: int


@dataclass(frozen=True)
class Description:
    """Numbers about a connectome.

    Parameters
    ----------
    dataset, release : str
    neurons, edges : int
        ``edges`` counts rows: those of one pair that differ in an edge label are several.
    pairs : int
        Distinct ordered pairs of neurons with at least one edge, self-loops included.
    synapses : int or None
        Sum of all counts; None where there are strengths instead.
    self_loops : int
        Neurons with an edge to themselves.
    density : float
        Pairs of different neurons over N (N - 1); NaN with fewer than two neurons.
    reciprocity : float
        Share of the pairs of different neurons that are also connected the other way round; NaN
        without such pairs.
    in_degree, out_degree : Degrees
    isolated : int
        Neurons without any edge.
    excitatory_edges, inhibitory_edges, unsigned_edges : int or None
        Edges by sign, gap junctions left out; None before signs are assigned.
    excitatory_synapses, inhibitory_synapses : int or None
        The same, summed over counts.
    gap_junctions : int
        Edges of kind ``gap``; one junction is two of them.
    label_coverage : mapping of str to float
        Share of neurons that have a value, 0 to 1, by label.
    """

    dataset: str
    release: str
    neurons: int
    edges: int
    pairs: int
    synapses: int | None
    self_loops: int
    density: float
    reciprocity: float
    in_degree: Degrees
    out_degree: Degrees
    isolated: int
    excitatory_edges: int | None
    inhibitory_edges: int | None
    unsigned_edges: int | None
    excitatory_synapses: int | None
    inhibitory_synapses: int | None
    gap_junctions: int
    label_coverage: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {**asdict(self), "label_coverage": dict(self.label_coverage)}

    def __rich__(self) -> Table:
        """A table for the terminal."""
        from rich.table import Table

        title = " ".join(filter(None, (self.dataset, self.release)))
        table = Table(title=title, show_header=False, title_justify="left")
        table.add_column(style="bold")
        table.add_column(justify="right")
        for name, value in self._rows():
            table.add_row(name, value)
        return table

    def __str__(self) -> str:
        width = max(len(name) for name, _ in self._rows())
        return "\n".join(f"{name:<{width}}  {value}" for name, value in self._rows())

    def _rows(self) -> list[tuple[str, str]]:
        rows = [("neurons", f"{self.neurons:,}"), ("edges", f"{self.edges:,}")]
        if self.pairs != self.edges:
            rows.append(("pairs", f"{self.pairs:,}"))
        if self.synapses is not None:
            rows.append(("synapses", f"{self.synapses:,}"))
        rows += [
            ("self-loops", f"{self.self_loops:,}"),
            ("isolated neurons", f"{self.isolated:,}"),
            ("density", f"{self.density:.3g}"),
            ("reciprocity", f"{self.reciprocity:.3g}"),
            ("partners in", _degrees(self.in_degree)),
            ("partners out", _degrees(self.out_degree)),
        ]
        if self.gap_junctions:
            rows.append(("gap edges", f"{self.gap_junctions:,}"))
        if self.excitatory_edges is not None:
            rows.append(
                (
                    "edges + / - / 0",
                    f"{self.excitatory_edges:,} / {self.inhibitory_edges:,} / "
                    f"{self.unsigned_edges:,}",
                )
            )
        if self.excitatory_synapses is not None:
            rows.append(
                ("synapses + / -", f"{self.excitatory_synapses:,} / {self.inhibitory_synapses:,}")
            )
        return rows + [(f"label {k}", f"{v:.1%}") for k, v in self.label_coverage.items()]


def describe(connectome: Connectome) -> Description:
    """Implements :meth:`Connectome.describe`."""
    n = connectome.n_neurons
    pre, post = _distinct_pairs(connectome)
    loops = int(np.count_nonzero(pre == post))
    different = pre.size - loops
    incoming, outgoing = np.bincount(post, minlength=n), np.bincount(pre, minlength=n)
    return Description(
        dataset=connectome.provenance.dataset,
        release=connectome.provenance.release,
        neurons=n,
        edges=connectome.n_edges,
        pairs=int(pre.size),
        synapses=connectome.n_synapses,
        self_loops=loops,
        density=different / (n * (n - 1)) if n > 1 else float("nan"),
        reciprocity=_mutual(pre, post, n) / different if different else float("nan"),
        in_degree=_summary(incoming),
        out_degree=_summary(outgoing),
        isolated=int(np.count_nonzero((incoming == 0) & (outgoing == 0))),
        gap_junctions=int(np.count_nonzero(connectome.is_gap)),
        label_coverage={
            name: float(1.0 - missing(label).mean()) if n else 1.0
            for name, label in connectome.labels.items()
        },
        **_balance(connectome),
    )


def _distinct_pairs(connectome: Connectome) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Sources and targets, each pair once; edges are sorted by (post, pre)."""
    pre, post = connectome.pre, connectome.post
    first = np.ones(pre.size, dtype=bool)
    first[1:] = (pre[1:] != pre[:-1]) | (post[1:] != post[:-1])
    return (pre, post) if bool(first.all()) else (pre[first], post[first])


def _mutual(pre: NDArray[np.int32], post: NDArray[np.int32], n: int) -> int:
    """Number of distinct pairs of different neurons whose reverse is a pair too."""
    from scipy import sparse

    indptr = np.searchsorted(post, np.arange(n + 1))
    ones = np.ones(pre.size, dtype=np.int8)
    matrix = sparse.csr_array((ones, pre, indptr), shape=(n, n))
    mutual = matrix.multiply(matrix.T.tocsr()).nnz
    return int(mutual) - int(np.count_nonzero(pre == post))


def _summary(degrees: NDArray[np.int64]) -> Degrees:
    if not degrees.size:
        return Degrees(0, 0.0, 0.0, 0.0, 0)
    return Degrees(
        smallest=int(degrees.min()),
        median=float(np.median(degrees)),
        mean=float(degrees.mean()),
        percentile_95=float(np.percentile(degrees, 95)),
        largest=int(degrees.max()),
    )


def _balance(connectome: Connectome) -> dict[str, int | None]:
    names = (
        "excitatory_edges",
        "inhibitory_edges",
        "unsigned_edges",
        "excitatory_synapses",
        "inhibitory_synapses",
    )
    if connectome.sign is None and connectome.edge_sign is None:
        return dict.fromkeys(names)
    signs, chemical = connectome.signs_per_edge, ~connectome.is_gap
    masks = [(signs == 1) & chemical, (signs == -1) & chemical, (signs == 0) & chemical]
    edges: list[int | None] = [int(np.count_nonzero(mask)) for mask in masks]
    count = connectome.count
    synapses: list[int | None] = [
        None if count is None else int(count[mask].sum(dtype=np.uint64)) for mask in masks[:2]
    ]
    return dict(zip(names, edges + synapses, strict=True))


def _degrees(degrees: Degrees) -> str:
    return (
        f"{degrees.smallest:,} to {degrees.largest:,}, median {degrees.median:g}, "
        f"mean {degrees.mean:.1f}"
    )
