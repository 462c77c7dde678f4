"""Convergence: how exponents settle, for several initial states and ways of renormalising."""

from __future__ import annotations

__all__ = ["Convergence", "convergence"]

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurobridge.analysis.lyapunov.result import Spectrum
from neurobridge.analysis.lyapunov.workflows.ensemble import Ensemble
from neurobridge.analysis.lyapunov.workflows.measurement import Measurement
from neurobridge.analysis.lyapunov.workflows.running import in_turn
from neurobridge.analysis.lyapunov.workflows.study import Study, counted, provenance
from neurobridge.analysis.lyapunov.workflows.varying import seeds_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Convergence(Study):
    """Running exponents of one network.

    Parameters
    ----------
    table : pandas.DataFrame
        ``renormalise, interval, start, index, time, running, mean``: the mean of an exponent until
        a time, and within the block that ends then. The interval is that asked for, NaN for the
        automatic one.
    final : pandas.DataFrame
        ``renormalise, interval, start, index, exponent, error, low, high, status, seconds,
        renormalisations, redone``; ``redone`` counts intervals that were too long.
    """

    final: pd.DataFrame

    @property
    def kind(self) -> str:
        """See :class:`Study`."""
        return "convergence"

    def tables(self) -> dict[str, pd.DataFrame]:
        """See :class:`Study`."""
        return {"table": self.table, "final": self.final}

    @property
    def doubts(self) -> str:
        """See :class:`Study`."""
        runs = self.final.drop_duplicates(["renormalise", "interval", "start"])
        return counted(runs["status"], "runs")

    @property
    def between_starts(self) -> pd.DataFrame:
        """``index, mean, sd, error``: over initial states, beside the mean error of one of them.

        Where the errors are right, ``sd`` is about ``error``.
        """
        first = self.variants[0]
        groups = self._of(self.final, *first).groupby("index")
        made = groups.agg(mean=("exponent", "mean"), sd=("exponent", "std"),
                          error=("error", lambda e: float(np.sqrt(np.mean(e**2)))))  # fmt: skip
        return made.reset_index()

    @property
    def between_variants(self) -> pd.DataFrame:
        """``renormalise, interval, difference``: largest from the first way, on one trajectory."""
        columns = ["start", "index"]
        base = self._of(self.final, *self.variants[0]).set_index(columns)["exponent"]
        rows = []
        for kind, interval in self.variants[1:]:
            other = self._of(self.final, kind, interval).set_index(columns)["exponent"]
            rows.append((kind, interval, float((other - base).abs().max())))
        return pd.DataFrame(rows, columns=["renormalise", "interval", "difference"])

    @property
    def variants(self) -> list[tuple[str, float]]:
        """Ways of renormalising in the order in which they were asked for."""
        pairs = self.final[["renormalise", "interval"]].drop_duplicates()
        return [(str(kind), float(interval)) for kind, interval in pairs.itertuples(index=False)]

    def running(self, kind: str, interval: float) -> pd.DataFrame:
        """The rows of the table for one way of renormalising."""
        return self._of(self.table, kind, interval)

    @staticmethod
    def _of(table: pd.DataFrame, kind: str, interval: float) -> pd.DataFrame:
        same = table["interval"].isna() if np.isnan(interval) else table["interval"] == interval
        return table[(table["renormalise"] == kind) & same]

    def summary(self) -> dict[str, Any]:
        """See :class:`Study`."""
        return {
            "between_starts": self.between_starts.to_dict("list"),
            "between_variants": self.between_variants.to_dict("list"),
        }

    def draw(self) -> Figure:
        """Running exponents, their spread over initial states, differences between variants."""
        from neurobridge.analysis.lyapunov.workflows.convergence_figure import draw_convergence

        return draw_convergence(self)


def convergence(
    ensemble: Ensemble,
    k: int = 20,
    *,
    intervals: Sequence[float | None] = (None,),
    kinds: Sequence[str] = ("auto",),
    starts: int = 5,
    seed: int = 0,
    threads: int = 1,
    progress: bool = True,
    **measuring: Any,
) -> Convergence:
    """Running exponents of one network, from several initial states and in several ways.

    All ways of renormalising see the same trajectory and the same tangent vectors from one initial
    state, so their exponents differ by errors of arithmetic alone.

    Parameters
    ----------
    ensemble : Ensemble
        The network is that of ``seed``.
    k : int
        Leading exponents.
    intervals : sequence of float or None
        Units of time between renormalisations; None chooses by the spread of exponents. Intervals
        that turn out to be too long are done again, halved.
    kinds : sequence of {"auto", "lu", "cholesky", "householder"}
    starts : int
        Initial states, of the seeds ``seed``, ``seed + 1`` ...
    seed : int
    threads : int
        Runs at a time.
    progress : bool
    **measuring
        Options of :class:`Measurement`; there are 100 blocks by default.

    Returns
    -------
    Convergence

    Raises
    ------
    NetworkError, UnknownNameError, DivergedError
        If an option does not fit, or a trajectory diverges.
    """
    measurement = Measurement.of(measuring, k=k, blocks=100)
    network = ensemble.network(seed)
    seeds = seeds_of(seed, starts)
    ways = [(kind, interval, s) for kind in kinds for interval in intervals for s in seeds]

    def task(kind: str, interval: float | None, start: int) -> Spectrum:
        chosen = measurement.varied(renormalise=kind, interval=interval)
        return chosen.spectrum(network, start)

    done = in_turn([partial(task, *way) for way in ways], "runs", threads=threads,
                   progress=progress)  # fmt: skip
    found = [(way, r) for way, r in zip(ways, done.results, strict=True) if r is not None]
    return Convergence(
        pd.concat([_running(way, r) for way, r in found], ignore_index=True),
        provenance(
            workflow="convergence", networks=ensemble.to_dict(), k=k, intervals=list(intervals),
            kinds=list(kinds), starts=starts, seed=seed, measurement=measurement.to_dict(),
        ),
        sum(r.seconds for _, r in found),
        found[0][1].unit,
        done.interruption,
        pd.concat([_final(way, r) for way, r in found], ignore_index=True),
    )  # fmt: skip


def _way(way: tuple[str, float | None, int]) -> dict[str, Any]:
    kind, interval, start = way
    return {
        "renormalise": kind,
        "interval": np.nan if interval is None else float(interval),
        "start": start,
    }


def _running(way: tuple[str, float | None, int], result: Spectrum) -> pd.DataFrame:
    times, means = result.trace
    return pd.DataFrame(
        {
            **_way(way),
            "index": np.tile(np.arange(1, result.k + 1), times.size),
            "time": np.repeat(times, result.k),
            "running": means.ravel(),
            "mean": result.blocks.ravel(),
        }
    )


def _final(way: tuple[str, float | None, int], result: Spectrum) -> pd.DataFrame:
    added = {
        "seconds": result.seconds,
        "renormalisations": result.info["renormalisations"],
        "redone": result.info["redone"],
    }
    return result.table().assign(**_way(way), **added)
