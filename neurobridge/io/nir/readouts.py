r"""A readout as nodes: weights, perhaps a leaky integrator, an output.

With spikes that are 1 for one step, a readout's filters are those nodes:

============================  =======================================================
``tau_m`` only                ``LI`` with :math:`\tau = \tau_m, r = 1`
``tau_syn`` only              ``LI`` with :math:`\tau = \tau_{syn}, r = \tau_{syn}/dt`
both                          ``CubaLI`` with :math:`r = 1, w_{in} = \tau_{syn}/dt`
============================  =======================================================

Pooling over time is no part of NIR. The bias is one where an ``Affine`` that adds it in every step
comes to the same: without filters, and if samples are not added up.
"""

from __future__ import annotations

__all__ = ["bias_is_affine", "filter_fields", "found_filter"]

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import FileFormatError
from neurobridge.graph.readout import Readout

Real = NDArray[np.float64]
_MS = 1e3


def bias_is_affine(readout: Readout) -> bool:
    """Whether a bias in every step is the bias of the readout."""
    return readout.tau_m is None and readout.tau_syn is None and readout.pool != "count"


def filter_fields(readout: Readout, dt: float) -> tuple[str, dict[str, Real]] | None:
    """Kind and parameters of the filter, for steps of ``dt`` ms; None if there is none."""
    n = readout.bias.size

    def full(value: float) -> Real:
        return np.full(n, value, dtype=np.float64)

    tau_m, tau_syn = readout.tau_m, readout.tau_syn
    if tau_m is None and tau_syn is None:
        return None
    if tau_m is not None and tau_syn is not None:
        taus = {"tau_mem": full(tau_m / _MS), "tau_syn": full(tau_syn / _MS)}
        return "CubaLI", {**taus, "r": full(1), "v_leak": full(0), "w_in": full(tau_syn / dt)}
    if tau_m is not None:
        return "LI", {"tau": full(tau_m / _MS), "r": full(1), "v_leak": full(0)}
    assert tau_syn is not None
    return "LI", {"tau": full(tau_syn / _MS), "r": full(tau_syn / dt), "v_leak": full(0)}


def found_filter(
    kind: str, fields: Mapping[str, Real], is_synapse: bool, dt: float, where: str
) -> tuple[dict[str, Any], Real, Real]:
    """Time constants of the readout, a factor for each row of its weights, and its bias.

    ``is_synapse`` says that an ``LI`` is the filter ``tau_syn`` of a readout, not ``tau_m``.

    Raises
    ------
    FileFormatError
        If time constants differ between the outputs, for which a readout has one.
    """
    taus = {n: _the_one(v, f"{where}, {n}") * _MS for n, v in fields.items() if n.startswith("tau")}
    r, rest = fields["r"], fields["v_leak"]
    if kind == "CubaLI":
        factor = fields["w_in"] * dt / taus["tau_syn"] * r
        return {"tau_syn": taus["tau_syn"], "tau_m": taus["tau_mem"]}, factor, rest
    if is_synapse:
        return {"tau_syn": taus["tau"]}, r * dt / taus["tau"], rest
    return {"tau_m": taus["tau"]}, r, rest


def _the_one(values: Real, where: str) -> float:
    if np.unique(values).size != 1:
        raise FileFormatError(
            f"{where}: a readout has one time constant for all outputs, but the node has "
            f"{np.unique(values).size}; split the output by time constant"
        )
    return float(values[0])
