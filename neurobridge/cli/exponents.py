"""What the commands of ``neurobridge lyapunov`` do."""

from __future__ import annotations

__all__ = ["benchmark", "convergence", "refuse_strength", "spectrum", "sweep", "transition"]

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from neurobridge.analysis.lyapunov import workflows
from neurobridge.cli import exponent_tables, lists
from neurobridge.cli.lyapunov_options import Measuring, Networks, Parameters, Running
from neurobridge.cli.lyapunov_study import emit, ensemble_of, leave, measured, results
from neurobridge.errors import ExperimentError

NOTHING = Parameters()


def spectrum(
    networks: Networks, measuring: Measuring, running: Running, samples: int, varied: Parameters
) -> None:
    """Spectra of one network, or of several."""
    if varied != NOTHING:
        raise ExperimentError("--parameter and --per-root-n say what --sweep varies; give --sweep")
    with results(running) as out:
        ensemble = ensemble_of(networks, out)
        study = workflows.spectra(
            ensemble, samples=samples, **_common(running), **measured(measuring)
        )
        document = study.to_dict()
        if samples == 1:
            document = {**study.spectra[0].to_dict(), "networks": ensemble.to_dict()}
        emit(out, study, running, document, exponent_tables.of_spectra(study))
    leave(study, study.interrupted, transient=True)


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
    tables = exponent_tables.of_sweep
    _over(workflows.sweep, tables, networks, measuring, running, samples, varied, grid)


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
    tables = exponent_tables.of_transition
    _over(workflows.transition, tables, networks, measuring, running, samples, varied, grid)


def _over(
    workflow: Callable[..., Any],
    tables: Callable[[Any], Any],
    networks: Networks,
    measuring: Measuring,
    running: Running,
    samples: int,
    varied: Parameters,
    grid: Sequence[float],
) -> None:
    """A study over the values of a parameter."""
    refuse_strength(networks, varied)
    with results(running) as out:
        study = workflow(
            ensemble_of(networks, out), grid, samples=samples, **_varied(varied),
            **_common(running), **measured(measuring),
        )  # fmt: skip
        emit(out, study, running, study.to_dict(), tables(study))
    leave(study, study.interrupted)


def convergence(
    networks: Networks,
    measuring: Measuring,
    running: Running,
    starts: int,
    intervals: str,
    kinds: str,
) -> None:
    """Running exponents."""
    with results(running) as out:
        study = workflows.convergence(
            ensemble_of(networks, out),
            intervals=lists.intervals(intervals, "--intervals"), kinds=lists.names(kinds),
            starts=starts, **_common(running),
            **{"k": 20, **measured(measuring)},
        )  # fmt: skip
        emit(out, study, running, study.to_dict(), exponent_tables.of_convergence(study))
    leave(study, study.interrupted)


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
    with results(running) as out:
        study = workflows.benchmark(
            ensemble_of(networks, out), share=share, seed=running.seed,
            progress=not running.json, **options, **measured(measuring),
        )  # fmt: skip
        emit(out, study, running, study.to_dict(), exponent_tables.of_benchmark(study))
    leave(study, study.interrupted)


def refuse_strength(networks: Networks, varied: Parameters) -> None:
    """A strength beside the values that it is to have."""
    if networks.strength is not None and "weights" in (varied.parameters or ["weights"]):
        raise ExperimentError(
            "--g: the strength of the couplings is what is varied here; leave it out, or vary "
            "something else with --parameter gains or --parameter shifts"
        )


def _varied(varied: Parameters) -> dict[str, Any]:
    return {"parameters": varied.parameters or ["weights"], "per_root_n": varied.per_root_n}


def _common(running: Running) -> dict[str, Any]:
    return {"seed": running.seed, "threads": running.threads, "progress": not running.json}
