"""StudyResult: what a study gave so far, as tables and as a figure."""

from __future__ import annotations

__all__ = ["StudyResult", "read_study"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurobridge.errors import UnknownNameError
from neurobridge.study.store import TrialFiles, read_manifest
from neurobridge.study.study import Study

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class StudyResult:
    """What a study gave.

    Parameters
    ----------
    name : str
    folder : Path
        Of the store.
    table : DataFrame
        One row for each finished trial, in the order of the study; see
        :func:`~neurobridge.study.tables.results_table`.
    total : int
        Trials in all.
    failures : tuple of mapping
        Trials that failed: ``key``, ``where``, ``type``, ``message``, ``traceback``.
    paths, measures : tuple of str
        Columns that vary, and those that were measured.
    best : mapping or None
        Of a search: the best point, with ``point``, ``value`` of the objective, and ``parameters``.
    """

    name: str
    folder: Path
    table: pd.DataFrame = field(repr=False)
    total: int
    failures: tuple[Mapping[str, Any], ...]
    paths: tuple[str, ...]
    measures: tuple[str, ...]
    best: Mapping[str, Any] | None = None

    @property
    def done(self) -> int:
        """Trials that are finished."""
        return len(self.table)

    @property
    def complete(self) -> bool:
        """Whether all trials are finished."""
        return self.done == self.total

    def summary(self, measures: Sequence[str] | None = None) -> pd.DataFrame:
        """Mean and 95 % interval over seeds and trials at each point.

        Parameters
        ----------
        measures : sequence of str, optional
            Default: all.

        Returns
        -------
        DataFrame
            See :func:`~neurobridge.study.summary.summarised`.

        Raises
        ------
        UnknownNameError
        """
        from neurobridge.study.summary import summarised

        chosen = list(self.measures if measures is None else measures)
        for name in chosen:
            self._refuse_unknown("measure", name, [*self.measures, "spikes"])
        return summarised(self.table, self.paths, chosen)

    def plot(self, measures: str | Sequence[str] | None = None, over: str | None = None) -> Figure:
        """Measures over a parameter, with their intervals.

        Parameters
        ----------
        measures : str or sequence of str, optional
            One panel each; default: the first six.
        over : str, optional
            A path; default: the first that varies.

        Raises
        ------
        UnknownNameError
        """
        from neurobridge.study.figure import draw_study

        chosen = [measures] if isinstance(measures, str) else measures
        if over is not None:
            self._refuse_unknown("parameter", over, self.paths)
        return draw_study(self, self.summary(chosen), over)

    def spikes(self, key: str) -> pd.DataFrame:
        """The spikes of one trial, if the study keeps them: ``probe``, ``step``, ``neuron``.

        Raises
        ------
        UnknownNameError
        """
        import pandas as pd

        path = self.folder / "spikes" / f"{key}.parquet"
        if not path.is_file():
            there = [p.stem for p in (self.folder / "spikes").glob("*.parquet")]
            raise UnknownNameError(
                "trial with spikes", key, there, "A study keeps spikes with 'spikes: true'"
            )
        return pd.read_parquet(path)

    def _refuse_unknown(self, kind: str, name: str, known: Sequence[str]) -> None:
        if name not in known:
            raise UnknownNameError(f"{kind} of study {self.name!r}", name, known)


def read_study(study: Study, folder: Path) -> StudyResult:
    """What there is of a study, without running anything.

    Raises
    ------
    FileFormatError
        If the folder holds no study.
    """
    from neurobridge.study.tables import results_table

    read_manifest(folder)
    files = TrialFiles(folder)
    best = None
    if study.plan.search is None:
        trials = study.trials()
    else:
        from neurobridge.study.search import Search

        search = Search.opened(study, folder)
        trials, best = search.trials(), search.best()
    return StudyResult(
        study.name,
        folder,
        results_table(study, trials, files.finished(trials)).to_pandas(),
        study.total,
        tuple(files.failures()),
        tuple(study.paths),
        tuple(study.columns),
        best,
    )
