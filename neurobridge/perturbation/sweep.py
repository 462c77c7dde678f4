"""The response of a network over the rate of an activation."""

from __future__ import annotations

__all__ = ["RateSweep", "sweep_rates"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurobridge.errors import NetworkError
from neurobridge.graph.network import Network
from neurobridge.graph.stimulus import Poisson
from neurobridge.perturbation.edits import activate
from neurobridge.perturbation.neurons import Neurons
from neurobridge.perturbation.responders import responders, target_rates
from neurobridge.perturbation.trials import Trials
from neurobridge.recording import Recording


@dataclass(frozen=True)
class RateSweep:
    """What :func:`sweep_rates` found.

    Parameters
    ----------
    network : Network
        With the activation at the first rate.
    rates : float64 array, shape (R,)
        In Hz.
    recordings : tuple of tuple of Recording
        ``[r][k]`` is trial ``k`` at rate ``r``.
    population : str
    """

    network: Network
    rates: NDArray[np.float64]
    recordings: tuple[tuple[Recording, ...], ...]
    population: str

    def responders(self, rate: float, **options: Any) -> pd.DataFrame:
        """The table of :func:`~neurobridge.perturbation.responders` at one of the rates.

        Raises
        ------
        NetworkError
            If the sweep has no such rate.
        """
        (place,) = np.nonzero(self.rates == rate)
        if not place.size:
            raise NetworkError(f"the sweep has no rate {rate} Hz; it has {self.rates.tolist()}")
        return responders(
            self.network, self.recordings[place[0]], population=self.population, **options
        )

    def counts(self, above: float = 0.0) -> pd.DataFrame:
        """How many neurons fire, with and without the driven ones.

        Returns
        -------
        pandas.DataFrame
            ``drive`` in Hz, ``responders`` (neurons whose mean rate is above ``above`` Hz),
            ``not_driven`` (those of them that are not driven), ``spikes`` (mean of a trial).
        """
        rows = []
        for rate, trials in zip(self.rates.tolist(), self.recordings, strict=True):
            table = responders(self.network, trials, above=above, population=self.population)
            spikes = float(np.mean([len(r.spikes[self.population]) for r in trials]))
            rows.append((rate, len(table), int((~table["driven"]).sum()), spikes))
        return pd.DataFrame(rows, columns=["drive", "responders", "not_driven", "spikes"])

    def targets(self, targets: Mapping[str, Neurons]) -> pd.DataFrame:
        """The table of :func:`~neurobridge.perturbation.target_rates`, with a column ``drive``."""
        parts = [
            target_rates(self.network, trials, targets, population=self.population).assign(
                drive=rate
            )
            for rate, trials in zip(self.rates.tolist(), self.recordings, strict=True)
        ]
        return pd.concat(parts, ignore_index=True)


def sweep_rates(
    network: Network,
    neurons: Neurons,
    rates: ArrayLike,
    trials: Trials | None = None,
    *,
    progress: Callable[[int], None] | None = None,
    **activation: Any,
) -> RateSweep:
    """Activate a set at one rate after another; the network is built once.

    Parameters
    ----------
    network : Network
    neurons : str, sequence of str, int array of shape (k,), or bool array of shape (N,)
        See :func:`~neurobridge.perturbation.find_neurons`.
    rates : float array-like, shape (R,)
        In Hz.
    trials : Trials, optional
        Default: 30 of 1 s, at 0.1 ms.
    progress : callable, optional
        Called with the number of runs done, out of ``R * trials.number``.
    **activation
        As for :func:`~neurobridge.perturbation.activate`.

    Returns
    -------
    RateSweep

    Raises
    ------
    NetworkError
        If there is no rate, a rate is given twice or is not a number of at least 0, or as for
        :func:`~neurobridge.perturbation.activate`.
    FindingsError, BackendError
        As :func:`neurobridge.compile`.
    """
    hertz = np.atleast_1d(np.asarray(rates, dtype=np.float64))
    if hertz.ndim != 1 or not hertz.size or np.unique(hertz).size != hertz.size:
        raise NetworkError(f"sweep_rates: expected different rates in Hz, got {rates!r}")
    trials = trials or Trials()
    active = activate(network, neurons, float(hertz[0]), **activation)
    stimulus = active.stimuli[activation.get("name", "activation")]
    assert isinstance(stimulus, Poisson)
    stimuli: Sequence[Sequence[Poisson]] = [[replace(stimulus, rate=float(r))] for r in hertz]
    recordings = trials.run_each(active, stimuli, progress=progress)
    return RateSweep(active, hertz, tuple(map(tuple, recordings)), stimulus.population)
