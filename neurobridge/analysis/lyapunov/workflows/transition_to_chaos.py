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
from neurobridge.analysis.lyapunov.workflows.running import Diverged, found_of, in_turn, or_diverged
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
        ``stable``, ``marginal``, ``chaotic`` or ``diverged``, see :func:`transition`.
    medians : pandas.DataFrame
        ``value, n, median, low, high, coverage`` over networks that did not diverge.
    edge, chaos : Crossing
        From where on networks are not stable, and from where on they are chaotic; the second of
        networks that never diverge.
    theory : pandas.DataFrame
        ``value, exponent`` of dynamic mean-field theory at these and at values between them; empty
        where it does not apply.
    varied : Varied
    """

    medians: pd.DataFrame
    edge: Crossing
    chaos: Crossing
    theory: pd.DataFrame
    varied: Varied

    @property
    def kind(self) -> str:
        """See :class:`Study`."""
        return "transition"

    def tables(self) -> dict[str, pd.DataFrame]:
        """See :class:`Study`."""
        theory = {"mean_field": self.theory} if len(self.theory) else {}
        return {"table": self.table, "medians": self.medians, **theory}

    def summary(self) -> dict[str, Any]:
        """See :class:`Study`."""
        return {
            "parameter": self.varied.text,
            "edge": self.edge.to_dict(),
            "chaos": self.chaos.to_dict(),
            "medians": self.medians.to_dict("list"),
            "mean_field": self.theory.to_dict("list"),
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
    marginal, as on a limit cycle. One whose state grows without bound, as with ``relu``, is none of
    them: it counts as diverged, has no exponent, and is not stable. Networks of one seed are the
    same at all values but for what is varied. After Ctrl-C crossings are of the networks that are
    complete.

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
        If values are not ascending, an option does not fit, or all networks diverge.
    """
    grid = checked_values(values, at_least=2)
    varied = Varied(tuple(parameters), per_root_n)
    measurement = Measurement.of(measuring, k=1)
    seeds = seeds_of(seed, samples)
    places = [(s, i) for s in range(samples) for i in range(grid.size)]

    def task(sample: int, place: int) -> Spectrum:
        network = varied.at(ensemble, float(grid[place])).network(seeds[sample])
        return measurement.spectrum(network, seeds[sample])

    tasks = [partial(or_diverged, partial(task, *place)) for place in places]
    done = in_turn(tasks, "networks", threads=threads, progress=progress)
    unit = found_of(done.results)[0].unit
    kept = [(s, i, r) for (s, i), r in zip(places, done.results, strict=True) if r is not None]
    table = pd.DataFrame([_row(float(grid[i]), s, seeds[s], r) for s, i, r in kept])
    whole = table[table.groupby("sample")["value"].transform("size") == grid.size]
    bounded = whole[whole["exponent"].groupby(whole["sample"]).transform("count") == grid.size]
    return Transition(
        table,
        provenance(
            workflow="transition", networks=ensemble.to_dict(), parameters=list(parameters),
            per_root_n=per_root_n, values=grid.tolist(), samples=samples, seed=seed,
            measurement=measurement.to_dict(),
        ),
        float(table["seconds"].sum()),
        unit,
        done.interruption,
        _medians(table),
        _crossing(whole, grid, ("marginal", "chaotic", "diverged"), seed, "edge"),
        _crossing(bounded, grid, ("chaotic",), seed, "chaos"),
        mean_field_curve(ensemble, varied, grid, measurement, unit),
        varied,
    )  # fmt: skip


def _row(value: float, sample: int, seed: int, result: Spectrum | Diverged) -> dict[str, Any]:
    if isinstance(result, Diverged):
        nothing = dict.fromkeys(("exponent", "error", "low", "high"), np.nan)
        return {
            "value": value, "sample": sample, "seed": seed, **nothing, "state": "diverged",
            "status": "diverged", "seconds": result.seconds,
        }  # fmt: skip
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
        known = group["exponent"].dropna().to_numpy()
        rows.append({"value": value, "n": known.size, **median_interval(known)._asdict()})
    return pd.DataFrame(rows)


def _crossing(
    table: pd.DataFrame, grid: np.ndarray[Any, Any], states: Sequence[str], seed: int, purpose: str
) -> Crossing:
    ordered = table.sort_values(["sample", "value"])
    maximal = ordered["exponent"].to_numpy().reshape(-1, grid.size)
    above = ordered["state"].isin(states).to_numpy().reshape(-1, grid.size)
    return crossing(grid, maximal, above, seed, purpose)
