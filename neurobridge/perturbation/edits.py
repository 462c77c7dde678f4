"""Activating and silencing neurons, as in the experiments of Shiu et al. (2024).

References
----------
Shiu, Sterne, Spiller et al. (2024). A Drosophila computational brain model reveals sensorimotor
processing. Nature 634:210. https://doi.org/10.1038/s41586-024-07763-9
"""

from __future__ import annotations

__all__ = ["activate", "silence"]

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.stimulus import Poisson
from neurobridge.perturbation.neurons import Neurons, find_neurons, only_population
from neurobridge.units import parse_quantity


def activate(
    network: Network,
    neurons: Neurons,
    rate: float | str = 150.0,
    *,
    name: str = "activation",
    receptor: str = "kick",
    weight: float | str = "68.75 mV",
    t_ref: float | str | None = 0.0,
    start: float = 0.0,
    stop: float = np.inf,
    population: str | None = None,
) -> Network:
    """Make some neurons fire at a rate, each by a Poisson train of its own.

    The defaults are those of the fly model: an event is a jump of the membrane by 250 synapses of
    0.275 mV, which makes a neuron spike at once, and the driven neurons have no refractory period.

    Parameters
    ----------
    network : Network
    neurons : str, sequence of str, int array of shape (k,), or bool array of shape (N,)
        See :func:`~neurobridge.perturbation.find_neurons`.
    rate : float or str
        In Hz.
    name : str
        Of the stimulus; one of that name is replaced.
    receptor : str
        Where an event arrives.
    weight : float or str
        Of an event, in the unit of the receptor.
    t_ref : float, str or None
        Refractory period of the driven neurons in ms; None leaves it as it is.
    start, stop : float
        In ms.
    population : str, optional
        Needed if there are several.

    Returns
    -------
    Network

    Raises
    ------
    NetworkError
        As :func:`~neurobridge.perturbation.find_neurons`, or if the model has no such receptor, or
        no refractory period and one is given.
    UnitError
        If weight or rate have another unit.

    Examples
    --------
    >>> from neurobridge import NetworkBuilder, models
    >>> b = NetworkBuilder()
    >>> b.population("neurons", 3, models.shiu_lif)
    >>> sorted(activate(b.build(), [0, 2], rate=100.0).stimuli)
    ['activation']
    """
    driven = find_neurons(network, neurons, population)
    of = only_population(network, population)
    if of.model.is_source:
        raise NetworkError(
            f"activate: {of.name!r} are sources, which do nothing but spike as a stimulus says; "
            "use network.with_stimulus(Poisson(...))"
        )
    if receptor not in of.model.receptor_names:
        raise NetworkError(
            f"activate: model {of.model.name!r} has no receptor {receptor!r} (the one of the fly "
            f"model); give receptor= and weight=, with one of {', '.join(of.model.receptor_names)}"
        )
    hertz = float(parse_quantity(rate, "Hz", "activate, rate"))
    strength = float(parse_quantity(weight, of.model.weight_unit(receptor), "activate, weight"))
    stimulus = Poisson(name, of.name, hertz, driven, receptor, strength, start=start, stop=stop)
    if t_ref is not None:
        network = network.with_parameters(of.name, t_ref=_refractory(of, driven, t_ref))
    return network.with_stimulus(stimulus)


def silence(
    network: Network,
    neurons: Neurons,
    direction: Literal["outgoing", "incoming", "both"] = "outgoing",
    *,
    population: str | None = None,
) -> Network:
    """Take neurons out of the circuit by removing their edges.

    ``outgoing`` is what the fly paper calls silencing: the neurons may still spike, and nobody
    hears of it. Edges are removed, rather than given the weight 0, so that no simulator spends
    time on them and the result is the same on all; the network has another :attr:`Network.id` and
    is built anew.

    Parameters
    ----------
    network : Network
    neurons : str, sequence of str, int array of shape (k,), or bool array of shape (N,)
        See :func:`~neurobridge.perturbation.find_neurons`.
    direction : {"outgoing", "incoming", "both"}
    population : str, optional
        Needed if there are several.

    Returns
    -------
    Network

    Raises
    ------
    NetworkError
        As :func:`~neurobridge.perturbation.find_neurons`, or for another direction.
    """
    found = find_neurons(network, neurons, population)
    return network.silence(only_population(network, population).name, found, direction)


def _refractory(
    population: Population, driven: NDArray[np.int32], t_ref: float | str
) -> NDArray[np.float64]:
    """The refractory period of every neuron, with that of the driven ones replaced."""
    if "t_ref" not in population.model.parameters:
        raise NetworkError(
            f"activate: model {population.model.name!r} has no refractory period 't_ref'; say "
            "t_ref=None to leave the driven neurons as they are"
        )
    values = np.full(population.size, population.parameters["t_ref"], dtype=np.float64)
    values[driven] = parse_quantity(t_ref, "ms", "activate, t_ref")
    return values
