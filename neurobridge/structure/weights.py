"""Weights: one number an edge, with the sign that it must have."""

from __future__ import annotations

__all__ = ["Weights"]

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurobridge.content import ByContent
from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.frozen import frozen_array
from neurobridge.graph.edges import Edges
from neurobridge.graph.network import Network
from neurobridge.graph.weight import Explicit
from neurobridge.structure import balance, checks, sinkhorn, spectrum
from neurobridge.structure.sinkhorn import Outputs
from neurobridge.structure.structure import Structure

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from scipy.sparse import csr_array

Real = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Weights(ByContent):
    """Weights of edges. Operations return new weights on the same edges with the same signs.

    Parameters
    ----------
    edges : Edges
    values : float64 array, shape (E,)
        In the order of the edges.
    sign : int8 array, shape (E,)
        +1 or -1: the sign that Dale's law gives the edge; 0: either.
    structure : Structure, optional
        What the edges are from.
    unbalanced : int32 array
        Neurons with input of one sign only, which :meth:`balanced` left out, or :meth:`sinkhorn`
        could not balance.
    misfit : float
        Largest deviation of a neuron's output from its target that :meth:`sinkhorn` left, relative
        to the target; factors on all weights keep it.

    Raises
    ------
    NetworkError
        If shapes differ, a weight is not finite, or it contradicts its sign.
    """

    edges: Edges
    values: Real
    sign: NDArray[np.int8]
    structure: Structure | None = None
    unbalanced: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    misfit: float = 0.0

    def __post_init__(self) -> None:
        for name, dtype in (("values", np.float64), ("sign", np.int8), ("unbalanced", np.int32)):
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype))
        n_edges = self.edges.n_edges
        if self.values.shape != (n_edges,) or self.sign.shape != (n_edges,):
            raise NetworkError(
                f"weights: expected one weight and one sign for each of {n_edges} edges, got "
                f"shapes {self.values.shape} and {self.sign.shape}"
            )
        self._refuse(~np.isfinite(self.values), "not finite")
        wrong = self.values * self.sign < 0
        self._refuse(wrong, "of the other sign than their presynaptic neuron (Dale's law)")

    def _refuse(self, bad: NDArray[np.bool_], what: str) -> None:
        if bad.any():
            at = int(bad.argmax())
            raise NetworkError(
                f"weights: {int(bad.sum())} of {bad.size} are {what}; the first is "
                f"{self.values[at]} from neuron {self.edges.pre[at]} to {self.edges.post[at]}"
            )

    @classmethod
    def on(cls, structure: Structure, given: Any) -> Weights:
        """The weights that a user gives for a structure; see :meth:`Structure.network`."""
        from neurobridge.structure.initialisers import Initialiser

        if isinstance(given, Initialiser):
            return given.weights(structure)
        if isinstance(given, Weights):
            if given.edges != structure.edges:
                raise NetworkError(
                    f"weights: these are for {given.edges.n_edges} other edges; the structure has "
                    f"{structure.edges.n_edges}"
                )
            given = given.values
        array = np.asarray(given, dtype=np.float64)
        values = _on_edges(array, structure) if array.ndim == 2 else array
        return cls(structure.edges, values, structure.sign[structure.edges.pre], structure)

    @classmethod
    def of(cls, network: Network, projection: str) -> Weights:
        """The weights of a projection of a network, each with the sign that it has now.

        Raises
        ------
        UnknownNameError
            If there is no such projection.
        """
        if projection not in network.projections:
            raise UnknownNameError("projection", projection, network.projections)
        values = network.weights(projection)
        return cls(network.projections[projection].edges, values, np.sign(values).astype(np.int8))

    def into(self, network: Network, projection: str) -> Network:
        """The network with these weights in a projection, whose edges must be these.

        Raises
        ------
        UnknownNameError, NetworkError
            If there is no such projection, or it has other edges.
        """
        if projection not in network.projections:
            raise UnknownNameError("projection", projection, network.projections)
        there = network.projections[projection]
        if there.edges != self.edges:
            raise NetworkError(
                f"weights: these are for {self.edges.n_edges} other edges than the "
                f"{there.edges.n_edges} of projection {projection!r}"
            )
        return network.with_projection(replace(there, weight=Explicit(self.values)))

    # -- what it is -----------------------------------------------------------------------------

    @property
    def matrix(self) -> Real:
        """Dense, float64 (n_post, n_pre); parallel edges are summed; made on each call."""
        matrix = np.zeros((self.edges.n_post, self.edges.n_pre))
        np.add.at(matrix, (self.edges.post, self.edges.pre), self.values)
        return matrix

    @property
    def sparse(self) -> csr_array[Any]:
        """Compressed rows, (n_post, n_pre)."""
        from scipy.sparse import csr_array

        shape = (self.edges.n_post, self.edges.n_pre)
        made = csr_array((self.values, self.edges.pre, self.edges.indptr), shape, copy=True)
        made.sum_duplicates()
        return made

    @cached_property
    def inputs(self) -> tuple[Real, Real]:
        """Summed positive and summed negative input weights of every neuron, two (n_post,)."""
        return balance.input_sums(self.edges, self.values)

    @cached_property
    def outputs(self) -> tuple[Real, Real]:
        """Summed positive and summed negative weights from every neuron, two (n_pre,)."""
        return balance.output_sums(self.edges, self.values)

    @cached_property
    def spectral_radius(self) -> float:
        """Largest modulus of the eigenvalues; see :func:`neurobridge.structure.spectral_radius`."""
        return spectrum.spectral_radius(self.sparse)

    @cached_property
    def eigenvalues(self) -> NDArray[np.complex128]:
        """All eigenvalues, complex128 (N,), by a dense solve in O(N^3)."""
        spectrum.check_square((self.edges.n_post, self.edges.n_pre))
        return np.linalg.eigvals(self.matrix).astype(np.complex128)

    # -- operations -----------------------------------------------------------------------------

    def scaled(self, factor: float) -> Weights:
        """All weights times a factor above 0, so that signs and balance stay."""
        return replace(self, values=self.values * checks.positive(factor, "factor"))

    def balanced(
        self, ratio: float = 1.0, one_sided: Literal["error", "keep"] = "error"
    ) -> Weights:
        """Every neuron's summed positive input is ``ratio`` times its summed negative input.

        The negative weights onto each neuron are multiplied by one factor; the positive ones stay.
        A neuron without input is balanced.

        Parameters
        ----------
        ratio : float
            1 cancels; above 1 excitation is the larger.
        one_sided : {"error", "keep"}
            What to do with neurons whose input has one sign only: refuse, or leave them as they are
            and name them in :attr:`unbalanced`.

        Raises
        ------
        NetworkError
            If there are such neurons, or the ratio is not above 0.
        """
        values, unbalanced = balance.balanced(self.edges, self.values, ratio, one_sided)
        return replace(self, values=values, unbalanced=unbalanced, misfit=0.0)

    def sinkhorn(
        self,
        inputs: float = 0.5,
        outputs: Outputs = "shared",
        *,
        one_sided: Literal["error", "keep"] = "error",
        approximate: bool = False,
        tolerance: float = 1e-6,
        iterations: int = 20_000,
    ) -> Weights:
        """Given sums of the inputs of every neuron, of each sign, and of its outputs.

        Sinkhorn-Knopp scaling: a weight is multiplied by a factor of its presynaptic and by one of
        its postsynaptic neuron, for positive and for negative weights separately. Inputs are met to
        rounding, and outputs to the tolerance.

        Parameters
        ----------
        inputs : float
            What the positive inputs of a neuron sum to, and the magnitudes of the negative ones.
        outputs : {"shared", "equal"}
            All outputs add up to what all inputs do. ``shared``: a neuron gives as much as it would
            if each neuron divided its input evenly among those that it comes from; every network
            can meet this. ``equal``: all neurons with outputs of a sign give the same, ``inputs``
            times the number of receivers over that of givers; few sparse networks can meet it.
            Where all are connected both are the same.
        one_sided : {"error", "keep"}
            What to do with neurons whose input has one sign only, where the weights have both:
            refuse, or give them the one that they have and name them in :attr:`unbalanced`.
        approximate : bool
            Where the outputs cannot be met, come as near as the edges allow, and say how near in
            :attr:`misfit`; some weights may go to 0. By default that is an error.
        tolerance : float
            Largest deviation of an output, relative to its target. If approximate: the share of all
            outputs that may still move in an iteration.
        iterations : int
            After which to give up.

        Raises
        ------
        NetworkError
            If the outputs are not met; the message says how far it got and whether the edges forbid
            it. If there are one-sided neurons, or an argument is not valid.

        References
        ----------
        Sinkhorn & Knopp (1967). Pac. J. Math. 21:343. Rothblum & Schneider (1989). Linear Algebra
        Appl. 114/115:737 (which sums can be met).
        """
        made = sinkhorn.scaled(
            self.edges, self.values, inputs, outputs, one_sided, approximate, tolerance, iterations
        )
        return replace(self, values=made.values, unbalanced=made.unbalanced, misfit=made.misfit)

    def with_fan_in(self, total: float) -> Weights:
        """The magnitudes of all inputs sum to ``total``, for every neuron that has input.

        Raises
        ------
        NetworkError
            If the total is not above 0.
        """
        values = balance.fan_in_set(self.edges, self.values, checks.positive(total, "total"))
        return replace(self, values=values, misfit=0.0)

    def with_spectral_radius(self, radius: float) -> Weights:
        """All weights times the factor that makes ``radius`` the spectral radius.

        Raises
        ------
        NetworkError
            If the radius is 0 already, as in a feed-forward network, so that no factor can set it;
            or the radius that is wanted is not above 0.
        """
        wanted = checks.positive(radius, "radius")
        return self.scaled(wanted / spectrum.nonzero_radius(self.sparse))

    def draw(self, path: str | Path | None = None) -> Figure:
        """Matrix, histogram and eigenvalues; see :func:`neurobridge.structure.draw`."""
        from neurobridge.structure.drawing import draw

        return draw(self, path)

    def __repr__(self) -> str:
        e = self.edges
        return f"<Weights: {e.n_edges} edges from {e.n_pre} to {e.n_post} neurons>"


def _on_edges(matrix: Real, structure: Structure) -> Real:
    """The entries of a matrix at the edges; all others must be 0."""
    n, edges = structure.n_neurons, structure.edges
    if matrix.shape != (n, n):
        raise NetworkError(f"weights: expected a matrix ({n}, {n}), post x pre, got {matrix.shape}")
    outside = (matrix != 0) & ~structure.mask
    if outside.any():
        post, pre = (int(i) for i in np.argwhere(outside)[0])
        turned = not ((matrix.T != 0) & ~structure.mask).any()
        raise NetworkError(
            f"weights: {int(outside.sum())} entries lie where there is no edge, the first at row "
            f"(post) {post}, column (pre) {pre}; "
            + ("matrix.T fits: rows are postsynaptic" if turned else "they must be 0")
        )
    return matrix[edges.post, edges.pre]
