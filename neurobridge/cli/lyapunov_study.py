"""What the commands of ``neurobridge lyapunov`` have in common: networks, saving, exit codes."""

from __future__ import annotations

__all__ = ["emit", "ensemble_of", "leave", "measured", "results"]

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import typer

from neurobridge.analysis.lyapunov.workflows import Ensemble, Spread
from neurobridge.analysis.lyapunov.workflows.naming import networks_named
from neurobridge.analysis.lyapunov.workflows.study import Study
from neurobridge.cli import exponent_tables
from neurobridge.cli.entry import INTERRUPTED, NOT_CONVERGED
from neurobridge.cli.lyapunov_options import Measuring, Networks, Running, Training, Windows
from neurobridge.cli.output import Output, output
from neurobridge.cli.subject import key_values
from neurobridge.errors import ExperimentError, NeurobridgeError
from neurobridge.io.recording_file import refuse_used_folder

NOTHING = "interrupted, nothing was measured"
OTHERWISE = {"strength": "g", "settings": "set"}
"""Options that are spelled otherwise on the command line."""
OPTIONS = {
    f.name for kind in (Measuring, Networks, Running, Training, Windows) for f in fields(kind)
} - {"network", "matrix", "parameters"} | {"samples", "starts"}  # fmt: skip


@contextmanager
def results(running: Running) -> Iterator[Output]:
    """Where a command writes. Its folder is made before anything is measured.

    Ctrl-C before anything was measured is said, with its code. Errors name options as they are
    typed. A folder in which nothing was saved is gone afterwards.

    Raises
    ------
    ExperimentError, FileFormatError
        If the folder cannot be written to, or holds anything.
    """
    with output(running.json) as out, _folder(running.out):
        try:
            yield out
        except KeyboardInterrupt:
            out.note(NOTHING, "bold red")
            if running.json:
                out.emit({"status": "interrupted", "warning": NOTHING})
            raise typer.Exit(INTERRUPTED) from None
        except NeurobridgeError as err:
            err.args = (_as_typed(str(err)), *err.args[1:])
            raise


@contextmanager
def _folder(folder: Path | None) -> Iterator[None]:
    if folder is None:
        yield
        return
    refuse_used_folder(folder, "a study")
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as err:
        raise ExperimentError(
            f"--out {folder}: cannot be written to ({err.strerror}); choose another folder"
        ) from err
    try:
        yield
    finally:
        if made and not any(folder.iterdir()):
            folder.rmdir()


def _as_typed(message: str) -> str:
    """``time: expected`` and ``rows='pre'`` as ``--time: expected`` and ``--rows='pre'``."""

    def option(found: re.Match[str]) -> str:
        name = found["name"]
        if name not in OPTIONS:
            return found[0]
        return "--" + OTHERWISE.get(name, name).replace("_", "-") + found["end"]

    return re.sub(r"(?:(?<![\w.-])(?P<name>\w+)(?P<end>=(?=\S)))", option,
                  re.sub(r"^(?P<name>\w+)(?P<end>:)", option, message))  # fmt: skip


def ensemble_of(networks: Networks, out: Output) -> Ensemble:
    """The networks."""
    given = asdict(networks)
    gain = _spread(given.pop("gain"), given.pop("gain_sd"), 1.0)
    shift = _spread(given.pop("shift"), given.pop("shift_sd"), 0.0)
    settings = key_values(given.pop("settings") or ())
    ensemble = networks_named(settings=settings, gain=gain, shift=shift, **given)
    out.note(f"{ensemble.name}, strength {ensemble.strength:g}")
    for finding in ensemble.findings:
        if finding.severity != "note":
            out.note(f"warning  {finding.why}: {finding.remedy}", "bold red")
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
