"""The rates that a standard network is known for, and whether a recording has them."""

from __future__ import annotations

__all__ = [
    "ExpectedRate",
    "MeasuredRate",
    "expected_rates",
    "measure_rates",
    "notes",
    "rate_table",
    "spikes_of_neurons",
]

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurobridge.citation import Reference
from neurobridge.comparison.statistics import interval_cv
from neurobridge.errors import NetworkError
from neurobridge.graph.network import Network
from neurobridge.recording import Recording, Spikes

if TYPE_CHECKING:
    from rich.table import Table

POPULATION = "neurons"
"""The one population of the standard networks: their groups share one dynamics."""
LABEL = "group"
"""The label that tells groups of neurons apart."""


@dataclass(frozen=True)
class ExpectedRate:
    """What a group of neurons should do.

    Parameters
    ----------
    group : str
        A value of the label ``group``, or ``"all"``.
    rate : float
        Mean rate in Hz.
    within : float
        Largest difference in Hz that is still agreement.
    source : str
        Where the number is from.
    """

    group: str
    rate: float
    within: float
    source: str


@dataclass(frozen=True)
class MeasuredRate:
    """What a group of neurons did.

    Parameters
    ----------
    expected : ExpectedRate
    neurons : int
        Neurons of the group.
    rate : float
        Mean rate in Hz.
    cv : float
        Mean coefficient of variation of the intervals of neurons with at least two of them; nan
        without any.
    """

    expected: ExpectedRate
    neurons: int
    rate: float
    cv: float

    @property
    def agrees(self) -> bool:
        """Whether the rate is as expected."""
        return abs(self.rate - self.expected.rate) <= self.expected.within


def notes(expected: Sequence[ExpectedRate], references: Sequence[Reference]) -> dict[str, Any]:
    """Metadata of a standard network: its rates and its papers."""
    return {
        "expected_rates": [asdict(e) for e in expected],
        "references": [asdict(r) for r in references],
    }


def expected_rates(network: Network) -> tuple[ExpectedRate, ...]:
    """The rates that a network is known for.

    They are part of its metadata: they stay with it in files, and also if it is edited, which may
    make them wrong.

    Raises
    ------
    NetworkError
        If the network is none of the standard ones, or no rates are known for its size.
    """
    if not network.metadata.get("expected_rates"):
        raise NetworkError(
            "this network names no rates that it is known for; those of "
            "neurobridge.models.networks do, unless it is a variant that nobody has measured"
        )
    return tuple(ExpectedRate(**entry) for entry in network.metadata["expected_rates"])


def measure_rates(
    network: Network, recording: Recording, *, discard: float = 200.0
) -> tuple[MeasuredRate, ...]:
    """Mean rates and irregularity of the groups of a standard network.

    Parameters
    ----------
    network : Network
        One of :mod:`neurobridge.models.networks`.
    recording : Recording
        A run of it, of all its neurons.
    discard : float
        Time in ms at the beginning that does not count.

    Returns
    -------
    tuple of MeasuredRate
        One for each of :func:`expected_rates`.

    Raises
    ------
    NetworkError
        If nothing is left after ``discard``, or the recording is not of all neurons.
    """
    expected = expected_rates(network)
    spikes = spikes_of_neurons(recording)
    population = network.population(POPULATION)
    if spikes.size != population.size or spikes.neurons is not None:
        raise NetworkError(
            f"rates: the recording has {spikes.recorded.size} of {spikes.size} neurons, the "
            f"network has {population.size}; record the spikes of all neurons"
        )
    first = round(discard / spikes.dt)
    if not 0 <= first < spikes.n_steps:
        raise NetworkError(
            f"rates: cannot discard {discard:g} ms of a run of {recording.duration:g} ms"
        )
    kept = _after(spikes, first)
    rates, cv = kept.rates, interval_cv(kept)
    measured = []
    for entry in expected:
        everyone = np.arange(population.size)
        chosen = everyone if entry.group == "all" else population.where(**{LABEL: entry.group})
        irregular = cv[chosen][np.isfinite(cv[chosen])]
        mean_cv = float(irregular.mean()) if irregular.size else float("nan")
        measured.append(MeasuredRate(entry, chosen.size, float(rates[chosen].mean()), mean_cv))
    return tuple(measured)


def rate_table(measured: Sequence[MeasuredRate]) -> Table:
    """Measured and expected rates, to be printed by rich.

    Parameters
    ----------
    measured : sequence of MeasuredRate
        From :func:`measure_rates`.

    Returns
    -------
    rich.table.Table
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("group", "neurons", "rate (Hz)", "expected", "within", "", "CV", "source"):
        right = heading not in ("group", "source", "")
        table.add_column(heading, justify="right" if right else "left")
    for m in measured:
        e = m.expected
        verdict = "[green]agrees[/]" if m.agrees else "[bold red]DIFFERS[/]"
        table.add_row(
            e.group, f"{m.neurons:,}", f"{m.rate:.3f}", f"{e.rate:.3f}", f"{e.within:.3f}",
            verdict, f"{m.cv:.2f}", e.source,
        )  # fmt: skip
    return table


def spikes_of_neurons(recording: Recording) -> Spikes:
    """The spikes of the population of a standard network.

    Raises
    ------
    NetworkError
        If they were not recorded under its name.
    """
    if POPULATION not in recording.spikes:
        raise NetworkError(
            f"the recording has the spikes of {', '.join(recording.spikes) or 'nobody'}, and not "
            f"those of the population {POPULATION!r}; record the spikes of all neurons, by that "
            "name"
        )
    return recording.spikes[POPULATION]


def _after(spikes: Spikes, first: int) -> Spikes:
    """The spikes after a number of steps, in time since then."""
    late = spikes.step > first
    return Spikes(
        spikes.step[late] - first, spikes.neuron[late], spikes.trial[late],
        spikes.dt, spikes.n_steps - first, spikes.size,
    )  # fmt: skip
