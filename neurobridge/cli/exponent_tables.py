"""Studies of exponents in the words of a terminal."""

from __future__ import annotations

__all__ = [
    "closing",
    "of_benchmark",
    "of_convergence",
    "of_spectra",
    "of_sweep",
    "of_transition",
]

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich import box
from rich.table import Table
from rich.text import Text

from neurobridge.analysis.lyapunov.words import per_time, with_error
from neurobridge.analysis.lyapunov.workflows.costs import FINEST
from neurobridge.analysis.lyapunov.workflows.over_networks import covered
from neurobridge.cli.summary import findings_table

if TYPE_CHECKING:
    from neurobridge.analysis.lyapunov import Spectrum
    from neurobridge.analysis.lyapunov.workflows import (
        Benchmark,
        Convergence,
        Spectra,
        Sweep,
        Transition,
    )
    from neurobridge.analysis.lyapunov.workflows.crossing import Crossing
    from neurobridge.analysis.lyapunov.workflows.study import Study

STATES = ("stable", "marginal", "chaotic", "diverged")
LEADING = 10
"""Exponents that are shown one by one."""


def of_spectra(study: Spectra) -> list[Any]:
    """One spectrum in full, or a line for each of several."""
    if study.table["sample"].nunique() == 1:
        return _one(study.spectra[0])
    spectra = {s.seed: s for s in study.spectra}
    table = _table(f"{study.table['sample'].nunique()} networks: {study.about}")
    for heading in ("seed", "largest exponent", "positive", "dimension", "entropy", "status"):
        table.add_column(heading, justify="left" if heading == "status" else "right")
    for seed in study.table["seed"].unique():
        if seed not in spectra:
            table.add_row(str(seed), "-", "-", "-", "-", "diverged")
            continue
        s = spectra[seed]
        table.add_row(
            str(s.seed), with_error(s.maximal, float(s.errors[0])), str(s.n_positive),
            with_error(s.kaplan_yorke, s.kaplan_yorke_error),
            with_error(s.entropy, s.entropy_error), s.status,
        )  # fmt: skip
    return [table]


def _one(result: Spectrum) -> list[Any]:
    title = (
        f"{result.meaning} by {result.method}, dt = {result.dt:.3g} {result.unit}, "
        f"T = {result.time:.6g} {result.unit}: {result.k} of {result.size} exponents"
    )
    table = _table(title)
    for heading in ("", f"exponent per {result.unit}", "95 % interval"):
        table.add_column(heading, justify="right")
    low, high = result.interval
    for i in _shown(result.k):
        if i is None:
            table.add_row("...", "", "")
            continue
        value = with_error(float(result.exponents[i]), float(result.errors[i]))
        table.add_row(str(i + 1), value, f"{low[i]:.4g} to {high[i]:.4g}")
    facts = _table("")
    facts.show_header = False
    facts.add_column("")
    facts.add_column("")
    rows = [
        ("Kaplan-Yorke dimension", with_error(result.kaplan_yorke, result.kaplan_yorke_error)),
        ("entropy", with_error(result.entropy, result.entropy_error)),
        ("positive exponents", str(result.n_positive)),
        (f"sum of the {result.k}", with_error(result.sum, result.sum_error)),
        ("status", result.status),
    ]
    for row in rows:
        facts.add_row(*row)
    parts: list[Any] = [table, facts]
    if result.findings:
        parts.append(findings_table(result.findings))
    return parts


def _shown(k: int) -> list[int | None]:
    if k <= LEADING + 2:
        return list(range(k))
    return [*range(LEADING), None, k - 1]


def of_sweep(study: Sweep) -> list[Any]:
    """Medians over networks at every value."""
    table = _table(f"medians over {study.varied.text}: {study.about}", covered(study.medians))
    names = {
        "maximal": "largest exponent", "dimension_per_n": "dimension / N",
        "entropy_per_n": "entropy / N",
    }  # fmt: skip
    for heading in ("value", *names.values()):
        table.add_column(heading, justify="right")
    for value, rows in study.medians.groupby("value"):
        by_name = {row.quantity: row for row in _rows(rows)}
        table.add_row(f"{value:g}", *(_median(by_name[name]) for name in names))
    return [table]


def of_transition(study: Transition) -> list[Any]:
    """Medians over networks, and where they become unstable and chaotic."""
    table = _table(f"largest over {study.varied.text}: {study.about}", covered(study.medians))
    states = [s for s in STATES if s != "diverged" or s in set(study.table["state"])]
    for heading in ("value", "median", *states):
        table.add_column(heading, justify="right")
    for row in _rows(study.medians):
        counts = study.table[study.table["value"] == row.value]["state"].value_counts()
        table.add_row(f"{row.value:g}", _median(row), *(str(counts.get(s, 0)) for s in states))
    return [
        table,
        Text(f"not stable from  {_crossing(study.edge)}"),
        Text(f"chaotic from     {_crossing(study.chaos)}"),
    ]


def of_convergence(study: Convergence) -> list[Any]:
    """Exponents over initial states, and differences between ways of renormalising."""
    table = _table(f"{study.about}: over {study.final['start'].nunique()} initial states")
    for heading in ("exponent", "mean", "sd over states", "error that runs state"):
        table.add_column(heading, justify="right")
    for row in _rows(study.between_starts.head(LEADING)):
        table.add_row(str(row.index), f"{row.mean:.4f}", _number(row.sd), _number(row.error))
    parts: list[Any] = [table]
    if len(study.between_variants):
        other = _table(
            f"largest difference from the first way, on the same trajectory, {per_time(study.unit)}"
        )
        for heading in ("renormalisation", f"interval ({study.unit})", "difference"):
            other.add_column(heading, justify="right")
        for row in _rows(study.between_variants):
            interval = "auto" if math.isnan(row.interval) else f"{row.interval:g}"
            other.add_row(row.renormalise, interval, f"{row.difference:.1e}")
        parts.append(other)
    return parts


def of_benchmark(study: Benchmark) -> list[Any]:
    """All measurements."""
    unit = study.unit
    table = _table(
        f"CPU time, one thread: {study.about}",
        f"T measured and interval in {unit}; differs from Householder every {FINEST:g} {unit}",
    )
    table.padding = (0, 1, 0, 0)
    headings = ("test", "N", "k", "T", "kind", "interval", "precision", "CPU s", "differs")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in _rows(study.table):
        table.add_row(
            row.test, str(row.n), str(row.k), f"{row.time:.0f}", row.renormalise,
            "auto" if math.isnan(row.interval) else f"{row.interval:g}", row.precision,
            f"{row.seconds:.3f}", "" if math.isnan(row.difference) else f"{row.difference:.1e}",
        )  # fmt: skip
    return [table]


def closing(study: Study, folder: Path | None) -> list[Any]:
    """What the networks had to say, warnings, and where everything was written."""
    parts: list[Any] = []
    findings = study.settings["networks"]["findings"]
    if findings:
        from neurobridge.lowering.finding import Finding

        parts.append(findings_table([Finding(**finding) for finding in findings]))
    if study.warning:
        parts.append(Text(f"warning  {study.warning}", "bold red"))
    if folder is not None:
        written = ", ".join(
            sorted(f"{p.name}/" if p.is_dir() else p.name for p in folder.iterdir())
        )
        parts.append(Text.assemble("saved  ", (str(folder), "bold"), f": {written}"))
    return parts


def _rows(table: pd.DataFrame) -> list[Any]:
    """Rows with their columns as attributes, of whatever type."""
    return list(table.itertuples())


def _table(title: str, caption: str | None = None) -> Table:
    return Table(
        box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold",
        caption=caption, caption_justify="left",
    )  # fmt: skip


def _median(row: Any) -> str:
    if math.isnan(row.median):
        return "unknown"
    return f"{row.median:.3g} [{row.low:.3g}, {row.high:.3g}]"


def _crossing(found: Crossing) -> str:
    if math.isnan(found.value):
        return "unknown (no network that is complete and does not diverge)"
    if not math.isfinite(found.value):
        where = "beyond the range" if found.value > 0 else "below the range"
        return f"{where} ({found.reached} of {found.each.size} networks within it)"
    ends = "" if math.isnan(found.low) else f" [{found.low:.3g}, {found.high:.3g}]"
    return f"{found.value:.4g}{ends}  ({found.reached} of {found.each.size} networks)"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.4f}"
