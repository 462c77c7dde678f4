"""Exact propagators against closed forms and against a numerical solution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from neurobridge.errors import ModelError
from neurobridge.lowering.evaluate import evaluate
from neurobridge.lowering.linear import CONSTANT, linear_terms, propagators

LIF = {
    "v": {"v": "-1/tau_m", "i": "1/c_m", "current": "1/c_m", CONSTANT: "v_rest/tau_m"},
    "i": {"i": "-1/tau_s"},
}


def lif(tau_m: float, tau_s: float) -> dict[str, float]:
    return {"tau_m": tau_m, "tau_s": tau_s, "c_m": 0.25, "v_rest": -65.0}


def closed_form(
    tau_m: float, tau_s: float, c_m: float, v_rest: float, h: float
) -> dict[str, float]:
    em, es = np.exp(-h / tau_m), np.exp(-h / tau_s)
    cross = h * em if tau_m == tau_s else (es - em) / (1 / tau_m - 1 / tau_s)
    return {
        "v": em,
        "i": cross / c_m,
        "current": tau_m * (1 - em) / c_m,
        CONSTANT: v_rest * (1 - em),
    }


@pytest.mark.parametrize(("tau_m", "tau_s"), [(20.0, 5.0), (5.0, 5.0), (3.0, 300.0), (0.01, 5.0)])
@pytest.mark.parametrize("dt", [0.001, 0.1, 10.0])
def test_lif_against_the_closed_form(tau_m: float, tau_s: float, dt: float) -> None:
    parameters = lif(tau_m, tau_s)
    got = propagators(LIF, ("current",), parameters, dt)
    expected = closed_form(**parameters, h=dt)
    assert set(got["v"]) == set(expected)
    for column, value in expected.items():
        assert got["v"][column] == pytest.approx(value, rel=1e-9, abs=1e-15)
    assert got["i"] == {"i": pytest.approx(np.exp(-dt / tau_s), rel=1e-13)}


def test_zero_by_structure_is_left_out() -> None:
    chain = {"a": {"a": "-1"}, "b": {"a": "1", "b": "-2"}, "c": {"b": "1", "c": "-3"}}
    got = propagators(chain, (), {}, 0.1)
    assert {row: set(columns) for row, columns in got.items()} == {
        "a": {"a"}, "b": {"a", "b"}, "c": {"a", "b", "c"},
    }  # fmt: skip


def test_any_linear_system_against_a_numerical_solution(rng: np.random.Generator) -> None:
    matrix, offset = rng.normal(size=(4, 4)), rng.normal(size=4)
    names = "pqrs"
    coefficients = {
        row: {
            **{c: repr(float(matrix[i, j])) for j, c in enumerate(names)},
            "": repr(offset[i].item()),
        }
        for i, row in enumerate(names)
    }
    got = propagators(coefficients, (), {}, 0.7)
    start = rng.normal(size=4)
    expected = solve_ivp(
        lambda _, y: matrix @ y + offset, (0, 0.7), start, "DOP853", rtol=1e-12, atol=1e-13
    ).y[:, -1]
    moved = [
        sum(got[row][c] * start[j] for j, c in enumerate(names)) + got[row][""] for row in names
    ]
    np.testing.assert_allclose(moved, expected, rtol=1e-9)


def test_parameters_per_neuron_give_propagators_per_neuron() -> None:
    tau = np.array([5.0, 20.0, 5.0])
    got = propagators(LIF, ("current",), {**lif(20.0, 5.0), "tau_m": tau}, 0.1)
    np.testing.assert_allclose(got["v"]["v"], np.exp(-0.1 / tau), rtol=1e-13)
    for n, t in enumerate(tau):
        alone = propagators(LIF, ("current",), lif(float(t), 5.0), 0.1)
        assert got["v"]["i"][n] == alone["v"]["i"]
    assert isinstance(got["i"]["i"], float)


def test_held_states_stand_still_and_are_seen() -> None:
    """dz/dt = (v - z)/4 behind a constant v."""
    system = {"v": {"v": "-1/10"}, "z": {"v": "1/4", "z": "-1/4"}}
    got = propagators(system, (), {}, 1.0, held={"v"})
    assert got["v"] == {"v": 1.0}
    assert got["z"]["z"] == pytest.approx(np.exp(-0.25), rel=1e-13)
    assert got["z"]["v"] == pytest.approx(1 - np.exp(-0.25), rel=1e-13)


def test_two_half_steps_are_one_step() -> None:
    parameters = lif(20.0, 5.0)
    half = propagators(LIF, ("current",), parameters, 0.5)
    whole = propagators(LIF, ("current",), parameters, 1.0)
    assert half["v"]["v"] * half["v"]["i"] + half["v"]["i"] * half["i"]["i"] == pytest.approx(
        whole["v"]["i"], rel=1e-13
    )


@pytest.mark.parametrize(
    "text",
    ["(e - v)/tau + (i + j)/c", "-(v - e)*g", "(2*v - 3*i)/(a + b)", "e", "v", "-v + v*g - v/c",
     "g*(e - v) + g*(i - (v - e))", "+v"],
)  # fmt: skip
def test_terms_add_up_to_the_expression(text: str, rng: np.random.Generator) -> None:
    names = ("v", "i", "j", "e", "tau", "c", "g", "a", "b")
    values = {n: float(x) for n, x in zip(names, rng.uniform(0.5, 2.0, 9), strict=True)}
    terms = linear_terms(text, ("v", "i", "j"))
    total = sum(
        evaluate(t, values) * (values[n] if n != CONSTANT else 1.0) for n, t in terms.items()
    )
    assert total == pytest.approx(evaluate(text, values), rel=1e-12)
    assert set(terms) - {CONSTANT} <= {"v", "i", "j"}


@pytest.mark.parametrize("text", ["v*v", "g*v*i", "exp(v)", "1/v", "v**2", "where(v > 0, 1, 2)"])
def test_what_is_not_linear(text: str) -> None:
    with pytest.raises(ModelError, match="is not linear in"):
        linear_terms(text, ("v", "i"))
