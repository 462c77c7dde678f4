"""measure: metrics of a model over the trials of a split."""

from __future__ import annotations

__all__ = ["measure"]

from collections.abc import Mapping

import torch

from neurobridge.errors import NetworkError
from neurobridge.training.data import TrainingData
from neurobridge.training.means import Means
from neurobridge.training.objective import Seen, Term
from neurobridge.training.trainable import TrainableNetwork


def measure(
    model: TrainableNetwork,
    data: TrainingData,
    metrics: Mapping[str, Term],
    *,
    split: str = "test",
    batch: int = 16,
    seed: int = 0,
) -> dict[str, float]:
    """Means of metrics over a split, of the network as it would be written back.

    Parameters
    ----------
    model : TrainableNetwork
        Measured in evaluation mode; its mode stays.
    data : TrainingData
    metrics : mapping of str to Metric or Loss
    split : {"train", "validation", "test"}
    batch : int
        Trials that run together.
    seed : int
        Of random input, as for :func:`fit`.

    Returns
    -------
    dict of str to float
        NaN where a metric is not defined.

    Raises
    ------
    NetworkError, UnknownNameError
        If the split has no trials, or a metric does not fit.
    """
    if not data.rows(split).size:
        raise NetworkError(f"the data have no trials in their split {split!r}")
    means, was_training = Means(), model.training
    model.eval()
    try:
        for rows in data.batches(split, batch, seed, 0, shuffle=False):
            made = data.batch(model, rows, seed, 0)
            with torch.no_grad():
                seen = Seen(model, model(made.inputs, made.features), made.targets)
                means.add({name: metric(seen) for name, metric in metrics.items()}, rows.size)
    finally:
        model.train(was_training)
    return means.take()
