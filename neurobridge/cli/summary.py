"""A network, a recording and findings in the words of a terminal."""

from __future__ import annotations

__all__ = [
    "findings_table",
    "network_document",
    "network_summary",
    "network_table",
    "rates_document",
    "rates_table",
]

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.table import Table
from rich.text import Text

from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.probe import StateProbe
from neurobridge.lowering.finding import Finding
from neurobridge.recording import Recording

COLOURS = {"error": "bold red", "approximation": "yellow", "note": "dim"}


def network_summary(network: Network) -> dict[str, object]:
    """The network in one line per property, for reports."""
    rows: dict[str, object] = {}
    if "dataset" in network.metadata:
        rows["data set"] = network.metadata["dataset"]
    rows |= {"neurons": f"{network.n_neurons:,}", "edges": f"{network.n_edges:,}"}
    rows["models"] = ", ".join(sorted({p.model.name for p in network.populations.values()}))
    rows["stimuli"] = ", ".join(
        f"{name} ({type(s).__name__})" for name, s in network.stimuli.items()
    )
    rows["network"] = network.id[:16]
    return rows


def network_document(network: Network) -> dict[str, Any]:
    """The network as a plain dictionary, for JSON."""
    return {
        "id": network.id,
        "neurons": network.n_neurons,
        "edges": network.n_edges,
        "populations": {
            p.name: {
                "size": p.size,
                "model": p.model.name,
                "reference": p.model.reference,
                "labels": sorted(p.labels.columns),
            }
            for p in network.populations.values()
        },
        "projections": {
            p.name: {
                "pre": p.pre,
                "post": p.post,
                "edges": p.edges.n_edges,
                "weight": _range(network.weights(p.name)),
                "receptor": p.receptor,
            }
            for p in network.projections.values()
        },
        "stimuli": {n: type(s).__name__ for n, s in network.stimuli.items()},
        "probes": {n: type(p).__name__ for n, p in network.probes.items()},
        "metadata": dict(network.metadata),
        "history": [
            {"name": h.name, "arguments": dict(h.arguments), "parent": h.parent}
            for h in network.history
        ],
    }


def network_table(network: Network, title: str) -> Table:
    """Populations, projections, stimuli and probes, one row each."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    for heading in ("part", "name", "what"):
        table.add_column(heading)
    for p in network.populations.values():
        table.add_row("neurons", p.name, f"{p.size:,} {p.model.name}")
    for e in network.projections.values():
        low, high = _range(network.weights(e.name))
        unit = network.population(e.post).model
        name = unit.weight_unit(e.receptor or unit.receptor_names[0])
        what = f"{e.edges.n_edges:,} edges {e.pre} to {e.post}, weights {low:g} to {high:g} {name}"
        table.add_row("synapses", e.name, what)
    for name, s in network.stimuli.items():
        neurons = getattr(s, "neurons", getattr(s, "neuron", None))
        table.add_row("stimulus", name, f"{type(s).__name__} onto {_onto(neurons, s.population)}")
    for name, probe in network.probes.items():
        what = "spikes"
        if isinstance(probe, StateProbe):
            every = "every step" if probe.interval is None else f"every {probe.interval:g} ms"
            what = f"{probe.variable} {every}"
        table.add_row("probe", name, f"{what} of {_onto(probe.neurons, probe.population)}")
    return table


def findings_table(findings: Iterable[Finding]) -> Table:
    """One paragraph for each finding, the gravest first."""
    order = list(COLOURS)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for f in sorted(findings, key=lambda f: order.index(f.severity)):
        what = Text.assemble((f.code, "bold"), f" at {f.where}\n{f.why}\n", (f.remedy, "dim"))
        table.add_row(Text(f.severity, COLOURS[f.severity]), what)
    return table


def rates_document(recording: Recording) -> dict[str, Any]:
    """Counts and rates of every spike probe, for JSON."""
    return {
        name: {
            "neurons": int(spikes.recorded.size),
            "spikes": len(spikes),
            **_rates(spikes.rates[spikes.recorded]),
        }
        for name, spikes in recording.spikes.items()
    }


def rates_table(recording: Recording, network: Network, by: str | None) -> Table:
    """Counts and rates of every spike probe, and of each value of a label if one is named."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("neurons of")
    for heading in ("neurons", "spikes", "mean rate", "median", "highest", "active"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, spikes in recording.spikes.items():
        everyone = np.zeros(spikes.size, dtype=bool)
        everyone[spikes.recorded] = True
        table.add_row(name, *_row(spikes.counts, spikes.rates, everyone))
        if by is None:
            continue
        population = _population_of(name, network)
        column = population.labels[by]
        for code, category in enumerate(column.categories):
            mask = everyone & (column.codes == code)
            if mask.any():
                label = f"  {category or '(none)'}"
                table.add_row(label, *_row(spikes.counts, spikes.rates, mask))
    return table


def _population_of(probe: str, network: Network) -> Population:
    """The population of a spike probe; without probes, spikes go by population."""
    if probe in network.probes:
        return network.population(network.probes[probe].population)
    return network.population(probe)


def _row(
    counts: NDArray[np.int64], rates: NDArray[np.float64], mask: NDArray[np.bool_]
) -> list[str]:
    values: Mapping[str, float] = _rates(rates[mask])
    return [
        f"{int(mask.sum()):,}",
        f"{int(counts[mask].sum()):,}",
        *(f"{values[k]:.1f} Hz" for k in ("mean_hz", "median_hz", "max_hz")),
        f"{values['active']:.0%}",
    ]


def _rates(rates: NDArray[np.float64]) -> dict[str, float]:
    if not rates.size:
        return dict.fromkeys(("mean_hz", "median_hz", "max_hz", "active"), 0.0)
    return {
        "mean_hz": float(rates.mean()),
        "median_hz": float(np.median(rates)),
        "max_hz": float(rates.max()),
        "active": float((rates > 0).mean()),
    }


def _range(weights: NDArray[np.float64]) -> tuple[float, float]:
    return (float(weights.min()), float(weights.max())) if weights.size else (0.0, 0.0)


def _onto(neurons: NDArray[np.int32] | None, population: str) -> str:
    return f"all {population}" if neurons is None else f"{np.unique(neurons).size:,} {population}"
