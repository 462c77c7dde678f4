"""Train: which part of a network is trained, and how."""

from __future__ import annotations

__all__ = ["Target", "Train", "resolve"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.network import Network

Kind = Literal["weight", "scale", "low_rank", "parameter", "initial", "readout", "encoder"]
Sign = Literal["fixed", "free"]


@dataclass(frozen=True, eq=False)
class Train:
    """One thing that is trained.

    Parameters
    ----------
    path : str
        - ``projections.NAME.weight``: the weights of the edges;
        - ``projections.NAME.scale``: a positive factor on the weights of each group;
        - ``projections.NAME.low_rank``: ``U @ V.T`` added on the existing edges;
        - ``populations.NAME.PARAMETER``: a parameter of the model, such as ``tau_m``;
        - ``populations.NAME.initial.STATE``: an initial state;
        - ``readouts.NAME.weight`` or ``.bias``, ``encoders.NAME.weight`` or ``.bias``.
    by : str or sequence of str, optional
        What shares one value: ``"each"`` (default for weights, readouts, encoders: every element on
        its own), ``"all"`` (default for scales: one for all), or labels: ``"cell_type"`` for
        parameters, ``"pre.nt"`` or ``("pre.cell_type", "post.cell_type")`` for edges. The default
        for parameters and initial states is ``"each"``, one a neuron.
    sign : {"fixed", "free"}, optional
        Of weights and low-rank parts. ``fixed`` (default for weights): every weight keeps its sign,
        and what is 0 stays 0. With Dale's law in the description it is kept in training. ``free``
        needs a receptor that takes both signs. A low-rank part is ``fixed`` by default if the
        presynaptic neurons have signs: its factors are then positive, and it adds to the magnitude
        of each weight.
    bounds : (low, high), optional
        Numbers, texts with units, or None for no bound; a bound may be reached. They are of the
        value, or of the magnitude of weights with a fixed sign. The bounds of the model's
        declaration hold in any case.
    learning_rate : float or array, optional
        Factor on the learning rate, also under Adam: one for all, one for each element (for
        weights also a matrix post x pre); 0 holds an element fixed.
    where : mapping of label to value or list of values, optional
        Train these neurons only (parameters, initial states), or the edges onto them
        (``post.LABEL``) or from them (``pre.LABEL``).
    number : int, optional
        Train this many only, drawn at random among the values that would be trained without it: of
        weights that are not 0, of groups that share a value, of neurons. All others are held to the
        last bit. The draw depends on ``seed``, the path and the order of the values alone, and
        fewer are a part of more.
    seed : int
        Of that draw.
    self_connections : bool
        False holds the weights of edges from a neuron to itself.
    rank : int
        Of a low-rank part.
    spread : float
        Initial size of a low-rank part's factors, relative to the mean absolute weight.
    """

    path: str
    by: str | tuple[str, ...] | None = None
    sign: Sign | None = None
    bounds: tuple[float | str | None, float | str | None] | None = None
    learning_rate: float | ArrayLike = 1.0
    where: Mapping[str, Any] | None = None
    number: int | None = None
    seed: int = 0
    self_connections: bool = True
    rank: int = 1
    spread: float = 0.01

    def __post_init__(self) -> None:
        if self.sign not in (None, "fixed", "free"):
            raise NetworkError(f"{self.path}: sign must be 'fixed' or 'free', got {self.sign!r}")
        for name, given in (("rank", self.rank), ("number", self.number)):
            if given is not None and not (_is_whole(given) and given >= 1):
                raise NetworkError(
                    f"{self.path}: {name} must be a whole number >= 1, got {given!r}"
                )
        if not _is_whole(self.seed):
            raise NetworkError(f"{self.path}: seed must be a whole number, got {self.seed!r}")
        rate = np.asarray(self.learning_rate, dtype=np.float64)
        if not np.isfinite(rate).all() or (rate < 0).any():
            raise NetworkError(f"{self.path}: learning rates must be finite and >= 0")


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


@dataclass(frozen=True)
class Target:
    """What a path names in a network: its kind, the part, and the field of the part."""

    kind: Kind
    part: str
    field: str


def resolve(path: str, network: Network) -> Target:
    """Find what a path names.

    Raises
    ------
    UnknownNameError, NetworkError
        If it names nothing; the nearest names are suggested.
    """
    parts = path.split(".")
    if len(parts) < 3:
        raise NetworkError(
            f"path {path!r}: expected three parts or more, such as 'projections.NAME.weight', "
            "'populations.NAME.tau_m', 'readouts.NAME.weight'"
        )
    root, name, field = parts[0], parts[1], ".".join(parts[2:])
    groups: dict[str, Mapping[str, Any]] = {
        "projections": network.projections,
        "populations": network.populations,
        "readouts": network.readouts,
        "encoders": network.encoders,
    }
    if root not in groups:
        raise UnknownNameError(f"first part of path {path!r}", root, groups)
    if name not in groups[root]:
        raise UnknownNameError(f"{root[:-1]} (path {path!r})", name, groups[root])
    if root == "projections":
        _one_of(field, ("weight", "scale", "low_rank"), path)
        return Target(field, name, field)  # type: ignore[arg-type]
    if root == "populations":
        return _of_population(path, network, name, field)
    _one_of(field, ("weight", "bias"), path)
    if root == "encoders" and network.encoders[name].kind != "current":
        raise NetworkError(
            f"path {path!r}: encoder {name!r} sets rates of Poisson spikes, through which no "
            "gradient flows; train the weights of the projections from there, or use an encoder of "
            "kind 'current'"
        )
    return Target("readout" if root == "readouts" else "encoder", name, field)


def _of_population(path: str, network: Network, name: str, field: str) -> Target:
    model = network.population(name).model
    if field.startswith("initial."):
        state = field.removeprefix("initial.")
        _one_of(state, tuple(model.states), path)
        return Target("initial", name, state)
    _one_of(field, (*model.parameters, *(f"initial.{s}" for s in model.states)), path)
    if model.refractory is not None and field == model.refractory.period:
        raise NetworkError(
            f"path {path!r}: a refractory period is a whole number of steps, which has no gradient"
        )
    return Target("parameter", name, field)


def _one_of(name: str, known: tuple[str, ...], path: str) -> None:
    if name not in known:
        raise UnknownNameError(f"part of path {path!r}", name, known)


def matrix_on_edges(
    matrix: NDArray[np.float64], post: NDArray[np.int32], pre: NDArray[np.int32],
    shape: tuple[int, int], path: str,
) -> NDArray[np.float64]:  # fmt: skip
    """The entries of a matrix (post x pre) that lie on edges.

    Raises
    ------
    NetworkError
        If the matrix has another shape; it says so if it lies on its side.
    """
    if matrix.shape != shape:
        hint = "; it lies on its side, transpose it" if matrix.shape == shape[::-1] else ""
        raise NetworkError(
            f"{path}: expected a matrix post x pre of shape {shape}, got {matrix.shape}{hint}"
        )
    return matrix[post, pre]
