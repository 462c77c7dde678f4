"""Which cell of PyNN each of our models is, and how names and units translate both ways.

PyNN's units are ours, but for the subthreshold adaptation of ``EIF_cond_exp_isfa_ista`` (nS).

References
----------
Davison et al. (2009), Front. Neuroinform. 2:11, doi:10.3389/neuro.11.011.2008. Parameters are
those of PyNN 0.13, ``pyNN/standardmodels/cells.py``.
"""

from __future__ import annotations

__all__ = ["CATALOGUE", "CellType", "cell_type", "nearest_cell"]

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np

from neurobridge.graph.model import NeuronModel


@dataclass(frozen=True)
class CellType:
    """A row of the catalogue: one of our models and the cell of PyNN with the same equations.

    Parameters
    ----------
    ours, theirs : str
        Name in :mod:`neurobridge.models`, and the cell type of PyNN.
    parameters : mapping of str to (str, float)
        Our parameter -> PyNN's, and the factor from our unit to PyNN's.
    ratios : mapping of str to (str, str)
        Parameter of PyNN that is the ratio of two of ours; the second has no other place.
    threshold : str
        Our parameter that PyNN's cell does not have: the potential whose crossing is a spike.
    fixed : mapping of str to float
        Our parameters that are numbers in PyNN's cell, which it cannot change.
    states : mapping of str to str
        Our state -> PyNN's name of it.
    recordable : frozenset of str
        Our states that PyNN records.
    receptors : mapping of str to str
        Our receptor -> PyNN's; empty for one receptor that becomes two by the sign of the weight.
    decays : mapping of str to str
        Our receptor -> our time constant, where the synapse decays exponentially.
    """

    ours: str
    theirs: str
    parameters: Mapping[str, tuple[str, float]]
    states: Mapping[str, str]
    recordable: frozenset[str]
    receptors: Mapping[str, str] = field(default_factory=dict)
    decays: Mapping[str, str] = field(default_factory=dict)
    ratios: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    threshold: str = ""
    fixed: Mapping[str, float] = field(default_factory=dict)

    def to_pynn(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """PyNN's parameters from ours (canonical units)."""
        found = {
            theirs: _scaled(parameters[ours], factor)
            for ours, (theirs, factor) in self.parameters.items()
        }
        for theirs, (above, below) in self.ratios.items():
            found[theirs] = parameters[above] / parameters[below]
        return found

    def from_pynn(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Our parameters (canonical units) from PyNN's: the reverse of :meth:`to_pynn`."""
        found = {
            ours: _scaled(parameters[theirs], 1 / factor)
            for ours, (theirs, factor) in self.parameters.items()
        }
        for theirs, (above, below) in self.ratios.items():
            found[below] = found[above] / parameters[theirs]
        return found


_LEAK = {
    "v_rest": ("v_rest", 1.0),
    "v_reset": ("v_reset", 1.0),
    "t_ref": ("tau_refrac", 1.0),
    "c_m": ("cm", 1.0),
    "i_offset": ("i_offset", 1.0),
}
_MEMBRANE = _LEAK | {"v_thresh": ("v_thresh", 1.0), "tau_m": ("tau_m", 1.0)}
_DECAYS = {"tau_syn_exc": ("tau_syn_E", 1.0), "tau_syn_inh": ("tau_syn_I", 1.0)}
_REVERSALS = {"e_exc": ("e_rev_E", 1.0), "e_inh": ("e_rev_I", 1.0)}
_RECEPTORS = {"exc": "excitatory", "inh": "inhibitory"}
_EXPONENTIAL = {"exc": "tau_syn_exc", "inh": "tau_syn_inh"}
_CONDUCTANCES = {"g_exc": "gsyn_exc", "g_inh": "gsyn_inh"}

CATALOGUE = (
    CellType(
        "lif_exp", "IF_curr_exp", _MEMBRANE | _DECAYS,
        {"v": "v", "i_exc": "isyn_exc", "i_inh": "isyn_inh"}, frozenset({"v"}),
        _RECEPTORS, _EXPONENTIAL,
    ),
    CellType(
        "lif_alpha", "IF_curr_alpha", _MEMBRANE | _DECAYS, {"v": "v"}, frozenset({"v"}), _RECEPTORS,
    ),
    CellType("lif_delta", "IF_curr_delta", _MEMBRANE, {"v": "v"}, frozenset({"v"})),
    CellType(
        "lif_cond_exp", "IF_cond_exp", _MEMBRANE | _DECAYS | _REVERSALS,
        {"v": "v"} | _CONDUCTANCES, frozenset({"v", "g_exc", "g_inh"}), _RECEPTORS, _EXPONENTIAL,
    ),
    CellType(
        "adex", "EIF_cond_exp_isfa_ista",
        _LEAK | _DECAYS | _REVERSALS
        | {
            "v_t": ("v_thresh", 1.0), "delta_t": ("delta_T", 1.0), "v_peak": ("v_spike", 1.0),
            "a": ("a", 1e3), "b": ("b", 1.0), "tau_w": ("tau_w", 1.0),
        },
        {"v": "v", "z": "w"} | _CONDUCTANCES, frozenset({"v", "z", "g_exc", "g_inh"}),
        _RECEPTORS, _EXPONENTIAL, ratios={"tau_m": ("c_m", "g_leak")},
    ),
    CellType(
        "hodgkin_huxley", "HH_cond_exp",
        _DECAYS | _REVERSALS
        | {
            "c_m": ("cm", 1.0), "i_offset": ("i_offset", 1.0), "g_na": ("gbar_Na", 1.0),
            "g_kd": ("gbar_K", 1.0), "g_leak": ("g_leak", 1.0), "v_t": ("v_offset", 1.0),
            "e_na": ("e_rev_Na", 1.0), "e_k": ("e_rev_K", 1.0), "e_leak": ("e_rev_leak", 1.0),
        },
        {"v": "v", "m": "m", "h": "h", "n": "n"} | _CONDUCTANCES,
        frozenset({"v", "g_exc", "g_inh"}), _RECEPTORS, _EXPONENTIAL, threshold="v_spike",
    ),
    CellType(
        "izhikevich", "Izhikevich",
        {name: (name, 1.0) for name in ("a", "b", "c", "d", "i_offset")},
        {"v": "v", "u": "u"}, frozenset({"v", "u"}), fixed={"v_thresh": 30.0, "c_m": 0.001},
    ),
)  # fmt: skip


def cell_type(model: NeuronModel) -> CellType | None:
    """The row of a model, found by its declaration; its integrator and its name do not count."""
    same = (
        row
        for declared, row in _known_models()
        if replace(model, name=declared.name, integrator=declared.integrator) == declared
    )
    return next(same, None)


def nearest_cell(model: NeuronModel) -> str:
    """PyNN's cell whose model shares the most parameters and states with ``model``."""
    own = {*model.parameters, *model.states}

    def alike(pair: tuple[NeuronModel, CellType]) -> float:
        other = {*pair[0].parameters, *pair[0].states}
        return len(own & other) / max(len(own | other), 1)

    return max(_known_models(), key=alike)[1].theirs


@cache
def _known_models() -> tuple[tuple[NeuronModel, CellType], ...]:
    from neurobridge.models import by_name

    return tuple((by_name(row.ours), row) for row in CATALOGUE)


def _scaled(value: Any, factor: float) -> Any:
    return value if factor == 1.0 else np.multiply(value, factor)
