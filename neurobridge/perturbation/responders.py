"""Which neurons respond, and how strongly."""

from __future__ import annotations

__all__ = ["responders", "target_rates"]

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurobridge.errors import NetworkError
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.stimulus import Poisson, PoissonCounts, SpikeTrains
from neurobridge.lowering.draws import selected
from neurobridge.perturbation.neurons import Neurons, find_neurons, only_population
from neurobridge.perturbation.trials import trial_rates
from neurobridge.recording import Recording

LABELS = ("name", "cell_type", "super_class", "class", "sub_class", "role", "side")
"""Labels that the table shows, where the network has them."""


def responders(
    network: Network,
    recordings: Sequence[Recording],
    baseline: Sequence[Recording] | None = None,
    *,
    above: float = 0.0,
    level: float = 0.05,
    population: str | None = None,
) -> pd.DataFrame:
    """A table of the neurons that respond.

    Without a baseline these are the neurons that fire, as in the fly paper, whose network is silent
    when nothing is driven. With one, a neuron responds if its rates differ from those of the
    baseline by a two-sided Mann-Whitney test over trials, at a false discovery rate of ``level``
    among all neurons that spiked in either (Benjamini & Hochberg 1995). Fewer than five trials
    cannot show anything.

    Parameters
    ----------
    network : Network
        That was run; its labels go into the table.
    recordings : sequence of Recording
        Trials.
    baseline : sequence of Recording, optional
        Trials to compare with, e.g. without the activation.
    above : float
        Rate in Hz that a neuron must exceed to count as active in a trial, and on average to be in
        the table (or in the baseline).
    level : float
        False discovery rate.
    population : str, optional
        Needed if there are several.

    Returns
    -------
    pandas.DataFrame
        One row per neuron that was recorded, the highest rate first: ``neuron`` (index), ``id``,
        labels, ``driven`` (whether a stimulus of spikes reaches it), ``rate`` and ``sd`` over
        trials in Hz, ``active`` (fraction of trials); with a baseline also ``baseline_rate``,
        ``change``, ``p``, ``q`` (adjusted p) and ``responds``.

    Raises
    ------
    NetworkError
        If there are no recordings, or a run is not complete.
    """
    of = only_population(network, population)
    rates = trial_rates(recordings, of.name)
    known = ~np.isnan(rates).any(axis=0)
    mean = np.where(known, rates.mean(axis=0), 0.0)
    before = np.zeros_like(rates[:1]) if baseline is None else trial_rates(baseline, of.name)
    known &= ~np.isnan(before).any(axis=0)
    listed = np.flatnonzero(known & ((mean > above) | (before.mean(axis=0) > above)))
    listed = listed[np.argsort(-mean[listed], kind="stable")]
    table = _about(network, of, listed)
    table["rate"] = mean[listed]
    table["sd"] = rates[:, listed].std(axis=0, ddof=1) if len(rates) > 1 else np.nan
    table["active"] = (rates[:, listed] > above).mean(axis=0)
    if baseline is not None:
        table["baseline_rate"] = before[:, listed].mean(axis=0)
        table["change"] = table["rate"] - table["baseline_rate"]
        table["p"], table["q"] = _compared(rates[:, listed], before[:, listed])
        table["responds"] = table["q"] <= level
    return table


def target_rates(
    network: Network,
    recordings: Sequence[Recording],
    targets: Mapping[str, Neurons],
    *,
    population: str | None = None,
) -> pd.DataFrame:
    """Mean rate of sets of neurons.

    Parameters
    ----------
    network : Network
    recordings : sequence of Recording
        Trials.
    targets : mapping of str to neurons
        See :func:`~neurobridge.perturbation.find_neurons`.
    population : str, optional
        Needed if there are several.

    Returns
    -------
    pandas.DataFrame
        One row per target: ``target``, ``neurons`` (how many), ``rate`` and ``sd`` over trials of
        the mean over the set, in Hz.

    Raises
    ------
    NetworkError
        If no target is given, a set is empty, or a run is not complete.
    """
    rates = set_rates(network, recordings, targets, population)
    return pd.DataFrame(
        {
            "target": list(rates.columns),
            "neurons": [rates.attrs["neurons"][name] for name in rates.columns],
            "rate": rates.mean().to_numpy(),
            "sd": rates.std(ddof=1).to_numpy(),
        }
    )


def set_rates(
    network: Network,
    recordings: Sequence[Recording],
    targets: Mapping[str, Neurons],
    population: str | None = None,
) -> pd.DataFrame:
    """Rate of each set (columns) in each trial (rows), averaged over its neurons, in Hz."""
    if not targets:
        raise NetworkError("name at least one target, e.g. targets={'MN9': \"cell_type == 'MN9'\"}")
    of = only_population(network, population)
    rates = trial_rates(recordings, of.name)
    found = {name: find_neurons(network, chosen, of.name) for name, chosen in targets.items()}
    for name, chosen in found.items():
        if np.isnan(rates[:, chosen]).any():
            raise NetworkError(f"target {name!r}: not all of its neurons were recorded")
    table = pd.DataFrame({name: rates[:, chosen].mean(axis=1) for name, chosen in found.items()})
    table.attrs["neurons"] = {name: chosen.size for name, chosen in found.items()}
    return table


def _about(network: Network, population: Population, index: NDArray[np.intp]) -> pd.DataFrame:
    """Who the neurons are, and whether spikes are put into them."""
    assert population.ids is not None
    table = pd.DataFrame({"neuron": index, "id": population.ids[index]})
    for label in LABELS:
        if label in population.labels.columns:
            column = population.labels[label]
            table[label] = np.asarray(column.categories, dtype=object)[column.codes[index]]
    driven = np.zeros(population.size, dtype=bool)
    for stimulus in network.stimuli.values():
        if stimulus.population != population.name:
            continue
        if isinstance(stimulus, SpikeTrains):
            driven[stimulus.neuron] = True
        elif isinstance(stimulus, Poisson | PoissonCounts):
            driven[selected(stimulus.neurons, population)] = True
    table["driven"] = driven[index]
    return table


def _compared(
    rates: NDArray[np.float64], before: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two-sided p, and p adjusted for the number of tests, for each column."""
    from scipy.stats import false_discovery_control, mannwhitneyu

    both = np.concatenate([rates, before])
    differ = (both != both[:1]).any(axis=0)
    p = np.ones(rates.shape[1])
    if differ.any():
        test = mannwhitneyu(rates[:, differ], before[:, differ], axis=0, method="asymptotic")
        p[differ] = test.pvalue
    return p, (false_discovery_control(p) if p.size else p)
