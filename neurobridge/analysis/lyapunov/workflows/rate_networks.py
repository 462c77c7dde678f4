"""Ensembles of random networks, of a coupling matrix, and of one network as it is."""

from __future__ import annotations

__all__ = ["matrix_networks", "random_networks", "read_coupling", "same_network"]

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.analysis.lyapunov.matrices import matrix_network, random_matrix, random_network
from neurobridge.analysis.lyapunov.workflows.ensemble import Ensemble
from neurobridge.errors import FileFormatError, NetworkError
from neurobridge.graph.network import Network

Real = NDArray[np.float64]
Form = Literal["current", "activity"]
Rows = Literal["post", "pre"]

SUFFIXES = (".npy", ".npz", ".csv")
FEWEST = 2
"""Neurons of a random network: with one there is no coupling."""


def random_networks(
    n: int,
    g: float = 1.0,
    *,
    activation: str = "tanh",
    form: Form = "current",
    density: float = 1.0,
    **parameters: Any,
) -> Ensemble:
    """Random networks, each seed with couplings of its own.

    Parameters
    ----------
    n, g, density
        See :func:`~neurobridge.analysis.lyapunov.random_matrix`.
    activation, form, **parameters
        See :func:`~neurobridge.analysis.lyapunov.matrix_network`; numbers only.

    Returns
    -------
    Ensemble
        Its strength is ``g``; networks of one seed and several g differ by this factor alone.

    Raises
    ------
    NetworkError
        If there are fewer than two neurons, or a parameter is out of its range.
    UnknownNameError
        If there is no such activation.
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < FEWEST:
        raise NetworkError(f"random networks: n must be a whole number >= {FEWEST}, got {n!r}")

    def make(seed: int, strength: float) -> Network:
        return random_network(
            int(n), strength, activation=activation, form=form, density=density, seed=seed,
            **parameters,
        )  # fmt: skip

    random_matrix(FEWEST, g, density=density)
    matrix_network(np.zeros((1, 1)), activation=activation, form=form, **parameters)
    uniform = {k: float(v) for k, v in parameters.items() if k in ("gain", "shift")}
    theory = form == "current" and not set(parameters) - {"gain", "shift", "tau"}
    settings = {
        "couplings": "random", "n": int(n), "density": density, "activation": activation,
        "form": form, "parameters": parameters,
    }  # fmt: skip
    return Ensemble(
        f"random, N = {n}", make, settings, g,
        mean_field={"activation": activation, **uniform} if theory else None,
        of_size=lambda size: random_networks(
            size, g, activation=activation, form=form, density=density, **parameters
        ),
    )  # fmt: skip


def matrix_networks(
    matrix: ArrayLike,
    *,
    activation: str = "tanh",
    form: Form = "current",
    rows: Rows | None = None,
    name: str = "matrix",
    **parameters: Any,
) -> Ensemble:
    """Networks with one coupling matrix; seeds differ in initial states, gains and shifts.

    Parameters
    ----------
    matrix : float array (N, N)
        Coupling of every pair, at the strength 1; what is 0 is no edge.
    activation, form, **parameters
        See :func:`~neurobridge.analysis.lyapunov.matrix_network`.
    rows : {"post", "pre"}, optional
        What a row is. By default ``"post"``: row i holds the inputs of neuron i, and a matrix that
        looks as if its rows were presynaptic is refused.
    name : str

    Returns
    -------
    Ensemble

    Raises
    ------
    NetworkError
        If the matrix is not square or not finite, has no couplings, or seems to lie on its side.
    """
    weights = np.asarray(matrix, dtype=np.float64)
    if rows not in (None, "post", "pre"):
        raise NetworkError(f"rows: expected 'post' or 'pre', got {rows!r}")
    base = matrix_network(
        weights.T if rows == "pre" else weights, activation=activation, form=form, **parameters
    )
    if not weights.any():
        raise NetworkError(f"{name}: all couplings are 0")
    if rows is None:
        _refuse_transposed(weights, name)

    def make(_: int, strength: float) -> Network:
        return base if strength == 1 else base.scale("synapses", strength)

    settings = {
        "couplings": name, "n": len(weights), "rows": rows or "post", "activation": activation,
        "form": form, "parameters": {k: np.asarray(v).tolist() for k, v in parameters.items()},
    }  # fmt: skip
    return Ensemble(f"{name}, N = {len(weights)}", make, settings)


def same_network(network: Network, name: str = "network") -> Ensemble:
    """One network with its own neurons; seeds differ in initial states, gains and shifts.

    Parameters
    ----------
    network : Network
        Of rate neurons.
    name : str
    """

    def make(_: int, strength: float) -> Network:
        scaled = network
        for projection in network.projections if strength != 1 else ():
            scaled = scaled.scale(projection, strength)
        return scaled

    settings = {"couplings": name, "n": network.n_neurons, "network": network.id}
    return Ensemble(f"{name}, N = {network.n_neurons}", make, settings)


def read_coupling(path: str | Path) -> Real:
    """A coupling matrix: ``.npy``, a sparse one in ``.npz``, or ``.csv`` without a heading.

    Raises
    ------
    FileFormatError
        If there is no such file, or it holds no matrix of numbers.
    """
    from neurobridge.connectome.loaders.matrix import read_matrix

    file = Path(path)
    if file.suffix not in SUFFIXES:
        raise FileFormatError(
            f"{file.name}: expected a matrix in {', '.join(SUFFIXES)}, got {file.suffix!r}"
        )
    if file.suffix != ".csv":
        found: Any = read_matrix(file)
        values = np.asarray(found.toarray() if hasattr(found, "toarray") else found)
        if values.dtype.kind not in "biuf":
            raise FileFormatError(f"{file.name}: expected real numbers, got {values.dtype}")
        return np.asarray(values, dtype=np.float64)
    if not file.is_file():
        raise FileFormatError(f"no file {file.name} in {file.parent}")
    try:
        return np.loadtxt(file, delimiter=",", ndmin=2)
    except ValueError as err:
        raise FileFormatError(
            f"{file.name}: expected numbers with commas and no heading: {err}"
        ) from err


def _refuse_transposed(weights: Real, name: str) -> None:
    """Dale's law is about columns; a matrix in which it holds for rows alone lies on its side."""
    if not (weights < 0).any() or not (weights > 0).any():
        return

    def one_sign(matrix: Real) -> bool:
        return not ((matrix > 0).any(axis=1) & (matrix < 0).any(axis=1)).any()

    if one_sign(weights) and not one_sign(weights.T):
        raise NetworkError(
            f"{name}: every row has one sign and columns have both, but rows are postsynaptic here "
            "(post x pre), and by Dale's law it is the presynaptic neuron that has a sign. If rows "
            "are presynaptic, say rows='pre'; if the matrix is meant as it is, rows='post'"
        )
