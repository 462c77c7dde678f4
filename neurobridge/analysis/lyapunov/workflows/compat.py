"""What FlyStability would give for networks of an ensemble, faults included and labelled."""

from __future__ import annotations

__all__ = ["FlyStabilityStudy", "as_flystability"]

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from time import thread_time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurobridge.analysis.lyapunov import of_network
from neurobridge.analysis.lyapunov.flystability import (
    LABEL,
    WRONG,
    Activation,
    FlyStabilitySpectrum,
    flystability_network,
    flystability_spectrum,
)
from neurobridge.analysis.lyapunov.workflows.ensemble import Ensemble
from neurobridge.analysis.lyapunov.workflows.running import in_turn
from neurobridge.analysis.lyapunov.workflows.study import Study, provenance
from neurobridge.analysis.lyapunov.workflows.varying import Varied, checked_values, seeds_of
from neurobridge.errors import NetworkError
from neurobridge.graph.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Real = NDArray[np.float64]


class Case(NamedTuple):
    """A network at a value of what is varied."""

    value: float
    sample: int


@dataclass(frozen=True, eq=False)
class FlyStabilityStudy(Study):
    """Exponents as FlyStability gives them.

    Parameters
    ----------
    table : pandas.DataFrame
        ``value, sample, seed, index, exponent`` in its order, which is not sorted.
    results : pandas.DataFrame
        ``value, sample, seed, dimensionality, entropy``.
    """

    results: pd.DataFrame

    @property
    def kind(self) -> str:
        """See :class:`Study`."""
        return "flystability"

    @property
    def doubts(self) -> str:
        """See :class:`Study`."""
        return LABEL

    def tables(self) -> dict[str, pd.DataFrame]:
        """See :class:`Study`."""
        return {
            "table": self.table.assign(label=LABEL),
            "results": self.results.assign(label=LABEL),
        }

    def summary(self) -> dict[str, Any]:
        """See :class:`Study`."""
        return {
            "label": LABEL,
            "wrong": list(WRONG),
            "results": self.results.to_dict("list"),
        }

    def draw(self) -> Figure:
        """The exponents of all networks, under their label."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.5, 4.6), layout="constrained")
        axes = figure.subplots()
        for (value, sample), rows in self.table.groupby(["value", "sample"]):
            text = f"{value:g}, network {sample}"
            axes.plot(rows["index"], rows["exponent"], ".-", ms=4, lw=0.8, label=text)
        axes.axhline(0, color="0.6", lw=0.8, zorder=0)
        axes.set(xlabel="index in its order", ylabel="what it calls an exponent (per tau)")
        axes.set_title(self.warning, fontsize="medium", color="#b5322a")
        if self.results.shape[0] <= 10:
            axes.legend(frameon=False, fontsize="small")
        return figure


def as_flystability(
    ensemble: Ensemble,
    values: Sequence[float] | None = None,
    *,
    activation: Activation = "tanh",
    k: int | Literal["all"] = "all",
    samples: int = 1,
    parameters: Sequence[str] = ("weights",),
    per_root_n: bool = True,
    seed: int = 0,
    time: float = 200.0,
    dt: float = 0.1,
    interval: float | None = 0.2,
    threads: int = 1,
    progress: bool = True,
) -> FlyStabilityStudy:
    """Exponents by the algorithm of FlyStability, faults included.

    Random networks are those that it draws for a seed, initial state included. Couplings, gains and
    shifts of others are ours, signs on the presynaptic neuron included.

    Parameters
    ----------
    ensemble : Ensemble
        Of one population in the current form.
    values : sequence of float, optional
        Of the parameters; default: the strength of the ensemble alone.
    activation : {"tanh", "tanh_positive", "tanh_stretched"}
    k, time, dt, interval
        See :func:`~neurobridge.analysis.lyapunov.flystability.flystability_spectrum`.
    samples, parameters, seed, threads, progress
        See :func:`transition`.
    per_root_n : bool
        Whether standard deviations of gains and shifts are values over the square root of N, as
        they are there.

    Returns
    -------
    FlyStabilityStudy

    Raises
    ------
    NetworkError, UnknownNameError, BackendUnavailableError
        If an option does not fit, networks have another form, or torch is not installed.
    """
    grid = checked_values([ensemble.strength] if values is None else values)
    varied = Varied(tuple(parameters), per_root_n)
    seeds = seeds_of(seed, samples)
    cases = [Case(float(v), s) for v in grid for s in range(samples)]
    options: dict[str, Any] = {"activation": activation, "k": k, "time": time, "dt": dt,
                               "interval": interval, "progress": False}  # fmt: skip

    def task(case: Case) -> FlyStabilitySpectrum:
        chosen = ensemble if values is None else varied.at(ensemble, case.value)
        return _spectrum(chosen, seeds[case.sample], options)

    begun = thread_time()
    done = in_turn(
        [partial(task, case) for case in cases], "networks", threads=threads, progress=progress
    )
    found = [(c, r) for c, r in zip(cases, done.results, strict=True) if r is not None]
    return FlyStabilityStudy(
        pd.concat([_exponents(c, seeds[c.sample], r) for c, r in found], ignore_index=True),
        provenance(
            workflow="flystability", label=LABEL, networks=ensemble.to_dict(),
            values=grid.tolist(), parameters=list(parameters), per_root_n=per_root_n,
            samples=samples, seed=seed, measurement={**options, "meaning": "map"},
        ),
        thread_time() - begun,
        "tau",
        done.interruption,
        pd.DataFrame([_result(c, seeds[c.sample], r) for c, r in found]),
    )  # fmt: skip


def _spectrum(ensemble: Ensemble, seed: int, options: dict[str, Any]) -> FlyStabilitySpectrum:
    network = ensemble.network(seed)
    weights, gains, shifts = _arrays(network)
    initial: Real = of_network(network, "map").start(seed)
    if ensemble.settings["couplings"] == "random":
        weights, initial = flystability_network(len(weights), ensemble.strength, seed)
    return flystability_spectrum(weights, initial=initial, gains=gains, shifts=shifts, **options)


def _arrays(network: Network) -> tuple[Real, Any, Any]:
    """Couplings (post x pre), gains and shifts."""
    populations = list(network.populations.values())
    model = populations[0].model
    if len(populations) > 1 or list(model.states) != ["x"] or "gain" not in model.parameters:
        raise NetworkError(
            f"flystability compatibility: expected one population of rate neurons in the current "
            f"form, got {[p.model.name for p in populations]}"
        )
    parameters = populations[0].parameters
    matrix: Real = of_network(network, "map").coupling.toarray()
    return matrix, parameters.get("gain", 1.0), parameters.get("shift", 0.0)


def _exponents(case: Case, seed: int, result: FlyStabilitySpectrum) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "value": case.value,
            "sample": case.sample,
            "seed": seed,
            "index": np.arange(1, result.exponents.size + 1),
            "exponent": result.exponents,
        }
    )


def _result(case: Case, seed: int, result: FlyStabilitySpectrum) -> dict[str, Any]:
    return {
        "value": case.value, "sample": case.sample, "seed": seed,
        "dimensionality": result.dimensionality, "entropy": result.entropy,
    }  # fmt: skip
