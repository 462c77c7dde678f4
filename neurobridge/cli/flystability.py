"""``--compat flystability``: what FlyStability gives, faults included, under its label."""

from __future__ import annotations

__all__ = ["compare"]

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from rich import box
from rich.table import Table
from rich.text import Text

from neurobridge.analysis.lyapunov.workflows import as_flystability
from neurobridge.cli import lists
from neurobridge.cli.exponents import refuse_strength
from neurobridge.cli.lyapunov_options import Measuring, Networks, Parameters, Running
from neurobridge.cli.lyapunov_study import emit, ensemble_of, leave, measured, results
from neurobridge.errors import ExperimentError, UnknownNameError

if TYPE_CHECKING:
    from neurobridge.analysis.lyapunov.workflows import FlyStabilityStudy

NAME = "flystability"
STRETCHED = "tanh_stretched"
KNOWN = ("k", "time", "dt", "interval")
"""Options of a measurement that it has."""


def compare(
    compat: str,
    networks: Networks,
    measuring: Measuring,
    running: Running,
    samples: int,
    varied: Parameters,
    values: str | None,
    k: int | Literal["all"] = "all",
) -> None:
    """Exponents of one network or of several, over values if there are some; k is the default."""
    if compat != NAME:
        raise UnknownNameError("program to compare with", compat, (NAME,))
    options = {n: v for n, v in measured(measuring).items() if (n, v) != ("meaning", "flow")}
    for name in options:
        if name not in KNOWN:
            raise ExperimentError(f"--{name.replace('_', '-')}: FlyStability has no such option")
    activation = networks.activation or "tanh"
    ours = replace(networks, activation="tanh") if activation == STRETCHED else networks
    grid = None if values is None else lists.numbers(values, "values")
    if grid is not None:
        refuse_strength(networks, varied)
    with results(running) as out:
        study = as_flystability(
            ensemble_of(ours, out), grid, activation=activation,  # type: ignore[arg-type]
            samples=samples, parameters=varied.parameters or ["weights"], seed=running.seed,
            threads=running.threads, progress=not running.json, **{"k": k, **options},
        )  # fmt: skip
        emit(out, study, running, study.to_dict(), _parts(study))
    leave(study, study.interrupted)


def _parts(study: FlyStabilityStudy) -> list[Any]:
    table = Table(box=box.SIMPLE_HEAD, title=study.warning, title_justify="left")
    for heading in ("value", "seed", "first exponents in its order", '"dimension"', '"entropy"'):
        table.add_column(heading, justify="right")
    for row in study.results.itertuples():
        own = study.table[(study.table["value"] == row.value) & (study.table["seed"] == row.seed)]
        first = "  ".join(f"{v:.4f}" for v in own["exponent"].head(4))
        table.add_row(
            f"{row.value:g}", str(row.seed), first, str(row.dimensionality), f"{row.entropy:.4f}"
        )
    wrong = [Text(f"wrong  {reason}", "dim") for reason in study.to_dict()["wrong"]]
    return [table, *wrong]
