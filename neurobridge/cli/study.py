"""What the commands of ``neurobridge lyapunov`` have in common: networks, saving, exit codes."""

from __future__ import annotations

__all__ = ["emit", "ensemble_of", "leave", "measured"]

from dataclasses import asdict
from typing import Any

import typer

from neurobridge.analysis.lyapunov.workflows import Ensemble, Spread
from neurobridge.analysis.lyapunov.workflows.naming import networks_named
from neurobridge.analysis.lyapunov.workflows.study import Study
from neurobridge.cli import exponent_tables
from neurobridge.cli.entry import INTERRUPTED, NOT_CONVERGED
from neurobridge.cli.lyapunov_options import Measuring, Networks, Running
from neurobridge.cli.output import Output
from neurobridge.cli.subject import key_values
from neurobridge.errors import ExperimentError
from neurobridge.io.recording_file import refuse_used_folder


def ensemble_of(networks: Networks, running: Running, out: Output) -> Ensemble:
    """The networks; what would stop the saving of results is said before anything runs."""
    if running.out is not None:
        refuse_used_folder(running.out, "a study")
    given = asdict(networks)
    gain = _spread(given.pop("gain"), given.pop("gain_sd"), 1.0)
    shift = _spread(given.pop("shift"), given.pop("shift_sd"), 0.0)
    settings = key_values(given.pop("settings") or ())
    ensemble = networks_named(settings=settings, gain=gain, shift=shift, **given)
    out.note(f"{ensemble.name}, strength {ensemble.strength:g}")
    return ensemble


def _spread(mean: float | None, sd: float, default: float) -> Spread | None:
    if mean is None and not sd:
        return None
    return Spread(default if mean is None else mean, sd)


def measured(measuring: Measuring) -> dict[str, Any]:
    """The options of a measurement that were given."""
    given = {name: value for name, value in asdict(measuring).items() if value is not None}
    if "k" in given and given["k"] not in ("all", "adaptive"):
        try:
            given["k"] = int(given["k"])
        except ValueError:
            raise ExperimentError(
                f"--k {given['k']!r}: expected a whole number, 'all' or 'adaptive'"
            ) from None
    return given


def emit(
    out: Output, study: Study, running: Running, document: dict[str, Any], parts: list[Any]
) -> None:
    """Save if asked to, and say what came out."""
    folder = None if running.out is None else study.save(running.out)
    document = {**document, "folder": None if folder is None else str(folder)}
    out.emit(document, *parts, *exponent_tables.closing(study, folder))


def leave(study: Study, interrupted: bool, *, transient: bool = False) -> None:
    """The exit code: interrupted, or not what was asked for.

    Single spectra must have passed their transient. In a study over a parameter some are at the
    edge of stability, where transients take as long as one likes; that is in its tables.
    """
    if interrupted:
        raise typer.Exit(INTERRUPTED)
    if "not_converged" in study.warning or (transient and study.warning):
        raise typer.Exit(NOT_CONVERGED)
