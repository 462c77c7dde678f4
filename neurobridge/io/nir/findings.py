"""What NIR cannot say about a network, and what the frameworks that read it will make of it."""

from __future__ import annotations

__all__ = ["APPROXIMATIONS", "nir_findings", "refuse"]

from collections.abc import Sequence

from neurobridge.graph.network import Network
from neurobridge.io.nir.check_edges import edge_findings, latency_findings, reach_findings
from neurobridge.io.nir.check_neurons import model_findings, neuron_findings, threshold_findings
from neurobridge.io.nir.check_rest import omission_findings, readout_findings, stimulus_findings
from neurobridge.lowering.finding import Finding, raise_if_errors
from neurobridge.lowering.grid import check_dt

APPROXIMATIONS = (
    "forward_latency",
    "initial_state",
    "readout_bias",
    "refractory_dropped",
    "stimulus_dropped",
)
"""Names that ``accept`` may hold."""


def nir_findings(network: Network, *, dt: float) -> list[Finding]:
    """All that NIR cannot say, or that will differ where the file is read.

    Parameters
    ----------
    network : Network
    dt : float
        Time step in ms of the framework that will read the file.

    Returns
    -------
    list of Finding
        Errors make :func:`neurobridge.io.nir.to_nir` refuse, approximations too unless they are
        accepted by name; notes never do.
    """
    dt = check_dt(dt)
    unknown = model_findings(network)
    if unknown:
        return unknown
    cells = [p for p in network.populations.values() if not p.model.is_source]
    findings = [f for p in cells for f in neuron_findings(p, dt)]
    findings += threshold_findings(cells)
    findings += reach_findings(network)
    findings += [f for p in network.projections.values() for f in edge_findings(network, p, dt)]
    findings += latency_findings(network, dt)
    findings += stimulus_findings(network)
    findings += readout_findings(network)
    return [*findings, *omission_findings(network)]


def refuse(findings: Sequence[Finding], accept: Sequence[str]) -> None:
    """Raise :class:`~neurobridge.FindingsError` unless every approximation is accepted.

    A name of :data:`APPROXIMATIONS` may be accepted where it is not needed.
    """
    found = {f.code for f in findings}
    if not isinstance(accept, str):
        accept = [a for a in accept if a in found or a not in APPROXIMATIONS]
    raise_if_errors(findings, accept)
