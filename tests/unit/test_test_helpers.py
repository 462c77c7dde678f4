"""The helpers of the suite: what is skipped, and what must fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import data
from tests.data import reference_data
from tests.requirements import require

ABSENT = "a_module_that_nobody_installs"


@pytest.fixture(autouse=True)
def no_requirements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("NEUROBRIDGE_REQUIRE", raising=False)


def test_a_missing_module_skips_on_a_laptop() -> None:
    with pytest.raises(pytest.skip.Exception, match=f"{ABSENT} is not installed: pip install"):
        require(ABSENT)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("CI", "true"), ("NEUROBRIDGE_REQUIRE", f"nest, {ABSENT}"), ("NEUROBRIDGE_REQUIRE", "all")],
)
def test_a_missing_module_fails_where_it_is_required(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(pytest.fail.Exception, match="required here by CI"):
        require(ABSENT)


def test_a_module_that_is_there_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    require("numpy")


def test_a_clean_clone_skips_what_needs_reference_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(data, "_FOLDER", tmp_path / "absent")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.skip.Exception, match="no reference data beside the checkout"):
        reference_data("celegans")


def test_a_misspelt_reference_file_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "celegans").mkdir()
    monkeypatch.setattr(data, "_FOLDER", tmp_path)
    assert reference_data("celegans") == tmp_path / "celegans"
    with pytest.raises(FileNotFoundError, match=r"no celegan/x\.csv; there is: celegans"):
        reference_data("celegan", "x.csv")


def test_the_seed_of_a_test_is_its_own(seed: int, request: pytest.FixtureRequest) -> None:
    assert request.node.name == "test_the_seed_of_a_test_is_its_own"
    assert seed == 1717857512
