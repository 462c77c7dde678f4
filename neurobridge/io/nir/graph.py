"""A NIR graph from a file or from memory, checked, and the paths in it."""

from __future__ import annotations

__all__ = ["CELLS", "FILTERS", "WEIGHTS", "Path", "SourceGraph", "load_graph"]

import pathlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import FileFormatError
from neurobridge.io.nir.library import library
from neurobridge.io.nir.notes import note_of

Real = NDArray[np.float64]

CELLS, FILTERS, WEIGHTS = ("LIF", "CubaLIF"), ("LI", "CubaLI"), ("Linear", "Affine")
_FIELDS = {
    "LIF": ("tau", "r", "v_leak", "v_threshold", "v_reset"),
    "CubaLIF": ("tau_mem", "tau_syn", "r", "v_leak", "v_threshold", "v_reset", "w_in"),
    "LI": ("tau", "r", "v_leak"),
    "CubaLI": ("tau_mem", "tau_syn", "r", "v_leak", "w_in"),
    "Linear": ("weight",),
    "Affine": ("weight", "bias"),
    "Delay": ("delay",),
    "Input": (),
    "Output": (),
}
_POSITIVE = ("tau", "tau_mem", "tau_syn", "r")
_MS = 1e3


@dataclass(frozen=True)
class Path:
    """One way from a population to another, or to an output.

    Delays are in ms, for each neuron of ``pre`` and of ``post``, or 0.
    """

    pre: str
    post: str
    weights: str | None = None
    filter: str | None = None
    pre_delay: Real | float = 0.0
    post_delay: Real | float = 0.0
    delays: tuple[str, ...] = ()


class SourceGraph:
    """The nodes of a graph as float64 arrays, and its paths.

    Parameters
    ----------
    graph : nir.NIRGraph
    where : str
        For messages.

    Raises
    ------
    FileFormatError
        If it has nodes that neurobridge has no counterpart of, or that do not fit together.
    """

    def __init__(self, graph: Any, where: str) -> None:
        self.where = where
        self.note = note_of(graph, where)
        self.kinds = {name: type(node).__name__ for name, node in graph.nodes.items()}
        self._refuse_unsupported()
        self.notes = {n: note_of(x, self.at(n)) for n, x in graph.nodes.items()}
        self.fields = {n: self._arrays(n, x) for n, x in graph.nodes.items()}
        self.sizes = {n: self._size(n, x) for n, x in graph.nodes.items() if self._is_sized(n)}
        self.after: dict[str, list[str]] = defaultdict(list)
        for pre, post in graph.edges:
            for end in (pre, post):
                if end not in graph.nodes:
                    self.fail(f"edge {pre!r} -> {post!r}: there is no node {end!r}")
            if post not in self.after[pre]:
                self.after[pre].append(post)
        self.paths = [p for n in self.of_kind("Input", *CELLS) for p in self._walk(Path(n, ""), n)]
        self._refuse_loose()
        for path in self.paths:
            self._check_shapes(path)

    def fail(self, message: str) -> NoReturn:
        """Raise, with the file in front."""
        raise FileFormatError(f"{self.where}: {message}")

    def at(self, node: str) -> str:
        """A node, for messages."""
        return f"{self.where}: node {node!r} ({self.kinds[node]})"

    def of_kind(self, *kinds: str) -> list[str]:
        """Names of the nodes of some kinds."""
        return [n for n, kind in self.kinds.items() if kind in kinds]

    # -- nodes ------------------------------------------------------------------------------------

    def _refuse_unsupported(self) -> None:
        other = [f"{n!r} ({kind})" for n, kind in self.kinds.items() if kind not in _FIELDS]
        if other:
            self.fail(
                f"{len(other)} of {len(self.kinds)} nodes have no counterpart here: "
                f"{', '.join(other[:12])}. Read are {', '.join(_FIELDS)}"
            )
        if not self.of_kind("Input"):
            self.fail("there is no Input node, so nothing could ever spike")

    def _arrays(self, name: str, node: Any) -> dict[str, Real]:
        arrays = {}
        for field in _FIELDS[self.kinds[name]]:
            try:
                array = np.array(getattr(node, field), dtype=np.float64)
            except (AttributeError, TypeError, ValueError) as err:
                raise FileFormatError(f"{self.at(name)}: no numbers for {field}: {err}") from err
            expected = 2 if field == "weight" else 1
            if array.ndim != expected:
                self.fail(
                    f"node {name!r} ({self.kinds[name]}): {field} has shape {array.shape}, but "
                    + ("a matrix (post, pre)" if expected == 2 else "one value for each neuron")
                    + " is expected"
                )
            self._check_values(name, field, array)
            arrays[field] = array
        return arrays

    def _check_values(self, name: str, field: str, array: Real) -> None:
        wrong, rule = ~np.isfinite(array), "finite"
        if not wrong.any() and field in _POSITIVE:
            wrong, rule = array <= 0, "above 0"
        if not wrong.any() and field == "delay":
            wrong, rule = array < 0, "at least 0"
        if wrong.any():
            index = tuple(int(i[0]) for i in np.nonzero(wrong))
            place = ", ".join(map(str, index))
            self.fail(
                f"node {name!r} ({self.kinds[name]}): {field}[{place}] = {array[index]}, but "
                f"values must be {rule}; {int(wrong.sum())} of {array.size} are not"
            )

    def _is_sized(self, name: str) -> bool:
        return self.kinds[name] not in WEIGHTS

    def _size(self, name: str, node: Any) -> int:
        if self.kinds[name] in ("Input", "Output"):
            shape = np.atleast_1d(next(iter(node.input_type.values())))
            if shape.size != 1:
                self.fail(
                    f"node {name!r} ({self.kinds[name]}): shape {tuple(shape.tolist())}; "
                    "populations are flat here, so flatten it first"
                )
            return int(shape[0])
        sizes = {f: a.size for f, a in self.fields[name].items()}
        if len(set(sizes.values())) > 1:
            self.fail(f"node {name!r} ({self.kinds[name]}): sizes differ, {sizes}")
        return next(iter(sizes.values()))

    # -- paths ------------------------------------------------------------------------------------

    def _walk(self, path: Path, node: str) -> Iterator[Path]:
        """All ways on from ``node``, each until a population or an output."""
        for name in self.after[node]:
            kind = self.kinds[name]
            if kind in CELLS or kind == "Output":
                yield replace(path, post=name)
            elif kind == "Input":
                self.fail(f"{node!r} leads to {name!r} (Input), into which nothing can lead")
            elif kind in WEIGHTS:
                if path.weights is not None:
                    self.fail(
                        f"{path.weights!r} leads to {name!r} without neurons between them; "
                        "multiply the two matrices into one"
                    )
                yield from self._walk(replace(path, weights=name), name)
            elif kind == "Delay":
                yield from self._walk(self._delayed(path, name), name)
            else:
                yield from self._filtered(replace(path, filter=name), name)

    def _delayed(self, path: Path, name: str) -> Path:
        if name in path.delays:
            self.fail(f"node {name!r} (Delay) leads back to itself, without neurons between")
        delayed = replace(path, delays=(*path.delays, name))
        ms = self.fields[name]["delay"] * _MS
        if path.weights is None:
            return replace(delayed, pre_delay=path.pre_delay + ms)
        return replace(delayed, post_delay=path.post_delay + ms)

    def _filtered(self, path: Path, name: str) -> Iterator[Path]:
        """A leaky integrator is read where it belongs to a readout: before an Output."""
        onwards = {self.kinds[n] for n in self.after[name]}
        if onwards != {"Output"} or path.weights is None:
            self.fail(
                f"node {name!r} ({self.kinds[name]}): a leaky integrator is read only between a "
                "Linear or Affine and an Output, as part of a readout"
            )
        yield from self._walk(path, name)

    def _refuse_loose(self) -> None:
        used = {n for p in self.paths for n in (p.pre, p.post, p.weights, p.filter, *p.delays)}
        used |= {*self.of_kind("Input", *CELLS)}
        loose = [f"{n!r} ({kind})" for n, kind in self.kinds.items() if n not in used]
        if loose:
            self.fail(f"no path from an Input or a neuron leads through {', '.join(loose)}")

    def _check_shapes(self, path: Path) -> None:
        pre, post = self.sizes[path.pre], self.sizes[path.post]
        way = f"{path.pre!r} ({pre}) to {path.post!r} ({post})"
        if path.weights is None:
            if pre != post:
                self.fail(f"an edge leads from {way}, without a matrix between them")
        else:
            shape = self.fields[path.weights]["weight"].shape
            if shape != (post, pre):
                self.fail(
                    f"node {path.weights!r} ({self.kinds[path.weights]}): weight has shape "
                    f"{shape}, but it leads from {way}, so ({post}, {pre}) is expected"
                )
            bias = self.fields[path.weights].get("bias")
            if bias is not None and bias.size != post:
                self.fail(f"node {path.weights!r} (Affine): {bias.size} biases for {post} neurons")
        for delay, size in ((path.pre_delay, pre), (path.post_delay, post)):
            if np.ndim(delay) and np.size(delay) != size:
                self.fail(f"a Delay from {way} has {np.size(delay)} values, not {size}")
        if path.filter is not None and self.sizes[path.filter] != post:
            self.fail(f"{self.kinds[path.filter]} {path.filter!r}: {self.sizes[path.filter]} "
                      f"neurons for {post} outputs")  # fmt: skip


def load_graph(source: Any) -> SourceGraph:
    """The graph of a file or of memory.

    Raises
    ------
    FileFormatError
        If there is no such file, it is no NIR file, or the graph cannot be read here.
    """
    nir = library()
    if isinstance(source, nir.NIRGraph):
        return SourceGraph(source, "NIR graph")
    if not isinstance(source, (str, pathlib.Path)):
        raise FileFormatError(
            f"from_nir: expected a path or a nir.NIRGraph, got {type(source).__name__}"
        )
    path = pathlib.Path(source)
    if not path.is_file():
        raise FileFormatError(f"there is no file {path}")
    try:
        graph = nir.read(path, type_check=False)
    except (AssertionError, AttributeError, KeyError, OSError, TypeError, ValueError) as err:
        said = f"{type(err).__name__}: {err}" if str(err) else type(err).__name__
        raise FileFormatError(
            f"{path} is no NIR file that nir {nir.version} can read ({said})"
        ) from err
    return SourceGraph(graph, str(path))
