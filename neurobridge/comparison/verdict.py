"""The verdict of a report: one word, and the sentence that a reader takes away."""

from __future__ import annotations

__all__ = ["Verdict", "overall"]

from dataclasses import dataclass

from neurobridge.comparison.result import Comparison, Entry
from neurobridge.comparison.words import count, fraction


@dataclass(frozen=True)
class Verdict:
    """``kind`` is same, within, open or apart, and gives the colour; ``lines`` is the evidence."""

    kind: str
    word: str
    sentence: str
    lines: tuple[str, ...] = ()


def overall(comparison: Comparison) -> Verdict:
    """The verdict on all runs together."""
    n, spikes = len(comparison.entries), comparison.reference_entry.spikes
    same = sum(e.identical for e in comparison.entries)
    score = f"{same} of {n} backends, {count(spikes)} spikes"
    lines = tuple(line for e in comparison.others if (line := _line(comparison, e)))
    if comparison.identical and not spikes:
        return Verdict(
            "open",
            "Silent",
            f"No spike on any of {n} backends: they agree, but on nothing.",
            ("Drive the network harder to compare spikes.", *lines),
        )
    if comparison.identical and comparison.passed:
        return Verdict("same", "Identical", score, ("The same neurons, in the same steps.",))
    if comparison.identical:
        return Verdict("apart", "Identical spikes, other states", score, lines)
    if not comparison.passed:
        return Verdict("apart", "Not identical", _agreeing(comparison), lines)
    judged = all(e.passed for e in comparison.entries)
    word, kind = ("Within tolerance", "within") if judged else ("Not judged", "open")
    return Verdict(kind, word, _agreeing(comparison), lines)


def _agreeing(comparison: Comparison) -> str:
    same = sum(e.identical for e in comparison.entries)
    spikes = count(comparison.reference_entry.spikes)
    if same == 1:
        return f"No other backend has all {spikes} spikes of {comparison.reference}"
    return f"{same} of {len(comparison.entries)} backends agree on all {spikes} spikes"


def _line(comparison: Comparison, entry: Entry) -> str:
    if not entry.complete and not entry.metrics:
        return f"{entry.name} {entry.status}: {entry.recording.message or 'no reason was given'}"
    if entry.metrics and entry.metrics.divergence:
        first = entry.metrics.divergence.sentence(comparison.reference, entry.name)
        return f"{first[0].upper()}{first[1:]}.{_shift(entry)}"
    failed = [f"{c.rule}: {c.found}" for c in entry.checks if c.passed is False]
    reasons = [*failed, *(entry.notes if not entry.complete else ())]
    return f"{entry.name}: {'; '.join(reasons)}" if reasons else ""


def _shift(entry: Entry) -> str:
    """A run that has the spikes of the reference at another time is told so."""
    lag = entry.metrics.lag if entry.metrics else None
    if lag is None or lag.steps == 0 or lag.overlap < 0.5:
        return ""
    direction = "late" if lag.steps > 0 else "early"
    steps = "step" if abs(lag.steps) == 1 else "steps"
    return (
        f" Its spikes are {abs(lag.steps)} {steps} {direction} (overlap {fraction(lag.overlap)})."
    )
