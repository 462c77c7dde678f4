"""A neuron that sleeps does not miss a threshold, whatever its time constants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurobridge import NetworkBuilder, models
from neurobridge.backends.native.kind import kind_of
from neurobridge.backends.native.sleep import classes_of, entries
from neurobridge.graph.model import NeuronModel
from neurobridge.lowering.lower import lower
from neurobridge.lowering.program import PopulationProgram

pytest.importorskip("numba")
TIMES = st.floats(0.5, 60.0)


def program(model: NeuronModel, size: int = 1, **parameters: object) -> PopulationProgram:
    b = NetworkBuilder()
    b.population("cells", size, model, **parameters)
    return lower(b.build(), 0.1).populations[0]


def bound(p: PopulationProgram, state: np.ndarray) -> float:
    """Largest value that the windows let the membrane reach."""
    c = classes_of(kind_of(p), p)
    assert c is not None
    y = state - c.rest[0, :, 0]
    window = c.window[0, 1:]
    reach = np.maximum(window[:, 0] * y, window[:, 1] * y).sum(axis=1)
    return float(reach.max() + c.rest[0, 0, 0])


def peak(p: PopulationProgram, state: np.ndarray, steps: int = 3000) -> float:
    """The highest value on the way, step by step."""
    matrix, shift = one_step(p)
    highest = state[0]
    for _ in range(steps):
        state = matrix @ state + shift
        highest = max(highest, state[0])
    return float(highest)


def one_step(p: PopulationProgram) -> tuple[np.ndarray, np.ndarray]:
    states = p.code.states
    matrix, shift = np.zeros((len(states), len(states))), np.zeros(len(states))
    for (row, column), name in entries(kind_of(p), False, tuple(p.constants)).items():
        if column in states:
            matrix[states.index(row), states.index(column)] = p.constants[name]
        elif not column:
            shift[states.index(row)] = p.constants[name]
    return matrix, shift


@given(TIMES, TIMES, TIMES, st.floats(-2, 2), st.floats(-2, 2), st.floats(-30, 14))
@settings(max_examples=60, deadline=None)
def test_the_bound_lies_above_the_peak_for_any_time_constants(
    tau_m: float, tau_exc: float, tau_inh: float, i_exc: float, i_inh: float, above_rest: float
) -> None:
    p = program(models.lif_exp, tau_m=tau_m, tau_syn_exc=tau_exc, tau_syn_inh=tau_inh)
    state = np.array([-65 + above_rest, i_exc, i_inh])
    assert bound(p, state) >= peak(p, state) - 1e-9


@pytest.mark.parametrize("tau_syn", [5.0, 20.0, 20.0 + 1e-9, 40.0])
def test_the_bound_is_close_for_one_input(tau_syn: float) -> None:
    p = program(models.shiu_lif, tau_syn=tau_syn)
    state = np.array([-52.0, 50.0])
    height = peak(p, state) + 52.0
    assert height - 1e-9 < bound(p, state) + 52.0 < 1.04 * height


def test_alpha_currents_are_bounded_too() -> None:
    p = program(models.lif_alpha)
    state = np.array([-65.0, 0.1, 0.5, -0.1, -0.3])
    height = peak(p, state) + 65.0
    assert height - 1e-9 < bound(p, state) + 65.0 < 1.5 * height


def test_the_table_has_the_powers_of_a_step() -> None:
    p = program(models.lif_exp, i_offset=0.1)
    c = classes_of(kind_of(p), p)
    assert c is not None
    matrix, shift = one_step(p)
    state = start = np.array([-60.0, 0.3, -0.2])
    for _ in range(100):
        state = matrix @ state + shift
    names = list(entries(kind_of(p), False, tuple(p.constants)))
    moved = sum(
        c.free[0, 100, j] * (start[p.code.states.index(column)] if column else 1.0)
        for j, (row, column) in enumerate(names)
        if row == "v" and column != "current"
    )
    assert moved == pytest.approx(state[0], rel=1e-13)


def test_what_is_never_forgotten_keeps_its_neurons_awake() -> None:
    leakless = NeuronModel(
        name="leakless", equations="dv/dt = drift : mV",
        parameters={"drift": models.lif_exp.parameters["v_rest"].__class__(0.1, "mV/ms", "drift")},
        receptors=models.lif_delta.receptors, threshold="v >= 10.0*mV", threshold_policy="level",
        reset="v = 0.0*mV", refractory=None, integrator="exact", initial={"v": 0.0},
        reference="", doc="",
    )  # fmt: skip
    p = program(leakless)
    assert kind_of(p).may_sleep
    assert classes_of(kind_of(p), p) is None


def test_neurons_with_the_same_numbers_are_of_one_class() -> None:
    tau = np.array([10.0, 20.0, 10.0, 20.0, 30.0])
    p = program(models.lif_exp, size=5, tau_m=tau)
    c = classes_of(kind_of(p), p)
    assert c is not None
    assert c.of_neuron[0] == c.of_neuron[2] != c.of_neuron[1] == c.of_neuron[3]
    assert len(c.free) == 3
