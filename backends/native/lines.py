"""Lines of source, and what every generator of them does."""

from __future__ import annotations

__all__ = ["Lines", "function", "indented"]

Lines = list[str]


def indented(lines: Lines, by: int = 4) -> Lines:
    """The lines, further to the right."""
    return [" " * by + line for line in lines]


def function(name: str, arguments: str, body: Lines) -> Lines:
    """A compiled function that is called from compiled code alone."""
    return ["@inner", f"def {name}({arguments}):", *indented(body)]
