"""Markdown tables."""

from __future__ import annotations

__all__ = ["goal", "ratio", "seconds", "table"]

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; columns of numbers are to the right.

    Raises
    ------
    ValueError
        If a row has more or fewer cells than the head.
    """
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"a row of {len(row)} cells under a head of {len(head)}: {row}")
    right = [all(_is_number(row[i]) for row in rows) for i in range(len(head))]
    rule = ["---:" if numbers else "---" for numbers in right]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)) + "\n"


def seconds(value: float) -> str:
    """Seconds with three digits that count."""
    if value >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def ratio(value: float, reference: float, limit: float) -> str:
    """``value / reference``, and whether it is within a limit."""
    found = value / reference
    return f"{found:.2f} ({'met' if found <= limit else f'missed: at most {limit:.2f}'})"


def goal(value: float, limit: float, *, at_least: bool = False) -> str:
    """A number beside its limit, and whether it is met."""
    met = value >= limit if at_least else value <= limit
    told = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    word = "at least" if at_least else "at most"
    return f"{told} ({'met' if met else 'not met'}: {word} {limit:,g})"


def _is_number(cell: str) -> bool:
    first = cell.split(" ", maxsplit=1)[0].replace(",", "")
    return first.replace(".", "", 1).isdigit()
