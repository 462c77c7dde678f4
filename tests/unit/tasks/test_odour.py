"""Odour tasks: DoOR read with every quirk of it, doses, splits by concentration."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from neurobridge.errors import FileFormatError, NetworkError, UnknownNameError
from neurobridge.tasks import DOOR_NAMES, ClassificationTask, dose_response, load_door, odour_task
from neurobridge.tasks.distinct import most_distinct
from tests.data import reference_data
from tests.unit.tasks.door_tables import MATRIX, NAMES, door_folder

FULL = ["OrA", "OrB", "OrC"]


def make(folder: Path, **options: Any) -> ClassificationTask:
    chosen = {"receptors": FULL, "odours": ["rust", "Rose oxide", "moss"], "trials": (4, 2, 1)}
    return odour_task(door_folder(folder / "door"), **(chosen | options))


# -- the data base --------------------------------------------------------------------------------


def test_controls_are_no_odours_and_gaps_stay_gaps(tmp_path: Path) -> None:
    door = load_door(door_folder(tmp_path))
    assert door.odours == ("Rose oxide", "rust", "moss", "sea", "air")
    assert door.keys[0] == "KEY-ROSE"
    assert door.receptors == ("OrA", "OrB", "OrC", "OrD")
    np.testing.assert_array_equal(door.response[1], [0.0, 0.6, 0.0, np.nan])
    assert door.merged == ()
    assert not door.response.flags.writeable


def test_rows_of_one_name_become_their_mean(tmp_path: Path) -> None:
    matrix = MATRIX + "KEY-ROSE-S,0.5,0.4,NA,NA\nKEY-SEA-S,NA,NA,0.6,NA\n"
    names = NAMES + ",rose oxide,KEY-ROSE-S,6\n,sea,KEY-SEA-S,7\n"
    folder = door_folder(tmp_path / "door", matrix, names)
    door = load_door(folder)
    assert door.odours == ("Rose oxide", "rust", "moss", "sea", "air")
    assert door.merged == ("Rose oxide", "sea")
    np.testing.assert_array_equal(door.response[0], [0.75, 0.2, 0.2, 0.0])
    np.testing.assert_array_equal(door.response[3], [0.1, 0.2, 0.6, np.nan])
    task = odour_task(folder, FULL, odours=["rust", "sea"])
    assert [f.code for f in task.findings] == ["odours_merged"]
    assert "several rows of the data base are called 'sea'; the class" in task.findings[0].why


@pytest.mark.parametrize(
    ("matrix", "names", "message"),
    [
        (MATRIX, NAMES.replace("InChIKey", "Key"), "odor.csv: there is no column 'InChIKey', onl"),
        (MATRIX.replace("0.6", "96"), NAMES, "but that of 'OrB' in row 5 is 96; is this the table"),
        (MATRIX.replace("0.6", "-0.6"), NAMES, "expected normalised responses of 0 .. 1"),
        (MATRIX.replace("0.6", "much"), NAMES, "responses must be numbers or NA"),
        (MATRIX + "KEY-NEW,1,1,1,1\n", NAMES, "1 of 9 odours of door_response_matrix.csv.gz have"),
        ('a,"b\n', NAMES, "is no readable table of comma-separated text"),
    ],
)
def test_tables_that_are_refused(tmp_path: Path, matrix: str, names: str, message: str) -> None:
    with pytest.raises(FileFormatError, match=re.escape(message)):
        load_door(door_folder(tmp_path, matrix, names))


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="is no folder; expected the one with the tables"):
        load_door(tmp_path / "gone")
    (tmp_path / "readme.txt").write_text("")
    message = r"has no door_response_matrix.csv.gz and no door_response_matrix.csv: readme.txt"
    with pytest.raises(FileFormatError, match=message):
        load_door(tmp_path)


# -- the task -------------------------------------------------------------------------------------


def test_features_are_responses_times_concentration(tmp_path: Path) -> None:
    task = make(tmp_path)
    assert task.classes == ("rust", "Rose oxide", "moss")
    assert task.feature_names == ("OrA", "OrB", "OrC")
    response = np.array([[0.0, 0.6, 0.0], [1.0, 0.0, 0.2], [0.1, 0.1, 0.9]])
    at = task.conditions["concentration"]
    np.testing.assert_array_equal(task.features, response[task.label] * at[:, None])
    assert task.findings == ()
    assert [r.doi for r in task.references] == ["10.1038/srep21841"]


def test_tested_concentrations_were_never_seen(tmp_path: Path) -> None:
    task = make(tmp_path)
    expected = {
        "train": ({0.5, 1.0}, {"trained"}, 3 * 2 * 4),
        "validation": ({0.5, 1.0}, {"trained"}, 3 * 2 * 2),
        "test": ({0.75, 0.35}, {"interpolated", "extrapolated"}, 3 * 2 * 1),
    }
    for split, (levels, kinds, n) in expected.items():
        part = task.split(split)
        assert set(part.conditions["concentration"].tolist()) == levels
        assert set(part.conditions["generalisation"].tolist()) == kinds
        assert part.n_trials == n
        assert np.unique(np.bincount(part.label)).tolist() == [n // 3]
    inside = task.conditions["generalisation"] == "interpolated"
    assert set(task.conditions["concentration"][inside].tolist()) == {0.75}
    assert sorted(task.number.tolist()) == list(range(task.n_trials))


def test_units_can_have_names_of_your_own(tmp_path: Path) -> None:
    sides = {"left": "OrC", "right": "OrA"}
    task = make(tmp_path, receptors=sides, odours=["moss", "Rose Oxide"], concentrations=[1.0])
    assert task.classes == ("moss", "Rose oxide")
    assert task.feature_names == ("left", "right")
    assert task.features[0].tolist() == [0.9, 0.1]
    assert task.features[task.label == 1][0].tolist() == [0.2, 1.0]


def test_one_concentration_leaves_nothing_to_interpolate(tmp_path: Path) -> None:
    task = make(tmp_path, concentrations=[1.0], held_out=[0.5, 0.9])
    assert set(task.split("test").conditions["generalisation"]) == {"extrapolated"}
    only = make(tmp_path, held_out=[])
    assert set(only.splits.tolist()) == {"train", "validation"}


def test_missing_responses_are_said(tmp_path: Path) -> None:
    everything: dict[str, Any] = {
        "receptors": ["OrA", "OrB", "OrC", "OrD"], "odours": ["moss", "rust", "sea"]
    }  # fmt: skip
    message = (
        "task 'odours': 3 of 12 responses were never measured, e.g. that of 'OrD' to 'rust'; say "
        "missing='zero'"
    )
    with pytest.raises(NetworkError, match=re.escape(message)):
        make(tmp_path, **everything)
    zero = make(tmp_path, missing="zero", **everything)
    assert zero.split("train").features[zero.label[:24] == 2][-1].tolist() == [0.1, 0.2, 0.0, 0.0]
    assert "3 of 12" in zero.findings[0].why
    assert "they count as no response" in zero.findings[0].why
    assert (zero.findings[0].severity, zero.findings[0].magnitude) == ("note", 0.25)
    drop = make(tmp_path, missing="drop", **everything)
    assert drop.feature_names == ("OrA", "OrB")
    assert "their 2 of 4 receptors are left out" in drop.findings[0].why
    with pytest.raises(NetworkError, match="no receptor was measured with all of these odours"):
        make(tmp_path, receptors=["OrD"], odours=["moss", "rust"], missing="drop")


# -- doses ----------------------------------------------------------------------------------------


def test_the_hill_dose_is_each_receptors_own_curve(rng: np.random.Generator) -> None:
    """r c^n / (c^n + K^n) with maximum 1, through r at c = 1."""
    r = rng.uniform(0.01, 0.99, 50)
    for c, n in ((0.2, 1.0), (3.0, 1.4), (1.0, 2.0)):
        half = ((1 - r) / r) ** (1 / n)
        expected = c**n / (c**n + half**n)
        np.testing.assert_allclose(dose_response(r, c, "hill", n), expected, rtol=1e-12)
    ends = dose_response([0.0, 1.0], 7.0, "hill")
    assert ends.tolist() == [0.0, 1.0]
    np.testing.assert_array_equal(dose_response(r, 0.25), r * 0.25)


def test_a_task_with_hill_doses_may_go_above_the_data_base(tmp_path: Path) -> None:
    task = make(tmp_path, dose="hill", concentrations=[1.0, 4.0], held_out=[8.0])
    most = task.features[(task.label == 0) & (task.conditions["concentration"] == 8.0)][0]
    np.testing.assert_allclose(most, [0.0, 0.6 * 8 / (0.6 * 8 + 0.4), 0.0], rtol=1e-14)
    with pytest.raises(NetworkError, match="concentration 8 would give a response of 8, above"):
        make(tmp_path, held_out=[8.0])


# -- which odours ---------------------------------------------------------------------------------


def test_the_most_distinct_rows_by_hand() -> None:
    square = np.array([[0.0, 0.0], [0.9, 0.0], [1.0, 1.0], [0.0, 0.8], [0.4, 0.5]])
    assert most_distinct(square, 5).tolist() == [2, 0, 1, 3, 4]


def test_rows_are_compared_where_both_were_measured() -> None:
    rows = np.array([[1.0, 1.0, np.nan], [np.nan, 1.0, 0.0], [np.nan, 0.7, 0.0]])
    assert most_distinct(rows, 2).tolist() == [0, 2]


def test_farthest_point_is_at_most_twice_as_close_as_the_best(rng: np.random.Generator) -> None:
    """The guarantee of Gonzalez (1985), against all subsets, from the start that it has."""
    points = rng.random((12, 3))

    def spread(rows: Any) -> float:
        return min(
            float(np.sqrt(((points[i] - points[j]) ** 2).mean())) for i, j in combinations(rows, 2)
        )

    best = max(spread(rows) for rows in combinations(range(12), 4))
    assert best / 2 <= spread(most_distinct(points, 4)) <= best


def test_odours_are_chosen_among_those_that_were_measured(tmp_path: Path) -> None:
    task = make(tmp_path, odours=3, min_measured=1.0)
    assert task.classes == ("Rose oxide", "rust", "moss")  # sea has a gap, nothing smells of air
    wide = make(tmp_path, odours=4, receptors=["OrA", "OrB"], concentrations=[1.0])
    assert set(wide.classes) == {"Rose oxide", "moss", "rust", "sea"}


# -- what is refused ------------------------------------------------------------------------------

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "receptors": ({"receptors": "OrA"}, "receptors must be a list of names, got 'OrA'"),
    "twice": ({"receptors": ["OrA", "OrA"]}, "a receptor is named more than once"),
    "none": ({"receptors": []}, "task 'odours': there is no receptor"),
    "one odour": ({"odours": ["rust"]}, "expected two odours or more, each once"),
    "one text": ({"odours": "rust"}, "odours must be a number or a list of names, got 'rust'"),
    "same odour": ({"odours": ["rust", "Rust"]}, "expected two odours or more, each once"),
    "too many": (
        {"odours": 6, "min_measured": 1.0},
        "expected 2 to 3 odours, got 6; 3 of 5 odours were measured on 100% or more of the 3",
    ),
    "share": ({"odours": 2, "min_measured": 0}, "min_measured is a share above 0, at most 1"),
    "missing": ({"missing": "nan"}, "missing must be one of error, zero, drop, got 'nan'"),
    "silent": ({"odours": ["air", "rust"]}, "no receptor responds to 'air'; leave it out"),
    "dose": ({"dose": "log"}, "dose must be 'linear' or 'hill', got 'log'"),
    "negative": ({"held_out": [-0.5]}, "a concentration and a Hill exponent are numbers above 0"),
    "hill": ({"dose": "hill", "hill": 0}, "numbers above 0, got 0.5 and 0"),
    "seen": ({"held_out": [0.5]}, "expected concentrations that all differ, and one to train at"),
    "nothing to train": ({"concentrations": []}, "all differ, and one to train at; got []"),
    "trials": ({"trials": (0, 1, 1)}, "with one to train on at least; got (0, 1, 1)"),
}


@pytest.mark.parametrize(("options", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        make(tmp_path, **options)


UNKNOWN: dict[str, tuple[Callable[[Path], Any], str]] = {
    "odour": (
        lambda p: make(p, odours=["rust", "mos"]),
        "unknown odour of DoOR 'mos'; did you mean 'moss'?",
    ),
    "control": (
        lambda p: make(p, odours=["rust", "water"]),
        "unknown odour 'water'. It is a control of the measurements, not an odour",
    ),
    "spontaneous": (lambda p: make(p, odours=["SFR", "rust"]), "It is a control of the measur"),
    "unit": (
        lambda p: make(p, receptors=["OrA", "Or B"]),
        "unknown responding unit of DoOR 'Or B'; did you mean 'OrB'?",
    ),
    "unit of a name": (
        lambda p: make(p, receptors={"left": "Or"}), "It was to be the unit of receptor 'left'"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("call", "message"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_names_that_do_not_exist(tmp_path: Path, call: Callable[[Path], Any], message: str) -> None:
    with pytest.raises(UnknownNameError, match=re.escape(message)):
        call(tmp_path)


# -- the real data --------------------------------------------------------------------------------


def test_the_data_base_has_the_published_size() -> None:
    door = load_door(reference_data("door"))
    assert door.response.shape == (691 - 3, 78)
    assert not {"sfr", "water", "oil"} & set(door.odours)
    assert door.merged == ()
    raw = pd.read_csv(reference_data("door", "door_response_matrix.csv.gz"), index_col=0)
    assert np.isfinite(door.response).sum() == raw.drop(
        ["SFR", "solvent", "XLYOFNOQVPJJNP-UHFFFAOYSA-N"]
    ).notna().to_numpy().sum()  # fmt: skip
    banana = door.response[door.odours.index("isopentyl acetate")]
    np.testing.assert_array_equal(banana, raw.loc["MLFHJEHSLIIPHL-UHFFFAOYSA-N"])


def test_a_table_that_others_made_from_the_data_base_has_the_same_responses() -> None:
    """284 odours x 52 receptors of another project, in which gaps are 0."""
    door = load_door(reference_data("door"))
    theirs = pd.read_csv(reference_data("door", "seed_DoOR_selected.csv"), index_col=0)
    shared = [o for o in theirs.index if o in door.odours and (theirs.index == o).sum() == 1]
    ours = door.of({r: r for r in theirs.columns})[door.rows(tuple(shared))]
    assert len(shared) > 250
    same = np.isclose(np.nan_to_num(ours), theirs.loc[shared].to_numpy(), atol=1e-12)
    assert same.mean() > 0.99


def test_ten_odours_of_the_fly() -> None:
    door = load_door(reference_data("door"))
    receptors = {r: r for r in door.receptors if r.startswith("Or")}
    task = odour_task(door, receptors, missing="zero")
    assert task.n_classes == 10
    assert task.n_trials == 10 * 2 * (20 + 5 + 5)
    assert task == odour_task(door, receptors, missing="zero")
    assert task.features.max() <= 1.0
    assert set(DOOR_NAMES.values()) <= set(door.receptors)
    measured = np.isfinite(door.of(receptors)[door.rows(task.classes)])
    assert measured.mean(axis=1).min() >= 0.5
    assert task.findings[0].magnitude == pytest.approx(1 - measured.mean())
