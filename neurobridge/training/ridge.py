"""Ridge regression of a readout: the best linear start, before anything is trained."""

from __future__ import annotations

__all__ = ["fitted_readout", "ridge_readout"]

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import ArrayLike

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.network import Network
from neurobridge.graph.readout import Readout
from neurobridge.training.data import TaskData
from neurobridge.training.threads import on_threads
from neurobridge.training.trainable import TrainableNetwork


def ridge_readout(
    readout: Readout,
    counts: ArrayLike,
    label: ArrayLike,
    *,
    strength: float = 300.0,
    offset: float = 0.5,
    gain: float = 8.0,
) -> Readout:
    """A readout that separates classes by the responses of its neurons.

    Responses are centred and divided by their standard deviation plus ``offset``; the weights are
    those of a ridge regression onto indicators of the classes (Hoerl & Kennard 1970, Technometrics
    12:55), times ``gain``, so that differences between classes are of the size that a softmax
    needs.

    Parameters
    ----------
    readout : Readout
        Of spike counts: source ``"spikes"``, pool ``"count"``, without filters.
    counts : array, shape (n_trials, n)
        Spike counts of its neurons.
    label : int array, shape (n_trials,)
        Index of the class of each trial.
    strength : float
        Of the penalty.
    offset : float
        In spikes; keeps neurons that hardly ever fire from being blown up.
    gain : float

    Returns
    -------
    Readout

    Raises
    ------
    NetworkError
        If shapes or values do not fit.
    """
    where = f"readout {readout.name!r}"
    if (readout.source, readout.pool, readout.tau_syn, readout.tau_m) != (
        "spikes", "count", None, None
    ):  # fmt: skip
        raise NetworkError(f"{where}: ridge regression is of spike counts, without filters")
    x = np.asarray(counts, dtype=np.float64)
    labels = np.asarray(label)
    n_out, n = readout.weight.shape
    if x.shape != (labels.size, n) or labels.dtype.kind not in "iu" or not np.isfinite(x).all():
        raise NetworkError(
            f"{where}: expected finite counts of shape (n_trials, {n}) and one whole number as the "
            f"label of each trial, got {x.shape} and {labels.dtype} of {labels.shape}"
        )
    if labels.size and not 0 <= labels.min() <= labels.max() < n_out:
        raise NetworkError(f"{where}: labels must be in 0 .. {n_out - 1}, got {np.unique(labels)}")
    for name, value in (("strength", strength), ("offset", offset), ("gain", gain)):
        if not 0 < value < np.inf:
            raise NetworkError(f"{where}: {name} must be positive and finite, got {value}")
    mean, width = x.mean(0), x.std(0) + offset
    z = (x - mean) / width
    wanted = np.eye(n_out)[labels]
    wanted -= wanted.mean(0)
    with on_threads(1):
        rows = torch.from_numpy(z)
        gram = rows @ rows.T + strength * torch.eye(labels.size, dtype=torch.float64)
        dual = torch.linalg.solve(gram, torch.from_numpy(wanted))
        weight = gain * ((rows.T @ dual).numpy() / width[:, None]).T
    return replace(readout, weight=weight, bias=-weight @ mean)


def fitted_readout(
    network: Network,
    name: str,
    data: TaskData,
    *,
    dt: float,
    batch: int = 20,
    seed: int = 0,
    accept: Sequence[str] = (),
    **options: float,
) -> Network:
    """The network with a readout that is fitted to what it does untrained.

    Runs the training trials in torch, in single precision, and fits :func:`ridge_readout` to the
    spike counts.

    Parameters
    ----------
    network : Network
    name : str
        Of the readout.
    data : TaskData
    dt : float
        In ms.
    batch : int
        Trials that run together.
    seed : int
        Of the stimuli.
    accept : sequence of str
        Approximations that are accepted.
    **options
        ``strength``, ``offset`` and ``gain`` of :func:`ridge_readout`.

    Raises
    ------
    NetworkError, UnknownNameError
        If there is no such readout, or it is not of spike counts.
    """
    if name not in network.readouts:
        raise UnknownNameError("readout", name, network.readouts)
    readout = network.readouts[name]
    model = TrainableNetwork(network, dt, (), accept=accept).eval()
    data.check(model)
    read = torch.as_tensor(readout.neurons.astype(np.int64))
    counts, labels = [], []
    with torch.no_grad(), on_threads(1):
        for rows in data.batches("train", batch, seed, 0, shuffle=False):
            made = data.batch(model, rows, seed, 0)
            spikes = model(made.inputs, made.features).outputs.spikes
            if readout.population not in spikes:
                raise NetworkError(f"readout {name!r}: {readout.population!r} does not spike")
            counts.append(spikes[readout.population].sum(0)[read].T.numpy())
            labels.append(made.targets["label"].numpy())
    fitted = ridge_readout(readout, np.concatenate(counts), np.concatenate(labels), **options)
    return network.with_readout(fitted)
