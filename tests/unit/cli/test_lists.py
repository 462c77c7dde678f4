"""Lists of numbers as they are typed."""

from __future__ import annotations

import pytest

from neurobridge.cli.lists import intervals, names, numbers
from neurobridge.errors import ExperimentError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,2.5, 4", [1.0, 2.5, 4.0]),
        ("3", [3.0]),
        ("0.5:2:0.5", [0.5, 1.0, 1.5, 2.0]),
        ("0:1:0.3", [0.0, 0.3, 0.6, 0.9]),
        ("1:1024:2x", [2.0**i for i in range(11)]),
        ("1:5:2x", [1.0, 2.0, 4.0]),
        ("0:1:#3", [0.0, 0.5, 1.0]),
    ],
)
def test_numbers(text: str, expected: list[float]) -> None:
    assert numbers(text, "--values") == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,two", "--values '1,two': 'two' is no number"),
        ("1:2", "write 0.5,1,2 or FROM:TO:STEP"),
        ("1:2:0", "no steps of 0 lead"),
        ("2:1:0.5", "no steps of 0.5 lead"),
        ("0:8:2x", "a factor must be above 1, and 0 < FROM <= TO"),
        ("1:8:1x", "a factor must be above 1"),
        ("0:1:#1", "a range has 2 to 10000 values"),
        ("0:1:#2.5", "a range has 2 to 10000 values"),
        ("nan", "expected finite numbers"),
    ],
)
def test_what_is_no_list_is_refused(text: str, message: str) -> None:
    with pytest.raises(ExperimentError, match=message):
        numbers(text, "--values")


def test_intervals_and_names() -> None:
    assert intervals("auto, 0.2,5", "--intervals") == [None, 0.2, 5.0]
    assert names("lu, cholesky,") == ["lu", "cholesky"]
    with pytest.raises(ExperimentError, match="'fast' is no number"):
        intervals("fast", "--intervals")
