"""Benchmark: accuracy and CPU time against what a measurement is asked for."""

from __future__ import annotations

__all__ = ["TESTS", "Benchmark", "benchmark"]

from collections.abc import Iterable, Sequence
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
from neurobridge.errors import NetworkError, UnknownNameError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TESTS = ("interval", "exponents", "time", "size")
"""What is varied, one thing at a time."""
FINEST = 0.1
"""Units of time between renormalisations of what the others are compared with."""


@dataclass(frozen=True)
class Case:
    """One measurement: the test that it belongs to, its network, and how it is measured."""

    test: str
    ensemble: Ensemble
    measurement: Measurement


@dataclass(frozen=True, eq=False)
class Benchmark(Study):
    """CPU time and accuracy of measurements.

    Parameters
    ----------
    table : pandas.DataFrame
        ``test, n, k, time, renormalise, interval, precision, method, seconds, seconds_per_time,
        difference, error, renormalisations, redone``. ``seconds`` is the CPU time of everything,
        ``seconds_per_time`` that per unit of time measured; ``difference``, of the test
        ``interval``, is the largest difference from exponents of Householder's method at 0.1 units
        of time, on the same trajectory; ``error`` the standard error of the largest exponent.
    """

    @property
    def kind(self) -> str:
        """See :class:`Study`."""
        return "benchmark"

    @property
    def doubts(self) -> str:
        """See :class:`Study`."""
        return counted(self.table["status"], "measurements")

    def summary(self) -> dict[str, Any]:
        """See :class:`Study`."""
        return {}

    def draw(self) -> Figure:
        """A panel for each test."""
        from neurobridge.analysis.lyapunov.workflows.benchmark_figure import draw_benchmark

        return draw_benchmark(self)


def benchmark(
    ensemble: Ensemble,
    *,
    tests: Sequence[str] = TESTS,
    intervals: Sequence[float | None] = (0.2, 1.0, 5.0, 10.0, None),
    kinds: Sequence[str] = ("lu", "cholesky", "householder"),
    precisions: Sequence[str] = ("float64", "mixed"),
    shares: Sequence[float] = (0.005, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0),
    times: Sequence[float] = (20.0, 50.0, 100.0, 200.0, 400.0),
    sizes: Sequence[int] = (100, 200, 300, 400, 500),
    share: float = 0.1,
    seed: int = 0,
    progress: bool = True,
    **measuring: Any,
) -> Benchmark:
    """Accuracy and CPU time against interval, number of exponents, time and size.

    One thing is varied at a time, on one thread, with one network of each size. For comparisons
    with other packages see ``benchmarks/`` of the repository.

    Parameters
    ----------
    ensemble : Ensemble
    tests : sequence of {"interval", "exponents", "time", "size"}
        ``interval``: intervals, kinds and precisions, accuracy included. ``exponents``: shares of
        all N exponents. ``time``: time measured. ``size``: number of neurons, with ``share`` of
        the exponents.
    intervals : sequence of float or None
        Units of time; None chooses by the spread of exponents.
    kinds, precisions : sequence of str
    shares : sequence of float
        Of N, above 0 and at most 1.
    times : sequence of float
    sizes : sequence of int
        Of random networks; others have one size.
    share : float
        Of the exponents, in all tests but ``exponents``.
    seed : int
    progress : bool
    **measuring
        Options of :class:`Measurement`; time is 200 and transient 20 by default.

    Returns
    -------
    Benchmark

    Raises
    ------
    NetworkError, UnknownNameError
        If an option does not fit, or networks of this kind have one size only.
    """
    for name in tests:
        if name not in TESTS:
            raise UnknownNameError("test of the benchmark", name, TESTS)
    base = Measurement.of(measuring, k=_count(ensemble, share), time=200.0, transient=20.0,
                          warm_up=20.0)  # fmt: skip
    cases: list[Case] = []
    if "interval" in tests:
        finest = base.varied(renormalise="householder", interval=FINEST, precision="float64")
        cases.append(Case("reference", ensemble, finest))
        cases += [
            Case("interval", ensemble, base.varied(interval=i, renormalise=kind, precision=p))
            for p in precisions for kind in kinds for i in intervals
            if p == "float64" or kind == "cholesky"
        ]  # fmt: skip
    if "exponents" in tests:
        counts = dict.fromkeys(_count(ensemble, s) for s in shares)
        cases += [Case("exponents", ensemble, base.varied(k=k)) for k in counts]
    if "time" in tests:
        cases += [Case("time", ensemble, base.varied(time=time)) for time in times]
    if "size" in tests:
        cases += [Case("size", e, base.varied(k=_count(e, share))) for e in _sized(ensemble, sizes)]
    return _measured(cases, ensemble, base, seed, progress)


def _measured(
    cases: Sequence[Case], ensemble: Ensemble, base: Measurement, seed: int, progress: bool
) -> Benchmark:
    network = ensemble.network(seed)
    for case in {repr(c.measurement.varied(time=1.0)): c for c in cases}.values():
        _compile(case, network, seed)
    done = in_turn(
        [partial(_carried_out, case, seed) for case in cases], "measurements", progress=progress,
    )  # fmt: skip
    found = [(c, r) for c, r in zip(cases, done.results, strict=True) if r is not None]
    reference = next((r for c, r in found if c.test == "reference"), None)
    table = pd.DataFrame([_row(c, r, reference) for c, r in found])
    return Benchmark(
        table,
        provenance(
            workflow="benchmark", networks=ensemble.to_dict(), seed=seed,
            tests=list(dict.fromkeys(c.test for c in cases)), measurement=base.to_dict(),
        ),
        float(table["seconds"].sum()),
        found[0][1].unit,
        done.interruption,
    )  # fmt: skip


def _carried_out(case: Case, seed: int) -> Spectrum:
    return case.measurement.spectrum(case.ensemble.network(seed), seed)


def _compile(case: Case, network: Any, seed: int) -> None:
    """Let everything be compiled before time is taken."""
    short = case.measurement.varied(k=1, time=2.0, transient=0.0, warm_up=0.0)
    short.spectrum(network, seed)


def _count(ensemble: Ensemble, share: float) -> int:
    if not 0 < share <= 1:
        raise NetworkError(f"share of the exponents: expected a number in (0, 1], got {share!r}")
    return max(1, round(share * ensemble.n_neurons))


def _sized(ensemble: Ensemble, sizes: Iterable[int]) -> list[Ensemble]:
    if ensemble.of_size is None:
        raise NetworkError(
            f"benchmark: {ensemble.name} has one size only; leave out the test 'size', e.g. "
            "tests=['interval', 'exponents', 'time']"
        )
    return [ensemble.of_size(size) for size in sizes]


def _row(case: Case, result: Spectrum, reference: Spectrum | None) -> dict[str, Any]:
    asked = case.measurement
    difference = np.nan
    if case.test in ("interval", "reference") and reference is not None:
        difference = float(np.abs(result.exponents - reference.exponents).max())
    return {
        "test": case.test, "n": result.size, "k": result.k, "time": result.time,
        "renormalise": asked.renormalise,
        "interval": np.nan if asked.interval is None else asked.interval,
        "precision": asked.precision, "method": result.method, "seconds": result.seconds,
        "seconds_per_time": result.seconds / result.time, "difference": difference,
        "error": float(result.errors[0]), "renormalisations": result.info["renormalisations"],
        "redone": result.info["redone"], "status": result.status,
    }  # fmt: skip
