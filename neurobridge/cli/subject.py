"""What a command works on: an experiment, or a network in its native folder."""

from __future__ import annotations

__all__ = ["Subject", "key_values", "load_subject", "split"]

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurobridge.errors import ExperimentError, NetworkError
from neurobridge.experiment import Experiment, load_experiment
from neurobridge.experiment.schema import RunPlan
from neurobridge.graph.network import Network
from neurobridge.graph.probe import StateProbe
from neurobridge.io.native import load
from neurobridge.lowering.compiled import RECORDING_CAP_MB
from neurobridge.lowering.finding import Finding
from neurobridge.yaml_lines import YamlFile, read_value, validate


@dataclass(frozen=True)
class Subject:
    """A network and how it is to be run.

    Parameters
    ----------
    source : str
        As the user named it.
    title : str
    network : Network
    settings : RunPlan
        Of the file, with the options of the command on top.
    experiment : Experiment or None
        None for a network in a folder.
    """

    source: str
    title: str
    network: Network
    settings: RunPlan
    experiment: Experiment | None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found while the connectome was signed and cut."""
        return () if self.experiment is None else self.experiment.connectome.findings

    @property
    def n_steps(self) -> int:
        """Steps of the run."""
        return round(self.settings.duration / self.settings.dt)

    @property
    def recording_mb(self) -> float:
        """Expected size of the recorded states in MB."""
        values = 0.0
        for probe in self.network.probes.values():
            if isinstance(probe, StateProbe):
                population = self.network.population(probe.population)
                n = population.size if probe.neurons is None else probe.neurons.size
                values += n * self.settings.duration / (probe.interval or self.settings.dt)
        return values * 8 / 1e6

    @property
    def comparison_command(self) -> str:
        """The command that repeats a comparison, whatever was in the file at the time."""
        plan = self.settings
        parts = ["neurobridge", "compare", self.source, "--backends", ",".join(plan.backends)]
        for name in ("duration", "dt", "seed", "trial"):
            parts += [f"--{name}", str(getattr(plan, name)).removesuffix(".0")]
        if plan.accept:
            parts += ["--accept", ",".join(plan.accept)]
        return shlex.join(parts)

    def check_size(self) -> None:
        """Refuse a run whose recording would be larger than the cap.

        Raises
        ------
        NetworkError
        """
        if self.recording_mb > RECORDING_CAP_MB:
            raise NetworkError(
                f"the state probes would record {self.recording_mb:,.0f} MB, the cap is "
                f"{RECORDING_CAP_MB:,.0f} MB; record fewer neurons or at a longer interval"
            )


def load_subject(source: str, options: Mapping[str, Any]) -> Subject:
    """An experiment (file or built-in name) or the folder of a network.

    Parameters
    ----------
    source : str
    options : mapping
        Entries of :class:`RunPlan` that the command was given; None for those that it was not.
    """
    given = {name: _number(value) for name, value in options.items() if value is not None}
    if Path(source).is_dir():
        settings = _settings({}, given, source)
        return Subject(source, Path(source).name, load(source), settings, None)
    experiment = load_experiment(source)
    settings = _settings(experiment.settings.model_dump(), given, source)
    return Subject(source, experiment.name, experiment.network(), settings, experiment)


def split(text: str | None) -> list[str] | None:
    """The parts of ``"a,b"``; None stays None."""
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def key_values(pairs: Iterable[str]) -> dict[str, Any]:
    """``["threads=2"]`` as a dictionary; values are read as YAML."""
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key.strip():
            raise ExperimentError(f"--set {pair!r}: expected name=value, e.g. --set threads=2")
        values[key.strip()] = read_value(text)
    return values


def _settings(base: Mapping[str, Any], given: Mapping[str, Any], source: str) -> RunPlan:
    if "duration" not in {**base, **given}:
        raise ExperimentError(
            f"{source} is a network without a duration; say --duration, e.g. --duration '1 s'"
        )
    command_line = YamlFile("the command line", {**base, **given}, None)
    return validate(RunPlan, command_line, "how to run", ExperimentError)


def _number(value: Any) -> Any:
    """Plain numbers as typed are numbers; all other text keeps its unit."""
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        return value
