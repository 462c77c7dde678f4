"""What NIR cannot say about stimuli, readouts, and things beside the dynamics."""

from __future__ import annotations

__all__ = ["omission_findings", "readout_findings", "stimulus_findings"]

import numpy as np

from neurobridge.graph.network import Network
from neurobridge.io.nir.readouts import bias_is_affine
from neurobridge.lowering.finding import Finding


def stimulus_findings(network: Network) -> list[Finding]:
    """On stimuli: those of sources are what an Input is fed with, others are lost."""
    findings = []
    fed = []
    for s in network.stimuli.values():
        if network.population(s.population).model.is_source:
            fed.append(s.name)
            continue
        findings.append(
            Finding(
                "stimulus_dropped", "approximation", f"stimulus {s.name!r}",
                f"it acts on population {s.population!r} itself; NIR holds no stimuli, and its "
                "Input carries the spikes of the sources only",
                "let a spike_source send it through a projection, or accept that it is gone",
            )
        )  # fmt: skip
    if fed:
        findings.append(
            Finding(
                "input_not_stored", "note", f"stimuli {fed}",
                "NIR holds no stimuli; these are what the Input is to be fed with",
                "feed the spikes of the sources, see docs/nir.md", float(len(fed)),
            )
        )  # fmt: skip
    return findings


def readout_findings(network: Network) -> list[Finding]:
    """On what the nodes of a readout do not hold."""
    findings = []
    for r in network.readouts.values():
        where = f"readout {r.name!r}"
        if r.source != "spikes":
            findings.append(
                Finding(
                    "readout_of_states", "error", where,
                    f"edges of NIR carry spikes, but this one reads {r.source!r}",
                    "read spikes, or remove the readout",
                )
            )  # fmt: skip
            continue
        bias = float(np.abs(r.bias).max(initial=0.0))
        if bias and not bias_is_affine(r):
            findings.append(
                Finding(
                    "readout_bias", "approximation", where,
                    f"the bias (up to {bias:g}) is added once, after filters and pooling, which "
                    "NIR cannot say; it is in the metadata only",
                    "add it to the pooled output yourself, or accept it", bias,
                )
            )  # fmt: skip
        if r.pool != "none":
            findings.append(
                Finding(
                    "readout_pool", "note", where,
                    f"the Output is the trace; pooling ({r.pool!r}) is in the metadata only",
                    "pool the output over time where you use it",
                )
            )  # fmt: skip
        if r.tau_m is not None or r.tau_syn is not None:
            findings.append(
                Finding(
                    "readout_filter", "note", where,
                    "the filter is written as LI or CubaLI, which norse 1.1 and snnTorch 1.0 "
                    "cannot read",
                    "use a readout without time constants if one of them shall read the file",
                )
            )  # fmt: skip
    return findings


def omission_findings(network: Network) -> list[Finding]:
    """On what changes no run, and is not in the file."""
    populations = network.populations.values()
    things: dict[str, list[str]] = {
        "probes": list(network.probes),
        "encoders": list(network.encoders),
        "positions of": [p.name for p in populations if p.positions is not None],
        "transmitter probabilities of": [
            p.name for p in populations if p.labels.nt_probability is not None
        ],
        "counts, signs and columns of edges of": [
            p.name for p in network.projections.values()
            if p.edges.columns or p.edges.count is not None or p.edges.sign is not None
        ],
    }  # fmt: skip
    lost = "; ".join(f"{what} {names}" for what, names in things.items() if names)
    if not lost:
        return []
    return [
        Finding(
            "left_out", "note", "network", f"NIR has no place for: {lost}",
            "keep the network itself too: neurobridge.save",
        )
    ]  # fmt: skip
