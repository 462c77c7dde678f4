"""The comparison as one HTML file that needs nothing else to be read."""

from __future__ import annotations

__all__ = ["write_report"]

from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from neurobridge.comparison.attribution_figure import attribution_figure
from neurobridge.comparison.attribution_table import CHAOTIC
from neurobridge.comparison.cast import Cast, cast
from neurobridge.comparison.curves import agreement, histogram, population_rates, yardstick
from neurobridge.comparison.metrics import SpikeMetrics
from neurobridge.comparison.rasters import rasters, rates
from neurobridge.comparison.result import Comparison, Entry
from neurobridge.comparison.statistics import SpikeStatistics, spike_statistics
from neurobridge.comparison.tiers import TIERS
from neurobridge.comparison.traces import scene, traces
from neurobridge.comparison.verdict import overall
from neurobridge.comparison.words import (
    count,
    fraction,
    megabytes,
    percent,
    quantity,
    seconds,
    verdict,
)
from neurobridge.lowering.finding import Finding


def write_report(
    comparison: Comparison,
    path: str | Path,
    *,
    title: str = "",
    network: Mapping[str, object] | None = None,
    command: str = "",
) -> Path:
    """Write a self-contained HTML report.

    Figures are inline SVG, the style is inline, and nothing is loaded from anywhere: the file
    opens offline, prints, and follows the reader's light or dark setting.

    Parameters
    ----------
    comparison : Comparison
    path : path
        Of the HTML file; its folder is made if it is not there.
    title : str
        What was compared, e.g. ``"C. elegans"``.
    network : mapping, optional
        Description of the network, shown as it is, in its order.
    command : str
        Command line that repeats the comparison.

    Returns
    -------
    Path
        The file that was written.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters.update(
        count=count,
        fraction=fraction,
        megabytes=megabytes,
        percent=percent,
        seconds=seconds,
        value=_value,
    )
    template = environment.from_string(_packaged("report.html"))
    page = template.render(**_content(comparison, title, network or {}, command))
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page, encoding="utf-8")
    return target


def _content(
    comparison: Comparison, title: str, network: Mapping[str, object], command: str
) -> dict[str, Any]:
    """Everything that the template shows."""
    drawn = cast(comparison)
    return {
        "style": Markup(_packaged("report.css")),
        "comparison": comparison,
        "reference": comparison.reference_entry.recording,
        "title": title or "Network comparison",
        "verdict": overall(comparison),
        "rows": [(entry, *verdict(entry)) for entry in comparison.entries],
        "series": {run.name: run.series for run in drawn.runs},
        "facts": _facts(comparison, drawn),
        "figures": _figures(comparison, drawn),
        "scene": scene(comparison, drawn),
        "metrics": _metric_rows(comparison, drawn),
        "metric_names": _metric_columns(comparison),
        "populations": _population_rows(comparison),
        "findings": _findings(comparison.entries),
        "versions": _versions(comparison.entries),
        "tiers": [TIERS[t] for t in sorted({e.tier for e in comparison.others if e.tier})],
        "network": network,
        "command": command,
        "chaotic": CHAOTIC,
    }


def _packaged(name: str) -> str:
    return files("neurobridge.comparison").joinpath(name).read_text(encoding="utf-8")


def _facts(comparison: Comparison, drawn: Cast) -> list[tuple[str, str]]:
    recording = comparison.reference_entry.recording
    return [
        (count(drawn.pool.spikes.size), "neurons"),
        (f"{recording.duration:,g} ms", "of activity"),
        (f"{recording.dt:g} ms", "time step"),
        (str(recording.seed), "seed"),
    ]


def _figures(comparison: Comparison, drawn: Cast) -> dict[str, Any]:
    """SVG by name; empty where there is nothing to draw."""
    raster, caption = rasters(drawn)
    spiked = any(len(run.spikes) for run in drawn.runs)
    chosen = scene(comparison, drawn)
    drawings = {
        "raster": raster if spiked else "",
        "agreement": "" if comparison.identical or not spiked else agreement(drawn),
        "traces": traces(drawn, chosen) if chosen else "",
        "rates": rates(drawn) if spiked and drawn.others else "",
        "intervals": histogram(drawn),
        "population": population_rates(drawn) if spiked else "",
        "yardstick": yardstick(comparison, drawn) if comparison.baseline and spiked else "",
        "attribution": attribution_figure(comparison.attribution) if comparison.attribution else "",
    }
    safe = {name: Markup(svg) for name, svg in drawings.items()}
    return {**safe, "raster_caption": caption}


def _metric_columns(comparison: Comparison) -> list[str]:
    names = [e.name for e in comparison.entries if e.statistics]
    if comparison.baseline:
        names.append(f"seed {comparison.baseline.recording.seed}")
    return names


def _metric_rows(comparison: Comparison, drawn: Cast) -> list[tuple[str, list[str]]]:
    """Every metric by run, the baseline last."""
    columns = [(e.statistics, e.metrics) for e in comparison.entries if e.statistics]
    if comparison.baseline and drawn.baseline:
        columns.append((spike_statistics(drawn.baseline.spikes), comparison.baseline.metrics))
    described = [(*_described(s), *_measured(m)) for s, m in columns]
    return [
        (label, [column[k][1] for column in described]) for k, (label, _) in enumerate(described[0])
    ]


def _described(s: SpikeStatistics) -> list[tuple[str, str]]:
    return [
        ("spikes", count(s.spikes)),
        ("active neurons", f"{s.active:,} of {s.neurons:,}"),
        ("mean rate", quantity(s.mean_rate, "Hz", 4)),
        ("mean interspike interval", quantity(s.mean_interval, "ms", 4)),
        ("mean CV of intervals", quantity(s.mean_cv, digits=4)),
    ]


def _measured(m: SpikeMetrics | None) -> list[tuple[str, str]]:
    overlap = dict(m.overlap) if m else {}
    lag = f"{m.lag.steps:+d} (overlap {fraction(m.lag.overlap)})" if m and m.lag else ""
    d = m.distances if m else None
    return [
        ("difference in count", percent(m.count_difference) if m else ""),
        *((f"overlap within {k} steps", fraction(overlap.get(k)) if m else "") for k in (0, 1, 2)),
        ("best lag in steps", lag.replace("+0 ", "0 ")),
        ("rate correlation", fraction(m.rate_correlation) if m else ""),
        ("rate cosine", fraction(m.rate_cosine) if m else ""),
        ("interval distance (KS)", quantity(m.interval_ks) if m else ""),
        ("ISI distance", quantity(d.isi) if d else ""),
        ("SPIKE distance", quantity(d.spike) if d else ""),
        ("spike time tiling, 1 ms", quantity(d.tiling) if d else ""),
        ("van Rossum distance, 10 ms", quantity(d.van_rossum) if d else ""),
    ]


def _population_rows(comparison: Comparison) -> list[tuple[str, str, SpikeMetrics]]:
    return [
        (population, entry.name, metrics)
        for entry in comparison.others
        for population, metrics in entry.populations.items()
    ]


def _findings(entries: Iterable[Entry]) -> list[tuple[Finding, str]]:
    """Each finding once, with the runs that have it."""
    found: dict[Finding, list[str]] = {}
    for entry in entries:
        for finding in entry.findings:
            found.setdefault(finding, []).append(entry.name)
    order = ("error", "approximation", "note")
    by_severity = sorted(found.items(), key=lambda item: order.index(item[0].severity))
    return [(finding, ", ".join(names)) for finding, names in by_severity]


def _versions(entries: tuple[Entry, ...]) -> list[tuple[str, list[str]]]:
    packages = list(dict.fromkeys(package for e in entries for package in e.versions))
    return [(package, [e.versions.get(package, "") for e in entries]) for package in packages]


def _value(value: object) -> str:
    """A value of the network description."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.6g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {_value(v)}" for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_value(v) for v in value)
    return str(value)
