"""Tables and numbers of the page of benchmarks."""

from __future__ import annotations

import pytest

from benchmarks.table import ratio, seconds, table


def test_a_table_has_numbers_to_the_right():
    made = table(["name", "s"], [["a", "1.50"], ["b", "12,345"]])
    assert made == "| name | s |\n| --- | ---: |\n| a | 1.50 |\n| b | 12,345 |\n"


def test_a_short_row_is_refused():
    with pytest.raises(ValueError, match="a row of 1 cells under a head of 2"):
        table(["name", "s"], [["a"]])


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.004, "0.00"), (1.234, "1.23"), (12.34, "12.3"), (99.96, "100"), (1234.5, "1,234")],
)
def test_seconds_have_the_digits_that_count(value, text):
    assert seconds(value) == text


def test_a_ratio_says_whether_the_target_is_met():
    assert ratio(11.0, 10.0, 1.1) == "1.10 (met)"
    assert ratio(12.0, 10.0, 1.1) == "1.20 (missed: at most 1.10)"
