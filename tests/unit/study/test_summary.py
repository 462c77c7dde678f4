"""Means and intervals over seeds, and the figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp

from neurobridge.errors import UnknownNameError
from neurobridge.study import StudyResult
from neurobridge.study.summary import summarised

PATH = "populations.neurons.tau_m"


@pytest.fixture
def result(rng: np.random.Generator) -> StudyResult:
    """Two backends, two values, five seeds; one value of ``cv`` is not defined."""
    rows: list[dict[str, Any]] = [
        {"experiment": "toy", "backend": backend, "point": point, PATH: 10.0 * (point + 1),
         "seed": seed, "spikes": int(rng.integers(100)), "mean_rate": rng.normal(20 + point, 3),
         "cv": rng.random()}
        for backend in ("reference", "nest") for point in range(2) for seed in range(5)
    ]  # fmt: skip
    rows[3]["cv"] = None
    table = pd.DataFrame(rows)
    return StudyResult("toy", Path(), table, 20, (), (PATH,), ("mean_rate", "cv"))


def test_intervals_are_those_of_a_t_test(result: StudyResult) -> None:
    summary = result.summary()
    assert list(zip(summary["backend"], summary[PATH], summary["measure"], strict=True))[:5] == [
        ("reference", 10.0, "mean_rate"), ("reference", 10.0, "cv"),
        ("reference", 20.0, "mean_rate"), ("reference", 20.0, "cv"), ("nest", 10.0, "mean_rate"),
    ]  # fmt: skip
    assert list(summary["n"]) == [5, 4, 5, 5, 5, 5, 5, 5]
    table = result.table
    for row in summary.itertuples(index=False):
        chosen = table[(table["backend"] == row.backend) & (table["point"] == row.point)]
        values = chosen[row.measure].dropna().astype(float)
        expected = ttest_1samp(values, 0.0).confidence_interval(0.95)
        assert row.mean == pytest.approx(values.mean())
        assert (row.low, row.high) == pytest.approx((expected.low, expected.high))
        assert row.sd == pytest.approx(values.std())


def test_an_interval_needs_two_values() -> None:
    table = pd.DataFrame({
        "experiment": ["a", "a"], "backend": ["b", "b"], "point": [0, 1], "x": [3.0, np.nan],
    })  # fmt: skip
    summary = summarised(table, [], ["x"])
    assert list(summary["n"]) == [1, 0]
    assert summary["mean"][0] == 3.0
    assert summary[["low", "high", "sd"]].isna().all(axis=None)
    assert np.isnan(summary["mean"][1])


def test_the_figure_has_a_panel_for_each_measure_and_a_curve_for_each_backend(
    result: StudyResult, tmp_path: Path
) -> None:
    figure = result.plot()
    left, right = figure.axes
    assert left.get_ylabel() == "mean_rate (Hz)"
    assert right.get_ylabel() == "cv"
    assert left.get_xlabel() == PATH
    assert [line.get_label() for line in left.get_lines()] == ["reference", "nest"]
    mean = result.summary(["mean_rate"])["mean"]
    np.testing.assert_allclose(np.asarray(left.get_lines()[1].get_ydata()), mean[2:])
    figure.savefig(tmp_path / "figure.png")
    assert len(result.plot("cv", PATH).axes) == 1


def test_without_a_parameter_backends_stand_side_by_side(result: StudyResult) -> None:
    table = result.table[result.table["point"] == 0].drop(columns=PATH)
    alone = StudyResult("toy", Path(), table, 10, (), (), ("mean_rate",))
    (panel,) = alone.plot().axes
    assert [t.get_text() for t in panel.get_xticklabels()] == ["toy\nreference", "toy\nnest"]


def test_unknown_measures_and_parameters_suggest_the_nearest(result: StudyResult) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'mean_rate'"):
        result.plot("mean_rat")
    with pytest.raises(UnknownNameError, match=rf"did you mean '{PATH}'"):
        result.plot("cv", "populations.neurons.tau_n")
