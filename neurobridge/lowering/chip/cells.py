"""Which of our models the chip has a cell for, and how parameters and weights translate.

The chip has no equations but binaries with a fixed list of cells. A row of the table is used for a
model by its declaration, not by its name. The cells do not solve the equations of our models
exactly; ``docs/spinnaker.md`` says how far they are off, and :mod:`.discretise` turns that error on
alone.

References
----------
Rhodes et al. (2018), Front. Neurosci. 12:816, doi:10.3389/fnins.2018.00816: sPyNNaker.
"""

from __future__ import annotations

__all__ = ["CELLS", "Cell", "cell_of", "chip_cells", "nearest_model"]

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from neurobridge.graph.model import NeuronModel
from neurobridge.lowering.chip.network import RECEPTORS, weight_gain
from neurobridge.lowering.program import Program

Values = Mapping[str, Any]
Factor = Callable[[Values, float], Any]
"""From parameters (ours) and dt to a factor, a number or one for each neuron."""


def _one(parameters: Values, dt: float) -> float:
    return 1.0


@dataclass(frozen=True)
class Cell:
    """One of our models as a cell of the chip.

    Parameters
    ----------
    model : str
        Name of the model in ``neurobridge.models``.
    name : str
        PyNN's name of the cell.
    parameters : mapping of str to str
        PyNN's parameter -> ours. ``tau_refrac`` comes from the refractory steps instead.
    receptors : mapping of str to (str, int)
        Our receptor -> the chip's receptor and the sign of its weights; sign 0: positive weights
        are excitatory, negative ones inhibitory.
    states : mapping of str to (str, int)
        Our state -> what the chip records for it, and a sign.
    initial : mapping of str to (str, int)
        PyNN's initial value -> our state, and a sign. States that no row names must start at 0.
    weight_factor : mapping of str to function
        Our receptor -> factor from our weight to the chip's; default 1.
    current_factor : function
        From our injected current to the chip's.
    at_once : bool
        An event moves the membrane in the step in which it arrives (delta synapses).
    free_unit : bool
        The unit of current is free: currents, weights and ``cm`` can be multiplied by one number.
    refractory : bool
        Has ``tau_refrac``.
    """

    model: str
    name: str
    parameters: Mapping[str, str]
    receptors: Mapping[str, tuple[str, int]]
    states: Mapping[str, tuple[str, int]]
    initial: Mapping[str, tuple[str, int]]
    weight_factor: Mapping[str, Factor] = field(default_factory=dict)
    current_factor: Factor = _one
    at_once: bool = False
    free_unit: bool = False
    refractory: bool = True

    def chip_receptor(self, receptor: str, negative: bool) -> str:
        """The chip's receptor for a weight of that sign onto one of our receptors."""
        name, sign = self.receptors[receptor]
        if sign:
            return name
        return RECEPTORS[1] if negative else RECEPTORS[0]

    def factor(self, receptor: str, parameters: Values, dt: float) -> Any:
        """From our weight to the chip's, for each neuron."""
        return self.weight_factor.get(receptor, _one)(parameters, dt)

    @property
    def gain(self) -> int:
        """What weights are multiplied by before they are scaled: 1024 for conductances."""
        return weight_gain(self.name)

    @property
    def time_constants(self) -> dict[str, str]:
        """Time constants of the cell by PyNN's name -> ours."""
        return {n: ours for n, ours in self.parameters.items() if n.startswith("tau_")}


def _jump(parameters: Values, dt: float) -> Any:
    """The charge of one step that moves the membrane by 1 mV within this step."""
    import numpy as np

    tau = parameters["tau_m"]
    return parameters["c_m"] * (dt / tau) / -np.expm1(-dt / np.asarray(tau))


def _area(tau: str) -> Factor:
    """The charge under an alpha function with a peak of 1 nA."""
    return lambda parameters, dt: parameters[tau] * math.e


def _per_capacitance(parameters: Values, dt: float) -> Any:
    return 1.0 / parameters["c_m"]


_MEMBRANE = {
    "v_rest": "v_rest",
    "v_reset": "v_reset",
    "v_thresh": "v_thresh",
    "tau_m": "tau_m",
    "cm": "c_m",
    "i_offset": "i_offset",
}
_DECAYS = {"tau_syn_E": "tau_syn_exc", "tau_syn_I": "tau_syn_inh"}
_BY_SIGN = {"exc": ("excitatory", 1), "inh": ("inhibitory", -1)}
_CURRENTS = {"v": ("v", 1), "i_exc": ("gsyn_exc", 1), "i_inh": ("gsyn_inh", -1)}

CELLS = (
    Cell(
        "lif_exp",
        "IF_curr_exp",
        _MEMBRANE | _DECAYS,
        _BY_SIGN,
        _CURRENTS,
        {"v": ("v", 1), "isyn_exc": ("i_exc", 1), "isyn_inh": ("i_inh", -1)},
        free_unit=True,
    ),
    Cell(
        "lif_alpha",
        "IF_curr_alpha",
        _MEMBRANE | _DECAYS,
        _BY_SIGN,
        _CURRENTS,
        {"v": ("v", 1)},
        weight_factor={"exc": _area("tau_syn_exc"), "inh": _area("tau_syn_inh")},
        free_unit=True,
    ),
    Cell(
        "lif_delta",
        "IF_curr_delta",
        _MEMBRANE,
        {"syn": ("", 0)},
        {"v": ("v", 1)},
        {"v": ("v", 1)},
        weight_factor={"syn": _jump},
        at_once=True,
        free_unit=True,
    ),
    Cell(
        "lif_cond_exp",
        "IF_cond_exp",
        _MEMBRANE | _DECAYS | {"e_rev_E": "e_exc", "e_rev_I": "e_inh"},
        {"exc": ("excitatory", 1), "inh": ("inhibitory", 1)},
        {"v": ("v", 1), "g_exc": ("gsyn_exc", 1), "g_inh": ("gsyn_inh", 1)},
        {"v": ("v", 1), "isyn_exc": ("g_exc", 1), "isyn_inh": ("g_inh", 1)},
    ),
    Cell(
        "izhikevich_exp",
        "Izhikevich",
        {"a": "a", "b": "b", "c": "c", "d": "d", "i_offset": "i_offset"} | _DECAYS,
        _BY_SIGN,
        _CURRENTS,
        {
            "v": ("v", 1),
            "u": ("u", 1),
            "isyn_exc": ("i_exc", 1),
            "isyn_inh": ("i_inh", -1),
        },
        weight_factor={"exc": _per_capacitance, "inh": _per_capacitance},
        current_factor=_per_capacitance,
        refractory=False,
    ),
)


def cell_of(model: NeuronModel) -> Cell | None:
    """The cell that stands for a model, or None."""
    return next((cell for known, cell in _known() if known == model), None)


def chip_cells(program: Program) -> dict[str, Cell]:
    """The cell of every population with dynamics that has one."""
    return {p.name: cell for p in program.populations if (cell := cell_of(p.model)) is not None}


@cache
def _known() -> tuple[tuple[NeuronModel, Cell], ...]:
    from neurobridge import models

    return tuple((models.by_name(cell.model), cell) for cell in CELLS)


def nearest_model(model: NeuronModel) -> str:
    """Name of the model with a cell that is most like one without: most states in common."""
    states = set(model.states)

    def likeness(entry: tuple[NeuronModel, Cell]) -> tuple[int, int, int]:
        known = entry[0]
        alike = known.refractory is not None and model.refractory is not None
        same_integrator = known.integrator == model.integrator
        return len(states & set(known.states)), int(alike), int(same_integrator)

    return max(_known(), key=likeness)[0].name
