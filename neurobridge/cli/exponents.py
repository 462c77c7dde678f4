"""What the commands of ``neurobridge lyapunov`` do."""

from __future__ import annotations

__all__ = ["benchmark", "convergence", "spectrum", "sweep", "transition"]

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import typer

from neurobridge.analysis.lyapunov import workflows
from neurobridge.analysis.lyapunov.workflows.naming import networks_named
from neurobridge.analysis.lyapunov.workflows.study import Study
from neurobridge.cli import exponent_tables, lists
from neurobridge.cli.entry import INTERRUPTED, NOT_CONVERGED
from neurobridge.cli.lyapunov_options import Measuring, Networks, Parameters, Running
from neurobridge.cli.output import Output, output
from neurobridge.cli.subject import key_values
from neurobridge.errors import ExperimentError
from neurobridge.io.recording_file import refuse_used_folder

NOTHING = Parameters()


def spectrum(
    networks: Networks, measuring: Measuring, running: Running, samples: int, varied: Parameters
) -> None:
    """Spectra of one network, or of several."""
    if varied != NOTHING:
        raise ExperimentError("--parameter and --per-root-n say what --sweep varies; give --sweep")
    with output(running.json) as out:
        ensemble = _ensemble(networks, running, out)
        study = workflows.spectra(
            ensemble, samples=samples, **_common(running), **_measured(measuring)
        )
        document = study.to_dict()
        if samples == 1:
            document = {**study.spectra[0].to_dict(), "networks": ensemble.to_dict()}
        _emit(out, study, running, document, exponent_tables.of_spectra(study))
    _leave(study, study.interrupted, transient=True)


def sweep(
    networks: Networks,
    measuring: Measuring,
    running: Running,
    samples: int,
    varied: Parameters,
    values: str,
) -> None:
    """Spectra over a parameter."""
    grid = lists.numbers(values, "--sweep")
    with output(running.json) as out:
        study = workflows.sweep(
            _ensemble(networks, running, out), grid, samples=samples, **_varied(varied),
            **_common(running), **_measured(measuring),
        )  # fmt: skip
        _emit(out, study, running, study.to_dict(), exponent_tables.of_sweep(study))
    _leave(study, study.interrupted)


def transition(
    networks: Networks,
    measuring: Measuring,
    running: Running,
    samples: int,
    varied: Parameters,
    values: str,
) -> None:
    """Largest exponents over a parameter."""
    grid = lists.numbers(values, "--values")
    with output(running.json) as out:
        study = workflows.transition(
            _ensemble(networks, running, out), grid, samples=samples, **_varied(varied),
            **_common(running), **_measured(measuring),
        )  # fmt: skip
        _emit(out, study, running, study.to_dict(), exponent_tables.of_transition(study))
    _leave(study, study.interrupted)


def convergence(
    networks: Networks,
    measuring: Measuring,
    running: Running,
    starts: int,
    intervals: str,
    kinds: str,
) -> None:
    """Running exponents."""
    with output(running.json) as out:
        study = workflows.convergence(
            _ensemble(networks, running, out), intervals=lists.intervals(intervals, "--intervals"),
            kinds=lists.names(kinds), starts=starts, **_common(running),
            **{"k": 20, **_measured(measuring)},
        )  # fmt: skip
        _emit(out, study, running, study.to_dict(), exponent_tables.of_convergence(study))
    _leave(study, study.interrupted)


def benchmark(
    networks: Networks,
    measuring: Measuring,
    running: Running,
    given: Mapping[str, str | None],
    share: float,
) -> None:
    """CPU time and accuracy."""
    options: dict[str, Any] = {}
    for name, text in given.items():
        if text is None:
            continue
        if name in ("tests", "kinds", "precisions"):
            options[name] = lists.names(text)
        elif name == "intervals":
            options[name] = lists.intervals(text, "--intervals")
        else:
            options[name] = lists.numbers(text, f"--{name}")
    if "sizes" in options:
        options["sizes"] = [int(size) for size in options["sizes"]]
    if running.threads != 1:
        raise ExperimentError("--threads: CPU time is taken on one thread; leave it out")
    with output(running.json) as out:
        study = workflows.benchmark(
            _ensemble(networks, running, out), share=share, seed=running.seed,
            progress=not running.json, **options, **_measured(measuring),
        )  # fmt: skip
        _emit(out, study, running, study.to_dict(), exponent_tables.of_benchmark(study))
    _leave(study, study.interrupted)


# -- parts --------------------------------------------------------------------------------------


def _ensemble(networks: Networks, running: Running, out: Output) -> workflows.Ensemble:
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


def _spread(mean: float | None, sd: float, default: float) -> workflows.Spread | None:
    if mean is None and not sd:
        return None
    return workflows.Spread(default if mean is None else mean, sd)


def _measured(measuring: Measuring) -> dict[str, Any]:
    given = {name: value for name, value in asdict(measuring).items() if value is not None}
    if "k" in given and given["k"] not in ("all", "adaptive"):
        try:
            given["k"] = int(given["k"])
        except ValueError:
            raise ExperimentError(
                f"--k {given['k']!r}: expected a whole number, 'all' or 'adaptive'"
            ) from None
    return given


def _varied(varied: Parameters) -> dict[str, Any]:
    return {"parameters": varied.parameters or ["weights"], "per_root_n": varied.per_root_n}


def _common(running: Running) -> dict[str, Any]:
    return {"seed": running.seed, "threads": running.threads, "progress": not running.json}


def _emit(
    out: Output, study: Study, running: Running, document: dict[str, Any], parts: list[Any]
) -> None:
    """Save if asked to, and say what came out."""
    folder = None if running.out is None else study.save(running.out)
    document = {**document, "folder": None if folder is None else str(folder)}
    out.emit(document, *parts, *exponent_tables.closing(study, folder))


def _leave(study: Study, interrupted: bool, *, transient: bool = False) -> None:
    """The exit code: interrupted, or not what was asked for.

    Single spectra must have passed their transient. In a study over a parameter some are at the
    edge of stability, where transients take as long as one likes; that is in its tables.
    """
    if interrupted:
        raise typer.Exit(INTERRUPTED)
    if "not_converged" in study.warning or (transient and study.warning):
        raise typer.Exit(NOT_CONVERGED)
