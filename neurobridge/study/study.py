"""Study: a file that says which trials there are, and the trials."""

from __future__ import annotations

__all__ = ["Study", "Subject", "load_study"]

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from neurobridge.comparison.execute import BackendRun, parse_backends
from neurobridge.errors import ExperimentError, NetworkError, UnknownNameError
from neurobridge.experiment import builtin_experiments, load_experiment
from neurobridge.experiment.place import Places
from neurobridge.graph.network import Network
from neurobridge.io.manifest import is_network_folder
from neurobridge.io.native import load
from neurobridge.lowering.compiled import check
from neurobridge.lowering.finding import raise_if_errors
from neurobridge.lowering.grid import to_steps
from neurobridge.study.measures import Measure, columns_of
from neurobridge.study.schema import StudyPlan
from neurobridge.study.settings import Setting, changed, clock_of, resolve
from neurobridge.study.sweeps import Drawn, expanded, refuse_twice
from neurobridge.study.trial import Trial, trial_key
from neurobridge.yaml_lines import YamlFile, read_yaml, validate

Values = Mapping[str, float]
"""A point of a study: the value of each path, in canonical units."""


@dataclass(frozen=True)
class Subject:
    """A network of a study, and how it runs if no parameter says otherwise.

    Parameters
    ----------
    label : str
        Its name in the study.
    network : Network
    duration, dt : float
        In ms.
    accept : tuple of str
    """

    label: str
    network: Network
    duration: float
    dt: float
    accept: tuple[str, ...]


@dataclass(frozen=True)
class Study:
    """A validated study; made by :func:`load_study`.

    Parameters
    ----------
    plan : StudyPlan
        What the file says.
    folder : Path
        Paths in the file are relative to it.
    places : Places
        Finds the line of a key, for errors.
    """

    plan: StudyPlan
    folder: Path
    places: Places = field(repr=False)

    @property
    def name(self) -> str:
        """The name that the file gives."""
        return self.plan.name

    @cached_property
    def backends(self) -> list[BackendRun]:
        """Backends with their settings."""
        return parse_backends(self.plan.backends)

    @cached_property
    def subjects(self) -> list[Subject]:
        """The networks; loaded on first use.

        Raises
        ------
        ExperimentError
            With the line of the file that cannot be carried out.
        """
        found: list[Subject] = []
        for i, source in enumerate(self.plan.experiments):
            with self.places.at("experiments", i):
                subject = self._subject(source, found)
                for other in found:
                    if other.network.id == subject.network.id:
                        raise NetworkError(
                            f"{source!r} is the same network as {other.label!r}; name it once"
                        )
                found.append(subject)
        return found

    @cached_property
    def measures(self) -> list[Measure]:
        """What is measured."""
        found = []
        for i, text in enumerate(self.plan.measures):
            with self.places.at("measures", i):
                found.append(Measure.parse(text))
        return found

    @cached_property
    def columns(self) -> list[str]:
        """The names of all numbers that are measured."""
        return columns_of(self.measures, [s.network for s in self.subjects])

    @property
    def paths(self) -> list[str]:
        """Paths of all parameters that vary."""
        return [*self.plan.parameters, *self.plan.zip]

    def settings(self, subject: Subject) -> dict[str, Setting]:
        """What each path names in one of the networks."""
        found = {}
        for path in self.paths:
            with self.places.at(self._section(path), path):
                found[path] = resolve(path, subject.network)
        return found

    @cached_property
    def points(self) -> list[dict[str, float]]:
        """All combinations of values, the last path varying fastest; empty for a search."""
        if self.plan.search is not None:
            return []
        grid = [[{path: v} for v in self._values(path)] for path in self.plan.parameters]
        together = self._zipped()
        if together:
            grid.append(together)
        return [{k: v for part in parts for k, v in part.items()}
                for parts in itertools.product(*grid)]  # fmt: skip

    @property
    def n_points(self) -> int:
        """How many points there are, or will be in the end of a search."""
        return len(self.points) if self.plan.search is None else self.plan.search.points

    @property
    def total(self) -> int:
        """Trials of all points."""
        each = len(self.plan.seeds) * len(self.plan.trials)
        return self.n_points * each * len(self.subjects) * len(self.backends)

    def trials(self, points: Iterable[tuple[int, Values]] | None = None) -> list[Trial]:
        """All trials of the study, or those at some points, in the order of the study.

        Parameters
        ----------
        points : iterable of (int, mapping), optional
            Numbers and values of points; default: all.
        """
        if points is None:
            return list(self._all)
        return self._at_points(list(points))

    def refuse_unfit(self) -> None:
        """Find everything that can be found before anything runs.

        Raises
        ------
        ExperimentError
            With the line in the file: a network, path, value or measure that does not fit, or
            approximations that are not accepted.
        """
        self._refuse_contradictions()
        for subject in self.subjects:
            for i, one in enumerate(self.measures):
                with self.places.at("measures", i):
                    one.refuse_misfit(subject.network)
        self._refuse_clocks()
        for subject in self.subjects:
            self._refuse_findings(subject, self.settings(subject))
        self._refuse_objective()

    def document(self) -> dict[str, Any]:
        """The study as it was understood, without what does not change its results."""
        plan = self.plan.model_dump(mode="json", include={"measures", "seeds", "spikes", "trials"})
        search = self.plan.search
        return {
            **plan,
            "experiments": {
                s.label: {"network": s.network.id, "duration": s.duration, "dt": s.dt,
                          "accept": sorted(s.accept)}
                for s in self.subjects
            },
            "backends": list(self.plan.backends),
            "parameters": {path: self._described(path) for path in self.paths},
            "zip": list(self.plan.zip),
            "search": None if search is None else search.model_dump(mode="json"),
        }  # fmt: skip

    # -- helpers --------------------------------------------------------------------------------

    def _subject(self, source: str, before: Sequence[Subject]) -> Subject:
        run, path = self.plan.run, self.folder / source
        label = Path(source).stem if path.is_file() else Path(source).name
        if label in [s.label for s in before] or label in self.plan.experiments:
            label = source
        if source not in builtin_experiments() and is_network_folder(path):
            if run.duration is None:
                raise NetworkError(
                    f"{source!r} is a saved network, which has no duration; add a section 'run: "
                    "{duration: 1 s}'"
                )
            accept = run.accept or []
            return Subject(label, load(path), run.duration, run.dt or 0.1, tuple(accept))
        if source not in builtin_experiments() and not path.is_file():
            there = sorted(p.name for p in self.folder.glob("*.y*ml"))
            raise UnknownNameError("experiment", source, [*builtin_experiments(), *there])
        experiment = load_experiment(source if source in builtin_experiments() else path)
        own = experiment.settings
        accept = own.accept if run.accept is None else run.accept
        return Subject(
            label, experiment.network(), run.duration or own.duration, run.dt or own.dt,
            tuple(accept),
        )  # fmt: skip

    @cached_property
    def _all(self) -> list[Trial]:
        return self._at_points(list(enumerate(self.points)))

    def _at_points(self, points: Sequence[tuple[int, Values]]) -> list[Trial]:
        return [
            trial
            for subject in self.subjects
            for trial in self._trials_of(subject, self.settings(subject), points)
        ]

    def _section(self, path: str) -> str:
        return "zip" if path in self.plan.zip else "parameters"

    def _values(self, path: str) -> list[float]:
        """The values of a path, which mean the same in all networks."""
        section = self._section(path)
        sweep = getattr(self.plan, section)[path]
        found: list[list[float]] = []
        with self.places.at(section, path):
            for subject in self.subjects:
                setting = resolve(path, subject.network)
                found.append(expanded(sweep, path, setting.convert))
            if section == "parameters":
                refuse_twice(found[0])
        return found[0]

    def _zipped(self) -> list[dict[str, float]]:
        columns = {path: self._values(path) for path in self.plan.zip}
        lengths = {path: len(values) for path, values in columns.items()}
        if len(set(lengths.values())) > 1:
            path = list(lengths)[-1]
            raise ExperimentError(
                f"{self.places.file.place(('zip', path))}: zip: its parameters go together, so all "
                f"need the same number of values, but there are {lengths}"
            )
        rows = list(zip(*columns.values(), strict=True))
        with self.places.at("zip"):
            refuse_twice(rows)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def _described(self, path: str) -> Any:
        """The values of a path, or the range that a search is in."""
        sweep = getattr(self.plan, self._section(path))[path]
        if self.plan.search is not None and isinstance(sweep, Drawn):
            return {"low": sweep.low, "high": sweep.high, "spacing": sweep.spacing}
        return self._values(path)

    def _trials_of(
        self,
        subject: Subject,
        settings: Mapping[str, Setting],
        points: Sequence[tuple[int, Values]],
    ) -> Iterable[Trial]:
        at = [(number, values, *self._at(subject, settings, values)) for number, values in points]
        for backend in self.backends:
            for number, values, network, duration, dt in at:
                for seed, trial in itertools.product(self.plan.seeds, self.plan.trials):
                    yield self._trial(
                        subject, backend, number, values, network, duration, dt, seed, trial
                    )

    def _trial(
        self, subject: Subject, backend: BackendRun, number: int, values: Values, network: Network,
        duration: float, dt: float, seed: int, trial: int,
    ) -> Trial:  # fmt: skip
        run: dict[str, Any] = {
            "backend": backend.backend, "settings": dict(backend.settings), "seed": seed,
            "trial": trial, "duration": duration, "dt": dt, "accept": list(subject.accept),
            "measures": list(self.plan.measures), "spikes": self.plan.spikes,
        }  # fmt: skip
        key = trial_key(network_id=network.id, **run)
        job = {**run, "key": key, "network": subject.network.id, "values": dict(values)}
        return Trial(
            key, subject.label, backend.label, number, dict(values), seed, trial, duration, dt, job
        )

    def _at(
        self, subject: Subject, settings: Mapping[str, Setting], values: Values
    ) -> tuple[Network, float, float]:
        """The network at a point, its duration and its dt."""
        network = subject.network
        own: dict[Setting, float] = {settings[path]: v for path, v in values.items()}
        for setting, value in own.items():
            with self.places.at(self._section(setting.path), setting.path):
                network = changed(network, {setting: value})
        clock = {"duration": subject.duration, "dt": subject.dt, **clock_of(own)}
        return network, clock["duration"], clock["dt"]

    def _refuse_contradictions(self) -> None:
        plan, place = self.plan, self.places.file.place
        for path in plan.zip:
            if path in plan.parameters:
                raise ExperimentError(
                    f"{place(('zip', path))}: {path!r} stands in 'parameters' and in 'zip'; keep "
                    "it in one of them"
                )
        if plan.search is None:
            return
        if plan.zip or not plan.parameters:
            raise ExperimentError(
                f"{place(('search',))}: a search goes over 'parameters': give some, and no 'zip'"
            )
        for path, sweep in plan.parameters.items():
            if isinstance(sweep, Drawn) and sweep.samples is not None:
                raise ExperimentError(
                    f"{place(('parameters', path))}: parameters.{path}: the search chooses values "
                    "itself; leave out 'samples'"
                )

    def _refuse_clocks(self) -> None:
        """Every duration must be whole steps. Trials are only there if networks take all values."""
        path = next((p for p in ("run.dt", "run.duration") if p in self.paths), None)
        section = ("run",) if path is None else (self._section(path), path)
        accept = {s.label: s.accept for s in self.subjects}
        first: dict[tuple[str, float, float], int] = {}
        for trial in self.trials():
            first.setdefault((trial.experiment, trial.duration, trial.dt), trial.point)
        for (experiment, duration, dt), point in first.items():
            with self.places.at(*section):
                raise_if_errors(
                    to_steps(duration, dt, f"duration at point {point}", "duration_rounding",
                             at_least=1)[1],
                    accept[experiment],
                )  # fmt: skip

    def _refuse_findings(self, subject: Subject, settings: Mapping[str, Setting]) -> None:
        """Ask every backend about the first point of each network that it has to build."""
        builds: dict[tuple[Any, ...], Values] = {}
        for values in self.points or [{}]:
            build = tuple(v for path, v in values.items() if settings[path].rebuilds)
            builds.setdefault(build, values)
        for first in builds.values():
            network, _, dt = self._at(subject, settings, first)
            for i, backend in enumerate(self.backends):
                with self.places.at("backends", i):
                    found = check(network, backend.backend, dt=dt, **backend.settings)
                    raise_if_errors(found, subject.accept)

    def _refuse_objective(self) -> None:
        search = self.plan.search
        known = [*self.columns, "spikes"]
        if search is not None and search.objective not in known:
            with self.places.at("search", "objective"):
                raise UnknownNameError("measure", search.objective, known)


def load_study(source: str | Path | Mapping[str, Any]) -> Study:
    """Load a study from a YAML file, or from a mapping of the same form.

    Parameters
    ----------
    source : str, Path or mapping
        Paths in a mapping are relative to the working directory.

    Returns
    -------
    Study
        Checked as far as that goes without its networks; :meth:`Study.refuse_unfit` does the rest.

    Raises
    ------
    UnknownNameError
        If there is no such file.
    FileFormatError
        If the file is not YAML.
    ExperimentError
        If a key is unknown or missing, or a value is of the wrong kind. All of them are listed,
        each with its line and the nearest known key.
    """
    expected = "'version: 1', 'name:', 'experiments:', 'backends:' ..."
    if isinstance(source, Mapping):
        file, folder, title = YamlFile("the study", dict(source), None), Path(), "the study"
    else:
        path = Path(source)
        if not path.is_file():
            beside = path.parent if path.parent.is_dir() else Path()
            there = sorted(p.name for s in ("*.yaml", "*.yml") for p in beside.glob(s))
            raise UnknownNameError("study", path.name, there, f"There is no file {source}")
        file, folder, title = read_yaml(path, expected, ExperimentError), path.parent, path.name
    plan = validate(StudyPlan, file, f"the study {title}", ExperimentError)
    return Study(plan, folder, Places(file))
