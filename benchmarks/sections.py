"""The parts of a Markdown page by their headings, so that some can be replaced alone."""

from __future__ import annotations

__all__ = ["merged"]

from collections.abc import Sequence

Parts = dict[str, str]


def merged(old: str, new: str, order: Sequence[str]) -> str:
    """A page in which what is new replaces what is old under the same heading.

    Sections (``##``) are merged, and in them subsections (``###``); what stands before the first
    heading is the new one. What is only on the old page stays.

    Parameters
    ----------
    old, new : str
    order : sequence of str
        What the headings of sections begin with, in order; others come at the end.
    """
    before, after = _split(old, "## "), _split(new, "## ")
    whole = {h: _section(before.get(h, ""), after.get(h, "")) for h in {**before, **after} if h}
    starts = [f"## {start}" for start in order]

    def rank(heading: str) -> int:
        return next((i for i, s in enumerate(starts) if heading.startswith(s)), len(starts))

    parts = [after[""], *(whole[heading] for heading in sorted(whole, key=rank))]
    return "".join(parts).rstrip("\n") + "\n"


def _section(old: str, new: str) -> str:
    if not new:
        return old
    return "".join((_split(old, "### ") | _split(new, "### ")).values())


def _split(text: str, mark: str) -> Parts:
    """Text by the line of its heading, which is part of it; what comes first is under ``""``.

    Every part ends with one empty line, so that parts can stand in any order.
    """
    parts: dict[str, list[str]] = {}
    heading = ""
    for line in text.splitlines():
        heading = line if line.startswith(mark) else heading
        parts.setdefault(heading, []).append(line)
    return {h: "\n".join(lines).strip("\n") + "\n\n" for h, lines in parts.items()}
