"""The comparison as a table for a terminal."""

from __future__ import annotations

__all__ = ["comparison_table"]

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from neurobridge.comparison.words import count, fraction, megabytes, seconds, verdict

if TYPE_CHECKING:
    from neurobridge.comparison.metrics import SpikeMetrics
    from neurobridge.comparison.result import Baseline, Comparison, Entry

STYLE = {"same": "bold green", "within": "green", "open": "yellow", "apart": "bold red"}


def comparison_table(comparison: Comparison) -> Table:
    """One row for each run, and one for the different-seed baseline; fits 80 columns."""
    table = Table(
        title=comparison.headline,
        title_style=STYLE["same" if comparison.identical else "apart"],
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=0,
    )
    table.add_column("backend", overflow="fold", min_width=10)
    table.add_column("verdict", overflow="fold", min_width=10)
    for heading in ("spikes", "overlap", "±1", "±2", "rate r", "build", "run", "peak"):
        table.add_column(heading, justify="right", no_wrap=True)
    for entry in comparison.entries:
        table.add_row(*_row(entry))
    if comparison.baseline is not None:
        table.add_section()
        table.add_row(*_baseline_row(comparison.baseline), style="dim")
    return table


def _row(entry: Entry) -> list[str | Text]:
    kind, words = verdict(entry)
    return [
        entry.name.replace(":", "\n  "),
        Text(words, style="" if entry.is_reference else STYLE[kind]),
        count(entry.spikes),
        *_overlaps(entry.metrics),
        seconds(entry.build_s),
        seconds(entry.run_s),
        megabytes(entry.peak_mb),
    ]


def _baseline_row(baseline: Baseline) -> list[str]:
    name = f"seed {baseline.recording.seed}"
    return [name, "baseline", count(baseline.metrics.spikes), *_overlaps(baseline.metrics)]


def _overlaps(metrics: SpikeMetrics | None) -> list[str]:
    if metrics is None:
        return ["", "", "", ""]
    overlaps = [fraction(value) for value in metrics.overlap.values()]
    return [*overlaps, fraction(metrics.rate_correlation)]
