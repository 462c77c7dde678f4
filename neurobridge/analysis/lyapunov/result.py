"""Spectrum: Lyapunov exponents with their errors, and what follows from them."""

from __future__ import annotations

__all__ = ["STATUSES", "Spectrum", "Status"]

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurobridge.analysis.lyapunov import statistics
from neurobridge.analysis.lyapunov.dimension import entropy, kaplan_yorke
from neurobridge.analysis.lyapunov.system import Meaning
from neurobridge.analysis.lyapunov.validity import check_spectrum
from neurobridge.frozen import frozen_array, frozen_plain
from neurobridge.lowering.finding import Finding

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Real = NDArray[np.float64]
Status = Literal["converged", "done", "not_converged", "transient"]

STATUSES: Mapping[Status, str] = {
    "converged": "",
    "done": "",
    "not_converged": "NOT CONVERGED: the time ran out before the requested error was reached",
    "transient": "TRANSIENT NOT ENDED: the beginning of the run differs from its end",
}
"""What must be said about a result with a status; nothing, if it is what was asked for."""


@dataclass(frozen=True, eq=False, repr=False)
class Spectrum:
    """Lyapunov exponents of a system, with error bars.

    Errors are standard errors; intervals cover the true value in 95 % of cases, by Student's t.

    Parameters
    ----------
    exponents : float64 array, shape (k,)
        In descending order, per unit of time.
    errors : float64 array, shape (k,)
        Standard errors, see :func:`~neurobridge.analysis.lyapunov.statistics.blocking`, and for
        flows the error that the integrator makes at this ``dt``, in quadrature.
    blocks : float64 array, shape (B, k)
        Means over B blocks of equal duration, whose means are ``exponents``.
    block_time : float
        Duration of a block.
    size : int
        Number of states, N.
    meaning : {"flow", "map"}
        Whether these are exponents of the differential equation, or of a discrete map.
    method : str
        Integrator, e.g. ``"ab4"``.
    unit : str
        Unit of time of everything here; ``"1"`` for a time without one.
    dt : float
        Time step.
    time : float
        Time measured, after ``transient`` and ``warm_up``.
    transient, warm_up : float
        Time that the state, and after it the tangent vectors, were given to settle.
    seed : int
    status : {"converged", "done", "not_converged", "transient"}
        ``converged``: the requested error was reached. ``done``: the requested time was run.
        ``not_converged``: time ran out before the requested error. ``transient``: the beginning
        differs from the end.
    findings : tuple of Finding
        What the checks have to say.
    seconds : float
        CPU time.
    info : mapping
        How it was done, what JSON can hold. ``autonomous: False`` says that the system depends on
        time, so that a flow need not have an exponent of zero.
    names : tuple of str
        Of the N states.

    Raises
    ------
    NetworkError
        If these contradict each other, or a value is not finite.
    """

    exponents: Real
    errors: Real
    blocks: Real
    block_time: float
    size: int
    meaning: Meaning
    method: str
    unit: str
    dt: float
    time: float
    transient: float
    warm_up: float
    seed: int
    status: Status
    findings: tuple[Finding, ...]
    seconds: float
    info: Mapping[str, Any]
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("exponents", "errors", "blocks"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64))
        object.__setattr__(self, "findings", tuple(self.findings))
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "info", frozen_plain(self.info, "info"))
        check_spectrum(self)

    @property
    def k(self) -> int:
        """How many exponents there are, at most N."""
        return self.exponents.size

    @property
    def maximal(self) -> float:
        """The largest exponent."""
        return float(self.exponents[0])

    @cached_property
    def freedom(self) -> NDArray[np.int64]:
        """Degrees of freedom of Student's t for the interval of each exponent, int64 (k,)."""
        return statistics.blocking(self.blocks).freedom

    @cached_property
    def interval(self) -> tuple[Real, Real]:
        """Lower and upper ends of the 95 % intervals, float64 (k,) each."""
        return statistics.intervals(self.exponents, self.errors, self.freedom)

    @property
    def n_positive(self) -> int:
        """How many exponents are positive beyond their 95 % interval."""
        return int(np.count_nonzero(self.interval[0] > 0))

    @property
    def kaplan_yorke(self) -> float:
        """Kaplan-Yorke dimension, NaN if it depends on exponents that are not known.

        A flow that does not settle on a fixed point has an exponent of zero, so the largest
        exponent of an autonomous flow counts as 0 if it is negative but its interval reaches 0.
        """
        return self._dimension[0]

    @property
    def kaplan_yorke_error(self) -> float:
        """Standard error of the dimension, by the jackknife."""
        return self._dimension[1]

    @property
    def entropy(self) -> float:
        """Sum of the positive exponents, per unit of time; NaN if some are not known."""
        return self._entropy[0]

    @property
    def entropy_error(self) -> float:
        """Standard error of the entropy, by the jackknife."""
        return self._entropy[1]

    @property
    def sum(self) -> float:
        """Sum of the k exponents, per unit of time."""
        return float(self.exponents.sum())

    @cached_property
    def sum_error(self) -> float:
        """Standard error of the sum; not that of independent exponents, for they are not."""
        return statistics.jackknife(self.blocks, lambda mean: float(mean.sum()))[1]

    @property
    def warning(self) -> str:
        """What must be said about the result before it is used; empty if there is nothing."""
        return STATUSES[self.status]

    @property
    def trace(self) -> tuple[Real, Real]:
        """Times (B,), ends of the blocks, and means of the exponents until then, (B, k)."""
        count = np.arange(1, len(self.blocks) + 1)
        means: Real = np.cumsum(self.blocks, axis=0) / count[:, None]
        times: Real = np.asarray(count * self.block_time, dtype=np.float64)
        return times, means

    def table(self) -> pd.DataFrame:
        """One row an exponent: index from 1, exponent, error, ends of the interval, and status."""
        low, high = self.interval
        return pd.DataFrame(
            {
                "index": np.arange(1, self.k + 1),
                "exponent": self.exponents,
                "error": self.errors,
                "low": low,
                "high": high,
                "status": self.status,
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary for JSON, without blocks and names; None where nothing is known."""
        from neurobridge.analysis.lyapunov.spectrum_file import plain

        low, high = self.interval
        content = {
            "status": self.status,
            "warning": self.warning,
            "meaning": self.meaning,
            "method": self.method,
            "unit": self.unit,
            "size": self.size,
            "k": self.k,
            "exponents": self.exponents,
            "errors": self.errors,
            "degrees_of_freedom": self.freedom,
            "low": low,
            "high": high,
            "n_positive": self.n_positive,
            "kaplan_yorke": self.kaplan_yorke,
            "kaplan_yorke_error": self.kaplan_yorke_error,
            "entropy": self.entropy,
            "entropy_error": self.entropy_error,
            "sum": self.sum,
            "sum_error": self.sum_error,
            "dt": self.dt,
            "time": self.time,
            "transient": self.transient,
            "warm_up": self.warm_up,
            "block_time": self.block_time,
            "seed": self.seed,
            "seconds": self.seconds,
            "findings": [finding.to_dict() for finding in self.findings],
            "info": self.info,
        }
        return {name: plain(value) for name, value in content.items()}

    def save(self, folder: str | Path) -> Path:
        """Write ``spectrum.json``, ``blocks.parquet`` and ``figures/spectrum.png``.

        Parameters
        ----------
        folder : str or Path
            A new or an empty one.

        Raises
        ------
        FileFormatError
            If it holds anything.
        """
        from neurobridge.analysis.lyapunov.spectrum_file import save_spectrum

        return save_spectrum(self, Path(folder))

    @staticmethod
    def load(folder: str | Path) -> Spectrum:
        """Read what :meth:`save` wrote.

        Raises
        ------
        FileFormatError
            If the folder holds no spectrum, a damaged one, or one of another version.
        """
        from neurobridge.analysis.lyapunov.spectrum_file import load_spectrum

        return load_spectrum(Path(folder))

    def draw(self) -> Figure:
        """A figure, see :func:`~neurobridge.analysis.lyapunov.drawing.draw_spectrum`."""
        from neurobridge.analysis.lyapunov.drawing import draw_spectrum

        return draw_spectrum(self)

    def __repr__(self) -> str:
        from neurobridge.analysis.lyapunov.words import headline

        return f"Spectrum({headline(self)})"

    @cached_property
    def _dimension(self) -> tuple[float, float]:
        low, high = (float(end[0]) for end in self.interval)
        autonomous = self.meaning == "flow" and self.info.get("autonomous", True)
        unclear = autonomous and low <= 0 <= high

        def dimension(mean: Real) -> float:
            if unclear:
                mean = np.concatenate([[max(mean[0], 0.0)], mean[1:]])
            return kaplan_yorke(mean, self.size)

        return statistics.jackknife(self.blocks, dimension)

    @cached_property
    def _entropy(self) -> tuple[float, float]:
        return statistics.jackknife(self.blocks, lambda mean: entropy(mean, self.size))
