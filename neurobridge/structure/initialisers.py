"""Initialisers: weights on exactly the given edges, with the signs that those have."""

from __future__ import annotations

__all__ = ["Initialiser", "Normal", "Orthogonal", "Source", "Uniform"]

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.content import ByContent
from neurobridge.errors import NetworkError
from neurobridge.graph.edges import Edges
from neurobridge.graph.projection import Projection
from neurobridge.rng import generator
from neurobridge.structure import checks
from neurobridge.structure.sinkhorn import Outputs
from neurobridge.structure.structure import Structure
from neurobridge.structure.target import Target
from neurobridge.structure.weights import Weights

Real = NDArray[np.float64]


class Initialiser(ByContent, ABC):
    """Base of all initialisers, which are descriptions and draw nothing by themselves.

    They compose: ``Normal(1.2).balanced().with_spectral_radius(0.9)``. A global factor keeps the
    balance, and balancing changes the radius, so the radius comes last.
    """

    def weights(
        self,
        target: Structure | Projection | Edges | NDArray[np.bool_],
        *,
        sign: ArrayLike | None = None,
        seed: int | None = None,
        name: str = "recurrent",
    ) -> Weights:
        """Weights of the edges of ``target``.

        Parameters
        ----------
        target : Structure, Projection, Edges, or bool array of shape (n_post, n_pre)
            What is connected to what, post x pre.
        sign : int array, shape (n_pre,), optional
            +1, -1 or 0 (either) of every presynaptic neuron; default: 0. Signs of single edges, if
            they have some, come first. A structure has its own.
        seed : int, optional
            Default: that of the structure.
        name : str
            Of the random stream: two sets of weights of one seed differ if their names do.

        Returns
        -------
        Weights

        Raises
        ------
        NetworkError
            If shapes or signs do not fit, or these weights cannot be made on these edges.
        """
        return self.on(Target.of(target, sign, seed), name)

    def balanced(
        self, ratio: float = 1.0, one_sided: Literal["error", "keep"] = "error"
    ) -> Initialiser:
        """The same, then balanced; see :meth:`Weights.balanced`."""
        return Balanced(self, ratio, one_sided)

    def sinkhorn(
        self,
        inputs: float = 0.5,
        outputs: Outputs = "shared",
        *,
        one_sided: Literal["error", "keep"] = "error",
        approximate: bool = False,
        tolerance: float = 1e-6,
        iterations: int = 20_000,
    ) -> Initialiser:
        """The same, with given sums of inputs and outputs; see :meth:`Weights.sinkhorn`."""
        return Sinkhorn(self, inputs, outputs, one_sided, approximate, tolerance, iterations)

    def with_fan_in(self, total: float) -> Initialiser:
        """The same, with a given sum onto each neuron; see :meth:`Weights.with_fan_in`."""
        return WithFanIn(self, total)

    def with_spectral_radius(self, radius: float) -> Initialiser:
        """The same, then scaled; see :meth:`Weights.with_spectral_radius`."""
        return WithSpectralRadius(self, radius)

    @abstractmethod
    def on(self, target: Target, name: str) -> Weights:
        """The weights of a target, from the random stream of that name."""


class Source(Initialiser):
    """Base of the initialisers that make weights, where others change them."""

    def on(self, target: Target, name: str) -> Weights:
        """The weights of a target, from the random stream of that name."""
        values = self._values(target, name)
        return Weights(target.edges, values, target.sign, target.structure)

    @abstractmethod
    def _values(self, target: Target, name: str) -> Real:
        """Weight of every edge, float64 (E,)."""


@dataclass(frozen=True, eq=False)
class Uniform(Source):
    """Uniform in ``-gain/sqrt(fan_in) .. gain/sqrt(fan_in)``, the fan-in being that of each neuron.

    Where the sign of an edge is fixed, its weight is the magnitude of the draw with that sign.

    Parameters
    ----------
    gain : float
    """

    gain: float = 1.0

    def __post_init__(self) -> None:
        checks.positive(self.gain, "gain")

    def _values(self, target: Target, name: str) -> Real:
        drawn = target.draw(lambda rng, n: rng.uniform(-self.gain, self.gain, n), name)
        return target.signed(drawn / np.sqrt(target.fan_in))


@dataclass(frozen=True, eq=False)
class Normal(Source):
    """Normal with mean 0 and standard deviation ``gain/sqrt(fan_in)``.

    Without signs the spectral radius of a large matrix tends to ``gain`` (Girko's circular law).
    Where the sign of an edge is fixed, its weight is the magnitude of the draw with that sign; then
    the mean of a column is not 0, and adds eigenvalues outside of the circle unless the weights are
    balanced (Rajan & Abbott 2006, Phys. Rev. Lett. 97:188104).

    Parameters
    ----------
    gain : float
    """

    gain: float = 1.0

    def __post_init__(self) -> None:
        checks.positive(self.gain, "gain")

    def _values(self, target: Target, name: str) -> Real:
        drawn = target.draw(lambda rng, n: rng.standard_normal(n), name)
        return target.signed(self.gain * drawn / np.sqrt(target.fan_in))


@dataclass(frozen=True, eq=False)
class Orthogonal(Source):
    """``gain`` times a random orthogonal matrix, drawn as a whole from the Haar measure.

    For dense matrices only: all pairs are connected, self-connections included, and no sign is
    fixed. A matrix that is not square has orthonormal rows or columns, whichever are fewer.

    Parameters
    ----------
    gain : float

    References
    ----------
    Mezzadri (2007). How to generate random matrices from the classical compact groups. Notices of
    the AMS 54:592.
    """

    gain: float = 1.0

    def __post_init__(self) -> None:
        checks.positive(self.gain, "gain")

    def _values(self, target: Target, name: str) -> Real:
        n_post, n_pre = target.edges.n_post, target.edges.n_pre
        pairs = target.edges.post.astype(np.int64) * n_pre + target.edges.pre
        if not np.array_equal(pairs, np.arange(n_post * n_pre)):
            raise NetworkError(
                f"orthogonal weights need all {n_post} x {n_pre} edges, each once, and there are "
                f"{pairs.size}: connect with probability 1 and self_connections=True, or take "
                "Normal(1.0).with_spectral_radius(1.0)"
            )
        if target.sign.any():
            raise NetworkError(
                "orthogonal weights cannot keep the signs of neurons (Dale's law): their columns "
                "would not be orthogonal. Take Normal(1.0).balanced().with_spectral_radius(1.0)"
            )
        rng = generator(target.seed, "structure.weights", name)
        tall = rng.standard_normal((max(n_post, n_pre), min(n_post, n_pre)))
        q, r = np.linalg.qr(tall)
        q *= np.sign(np.diag(r))
        matrix = q if n_post >= n_pre else q.T
        return self.gain * np.ascontiguousarray(matrix).reshape(-1)


@dataclass(frozen=True, eq=False)
class Balanced(Initialiser):
    """The weights of ``source``, balanced; see :meth:`Weights.balanced`."""

    source: Initialiser
    ratio: float
    one_sided: Literal["error", "keep"]

    def __post_init__(self) -> None:
        checks.positive(self.ratio, "ratio")

    def on(self, target: Target, name: str) -> Weights:
        """The weights of a target, balanced."""
        return self.source.on(target, name).balanced(self.ratio, self.one_sided)


@dataclass(frozen=True, eq=False)
class Sinkhorn(Initialiser):
    """The weights of ``source`` with given sums; see :meth:`Weights.sinkhorn`."""

    source: Initialiser
    inputs: float
    outputs: Outputs
    one_sided: Literal["error", "keep"]
    approximate: bool
    tolerance: float
    iterations: int

    def on(self, target: Target, name: str) -> Weights:
        """The weights of a target, scaled."""
        return self.source.on(target, name).sinkhorn(
            self.inputs, self.outputs, one_sided=self.one_sided, approximate=self.approximate,
            tolerance=self.tolerance, iterations=self.iterations,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class WithFanIn(Initialiser):
    """The weights of ``source``, scaled; see :meth:`Weights.with_fan_in`."""

    source: Initialiser
    total: float

    def __post_init__(self) -> None:
        checks.positive(self.total, "total")

    def on(self, target: Target, name: str) -> Weights:
        """The weights of a target, scaled."""
        return self.source.on(target, name).with_fan_in(self.total)


@dataclass(frozen=True, eq=False)
class WithSpectralRadius(Initialiser):
    """The weights of ``source``, scaled; see :meth:`Weights.with_spectral_radius`."""

    source: Initialiser
    radius: float

    def __post_init__(self) -> None:
        checks.positive(self.radius, "radius")

    def balanced(
        self, ratio: float = 1.0, one_sided: Literal["error", "keep"] = "error"
    ) -> Initialiser:
        """Refused, for it would change the radius that was just set."""
        raise self._first("balancing", "balanced")

    def sinkhorn(self, *args: Any, **options: Any) -> Initialiser:
        """Refused, for it would change the radius that was just set."""
        raise self._first("setting sums", "sinkhorn")

    def with_fan_in(self, total: float) -> Initialiser:
        """Refused, for it would change the radius that was just set."""
        raise self._first("setting sums", "with_fan_in")

    def _first(self, doing: str, operation: str) -> NetworkError:
        return NetworkError(
            f"{doing} changes the spectral radius: write "
            f".{operation}(...).with_spectral_radius({self.radius:g}), in this order"
        )

    def on(self, target: Target, name: str) -> Weights:
        """The weights of a target, scaled."""
        return self.source.on(target, name).with_spectral_radius(self.radius)
