"""A deployment as one HTML file that needs nothing else to be read."""

from __future__ import annotations

__all__ = ["write_deployment_report"]

import base64
import tempfile
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from neurobridge.comparison.cast import cast
from neurobridge.comparison.curves import agreement, histogram, population_rates
from neurobridge.comparison.rasters import rasters, rates
from neurobridge.comparison.words import count, fraction
from neurobridge.deployment.core_estimate import CoreEstimate
from neurobridge.deployment.machine_facts import machine_facts
from neurobridge.deployment.tables import error_cells, overflowed, saturated, times

if TYPE_CHECKING:
    from neurobridge.deployment.result import Deployment

SHOWN = 40
"""Groups of a table; all of them are in the JSON document."""
ORDER = ("error", "approximation", "note")


def write_deployment_report(
    deployment: Deployment, path: str | Path, *, title: str = "", command: str = ""
) -> Path:
    """Write a self-contained HTML report.

    Figures are inline SVG, the style is inline, and nothing is loaded from anywhere.

    Parameters
    ----------
    deployment : Deployment
    path : path
        Of the HTML file; its folder is made if it is not there.
    title : str
    command : str
        Command line that repeats the report.

    Returns
    -------
    Path
        The file that was written.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(
        files("neurobridge.deployment").joinpath("report.html").read_text(encoding="utf-8")
    )
    page = template.render(**_content(deployment, title or "A network", command))
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page, encoding="utf-8")
    return target


def _content(deployment: Deployment, title: str, command: str) -> dict[str, Any]:
    """Everything that the template shows."""
    css = files("neurobridge.comparison").joinpath("report.css").read_text(encoding="utf-8")
    groups, parts = deployment.quantisation.groups, deployment.quantisation.parts
    ordered = sorted(deployment.rates, key=lambda r: -abs(r.difference) * r.neurons)
    return {
        "style": Markup(css),
        "title": title,
        "deployment": deployment,
        **_verdict(deployment),
        "facts": _facts(deployment),
        "runs": _runs(deployment),
        "figures": _figures(deployment),
        "label": deployment.quantisation.label,
        "rates": [
            (
                r.name, count(r.neurons), f"{r.reference:.2f} Hz", f"{r.twin:.2f} Hz",
                f"{r.difference:+.2f} Hz",
                "" if r.other_seed is None else f"{r.other_seed:.2f} Hz",
            )
            for r in ordered[:SHOWN]
        ],
        "more_rates": max(len(ordered) - SHOWN, 0),
        "parts": [
            (
                p.part, p.receptor, count(p.neurons), p.shift, f"{p.resolution:.2g} {p.unit}",
                *error_cells(p.error), times(p.bound_headroom), times(p.measured_headroom),
            )
            for p in parts[:SHOWN]
        ],
        "more_parts": max(len(parts) - SHOWN, 0),
        "groups": [(g.name, count(g.neurons), *error_cells(g.error)) for g in groups[:SHOWN]],
        "more_groups": max(len(groups) - SHOWN, 0),
        "machine": machine_facts(deployment.mapping),
        "machine_note": _machine_note(deployment),
        "drawing": _drawing(deployment),
        "findings": sorted(deployment.findings, key=lambda f: ORDER.index(f.severity)),
        "network": _network(deployment),
        "command": command,
    }  # fmt: skip


def _verdict(deployment: Deployment) -> dict[str, Any]:
    metrics, baseline = deployment.comparison["twin"].metrics, deployment.comparison.baseline
    correlation = fraction(metrics.rate_correlation if metrics else None)
    sentence = f"Rates of the twin and the reference correlate with r = {correlation}"
    if baseline is not None:
        sentence += f"; another seed gives {fraction(baseline.metrics.rate_correlation)}"
    lines = [f"{e.level}: {'done' if e.done else 'not done'}" for e in deployment.evidence]
    lines = [" \N{MIDDLE DOT} ".join(lines), saturated(deployment), *overflowed(deployment)]
    if any(deployment.overflows.values()):
        word, kind = "Numbers wrap", "apart"
    elif any(deployment.saturations.values()):
        word, kind = "Input is lost", "apart"
    elif not deployment.mapping.fits:
        word, kind = "Too large", "apart"
    elif errors := sorted({f.code for f in deployment.findings if f.severity == "error"}):
        word, kind = "Cannot run so", "apart"
        lines.append(f"errors that have to be remedied: {', '.join(errors)}")
    elif deployment.to_accept:
        word, kind = "To accept first", "open"
        codes = ", ".join(deployment.to_accept)
        lines.append(f"approximations that have to be accepted by name: {codes}")
    else:
        word, kind = "Ready to bundle", "within"
    return {"word": word, "kind": kind, "sentence": sentence, "lines": lines}


def _facts(deployment: Deployment) -> list[tuple[str, str]]:
    network, machine = deployment.network, machine_facts(deployment.mapping)
    facts = [
        (count(network.n_neurons), "neurons"),
        (count(network.n_edges), "synapses"),
        (f"{deployment.duration:,g} ms", "of activity"),
        (f"{deployment.dt:g} ms", "time step"),
        (str(deployment.seed), "seed"),
    ]
    for kind in ("cores", "chips", "boards"):
        one = machine[kind].removeprefix("about ") == "1"
        facts.append((machine[kind], kind.removesuffix("s") if one else kind))
    return facts


def _runs(deployment: Deployment) -> list[tuple[str, list[str]]]:
    comparison = deployment.comparison
    rows = [("reference", [count(deployment.reference.n_spikes), "", "", "", ""])]
    measured = [("twin", comparison["twin"].metrics)]
    if comparison.baseline is not None:
        seed = comparison.baseline.recording.seed
        measured.append((f"reference, seed {seed}", comparison.baseline.metrics))
    for name, m in measured:
        if m is not None:
            overlaps = [fraction(value) for value in m.overlap.values()]
            rows.append((name, [count(m.spikes), *overlaps, fraction(m.rate_correlation)]))
    return rows


def _figures(deployment: Deployment) -> dict[str, Any]:
    """SVG by name; empty where there is nothing to draw."""
    drawn = cast(deployment.comparison)
    if not any(len(run.spikes) for run in drawn.runs):
        return dict.fromkeys(
            ("raster", "raster_caption", "agreement", "rates", "population", "intervals"), ""
        )
    raster, caption = rasters(drawn)
    svg = {
        "raster": raster,
        "agreement": "" if deployment.comparison.identical else agreement(drawn),
        "rates": rates(drawn),
        "population": population_rates(drawn),
        "intervals": histogram(drawn),
    }
    return {**{name: Markup(text) for name, text in svg.items()}, "raster_caption": caption}


def _machine_note(deployment: Deployment) -> str:
    if deployment.mapped:
        return (
            "Laid out by sPyNNaker's own tools for a virtual board: a board that is not there. "
            "Where things come to lie on a real machine depends on which chips it is given."
        )
    why = "it is too large for the machine" if not deployment.mapping.fits else (
        "sPyNNaker, which would lay the network out, is not installed"
    )  # fmt: skip
    return f"Estimated by counting neurons: {why}. Memory and routes were not looked at."


def _drawing(deployment: Deployment) -> str:
    """The boards, as an address with the picture in it; empty without a layout or matplotlib."""
    if isinstance(deployment.mapping, CoreEstimate) or find_spec("matplotlib") is None:
        return ""
    with tempfile.TemporaryDirectory() as folder:
        picture = deployment.mapping.draw(Path(folder) / "boards.svg").read_bytes()
    return f"data:image/svg+xml;base64,{base64.b64encode(picture).decode()}"


def _network(deployment: Deployment) -> dict[str, str]:
    network = deployment.network
    models = sorted({p.model.name for p in network.populations.values()})
    stimuli = [f"{name} ({type(s).__name__})" for name, s in network.stimuli.items()]
    return {
        "models": ", ".join(models),
        "stimuli": ", ".join(stimuli),
        "versions": ", ".join(f"{n} {v}" for n, v in deployment.twin.versions.items()),
    }
