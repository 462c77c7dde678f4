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
from neurobridge.analysis.lyapunov.workflows.running import in_turn
from neurobridge.analysis.lyapunov.workflows.study import Study, provenance
from neurobridge.analysis.lyapunov.workflows.varying import seeds_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Spectra(Study):
    """Spectra of several networks.

    Parameters
    ----------
    table : pandas.DataFrame
        ``sample, seed, index, exponent, error, low, high, status``.
    spectra : tuple of Spectrum
    interrupted : bool
    """

    spectra: tuple[Spectrum, ...]
    interrupted: bool

    @property
    def kind(self) -> str:
        """See :class:`Study`."""
        return "spectra"

    @property
    def blocks(self) -> pd.DataFrame:
        """``sample, time, index, mean``: means over the blocks that errors are from."""
        return pd.concat([_blocks(i, s) for i, s in enumerate(self.spectra)], ignore_index=True)

    @property
    def warning(self) -> str:
        """See :class:`Study`."""
        bad = [s.status for s in self.spectra if s.warning]
        said = ", ".join(sorted(set(bad)))
        return f"{len(bad)} of {len(self.spectra)} spectra: {said}" if bad else ""

    def tables(self) -> dict[str, pd.DataFrame]:
        """See :class:`Study`."""
        return {"table": self.table, "blocks": self.blocks}

    def summary(self) -> dict[str, Any]:
        """See :class:`Study`."""
        return {
            "interrupted": self.interrupted,
            "spectra": [s.to_dict() for s in self.spectra],
        }

    def draw(self) -> Figure:
        """All of them in one figure."""
        from neurobridge.analysis.lyapunov.drawing import draw_spectra, draw_spectrum

        if len(self.spectra) == 1:
            return draw_spectrum(self.spectra[0])
        return draw_spectra(self.spectra, [f"seed {s.seed}" for s in self.spectra])


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
        If an option does not fit, or a trajectory diverges.
    """
    measurement = Measurement.of(measuring, checks=True)
    seeds = seeds_of(seed, samples)
    done = in_turn(
        [partial(_measured, ensemble, measurement, s) for s in seeds],
        "networks", threads=threads, progress=progress,
    )  # fmt: skip
    found = tuple(result for result in done.results if result is not None)
    return Spectra(
        pd.concat([_table(i, s) for i, s in enumerate(found)], ignore_index=True),
        provenance(
            workflow="spectra", networks=ensemble.to_dict(), samples=samples, seed=seed,
            measurement=measurement.to_dict(),
        ),
        sum(s.seconds for s in found),
        found,
        done.interrupted,
    )  # fmt: skip


def _measured(ensemble: Ensemble, measurement: Measurement, seed: int) -> Spectrum:
    return measurement.spectrum(ensemble.network(seed), seed)


def _table(sample: int, result: Spectrum) -> pd.DataFrame:
    table = result.table()
    table.insert(0, "sample", sample)
    table.insert(1, "seed", result.seed)
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
