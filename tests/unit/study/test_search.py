"""A search that is stopped anywhere proposes what it would have proposed."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from neurobridge.errors import StudyError
from neurobridge.study import read_study, running
from neurobridge.study.executor import Executor
from neurobridge.study.search import Search
from neurobridge.study.store import Store
from neurobridge.study.study import Study
from tests.requirements import require
from tests.unit.study.toys import outcomes, toy_study

PARAMETERS = """parameters:
  stimuli.drive.rate: {low: 50, high: 0.5 kHz, spacing: log}
  populations.neurons.tau_m: [10 ms, 20 ms]
"""
SEARCH = "search: {objective: mean_rate, target: 60, points: 14, batch: 4}\n"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    require("optuna")
    found = toy_study(tmp_path, parameters=PARAMETERS, seeds="seeds: 2\n", search=SEARCH)
    found.refuse_unfit()
    return found


def go_on(study: Study, folder: Path, asks: int, *, tell_last: bool = True) -> list[Any]:
    """Ask so often; the last answer may be lost."""
    asked = []
    with Store.held(folder, study) as store:
        search = Search.opened(study, folder)
        for turn in range(asks):
            points = search.ask()
            asked.append(points)
            rows = {k: o["row"] for k, o in outcomes(store, study.trials(points)).items()}
            if points and (tell_last or turn < asks - 1):
                search.tell(points, rows)
    return asked


def test_a_stopped_search_goes_on_as_if_nothing_was(study: Study, tmp_path: Path) -> None:
    calm = go_on(study, tmp_path / "calm", 5)
    assert [len(points) for points in calm] == [4, 4, 4, 2, 0]
    values = [v["stimuli.drive.rate"] for points in calm for _, v in points]
    assert all(50 <= v <= 500 for v in values)
    assert len(set(values)) == 14
    first = go_on(study, tmp_path / "wild", 2, tell_last=False)
    second = go_on(study, tmp_path / "wild", 4)
    assert first + second[1:] == calm
    assert second[0] == first[-1]
    results = [read_study(study, tmp_path / name) for name in ("calm", "wild")]
    assert results[0].best == results[1].best
    assert results[0].table.equals(results[1].table)
    assert len(results[0].table) == 28


def test_the_best_point_is_nearest_to_the_target(study: Study, tmp_path: Path) -> None:
    go_on(study, tmp_path / "store", 4)
    result = read_study(study, tmp_path / "store")
    means = result.table.groupby("point")["mean_rate"].mean()
    assert result.best is not None
    assert result.best["point"] == (means - 60).abs().idxmin()
    assert result.best["value"] == pytest.approx((means - 60).abs().min())


def test_points_without_a_value_are_failures_and_count(study: Study, tmp_path: Path) -> None:
    with Store.held(tmp_path / "store", study):
        search = Search.opened(study, tmp_path / "store")
        while points := search.ask():
            search.tell(points, {})
        assert search.finished
        assert search.best() is None


def test_a_point_that_was_torn_is_a_failure_and_counts(study: Study, tmp_path: Path) -> None:
    with Store.held(tmp_path / "store", study):
        search = Search.opened(study, tmp_path / "store")
        search.held.ask()  # and killed before it had its values
        first = search.ask()
        assert [number for number, _ in first] == [1, 2, 3, 4]
        search.held.ask()
        assert search.ask() == first
        search.tell(first, {})
        assert [number for number, _ in search.ask()] == [6, 7, 8, 9]


def test_failures_of_a_search_stay_when_it_goes_on(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("distributed")
    folder = tmp_path / "store"
    with Store.held(folder, study) as store:
        search = Search.opened(study, folder)
        search.tell(search.ask(), {})
        failed = search.trials()[0].key
        store.conclude(search.trials(), {}, [{"key": failed, "where": "", "message": "no"}])

    def lost(*arguments: Any) -> None:
        raise StudyError("the cluster is gone")

    monkeypatch.setattr(running, "connected", lambda *arguments: nullcontext())
    monkeypatch.setattr(Executor, "run", lost)
    with pytest.raises(StudyError, match="the cluster is gone"):
        running.run_study(study, folder)
    assert [f["key"] for f in read_study(study, folder).failures] == [failed]
    with Store.held(folder, study):
        search = Search.opened(study, folder)
        while points := search.ask():
            search.tell(points, {})
    assert [f["key"] for f in running.run_study(study, folder).failures] == [failed]


def test_a_storage_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    require("optuna")
    search = SEARCH.replace("batch: 4", "storage: 'sqlite:////nowhere/x.db'")
    study = toy_study(tmp_path, parameters=PARAMETERS, search=search)
    with pytest.raises(StudyError, match=r"storage of the search, sqlite:////nowhere/x.db"):
        Search.opened(study, tmp_path)


def test_samples_are_the_business_of_the_search(tmp_path: Path) -> None:
    parameters = "parameters:\n  stimuli.drive.rate: {low: 50, high: 500, samples: 3}\n"
    study = toy_study(tmp_path, parameters=parameters, search=SEARCH)
    with pytest.raises(ValueError, match=r"line 7: .*leave out 'samples'"):
        study.refuse_unfit()
