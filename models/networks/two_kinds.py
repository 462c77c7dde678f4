"""The one population of networks of excitatory and inhibitory neurons that are otherwise alike."""

from __future__ import annotations

__all__ = ["two_kinds"]

from collections.abc import Mapping

import numpy as np

from neurobridge.frozen import FrozenDict
from neurobridge.graph.labels import Column, Labels
from neurobridge.graph.model import NeuronModel
from neurobridge.graph.population import Population
from neurobridge.models.networks.expected import LABEL, POPULATION
from neurobridge.rng import uniforms


def two_kinds(
    name: str,
    n_exc: int,
    n_inh: int,
    model: NeuronModel,
    parameters: Mapping[str, float],
    seed: int,
) -> Population:
    """Excitatory neurons, then inhibitory ones, that start between reset and threshold.

    Parameters
    ----------
    name : str
        Of the network, for the draws of initial potentials.
    n_exc, n_inh : int
    model : NeuronModel
    parameters : mapping of str to float
        With ``v_reset`` and ``v_thresh``.
    seed : int

    Returns
    -------
    Population
        Label ``group``: E, I. Initial potentials are uniform.
    """
    n = n_exc + n_inh
    drawn = uniforms(seed, "initial", name, 0, np.arange(n), 0)[:, 0]
    reset, threshold = parameters["v_reset"], parameters["v_thresh"]
    kind = np.repeat(["E", "I"], [n_exc, n_inh])
    return Population(
        POPULATION, n, model, FrozenDict(parameters),
        FrozenDict({"v": reset + (threshold - reset) * drawn}),
        labels=Labels(FrozenDict({LABEL: Column.of(kind)}), np.where(kind == "E", 1, -1)),
    )  # fmt: skip
