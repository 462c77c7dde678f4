"""Experiment: a file that says everything about a run, and the network that it describes."""

from __future__ import annotations

__all__ = ["Experiment", "builtin_experiments", "load_experiment"]

from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurobridge.errors import ExperimentError, UnknownNameError
from neurobridge.experiment.place import Places
from neurobridge.experiment.schema import ExperimentPlan, RunPlan
from neurobridge.yaml_lines import read_yaml, validate

if TYPE_CHECKING:
    from neurobridge.connectome.table import Connectome
    from neurobridge.experiment.training import TrainingSetup
    from neurobridge.graph.network import Network

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Experiment:
    """A validated experiment file; made by :func:`load_experiment`.

    Parameters
    ----------
    plan : ExperimentPlan
        What the file says, quantities in canonical units.
    folder : Path
        Paths in the file are relative to it.
    places : Places
        Finds the line of a key, for errors.
    """

    plan: ExperimentPlan
    folder: Path
    places: Places = field(repr=False)

    @property
    def name(self) -> str:
        """The name that the file gives."""
        return self.plan.name

    @property
    def description(self) -> str:
        """The description that the file gives; may be empty."""
        return self.plan.description.strip()

    @property
    def settings(self) -> RunPlan:
        """Duration, dt, seed, trial, accepted approximations and backends."""
        return self.plan.run

    @cached_property
    def connectome(self) -> Connectome:
        """The connectome, its part selected and its signs assigned; loaded on first use.

        Raises
        ------
        ExperimentError
            With the line of the file that cannot be carried out.
        """
        from neurobridge.experiment.connectome import build_connectome

        return build_connectome(self)

    def network(self) -> Network:
        """The network with its stimuli and probes.

        Raises
        ------
        ExperimentError
            With the line of the file that cannot be carried out.
        """
        from neurobridge.experiment.assemble import assemble

        return assemble(self)

    def training(self, **changes: Any) -> TrainingSetup:
        """What is trained, on what and how.

        Parameters
        ----------
        **changes
            Settings of training in place of those of the file, such as ``epochs=5``.

        Raises
        ------
        ExperimentError
            With the line of the file that cannot be carried out, or if it has no such section.
        BackendUnavailableError
            If torch, or what else training needs, is not installed.
        """
        from neurobridge.installed import refuse_without_torch

        refuse_without_torch()
        from neurobridge.experiment.training import assemble_training

        return assemble_training(self, **changes)


def builtin_experiments() -> dict[str, Path]:
    """Name and file of the experiments that come with the package."""
    folder = Path(str(files("neurobridge.experiment") / "builtin"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load_experiment(source: str | Path) -> Experiment:
    """Load an experiment from a YAML file, or a built-in one by name.

    Parameters
    ----------
    source : str or Path
        A path, or one of :func:`builtin_experiments`, e.g. ``"celegans"``.

    Returns
    -------
    Experiment
        Checked as far as that goes without data; :meth:`Experiment.network` does the rest.

    Raises
    ------
    UnknownNameError
        If there is no such file and no such name.
    FileFormatError
        If the file is not YAML.
    ExperimentError
        If a key is unknown or missing, or a value is of the wrong kind. All of them are listed,
        each with its line and the nearest known key.

    Examples
    --------
    >>> load_experiment("celegans").settings.duration
    1000.0
    """
    path = _find(source)
    file = read_yaml(path, "'version: 1', 'name:', 'connectome:' ...", ExperimentError)
    plan = validate(ExperimentPlan, file, f"the experiment {path.name}", ExperimentError)
    return Experiment(plan, path.parent, Places(file))


def _find(source: str | Path) -> Path:
    known = builtin_experiments()
    if isinstance(source, str) and source in known:
        return known[source]
    path = Path(source)
    if path.is_file():
        return path
    beside = path.parent if path.parent.is_dir() else Path()
    there = sorted(p.name for s in SUFFIXES for p in beside.glob(f"*{s}"))
    raise UnknownNameError(
        "experiment",
        str(source),
        [*known, *there],
        f"There is no file {str(source)!r} here; 'neurobridge new FILE' writes one to start from",
    )
