"""A deployment in the tables of a terminal, in the order of the questions that one has."""

from __future__ import annotations

__all__ = ["deployment_parts", "error_cells", "overflowed", "saturated", "times"]

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from neurobridge.comparison.words import count, fraction
from neurobridge.lowering.chip.unload import overflow_message

if TYPE_CHECKING:
    from neurobridge.deployment.result import Deployment
    from neurobridge.lowering.chip.words import RoundingError

SHOWN = 12
"""Groups that are shown; all of them are in the JSON document."""


def deployment_parts(deployment: Deployment) -> list[Any]:
    """Behaviour first, then what was changed, the machine, and what is known about all of it."""
    return [
        _behaviour(deployment),
        _rates(deployment),
        *_decisions(deployment),
        _scales(deployment),
        _parts(deployment),
        *_groups(deployment),
        _changes(deployment),
        deployment.mapping.table(),
        _evidence(deployment),
    ]


def error_cells(error: RoundingError) -> list[str]:
    """Weights, zeros, total, drift and largest relative error."""
    return [
        f"{error.n:,}",
        f"{error.became_zero:,}",
        f"{error.total:.3%}",
        f"{error.drift:+.3%}",
        f"{error.largest:.2%}",
    ]


def _scales(deployment: Deployment) -> Table:
    table = _table("Scale of the weights")
    table.add_column("population")
    table.add_column("by")
    table.add_column("why", overflow="fold")
    for s in deployment.scales:
        table.add_row(s.population, s.kind, s.why)
    return table


def _parts(deployment: Deployment) -> Table:
    parts = deployment.quantisation.parts
    caption = "room: what a ring buffer holds, over the most that can arrive in a step / that did"
    more = len(parts) - SHOWN
    if more > 0:
        caption = f"and {more:,} more, with less error\n{caption}"
    table = _table("Weights in 16 bits", caption)
    table.padding, table.show_edge = 0, False
    table.add_column("on the chip", overflow="fold", min_width=10)
    _right(table, ["shift", "smallest", "weights", "zeros", "total", "drift", "largest", "room"])
    for p in parts[:SHOWN]:
        table.add_row(
            f"{p.part} {p.receptor}", str(p.shift), _short(p.resolution, p.unit),
            *error_cells(p.error), f"{times(p.bound_headroom)} / {times(p.measured_headroom)}",
        )  # fmt: skip
    return table


def _groups(deployment: Deployment) -> list[Table]:
    found = deployment.quantisation
    if not found.label:
        return []
    shown = found.groups[:SHOWN]
    more = len(found.groups) - len(shown)
    table = _table(
        f"Weights by {found.label}, the worst first", f"and {more:,} more" if more else None
    )
    table.add_column(found.label, overflow="fold")
    _right(table, ["neurons", "weights", "zeros", "total", "drift", "largest"])
    for g in shown:
        table.add_row(g.name, f"{g.neurons:,}", *error_cells(g.error))
    return [table]


def _changes(deployment: Deployment) -> Table:
    table = _table("Delays and parameters")
    for heading in ("of", "described", "on the chip"):
        table.add_column(heading, overflow="fold")
    table.add_column("off by", justify="right", no_wrap=True)
    table.add_column("why", overflow="fold", style="dim")
    for c in deployment.changes:
        off = "" if c.relative is None else f"{c.relative:.2%}" if c.relative else "0"
        table.add_row(f"{c.what} of {c.where}", c.described, c.chip, off, c.why)
    return table


def _behaviour(deployment: Deployment) -> Table:
    table = _table("One run, in float64 and on the twin")
    table.add_column("")
    _right(table, ["spikes", "same step", "±1 step", "±2 steps", "rate r"])
    comparison = deployment.comparison
    table.add_row("reference", count(deployment.reference.n_spikes), "", "", "", "")
    rows = [("twin", comparison["twin"].metrics)]
    if comparison.baseline is not None:
        seed = comparison.baseline.recording.seed
        rows.append((f"reference, seed {seed}", comparison.baseline.metrics))
    for name, metrics in rows:
        if metrics is not None:
            overlaps = [fraction(v) for v in metrics.overlap.values()]
            rate = fraction(metrics.rate_correlation)
            table.add_row(name, count(metrics.spikes), *overlaps, rate)
    lines = [saturated(deployment), *overflowed(deployment)]
    metrics = comparison["twin"].metrics
    if metrics is not None and metrics.divergence is not None:
        lines.append(
            f"first difference: {metrics.divergence.sentence('the reference', 'the twin')}"
        )
    table.caption = "\n".join(lines)
    table.caption_justify = "left"
    return table


def saturated(deployment: Deployment) -> str:
    """A sentence on ring buffers that were full on the twin."""
    full = {name: n for name, n in deployment.saturations.items() if n}
    if not full:
        return "no ring buffer was ever full on the twin"
    where = ", ".join(f"{n:,} times in {name!r}" for name, n in full.items())
    return f"RING BUFFERS WERE FULL on the twin, {where}: input was lost; give more headroom"


def overflowed(deployment: Deployment) -> list[str]:
    """A sentence on numbers that wrapped around on the twin, if some did."""
    said = overflow_message(deployment.overflows)
    return [f"NUMBERS WRAPPED AROUND on the twin: {said}"] if said else []


def _rates(deployment: Deployment) -> Table:
    label = deployment.quantisation.label or "population"
    ordered = sorted(deployment.rates, key=lambda r: -abs(r.difference) * r.neurons)
    more = len(ordered) - SHOWN
    table = _table(
        f"Rates by {label}, the largest difference of spikes first",
        f"and {more:,} more" if more > 0 else None,
    )
    table.add_column(label, overflow="fold")
    _right(table, ["neurons", "reference", "twin", "difference", "other seed"])
    for r in ordered[:SHOWN]:
        other = "" if r.other_seed is None else f"{r.other_seed:.2f} Hz"
        table.add_row(
            r.name, f"{r.neurons:,}", f"{r.reference:.2f} Hz", f"{r.twin:.2f} Hz",
            f"{r.difference:+.2f} Hz", other,
        )  # fmt: skip
    return table


def _decisions(deployment: Deployment) -> list[Table]:
    if not deployment.decisions:
        return []
    table = _table("Readouts")
    for heading in ("readout", "reference decides", "twin decides", ""):
        table.add_column(heading)
    table.add_column("outputs differ by", justify="right")
    for d in deployment.decisions:
        chosen = ("", "") if d.decided is None else d.decided
        word = {None: Text(""), True: Text("same", "green"), False: Text("other", "bold red")}
        table.add_row(d.readout, *chosen, word[d.same], f"{d.difference:.2%}")
    return [table]


def _evidence(deployment: Deployment) -> Table:
    table = _table("Evidence: what is known, and how")
    table.add_column("level", no_wrap=True)
    for heading in ("", "result"):
        table.add_column(heading, overflow="fold")
    table.add_column("what it means", overflow="fold", style="dim")
    for e in deployment.evidence:
        word = Text("done", "green") if e.done else Text("not done", "yellow")
        table.add_row(e.level, word, e.result, e.meaning)
    return table


def _table(title: str, caption: str | None = None) -> Table:
    return Table(
        box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold",
        caption=caption, caption_justify="left", pad_edge=False,
    )  # fmt: skip


def _right(table: Table, headings: Sequence[str]) -> None:
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)


def _short(value: float, unit: str) -> str:
    return f"{value:.1e} {unit}".replace("e-0", "e-")


def times(value: float | None) -> str:
    """A factor, or a dash where there is none."""
    return "-" if value is None else f"{value:.2g}" if value < 100 else f"{value:,.0f}"
