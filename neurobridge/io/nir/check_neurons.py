"""What NIR cannot say about neurons."""

from __future__ import annotations

__all__ = ["model_findings", "neuron_findings", "threshold_findings"]

from typing import Any

import numpy as np

from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.io.nir.cells import NODES, counterpart, is_strict
from neurobridge.lowering.finding import Finding


def model_findings(network: Network) -> list[Finding]:
    """On models that NIR has no node for."""
    findings = []
    for p in network.populations.values():
        if counterpart(p.model) is None:
            have = ", ".join(f"{model} ({node})" for model, node in NODES.items())
            findings.append(
                Finding(
                    "model_unsupported", "error", f"population {p.name!r}",
                    f"NIR has no node for model {p.model.name!r}; it has one for {have}",
                    "use one of these, or save the network with neurobridge.save",
                )
            )  # fmt: skip
    return findings


def neuron_findings(p: Population, dt: float) -> list[Finding]:
    """On the parameters of one population of ``lif_delta`` or ``lif_exp``."""
    where = f"population {p.name!r}"
    v = {k: np.asarray(x) for k, x in p.parameters.items()}
    findings = []
    t_ref = float(v["t_ref"].max())
    if t_ref > 0:
        findings.append(
            Finding(
                "refractory_dropped", "approximation", where,
                f"NIR has no refractory period; it is up to {t_ref:g} ms here, and 0 there",
                "set t_ref=0 to see what that changes, or accept it", t_ref,
            )
        )  # fmt: skip
    if "tau_syn_exc" in v and (v["tau_syn_exc"] != v["tau_syn_inh"]).any():
        findings.append(
            Finding(
                "tau_syn_differ", "error", where,
                "a CubaLIF has one synaptic time constant, but tau_syn_exc is "
                f"{_range(v['tau_syn_exc'])} ms and tau_syn_inh {_range(v['tau_syn_inh'])} ms",
                "set both to the same value, e.g. network.with_parameters(..., tau_syn_inh=...)",
                float(np.abs(v["tau_syn_exc"] - v["tau_syn_inh"]).max()),
            )
        )  # fmt: skip
    findings += _initial(p, where)
    offset = float(np.abs(v["v_reset"] - v["v_rest"]).max())
    if offset:
        findings.append(
            Finding(
                "reset_not_at_rest", "note", where,
                f"the reset is up to {offset:g} mV away from rest; the file says so, but norse 1.1 "
                "and snnTorch 1.0 reset to rest",
                "use v_reset = v_rest if one of them shall read the file", offset,
            )
        )  # fmt: skip
    if any(v[name].size > 1 and np.unique(v[name]).size > 1 for name in ("tau_m", "v_thresh")):
        findings.append(
            Finding(
                "neurons_differ", "note", where,
                "tau_m, v_thresh or v_rest differ between neurons; the file says so, but snnTorch "
                "1.0 takes one threshold and one weight scale for all",
                "give each kind of neuron its own population if snnTorch shall read the file",
            )
        )  # fmt: skip
    return [*findings, _euler(p, dt, where)]


def _initial(p: Population, where: str) -> list[Finding]:
    """NIR starts at rest; a current that is there from the beginning cannot pass a synapse."""
    v = p.parameters
    away = float(np.abs(np.asarray(p.initial.get("v", v["v_rest"])) - v["v_rest"]).max())
    current = 0.0
    if "tau_syn_exc" in v:
        start = v["i_offset"] + sum(np.asarray(p.initial.get(i, 0.0)) for i in ("i_exc", "i_inh"))
        current = float(np.abs(start).max())
    if not away and not current:
        return []
    return [
        Finding(
            "initial_state", "approximation", where,
            f"NIR starts at rest and without current, but here v starts up to {away:g} mV away "
            f"from rest, with a current of up to {current:g} nA (i_offset and the synapses); there "
            "i_offset builds up through the synapse, with tau_syn",
            "leave out the beginning when you compare, or accept it", max(away, current),
        )
    ]  # fmt: skip


def _euler(p: Population, dt: float, where: str) -> Finding:
    """How far Euler's decay is off after one time constant, for the shortest of them."""
    taus = [np.min(p.parameters[n]) for n in ("tau_m", "tau_syn_exc") if n in p.parameters]
    tau = float(min(taus))
    left = max(1 - dt / tau, 0.0) ** (tau / dt)
    also = ""
    if "tau_syn_exc" in p.parameters:
        also = "; and a current acts on v in the step of its arrival, one step earlier than here"
    return Finding(
        "importers_use_euler", "note", where,
        f"norse 1.1 and snnTorch 1.0 take 1 - dt/tau for exp(-dt/tau): after tau = {tau:g} ms, "
        f"{abs(left * np.e - 1):.2%} of what is left of an input is missing{also}",
        "a smaller dt makes it smaller; the model .with_integrator('euler') does as they do",
        abs(left * float(np.e) - 1),
    )  # fmt: skip


def threshold_findings(cells: list[Population]) -> list[Finding]:
    """On thresholds that a potential may touch without a spike."""
    at = [p.name for p in cells if not is_strict(p.model)]
    if not at:
        return []
    return [
        Finding(
            "threshold_strict", "note", f"populations {at}",
            "NIR spikes above the threshold, these models at it: a potential that is exactly the "
            "threshold makes no spike there",
            "lower v_thresh a little if your weights add up to it exactly", 0.0,
        )
    ]  # fmt: skip


def _range(values: Any) -> str:
    low, high = float(np.min(values)), float(np.max(values))
    return f"{low:g}" if low == high else f"{low:g} .. {high:g}"
