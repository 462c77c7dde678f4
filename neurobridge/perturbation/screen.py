"""Which sets of neurons a response depends on: each is silenced in turn."""

from __future__ import annotations

__all__ = ["silencing_screen"]

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurobridge.errors import NetworkError
from neurobridge.graph.network import Network
from neurobridge.perturbation.edits import silence
from neurobridge.perturbation.neurons import Neurons, find_neurons
from neurobridge.perturbation.responders import set_rates
from neurobridge.perturbation.trials import Trials


def silencing_screen(
    network: Network,
    sets: Mapping[str, Neurons],
    targets: Mapping[str, Neurons],
    trials: Trials | None = None,
    *,
    direction: Literal["outgoing", "incoming", "both"] = "outgoing",
    confidence: float = 0.95,
    population: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """What silencing each of several sets does to the rates of targets.

    A trial of the intact and of the silenced network get the same input, so their difference is
    taken trial by trial. Each set is a network of its own, which is built once.

    Parameters
    ----------
    network : Network
        With what activates it, see :func:`~neurobridge.perturbation.activate`.
    sets, targets : mapping of str to neurons
        See :func:`~neurobridge.perturbation.find_neurons`.
    trials : Trials, optional
        Default: 30 of 1 s, at 0.1 ms. At least two.
    direction : {"outgoing", "incoming", "both"}
        See :func:`~neurobridge.perturbation.silence`.
    confidence : float
        Of the interval of the change.
    population : str, optional
        Needed if there are several.
    progress : callable, optional
        Called with the number of runs done, out of ``(1 + len(sets)) * trials.number``.

    Returns
    -------
    pandas.DataFrame
        One row for each set and target: ``silenced``, ``neurons`` (of the set), ``target``,
        ``intact`` and ``rate`` (mean rates in Hz), ``change`` with ``low`` and ``high`` (its
        confidence interval, by Student's t over trials), ``p`` (paired t-test) and ``q`` (p
        adjusted for the number of rows; Benjamini & Hochberg 1995).

    Raises
    ------
    NetworkError
        If there are fewer than two trials, no sets or targets, or a set means nobody.
    FindingsError, BackendError
        As :func:`neurobridge.compile`.
    """
    from scipy.stats import false_discovery_control

    trials = trials or Trials()
    if trials.number < 2:
        raise NetworkError(f"an interval needs at least two trials, got {trials.number}")
    if not sets:
        raise NetworkError("name at least one set to silence, e.g. sets={'DNp01': [17, 18]}")
    if not 0 < confidence < 1:
        raise NetworkError(f"confidence: expected a number between 0 and 1, got {confidence}")
    members = {name: find_neurons(network, chosen, population) for name, chosen in sets.items()}
    done = 0

    def rates_of(of: Network) -> pd.DataFrame:
        before = done
        further = None if progress is None else lambda runs: progress(before + runs)
        return set_rates(of, trials.run(of, progress=further), targets, population)

    intact = rates_of(network)
    rows = []
    for name, chosen in members.items():
        done += trials.number
        rates = rates_of(silence(network, chosen, direction, population=population))
        for target in rates.columns:
            pair = intact[target].to_numpy(), rates[target].to_numpy()
            change, low, high, p = _paired(*pair, confidence)
            means = float(pair[0].mean()), float(pair[1].mean())
            rows.append((name, chosen.size, target, *means, change, low, high, p))
    table = pd.DataFrame(
        rows,
        columns=["silenced", "neurons", "target", "intact", "rate", "change", "low", "high", "p"],
    )
    return table.assign(q=false_discovery_control(table["p"].to_numpy()))


def _paired(
    before: NDArray[np.float64], after: NDArray[np.float64], confidence: float
) -> tuple[float, float, float, float]:
    """Mean difference, its confidence interval, and p of no difference, by Student's t."""
    from scipy.stats import t as student

    difference = after - before
    mean, n = float(difference.mean()), difference.size
    error = float(difference.std(ddof=1)) / np.sqrt(n)
    if error == 0:
        return mean, mean, mean, float(mean == 0)
    half = float(student.ppf((1 + confidence) / 2, n - 1)) * error
    return mean, mean - half, mean + half, float(2 * student.sf(abs(mean) / error, n - 1))
