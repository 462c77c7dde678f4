"""Sweep: spectra, dimension and entropy against the strength of couplings or spread of neurons."""

from __future__ import annotations

__all__ = ["Sweep", "sweep"]

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from neurobridge.analysis.lyapunov.result import Spectrum
from neurobridge.analysis.lyapunov.workflows.ensemble import Ensemble
from neurobridge.analysis.lyapunov.workflows.measurement import Measurement
from neurobridge.analysis.lyapunov.workflows.over_networks import median_interval
from neurobridge.analysis.lyapunov.workflows.running import Diverged, found_of, in_turn, or_diverged
from neurobridge.analysis.lyapunov.workflows.study import Study, provenance
from neurobridge.analysis.lyapunov.workflows.varying import Varied, checked_values, seeds_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUANTITIES = ("dimension_per_n", "entropy_per_n", "maximal")


@dataclass(frozen=True, eq=False)
class Sweep(Study):
    """Spectra of networks over a parameter.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a network: ``value, sample, seed, size, k, maximal, n_positive, dimension,
        dimension_error, dimension_per_n, entropy, entropy_error, entropy_per_n, sum, status,
        seconds``. A network that diverged has the status ``diverged`` and no numbers.
    exponents : pandas.DataFrame
        ``value, sample, index, exponent, error, low, high``.
    medians : pandas.DataFrame
        ``quantity, value, n, median, low, high, coverage`` over networks, of dimension / N,
        entropy / N and the largest exponent.
    varied : Varied
    """

    exponents: pd.DataFrame
    medians: pd.DataFrame
    varied: Varied

    @property
    def kind(self) -> str:
        """See :class:`Study`."""
        return "sweep"

    def tables(self) -> dict[str, pd.DataFrame]:
        """See :class:`Study`."""
        return {"table": self.table, "exponents": self.exponents, "medians": self.medians}

    def summary(self) -> dict[str, Any]:
        """See :class:`Study`."""
        return {
            "parameter": self.varied.text,
            "medians": self.medians.to_dict("list"),
        }

    def draw(self) -> Figure:
        """Dimension / N and entropy / N over the parameter, and spectra at some values."""
        from neurobridge.analysis.lyapunov.workflows.sweep_figure import draw_sweep

        return draw_sweep(self)


def sweep(
    ensemble: Ensemble,
    values: Sequence[float],
    *,
    samples: int = 3,
    parameters: Sequence[str] = ("weights",),
    per_root_n: bool = False,
    seed: int = 0,
    threads: int = 1,
    progress: bool = True,
    **measuring: Any,
) -> Sweep:
    """Spectra, Kaplan-Yorke dimension and entropy against a parameter.

    Parameters
    ----------
    ensemble : Ensemble
    values : sequence of float
        Ascending, e.g. powers of 2.
    samples, parameters, per_root_n, seed, threads, progress
        See :func:`transition`.
    **measuring
        Options of :class:`Measurement`; k is "all" by default.

    Returns
    -------
    Sweep

    Raises
    ------
    NetworkError, UnknownNameError, DivergedError
        If values are not ascending, an option does not fit, or all networks diverge.
    """
    grid = checked_values(values)
    varied = Varied(tuple(parameters), per_root_n)
    measurement = Measurement.of(measuring)
    seeds = seeds_of(seed, samples)
    places = [(float(v), s) for v in grid for s in range(samples)]

    def task(value: float, sample: int) -> Spectrum:
        network = varied.at(ensemble, value).network(seeds[sample])
        return measurement.spectrum(network, seeds[sample])

    tasks = [partial(or_diverged, partial(task, *place)) for place in places]
    done = in_turn(tasks, "networks", threads=threads, progress=progress)
    unit = found_of(done.results)[0].unit
    kept = [(v, s, r) for (v, s), r in zip(places, done.results, strict=True) if r is not None]
    table = pd.DataFrame([_row(v, s, seeds[s], r) for v, s, r in kept])
    return Sweep(
        table,
        provenance(
            workflow="sweep", networks=ensemble.to_dict(), parameters=list(parameters),
            per_root_n=per_root_n, values=grid.tolist(), samples=samples, seed=seed,
            measurement=measurement.to_dict(),
        ),
        float(table["seconds"].sum()),
        unit,
        done.interruption,
        pd.concat([_exponents(*each) for each in kept], ignore_index=True),
        _medians(table),
        varied,
    )  # fmt: skip


def _row(value: float, sample: int, seed: int, result: Spectrum | Diverged) -> dict[str, Any]:
    known = {"value": value, "sample": sample, "seed": seed}
    if isinstance(result, Diverged):
        return {**known, "status": "diverged", "seconds": result.seconds}
    n = result.size
    return {
        **known, "size": n, "k": result.k,
        "maximal": result.maximal, "n_positive": result.n_positive,
        "dimension": result.kaplan_yorke, "dimension_error": result.kaplan_yorke_error,
        "dimension_per_n": result.kaplan_yorke / n, "entropy": result.entropy,
        "entropy_error": result.entropy_error, "entropy_per_n": result.entropy / n,
        "sum": result.sum, "status": result.status, "seconds": result.seconds,
    }  # fmt: skip


def _exponents(value: float, sample: int, result: Spectrum | Diverged) -> pd.DataFrame:
    if isinstance(result, Diverged):
        return pd.DataFrame()
    table = result.table().drop(columns="status")
    table.insert(0, "value", value)
    table.insert(1, "sample", sample)
    return table


def _medians(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for quantity in QUANTITIES:
        for value, group in table.groupby("value"):
            known = group[quantity].dropna().to_numpy()
            found = median_interval(known)._asdict()
            rows.append({"quantity": quantity, "value": value, "n": known.size, **found})
    return pd.DataFrame(rows)
