r"""Which neuron is which node: ``lif_delta`` is ``LIF``, ``lif_exp`` is ``CubaLIF``.

NIR writes :math:`\tau \dot v = v_{leak} - v + r I`, we write :math:`\dot v = (v_{rest} - v)/\tau_m
+ i/c_m`. The same currents, :math:`i = I r c_m/\tau_m`, so :math:`r` chooses the unit of
:math:`I`. What a spike does depends on the time step too: frameworks feed it as the number 1 for
one step, so that a weight :math:`W` adds :math:`W r\,dt/\tau` to the potential of an ``LIF``, and
:math:`W w_{in} dt/\tau_{syn}` to the current of a ``CubaLIF``.

Potentials are counted from rest (:math:`v_{leak} = 0`), which changes no equation.
"""

from __future__ import annotations

__all__ = [
    "NODES",
    "Cell",
    "FoundCell",
    "Scaling",
    "cell_of",
    "counterpart",
    "is_strict",
    "population_of",
]

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurobridge.graph.model import NeuronModel
from neurobridge.graph.population import Population
from neurobridge.models.lif import lif_delta, lif_exp
from neurobridge.models.source import spike_source

Real = NDArray[np.float64]
Scaling = Literal["torch", "physical"]

NODES = {lif_delta.name: "LIF", lif_exp.name: "CubaLIF", spike_source.name: "Input"}
"""Model -> its node."""

MODELS = {"LIF": lif_delta, "CubaLIF": lif_exp}

_STRICT = "v > v_thresh"
_MS = 1e3
"""Milliseconds in a second, the unit of time in NIR."""


def counterpart(model: NeuronModel) -> NeuronModel | None:
    """The model of the package that this one is, whatever its integrator, or None.

    Its threshold may also be ``v > v_thresh``, as in NIR.
    """
    for base in (lif_delta, lif_exp, spike_source):
        same_threshold = model.threshold in (base.threshold, _STRICT if base.threshold else "")
        if same_threshold and _dynamics(model) == _dynamics(base):
            return base
    return None


def _dynamics(model: NeuronModel) -> tuple[Any, ...]:
    units = {name: p.unit for name, p in model.parameters.items()}
    return (
        model.lines, units, model.receptors, model.threshold_policy, model.reset, model.refractory,
        dict(model.initial), model.couplings, model.output, model.current_unit,
    )  # fmt: skip


def is_strict(model: NeuronModel) -> bool:
    """Whether a neuron spikes above its threshold only, not at it."""
    return model.threshold == _STRICT


@dataclass(frozen=True)
class Cell:
    """A population in the numbers of NIR.

    Parameters
    ----------
    kind : {"LIF", "CubaLIF"}
    fields : mapping of str to float64 array, shape (n,)
        The parameters of the node: s, and mV counted from rest.
    gain : float64 array, shape (n,)
        NIR's weight for a weight of one mV (LIF) or one nA (CubaLIF) onto each neuron.
    bias : float64 array, shape (n,)
        What an ``Affine`` must add in every step to be ``i_offset``.
    """

    kind: str
    fields: Mapping[str, Real]
    gain: Real
    bias: Real


def cell_of(population: Population, dt: float, scaling: Scaling) -> Cell:
    """The numbers of a population of ``lif_delta`` or ``lif_exp``, for steps of ``dt`` ms."""
    p = {k: np.full(population.size, v, dtype=np.float64) for k, v in population.parameters.items()}
    tau, is_lif = p["tau_m"], "tau_syn_exc" not in p
    torch_r = np.ones_like(tau) if is_lif else tau / dt
    r = torch_r if scaling == "torch" else tau / p["c_m"]
    per_nA = tau / (p["c_m"] * r)
    membrane = {
        "r": r,
        "v_leak": np.zeros_like(tau),
        "v_threshold": p["v_thresh"] - p["v_rest"],
        "v_reset": p["v_reset"] - p["v_rest"],
    }
    if is_lif:
        gain = tau / (r * dt)
        return Cell("LIF", {"tau": tau / _MS, **membrane}, gain, p["i_offset"] * per_nA)
    w_in = p["tau_syn_exc"] / dt
    fields = {"tau_mem": tau / _MS, "tau_syn": p["tau_syn_exc"] / _MS, **membrane, "w_in": w_in}
    return Cell("CubaLIF", fields, per_nA, p["i_offset"] * per_nA / w_in)


@dataclass(frozen=True)
class FoundCell:
    """A node in our numbers: what :func:`population_of` makes of it.

    ``jump`` (n,) is our weight for one of NIR's, ``offset`` (n,) the steady current in nA for a
    bias of 1.
    """

    model: NeuronModel
    parameters: Mapping[str, Real]
    jump: Real
    offset: Real


def population_of(
    kind: str, fields: Mapping[str, Real], note: Mapping[str, Any], dt: float, integrator: str
) -> FoundCell:
    """The parameters of a node ``LIF`` or ``CubaLIF``, for steps of ``dt`` ms.

    ``note`` may hold ``c_m`` and ``v_rest``, which NIR has no place for: without it,
    ``c_m = tau_m/r`` and potentials are what they are.
    """
    is_lif = kind == "LIF"
    tau = fields["tau" if is_lif else "tau_mem"] * _MS
    r = fields["r"]
    c_m = np.broadcast_to(np.asarray(note.get("c_m", tau / r), dtype=np.float64), tau.shape)
    v_rest = np.asarray(note.get("v_rest", 0.0), dtype=np.float64)
    parameters: dict[str, Real] = {
        "v_rest": fields["v_leak"] + v_rest,
        "v_reset": fields["v_reset"] + v_rest,
        "v_thresh": fields["v_threshold"] + v_rest,
        "tau_m": tau,
        "t_ref": np.zeros_like(tau),
        "c_m": c_m,
    }
    per_unit = r * c_m / tau
    model = _rebuilt(MODELS[kind], bool(note.get("strict", True)), integrator)
    if is_lif:
        return FoundCell(model, parameters, r * dt / tau, per_unit)
    tau_syn = fields["tau_syn"] * _MS
    parameters |= {"tau_syn_exc": tau_syn, "tau_syn_inh": tau_syn}
    w_in = fields["w_in"]
    return FoundCell(model, parameters, w_in * dt / tau_syn * per_unit, w_in * per_unit)


def _rebuilt(base: NeuronModel, strict: bool, integrator: str) -> NeuronModel:
    model = replace(base, name=f"{base.name}.strict", threshold=_STRICT) if strict else base
    return model if integrator == model.integrator else model.with_integrator(integrator)  # type: ignore[arg-type]
