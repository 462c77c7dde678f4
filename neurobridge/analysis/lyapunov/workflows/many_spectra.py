"""Spectra of several networks of one kind."""

from __future__ import annotations

__all__ = ["Spectra", "spectra"]

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurobridge.analysis.lyapunov.result import Spectrum
from neurobridge.analysis.lyapunov.workflows.ensemble import Ensemble
from neurobridge.analysis.lyapunov.workflows.measurement import Measurement
from neurobridge.analysis.lyapunov.workflows.running import Diverged, found_of, in_turn, or_diverged
from neurobridge.analysis.lyapunov.workflows.study import Study, counted, provenance
from neurobridge.analysis.lyapunov.workflows.varying import seeds_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Spectra(Study):
    """Spectra of several networks.

    Parameters
    ----------
    table : pandas.DataFrame
        ``sample, seed, index, exponent, error, low, high, status``. A network that diverged has
        one row, of index 0 and without numbers.
    spectra : tuple of Spectrum
        Of the others.
    """

    spectra: tuple[Spectrum, ...]

    @property
    def kind(self) -> str:
        """See :class:`Study`."""
        return "spectra"

    @property
    def blocks(self) -> pd.DataFrame:
        """``sample, time, index, mean``: means over the blocks that errors are from."""
        return pd.concat([_blocks(i, s) for i, s in enumerate(self.spectra)], ignore_index=True)

    @property
    def doubts(self) -> str:
        """See :class:`Study`."""
        return counted(self.table.drop_duplicates("sample")["status"], "networks")

    def tables(self) -> dict[str, pd.DataFrame]:
        """See :class:`Study`."""
        return {"table": self.table, "blocks": self.blocks}

    def summary(self) -> dict[str, Any]:
        """See :class:`Study`."""
        return {
            "spectra": [s.to_dict() for s in self.spectra],
        }

    def draw(self) -> Figure:
        """All of them in one figure."""
        from neurobridge.analysis.lyapunov.drawing import draw_spectra, draw_spectrum

        if self.table["sample"].nunique() == 1:
            return draw_spectrum(self.spectra[0])
        figure = draw_spectra(self.spectra, [f"seed {s.seed}" for s in self.spectra])
        figure.suptitle(self.heading, fontsize="medium")
        return figure


def spectra(
    ensemble: Ensemble,
    *,
    samples: int = 1,
    seed: int = 0,
    threads: int = 1,
    progress: bool = True,
    **measuring: Any,
) -> Spectra:
    """Spectra of several networks of one kind.

    Parameters
    ----------
    ensemble : Ensemble
    samples : int
        Networks, with the seeds ``seed``, ``seed + 1`` ...; where the seed does not change the
        network, initial states differ.
    seed : int
    threads : int
        Networks at a time.
    progress : bool
    **measuring
        Options of :class:`Measurement`.

    Returns
    -------
    Spectra

    Raises
    ------
    NetworkError, ModelError, UnknownNameError, DivergedError
        If an option does not fit, or the trajectories of all networks diverge.
    """
    measurement = Measurement.of(measuring, checks=True)
    seeds = seeds_of(seed, samples)
    done = in_turn(
        [partial(or_diverged, partial(_measured, ensemble, measurement, s)) for s in seeds],
        "networks", threads=threads, progress=progress,
    )  # fmt: skip
    found = tuple(found_of(done.results))
    tables = [_table(i, s, r) for i, (s, r) in enumerate(zip(seeds, done.results, strict=True))]
    return Spectra(
        pd.concat(tables, ignore_index=True),
        provenance(
            workflow="spectra", networks=ensemble.to_dict(), samples=samples, seed=seed,
            measurement=measurement.to_dict(),
        ),
        sum(r.seconds for r in done.results if r is not None),
        found[0].unit,
        done.interruption,
        found,
    )  # fmt: skip


def _measured(ensemble: Ensemble, measurement: Measurement, seed: int) -> Spectrum:
    return measurement.spectrum(ensemble.network(seed), seed)


def _table(sample: int, seed: int, result: Spectrum | Diverged | None) -> pd.DataFrame:
    if result is None:
        return pd.DataFrame()
    if isinstance(result, Diverged):
        nothing = dict.fromkeys(("exponent", "error", "low", "high"), np.nan)
        table = pd.DataFrame([{"index": 0, **nothing, "status": "diverged"}])
    else:
        table = result.table()
    table.insert(0, "sample", sample)
    table.insert(1, "seed", seed)
    return table


def _blocks(sample: int, result: Spectrum) -> pd.DataFrame:
    times, _ = result.trace
    return pd.DataFrame(
        {
            "sample": sample,
            "time": np.repeat(times, result.k),
            "index": np.tile(np.arange(1, result.k + 1), times.size),
            "mean": result.blocks.ravel(),
        }
    )
