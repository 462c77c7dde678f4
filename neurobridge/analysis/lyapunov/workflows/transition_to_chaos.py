"""Transition: the largest exponent against the strength of couplings, or the spread of neurons."""

from __future__ import annotations

__all__ = ["Transition", "transition"]

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurobridge.analysis.lyapunov.result import Spectrum
from neurobridge.analysis.lyapunov.workflows.crossing import Crossing, crossing
from neurobridge.analysis.lyapunov.workflows.ensemble import Ensemble
from neurobridge.analysis.lyapunov.workflows.measurement import Measurement
from neurobridge.analysis.lyapunov.workflows.over_networks import median_interval
from neurobridge.analysis.lyapunov.workflows.running import in_turn
from neurobridge.analysis.lyapunov.workflows.study import Study, provenance
from neurobridge.analysis.lyapunov.workflows.theory import mean_field_curve
from neurobridge.analysis.lyapunov.workflows.varying import Varied, checked_values, seeds_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESOLVED = 3.0
"""Growth, as a logarithm over the whole time, below which an exponent is not told from 0."""


@dataclass(frozen=True, eq=False)
class Transition(Study):
    """Largest exponents of networks over a parameter.

    Parameters
    ----------
    table : pandas.DataFrame
        ``value, sample, seed, exponent, error, low, high, state, status, seconds``; the state is
        ``stable``, ``marginal`` or ``chaotic``, see :func:`transition`.
    medians : pandas.DataFrame
        ``value, n, median, low, high, coverage`` over networks.
    edge, chaos : Crossing
        From where on networks are not stable, and from where on they are chaotic.
    theory : pandas.DataFrame
        ``value, exponent`` of dynamic mean-field theory; empty where it does not apply.
    varied : Varied
    unit : str
    interrupted : bool
        Whether Ctrl-C ended it; the crossings are then of the networks that are complete.
    """

    medians: pd.DataFrame
    edge: Crossing
    chaos: Crossing
    theory: pd.DataFrame
    varied: Varied
    unit: str
    interrupted: bool

    @property
    def kind(self) -> str:
        """See :class:`Study`."""
        return "transition"

    def tables(self) -> dict[str, pd.DataFrame]:
        """See :class:`Study`."""
        return {"table": self.table, "medians": self.medians, "mean_field": self.theory}

    def summary(self) -> dict[str, Any]:
        """See :class:`Study`."""
        return {
            "parameter": self.varied.text,
            "unit": self.unit,
            "edge": self.edge.to_dict(),
            "chaos": self.chaos.to_dict(),
            "medians": self.medians.to_dict("list"),
            "mean_field": self.theory.to_dict("list"),
            "interrupted": self.interrupted,
        }

    def draw(self) -> Figure:
        """Every network, medians, mean-field theory, and where the crossings are."""
        from neurobridge.analysis.lyapunov.workflows.transition_figure import draw_transition

        return draw_transition(self)


def transition(
    ensemble: Ensemble,
    values: Sequence[float],
    *,
    samples: int = 5,
    parameters: Sequence[str] = ("weights",),
    per_root_n: bool = False,
    seed: int = 0,
    threads: int = 1,
    progress: bool = True,
    **measuring: Any,
) -> Transition:
    """The largest exponent against a parameter, and where networks become unstable and chaotic.

    An exponent is told from 0 if its 95 % interval excludes 0 and it makes for a factor of e^3 over
    the time measured. A network with a negative one is stable, with a positive one chaotic, else
    marginal, as on a limit cycle. Networks of one seed are the same at all values but for what is
    varied.

    Parameters
    ----------
    ensemble : Ensemble
    values : sequence of float
        Ascending, at least two.
    samples : int
        Networks, with the seeds ``seed``, ``seed + 1`` ...
    parameters : sequence of {"weights", "gains", "shifts"}
        What the values are: the strength of the couplings (g), the standard deviation of gains or
        of shifts; several have the same value.
    per_root_n : bool
        Divide the standard deviations of gains and shifts by the square root of N.
    seed : int
    threads : int
        Networks at a time.
    progress : bool
    **measuring
        Options of :class:`Measurement`; k is 1 by default.

    Returns
    -------
    Transition

    Raises
    ------
    NetworkError, UnknownNameError, DivergedError
        If values are not ascending, an option does not fit, or a network diverges.
    """
    grid = checked_values(values, at_least=2)
    varied = Varied(tuple(parameters), per_root_n)
    measurement = Measurement.of(measuring, k=1)
    seeds = seeds_of(seed, samples)
    places = [(s, i) for s in range(samples) for i in range(grid.size)]

    def task(sample: int, place: int) -> Spectrum:
        network = varied.at(ensemble, float(grid[place])).network(seeds[sample])
        return measurement.spectrum(network, seeds[sample])

    done = in_turn(
        [partial(task, *place) for place in places], "networks", threads=threads, progress=progress,
    )  # fmt: skip
    found = [(s, i, result) for (s, i), result in zip(places, done.results, strict=True) if result]
    table = pd.DataFrame([_row(float(grid[i]), s, seeds[s], r) for s, i, r in found])
    whole = table[table.groupby("sample")["value"].transform("size") == grid.size]
    unit = found[0][2].unit
    return Transition(
        table,
        provenance(
            workflow="transition", networks=ensemble.to_dict(), parameters=list(parameters),
            per_root_n=per_root_n, values=grid.tolist(), samples=samples, seed=seed,
            measurement=measurement.to_dict(),
        ),
        float(table["seconds"].sum()),
        _medians(table),
        _crossing(whole, grid, ("marginal", "chaotic"), seed, "edge"),
        _crossing(whole, grid, ("chaotic",), seed, "chaos"),
        mean_field_curve(ensemble, varied, grid, measurement, unit),
        varied,
        unit,
        done.interrupted,
    )  # fmt: skip


def _row(value: float, sample: int, seed: int, result: Spectrum) -> dict[str, Any]:
    low, high = float(result.interval[0][0]), float(result.interval[1][0])
    return {
        "value": value, "sample": sample, "seed": seed, "exponent": result.maximal,
        "error": float(result.errors[0]), "low": low, "high": high,
        "state": _state(result.maximal, low, high, result.time), "status": result.status,
        "seconds": result.seconds,
    }  # fmt: skip


def _state(exponent: float, low: float, high: float, time: float) -> str:
    if abs(exponent) * time < RESOLVED or low <= 0 <= high:
        return "marginal"
    return "stable" if exponent < 0 else "chaotic"


def _medians(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for value, group in table.groupby("value"):
        found = median_interval(group["exponent"].to_numpy())
        rows.append({"value": value, "n": len(group), **found._asdict()})
    return pd.DataFrame(rows)


def _crossing(
    table: pd.DataFrame, grid: np.ndarray[Any, Any], states: Sequence[str], seed: int, purpose: str
) -> Crossing:
    ordered = table.sort_values(["sample", "value"])
    maximal = ordered["exponent"].to_numpy().reshape(-1, grid.size)
    above = ordered["state"].isin(states).to_numpy().reshape(-1, grid.size)
    return crossing(grid, maximal, above, seed, purpose)
