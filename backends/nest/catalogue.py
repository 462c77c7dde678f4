"""Which of our models NEST has built in, and under which conditions the two are the same.

A built-in cell is used only where it is exactly equivalent: same equations, integrated exactly,
same order of events within a step. Its arithmetic differs from ours in the last bits (it counts
the potential from rest), its spikes do not.

References
----------
Rotter & Diesmann (1999), Biol. Cybern. 81:381, doi:10.1007/s004220050570: exact integration.
"""

from __future__ import annotations

__all__ = ["CATALOGUE", "NativeCell", "NativeModel", "native_cell"]

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from neurobridge.graph.model import NeuronModel
from neurobridge.lowering.program import PopulationProgram, Program

NEVER = 1e300
"""A threshold (mV) that no potential reaches."""


@dataclass(frozen=True)
class NativeModel:
    """A row of the catalogue: one of our models and the NEST cell that equals it.

    Parameters
    ----------
    ours, theirs : str
        Name in ``neurobridge.models.lif``, and the model name of NEST.
    parameters : mapping of str to (str, float)
        Our parameter -> NEST's, and the factor from our unit to NEST's (nA -> pA, nF -> pF).
    recordables : mapping of str to (str, float)
        Our state -> NEST's recordable, and the factor from our unit to NEST's.
    weight_factor : float
        From our unit of a weight to NEST's.
    signed_receptors : bool
        NEST chooses the receptor by the sign of the weight.
    time_constants : tuple of str
        NEST parameters which, made tiny, empty the synaptic states between two runs.
    fixed : mapping
        NEST parameters that have one value for all.
    """

    ours: str
    theirs: str
    parameters: Mapping[str, tuple[str, float]]
    recordables: Mapping[str, tuple[str, float]]
    weight_factor: float
    signed_receptors: bool
    time_constants: tuple[str, ...]
    fixed: Mapping[str, Any]

    def to_nest(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """NEST's parameters from ours (canonical units). ``t_ref`` is left to the caller."""
        return {
            theirs: _scaled(parameters[ours], factor)
            for ours, (theirs, factor) in self.parameters.items()
        }

    def from_nest(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Our parameters (canonical units) from NEST's: the reverse of :meth:`to_nest`."""
        return {
            ours: _scaled(parameters[theirs], 1 / factor)
            for ours, (theirs, factor) in self.parameters.items()
        }


_MEMBRANE = {
    "v_rest": ("E_L", 1.0),
    "v_reset": ("V_reset", 1.0),
    "v_thresh": ("V_th", 1.0),
    "tau_m": ("tau_m", 1.0),
    "c_m": ("C_m", 1e3),
    "i_offset": ("I_e", 1e3),
}
_CURRENTS = {"tau_syn_exc": ("tau_syn_ex", 1.0), "tau_syn_inh": ("tau_syn_in", 1.0)}
_CURRENT_STATES = {"v": ("V_m", 1.0), "i_exc": ("I_syn_ex", 1e3), "i_inh": ("I_syn_in", 1e3)}
_DECAYS = ("tau_syn_ex", "tau_syn_in")

CATALOGUE = (
    NativeModel(
        "lif_exp", "iaf_psc_exp", _MEMBRANE | _CURRENTS, _CURRENT_STATES, 1e3, True, _DECAYS, {}
    ),
    NativeModel(
        "lif_alpha", "iaf_psc_alpha", _MEMBRANE | _CURRENTS, _CURRENT_STATES, 1e3, True, _DECAYS, {}
    ),
    NativeModel(
        "lif_delta",
        "iaf_psc_delta",
        _MEMBRANE,
        {"v": ("V_m", 1.0)},
        1.0,
        False,
        (),
        {"refractory_input": False},
    ),
)


@dataclass(frozen=True)
class NativeCell:
    """One population as a built-in cell: what to create, and how to speak to it."""

    native: NativeModel
    parameters: Mapping[str, Any]
    initial: Mapping[str, Any]
    silent: Mapping[str, Any]


def native_cell(population: PopulationProgram, program: Program) -> tuple[NativeCell | None, str]:
    """The built-in cell that equals ``population``, or None and the reason why there is none."""
    native = next((row for model, row in _known_models() if model == population.model), None)
    if native is None:
        return None, f"NEST has no built-in cell equal to model {population.model.name!r}"
    reason = _difference(native, population) or _foreign_signs(native, population, program)
    if reason:
        return None, reason
    decays = dict.fromkeys(native.time_constants, program.dt * 1e-3)
    return (
        NativeCell(
            native=native,
            parameters={
                **native.to_nest(population.parameters),
                "t_ref": population.refractory_steps * program.dt,
                **native.fixed,
            },
            initial={"V_m": population.initial["v"]},
            silent={"V_th": NEVER, **decays},
        ),
        "",
    )


@cache
def _known_models() -> tuple[tuple[NeuronModel, NativeModel], ...]:
    """By the declaration itself: a model of the same name with other equations is another one."""
    from neurobridge.models import lif

    return tuple((getattr(lif, row.ours), row) for row in CATALOGUE)


def _difference(native: NativeModel, population: PopulationProgram) -> str:
    """What a built-in cell cannot do that this population needs; empty if nothing."""
    started = [
        name
        for name, value in population.initial.items()
        if name != "v" and np.any(np.asarray(value) != 0)
    ]
    if started:
        return f"{native.theirs} cannot start with {', '.join(started)} other than 0"
    reset, threshold = population.parameters["v_reset"], population.parameters["v_thresh"]
    if np.any(np.asarray(reset) >= np.asarray(threshold)):
        return f"{native.theirs} needs v_reset below v_thresh"
    return ""


def _foreign_signs(native: NativeModel, population: PopulationProgram, program: Program) -> str:
    """Where weights of the wrong sign would land on the other receptor."""
    if not native.signed_receptors:
        return ""
    for pathway in program.pathways:
        if pathway.post == population.name and wrong_sign(pathway.receptor, pathway.weight):
            return (
                f"{native.theirs} tells receptors apart by the sign of the weight, and projection "
                f"{pathway.projection!r} has weights of the other sign on {pathway.receptor!r}"
            )
    return ""


def wrong_sign(receptor: str, weight: np.ndarray[Any, Any]) -> bool:
    """Whether a weight would reach the other receptor of a cell with signed receptors."""
    if not weight.size:
        return False
    return bool(weight.min() < 0 if receptor == "exc" else weight.max() > 0)


def _scaled(value: Any, factor: float) -> Any:
    return value if factor == 1.0 else value * factor
