"""A search: Optuna proposes points, the mean of a measure over their trials says how good they are.

Optuna keeps its own storage. A sampler is made anew for each point, with a seed of that point, so
that a search that was stopped and goes on proposes what it would have proposed.
"""

from __future__ import annotations

__all__ = ["Search"]

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurobridge.errors import StudyError
from neurobridge.installed import refuse_without_optuna
from neurobridge.rng import generator
from neurobridge.study.schema import SearchPlan
from neurobridge.study.study import Study
from neurobridge.study.sweeps import Drawn, ends, expanded
from neurobridge.study.trial import Trial

if TYPE_CHECKING:
    import optuna

Points = list[tuple[int, dict[str, float]]]

JOURNAL = "search.journal"


@dataclass(frozen=True)
class Search:
    """The search of a study, in Optuna's storage.

    Parameters
    ----------
    study : Study
    plan : SearchPlan
    held : optuna.Study
    space : mapping of str to optuna distribution
    """

    study: Study
    plan: SearchPlan
    held: optuna.Study
    space: Mapping[str, Any]

    @classmethod
    def opened(cls, study: Study, folder: Path) -> Search:
        """Open the search of a study, or begin it.

        Raises
        ------
        BackendUnavailableError
            If Optuna is not installed.
        StudyError
            If its storage cannot be opened.
        """
        refuse_without_optuna()
        import optuna

        plan = study.plan.search
        if plan is None:
            raise StudyError(f"study {study.name!r} has no section 'search'")
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        direction = plan.direction or "minimize"
        try:
            held = optuna.create_study(
                storage=_storage(plan, folder),
                study_name=study.name,
                direction=direction,
                load_if_exists=True,
            )
        except Exception as err:  # every storage has errors of its own
            why = str(err).partition("\n")[0]
            raise StudyError(
                f"the storage of the search, {plan.storage or folder / JOURNAL}, cannot be opened: "
                f"{why}"
            ) from err
        return cls(study, plan, held, _space(study))

    @property
    def finished(self) -> bool:
        """Whether all points have a value, or cannot have one."""
        told = [t for t in self.held.get_trials(deepcopy=False) if t.state.is_finished()]
        return len(told) >= self.plan.points

    def ask(self) -> Points:
        """The next points, first those that a search which was stopped had asked for."""
        from optuna.trial import TrialState

        there = self.held.get_trials(deepcopy=False)
        waiting = [t for t in there if t.state == TrialState.RUNNING]
        whole = self._whole(waiting)
        for torn in (t for t in waiting if not self._is_whole(t)):
            self.held.tell(torn.number, state=TrialState.FAIL)
        return whole or [
            self._asked(number) for number in range(len(there), self.plan.points)[: self.plan.batch]
        ]

    def tell(self, points: Points, rows: Mapping[str, Mapping[str, Any]]) -> None:
        """Give Optuna the values of points, in their order. A point without one is a failure."""
        from optuna.trial import TrialState

        for number, values in points:
            value = self._objective(self.study.trials([(number, values)]), rows)
            if value is None:
                self.held.tell(number, state=TrialState.FAIL)
            else:
                self.held.tell(number, value)

    def trials(self) -> list[Trial]:
        """The trials of all points that were asked for, in order."""
        return self.study.trials(self._whole(self.held.get_trials(deepcopy=False)))

    def best(self) -> dict[str, Any] | None:
        """The best point so far: ``point``, ``value`` of what was optimised, ``parameters``."""
        from optuna.trial import TrialState

        done = [t for t in self.held.get_trials(deepcopy=False) if t.state == TrialState.COMPLETE]
        if not done:
            return None
        found = self.held.best_trial
        return {
            "point": found.number,
            "value": found.value,
            "objective": self.plan.objective,
            "target": self.plan.target,
            "parameters": self._values(found.params),
        }

    def _asked(self, number: int) -> tuple[int, dict[str, float]]:
        self.held.sampler = _sampler(self.plan, number)
        trial = self.held.ask(dict(self.space))
        return trial.number, self._values(trial.params)

    def _whole(self, asked: Sequence[optuna.trial.FrozenTrial]) -> Points:
        """Those points that have all their values."""
        return [(t.number, self._values(t.params)) for t in asked if self._is_whole(t)]

    def _is_whole(self, asked: optuna.trial.FrozenTrial) -> bool:
        """Whether a point has all its values; a search may have been killed before."""
        return set(asked.params) == set(self.space)

    def _values(self, params: Mapping[str, Any]) -> dict[str, float]:
        return {path: float(params[path]) for path in self.space}

    def _objective(
        self, trials: Sequence[Trial], rows: Mapping[str, Mapping[str, Any]]
    ) -> float | None:
        """The mean over all trials of a point, or its distance from the target."""
        name = self.plan.objective
        found = []
        for trial in trials:
            row = rows.get(trial.key)
            value = None if row is None else {**row["measures"], "spikes": row["spikes"]}.get(name)
            if value is None:
                return None
            found.append(float(value))
        mean = math.fsum(found) / len(found)
        return mean if self.plan.target is None else abs(mean - self.plan.target)


def _space(study: Study) -> dict[str, Any]:
    """The range of each path, or its values."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    found: dict[str, Any] = {}
    settings = study.settings(study.subjects[0])
    for path, sweep in study.plan.parameters.items():
        with study.places.at("parameters", path):
            if isinstance(sweep, Drawn):
                low, high = ends(sweep, settings[path].convert)
                found[path] = FloatDistribution(low, high, log=sweep.spacing == "log")
            else:
                values = expanded(sweep, path, settings[path].convert)
                found[path] = CategoricalDistribution(values)
    return found


def _storage(plan: SearchPlan, folder: Path) -> Any:
    """A database that was named, or a journal in the store."""
    if plan.storage is not None and "://" in plan.storage:
        return plan.storage
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(str(plan.storage or folder / JOURNAL)))


def _sampler(plan: SearchPlan, number: int) -> Any:
    """A sampler whose draws depend on the seed and the number of the point alone."""
    import optuna

    seed = int(generator(plan.seed, "search", plan.sampler, number).integers(2**31))
    if plan.sampler == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.TPESampler(seed=seed, constant_liar=plan.batch > 1)
