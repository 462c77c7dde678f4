"""Integrators: their order of convergence, and what they refuse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neurobridge import ModelError, NetworkBuilder, StateProbe, models, run
from neurobridge.graph.model import Integrator, NeuronModel, Parameter

logistic = NeuronModel(
    name="logistic",
    equations="""
        dx/dt = r*x*(1 - x) : 1
        dy/dt = r*(x - y)   : 1
    """,
    parameters={"r": Parameter(0.5, "1/ms")},
    receptors=(),
    threshold="",
    threshold_policy="level",
    reset="",
    refractory=None,
    integrator="rk4",
    initial={"x": 0.2},
)
"""x(t) = 1 / (1 + 4 exp(-r t)) in closed form."""


def error_at_the_end(model: NeuronModel, dt: float) -> float:
    net = NetworkBuilder()
    net.population("cell", 1, model)
    net.add(StateProbe("x", "cell", "x"))
    last = run(net.build(), 8.0, "reference", dt=dt)["x"].values[-1, 0]
    return abs(last - 1 / (1 + 4 * np.exp(-0.5 * 8.0)))


@pytest.mark.parametrize(("integrator", "order"), [("euler", 1), ("rk4", 4), ("ab4", 4)])
def test_order_of_convergence(integrator: Integrator, order: int) -> None:
    model = logistic.with_integrator(integrator)
    coarse, fine = error_at_the_end(model, 0.125), error_at_the_end(model, 0.0625)
    assert np.log2(coarse / fine) == pytest.approx(order, abs=0.15)


def test_exponential_euler_has_order_one_and_is_exact_alone() -> None:
    """The gates of a fixed voltage relax exactly, whatever the step."""
    linear = replace(
        logistic, name="decay", equations="dx/dt = r*(1 - x) : 1", integrator="exponential_euler"
    )
    net = NetworkBuilder()
    net.population("cell", 1, linear)
    net.add(StateProbe("x", "cell", "x"))
    got = run(net.build(), 8.0, "reference", dt=2.0)["x"].values[:, 0]
    np.testing.assert_allclose(got, 1 - 0.8 * np.exp(-0.5 * np.arange(2, 10, 2)), rtol=1e-13)


@pytest.mark.parametrize("integrator", ["exact", "exponential_euler"])
def test_what_is_not_linear_is_refused_with_a_remedy(integrator: Integrator) -> None:
    net = NetworkBuilder()
    net.population("cell", 1, logistic.with_integrator(integrator))
    with pytest.raises(ModelError, match=r"model 'logistic\.\w+'.*is not linear in x.*integrator"):
        run(net.build(), 1.0, "reference", dt=0.1)


def test_the_integrators_agree_on_a_linear_model_at_a_small_step() -> None:
    traces = {}
    for integrator in ("exact", "euler", "rk4", "exponential_euler"):
        net = NetworkBuilder()
        net.population(
            "cell", 1, models.lif_exp.with_integrator(integrator), initial={"i_exc": 0.2}
        )
        net.add(StateProbe("v", "cell", "v", interval=1.0))
        traces[integrator] = run(net.build(), 20.0, "reference", dt=0.01)["v"].values
    exact = traces.pop("exact")
    assert np.abs(traces.pop("rk4") - exact).max() < 1e-9
    for trace in traces.values():
        assert 1e-6 < np.abs(trace - exact).max() < 5e-3


def test_adams_bashforth_is_for_models_without_a_reset() -> None:
    net = NetworkBuilder()
    net.population("cell", 1, models.adex.with_integrator("ab4"))
    with pytest.raises(ModelError, match=r"'adex.ab4': ab4 goes on from the slopes .* e.g. 'rk4'"):
        run(net.build(), 1.0, "reference", dt=0.1)


def test_shorthands_are_used_in_the_order_in_which_they_stand() -> None:
    wrong = replace(logistic, equations="a = b*2 : 1\nb = x : 1\ndx/dt = r*a : 1")
    net = NetworkBuilder()
    net.population("cell", 1, wrong)
    with pytest.raises(ModelError, match=r"'a' uses \['b'\], which must come before it"):
        run(net.build(), 1.0, "reference", dt=0.1)


def test_names_that_the_lowering_makes_are_refused() -> None:
    clash = replace(
        logistic,
        equations="k1_x = r*2 : 1/ms\ndx/dt = k1_x*x : 1",
    )
    net = NetworkBuilder()
    net.population("cell", 1, clash)
    with pytest.raises(ModelError, match=r"the names \['k1_x'\] are made by the rk4 integrator"):
        run(net.build(), 1.0, "reference", dt=0.1)


@pytest.mark.parametrize(
    ("integrator", "name"),
    [
        ("exact", "x_next"),
        ("euler", "x_next"),
        ("exponential_euler", "z_x"),
        ("rk4", "y2_x"),
        ("ab4", "before1_x"),
    ],
)
def test_states_that_have_the_name_of_a_local_are_refused(
    integrator: Integrator, name: str
) -> None:
    clash = replace(
        logistic, equations=f"dx/dt = -r*x : 1\nd{name}/dt = -r*{name} : 1", integrator=integrator
    )
    net = NetworkBuilder()
    net.population("cell", 1, clash)
    with pytest.raises(ModelError, match=rf"the names \['{name}'\] are made by the {integrator}"):
        run(net.build(), 1.0, "reference", dt=0.1)


def test_state_names_that_join_to_the_same_constant_are_refused() -> None:
    """What x gets from y, and the constant part of x_y, would both be P_x_y."""
    clash = replace(
        logistic,
        equations="dx/dt = r*(y - x) : 1\ndy/dt = -r*y : 1\ndx_y/dt = r*(2 - x_y) : 1",
        integrator="exact",
    )
    net = NetworkBuilder()
    net.population("cell", 1, clash)
    with pytest.raises(ModelError, match="the constant 'P_x_y' of the exact integrator would have"):
        run(net.build(), 1.0, "reference", dt=0.1)


@pytest.mark.parametrize("name", ["step_ms", "half_step_ms"])
def test_constants_that_the_lowering_makes_are_refused(name: str) -> None:
    """A parameter of the same name would otherwise replace the time step."""
    clash = replace(
        logistic, equations=f"dx/dt = x/{name} : 1", parameters={name: Parameter(3.0, "ms")}
    )
    net = NetworkBuilder()
    net.population("cell", 1, clash)
    with pytest.raises(ModelError, match=rf"the names \['{name}'\] are made by the rk4 integrator"):
        run(net.build(), 1.0, "reference", dt=0.1)


@pytest.mark.parametrize("change", [{"threshold": "current > 1*nA"}, {"reset": "x = current/nA"}])
def test_the_current_belongs_into_equations(change: dict[str, str]) -> None:
    net = NetworkBuilder()
    net.population("cell", 1, replace(logistic, **change))
    with pytest.raises(ModelError, match="uses the input"):
        run(net.build(), 1.0, "reference", dt=0.1)


def test_initial_values_in_order_and_from_shorthands() -> None:
    model = replace(
        logistic,
        equations="half = r*ms/2 : 1\ndx/dt = -r*x : 1\ndy/dt = -r*y : 1",
        initial={"x": "half", "y": "x*2"},
        integrator="euler",
    )
    net = NetworkBuilder()
    net.population("cell", 2, model, r=[0.5, 1.0])
    net.add(StateProbe("y", "cell", "y"))
    np.testing.assert_allclose(
        run(net.build(), 0.5, "reference", dt=0.5)["y"].values, [[0.5 * 0.75, 1.0 * 0.5]]
    )


def test_initial_values_out_of_order() -> None:
    net = NetworkBuilder()
    net.population("cell", 1, replace(logistic, initial={"x": "y*2", "y": 1.0}))
    with pytest.raises(ModelError, match=r"initial value of 'x' uses \['y'\], which is not known"):
        run(net.build(), 1.0, "reference", dt=0.1)


def test_rates_in_hertz_become_per_ms() -> None:
    """500 Hz is 0.5 per ms, also where a shorthand and a threshold use it."""
    per_second = replace(
        logistic,
        equations="dx/dt = r*(1 - x) : 1",
        parameters={"r": Parameter(500.0, "Hz")},
        integrator="exact",
    )
    net = NetworkBuilder()
    net.population("cell", 1, per_second)
    net.add(StateProbe("x", "cell", "x"))
    got = run(net.build(), 2.0, "reference", dt=1.0)["x"].values[:, 0]
    np.testing.assert_allclose(got, 1 - 0.8 * np.exp(-0.5 * np.array([1, 2])), rtol=1e-13)
