"""Pass "drive", counts: dense Poisson input, whose every step can be drawn alone.

Such input is too much for a list of events: the external spikes of 12,500 neurons at 20 kHz each
are 250 million in a second. So it is handed over undrawn, as a key and the distribution of counts,
and whoever plays it draws a step when the step comes. All draw the same.
"""

from __future__ import annotations

__all__ = ["CountPlayer", "counts_of", "listed", "lower_counts"]

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError
from neurobridge.graph.population import Population
from neurobridge.graph.stimulus import PoissonCounts
from neurobridge.lowering.draws import BYTES_PER_INPUT_SPIKE, DRAWS, refuse_flood, selected
from neurobridge.lowering.event_plans import stimulus_delay, stimulus_weight
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.grid import to_steps
from neurobridge.lowering.program import CountInput, EventInput
from neurobridge.rng import stream_key, uniforms_of

MOST = 10_000.0
"""Expected events of one neuron in one step up to which they are counted."""
NEVER = 2.0
"""Fills up a distribution: no uniform number reaches it."""


def lower_counts(
    stimulus: PoissonCounts,
    population: Population,
    dt: float,
    n_steps: int,
    seed: int,
    trial: int,
    findings: list[Finding],
) -> CountInput:
    """The distributions of a dense stimulus and the key of its draws; nothing is drawn yet.

    Raises
    ------
    NetworkError
        If a neuron would get more than 10,000 events a step.
    """
    receptor, weight = stimulus_weight(stimulus, population)
    neurons = selected(stimulus.neurons, population)
    span = [stimulus.start, min(stimulus.stop, n_steps * dt)]
    where = f"stimulus {stimulus.name!r}, window"
    (first, last), found = to_steps(span, dt, where, "spike_time_rounding", at_least=0)
    findings += found
    rates, row = np.unique(np.broadcast_to(stimulus.rate, neurons.shape), return_inverse=True)
    return CountInput(
        stimulus.name, population.name, receptor.name, neurons, np.full(neurons.size, weight),
        int(first), min(int(last), n_steps), stimulus_delay(stimulus, dt, findings),
        row.astype(np.int32), _distributions(stimulus.name, rates, dt),
        stream_key(seed, "stimulus", stimulus.name, trial),
    )  # fmt: skip


def _distributions(name: str, rates: NDArray[np.float64], dt: float) -> NDArray[np.float64]:
    """``P(N <= j)`` of every rate in Hz, shape (rates, length), until it rounds to 1."""
    from scipy.special import pdtr

    mean = rates * dt * 1e-3
    most = float(mean.max(initial=0.0))
    if most > MOST:
        raise NetworkError(
            f"stimulus {name!r}: {rates.max():g} Hz are {most:,.0f} events in each step of "
            f"{dt:g} ms, more than the {MOST:,.0f} that are counted; check the unit of the rate "
            "(Hz), or drive the neurons with DiffusionNoise"
        )
    length = int(most + 12 * np.sqrt(most)) + 40
    cdf = pdtr(np.arange(length, dtype=np.float64), mean[:, None])
    cdf = np.where(cdf < 1 - 2.0**-53, cdf, NEVER)
    return np.asarray(cdf[:, : int((cdf < 1).sum(axis=1).max(initial=0)) + 1])


def counts_of(given: CountInput, first: int, last: int) -> NDArray[np.int32]:
    """Events that leave in steps ``first <= s < last``, for every channel.

    Returns
    -------
    int32 array, shape (last - first, m)
        0 outside the window of the stimulus.
    """
    counts = np.zeros((max(last - first, 0), given.target.size), dtype=np.int32)
    start, stop = max(first, given.first), min(last, given.last)
    if start >= stop or not given.target.size:
        return counts
    blocks = np.arange(start // 2, (stop + 1) // 2)
    pairs = uniforms_of(given.key, given.target.astype(np.int64), blocks[:, None])
    draws = pairs.transpose(0, 2, 1).reshape(2 * blocks.size, -1)[start - 2 * blocks[0] :]
    draws = draws[: stop - start]
    drawn = counts[start - first : stop - first]
    if given.cdf.shape[0] == 1:
        drawn[:] = np.searchsorted(given.cdf[0], draws, side="right")
        return counts
    order = np.argsort(given.row, kind="stable")
    ends = np.searchsorted(given.row[order], np.arange(given.cdf.shape[0] + 1))
    for row, cdf in enumerate(given.cdf):
        columns = order[ends[row] : ends[row + 1]]
        drawn[:, columns] = np.searchsorted(cdf, draws[:, columns], side="right")
    return counts


def _steps_at_once(given: CountInput) -> int:
    """An even number, for draws come in pairs."""
    return 2 * max(1, DRAWS // max(given.target.size, 1))


class CountPlayer:
    """Draws a dense input some steps at a time, for a loop over steps.

    Parameters
    ----------
    given : CountInput
    """

    def __init__(self, given: CountInput) -> None:
        self.given = given
        self._length = _steps_at_once(given)
        self._start, self._counts = 0, np.zeros((0, given.target.size), dtype=np.int32)

    def arriving(self, step: int) -> NDArray[np.int32] | None:
        """How many events of each channel are added in ``step``, int32 (m,); None outside."""
        left = step - (self.given.delay - 1)
        if not self.given.first <= left < self.given.last:
            return None
        if not self._start <= left < self._start + len(self._counts):
            self._start = left - left % self._length
            self._counts = counts_of(self.given, self._start, self._start + self._length)
        return np.asarray(self._counts[left - self._start])


def listed(given: CountInput, n_steps: int) -> EventInput:
    """The events of a dense input, one by one, for a run of ``n_steps``.

    Raises
    ------
    NetworkError
        If they do not fit into memory.
    """
    last = min(given.last, n_steps - (given.delay - 1))
    steps = max(last - given.first, 0)
    arriving = (1 - np.minimum(given.cdf[given.row, 0], 1)).sum() * steps
    refuse_flood(
        given.stimulus, float(arriving), BYTES_PER_INPUT_SPIKE, "events",
        "Take a backend that draws them as it goes (native, reference), or run",
    )  # fmt: skip
    length = _steps_at_once(given)
    parts = []
    for start in range(given.first, last, length):
        counts = counts_of(given, start, min(start + length, last))
        step, channel = np.nonzero(counts)
        parts.append((step + (start + given.delay - 1), channel, counts[step, channel]))
    step, channel, count = (
        np.concatenate([np.zeros(0, np.int64), *(part[i] for part in parts)]) for i in range(3)
    )
    return EventInput(
        given.stimulus, given.population, given.receptor, given.target, given.weight,
        step, channel.astype(np.int32), count.astype(np.int32),
    )  # fmt: skip
