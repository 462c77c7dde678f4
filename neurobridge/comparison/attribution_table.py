"""The attribution as a table for a terminal."""

from __future__ import annotations

__all__ = ["attribution_table", "rate_words", "share_words"]

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from neurobridge.comparison.words import NOTHING, count, fraction, quantity

if TYPE_CHECKING:
    from neurobridge.comparison.attribution import Attribution, Variant

CHAOTIC = (
    "each error alone parts the spikes as far as another seed does: the network is chaotic, so "
    "look at rates and at when it parts, not at overlaps and shares"
)


def attribution_table(attribution: Attribution) -> Table:
    """One row for each error as it is added, the twin last; fits 80 columns."""
    table = Table(
        title="which of the chip's errors does what, one more in each row",
        title_justify="left",
        caption=CHAOTIC if attribution.chaotic else None,
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=0,
    )
    table.add_column("with", overflow="fold", min_width=11)
    for heading in ("spikes", "overlap", "±2", "rate r", "parts at", "share", "rate", "alone"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row("reference", count(attribution.reference_spikes))
    alone = {v.name: fraction(v.metrics.overlap[0]) for v in attribution.alone}
    for variant in attribution.steps:
        rate = rate_words(attribution, variant)
        table.add_row(*_row(variant), share_words(variant), rate, alone.get(variant.name, ""))
    if attribution.baseline is not None:
        table.add_section()
        rate = rate_words(attribution, attribution.baseline)
        table.add_row(*_row(attribution.baseline), "", rate, "", style="dim")
    return table


def share_words(variant: Variant) -> str:
    """``+84 %`` of the spikes that differ in the end."""
    return NOTHING if variant.share is None else f"{100 * variant.share:+.0f} %"


def rate_words(attribution: Attribution, variant: Variant) -> str:
    """The largest relative change of a population's mean rate, ``+0.3 %``."""
    changes = [
        difference / attribution.rates[name]
        for name, difference in variant.rate_difference.items()
        if attribution.rates[name]
    ]
    if not changes:
        return NOTHING
    worst = max(changes, key=abs)
    return "0 %" if worst == 0 else f"{100 * worst:+.2g} %"


def _row(variant: Variant) -> list[str]:
    m = variant.metrics
    return [
        variant.name,
        count(variant.spikes),
        fraction(m.overlap[0]),
        fraction(m.overlap[2]),
        fraction(m.rate_correlation),
        "never" if variant.parts_at is None else quantity(variant.parts_at, "ms", 4),
    ]
