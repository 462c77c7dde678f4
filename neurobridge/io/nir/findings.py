"""What NIR cannot say about a network, and what the frameworks that read it will make of it."""

from __future__ import annotations

__all__ = ["APPROXIMATIONS", "nir_findings", "refuse"]

from collections.abc import Sequence

from neurobridge.errors import UnknownNameError
from neurobridge.graph.network import Network
from neurobridge.io.nir.cells import counterpart
from neurobridge.io.nir.check_edges import edge_findings
from neurobridge.io.nir.check_importer import IMPORTERS, importer_findings
from neurobridge.io.nir.check_neurons import model_findings, neuron_findings, threshold_findings
from neurobridge.io.nir.check_rest import omission_findings, readout_findings, stimulus_findings
from neurobridge.io.nir.check_shape import reach_findings, shape_findings
from neurobridge.lowering.finding import Finding, raise_if_errors
from neurobridge.lowering.grid import check_dt
from neurobridge.lowering.lower import trained_findings

APPROXIMATIONS = (
    "forward_latency",
    "initial_state",
    "readout_bias",
    "refractory_dropped",
    "reset_ignored",
    "stimulus_dropped",
    "trained_at_other_dt",
    "weights_to_integers",
)
"""Names that ``accept`` may hold."""


def nir_findings(network: Network, *, dt: float, importer: str | None = None) -> list[Finding]:
    """All that NIR cannot say, or that will differ where the file is read.

    Parameters
    ----------
    network : Network
    dt : float
        Time step in ms of the framework that will read the file.
    importer : {"py-spinnaker2"}, optional
        Also what this one cannot take of the file.

    Returns
    -------
    list of Finding
        Errors make :func:`neurobridge.io.nir.to_nir` refuse, approximations too unless they are
        accepted by name; notes never do.

    Raises
    ------
    UnknownNameError
        If the importer is not known here.
    """
    if importer is not None and importer not in IMPORTERS:
        raise UnknownNameError("importer of NIR", importer, IMPORTERS)
    dt = check_dt(dt)
    neurons = [p for p in network.populations.values() if not p.model.is_source]
    cells = [p for p in neurons if counterpart(p.model) is not None]
    findings = model_findings(network)
    findings += [f for p in cells for f in neuron_findings(p, dt)]
    findings += threshold_findings(cells)
    findings += reach_findings(network)
    findings += [f for p in network.projections.values() for f in edge_findings(network, p, dt)]
    findings += shape_findings(network, dt)
    findings += stimulus_findings(network)
    findings += readout_findings(network)
    findings += trained_findings(network, dt)
    if importer is not None:
        findings += importer_findings(network, dt)
    return [*findings, *omission_findings(network)]


def refuse(findings: Sequence[Finding], accept: Sequence[str]) -> None:
    """Raise unless there is no error and every approximation is accepted.

    A name of :data:`APPROXIMATIONS` may be accepted where it is not needed.

    Raises
    ------
    FindingsError
        With all that stops.
    NetworkError, UnknownNameError
        If ``accept`` is no list, or names something else.
    """
    for name in () if isinstance(accept, str) else accept:
        if name not in APPROXIMATIONS:
            raise UnknownNameError("approximation to accept", name, APPROXIMATIONS)
    found = {f.code for f in findings}
    raise_if_errors(findings, accept if isinstance(accept, str) else [*found.intersection(accept)])
