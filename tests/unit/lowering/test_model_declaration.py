"""Declaring a neuron model: each mistake is named where it is made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurobridge import (
    ModelError,
    NetworkBuilder,
    NetworkError,
    StateProbe,
    UnitError,
    UnknownNameError,
    models,
    run,
)
from neurobridge.errors import NeurobridgeError
from neurobridge.graph.edges import Edges
from neurobridge.graph.equations import parse_equations
from neurobridge.graph.model import NeuronModel, Parameter, Receptor, Refractory
from neurobridge.graph.projection import Projection
from neurobridge.lowering.evaluate import compile_block
from neurobridge.lowering.lower import lower
from neurobridge.lowering.neurons import lower_population

good = NeuronModel(
    name="good",
    equations="""
        total = i + i_offset + current       : nA   # a comment
        dv/dt = (v_rest - v)/tau_m
                + total/c_m                  : mV
        di/dt = -i/tau_s                     : nA
    """,
    parameters={
        "v_rest": Parameter(-65.0, "mV"),
        "v_thresh": Parameter("-50 mV", "mV"),
        "tau_m": Parameter(20.0, "ms", above=0),
        "tau_s": Parameter(5.0, "ms", above=0),
        "c_m": Parameter("250 pF", "nF", above=0),
        "i_offset": Parameter(0.0, "nA"),
        "t_ref": Parameter(2.0, "ms", at_least=0),
    },
    receptors=(Receptor("syn", "i += w", sign="any", magnitude=False, when_clamped="keep"),),
    threshold="v > v_thresh",
    threshold_policy="level",
    reset="v = v_rest",
    refractory=Refractory("t_ref", clamped=("v",)),
    integrator="exact",
    initial={"v": "v_rest"},
)


def equations(text: str) -> dict[str, Any]:
    return {"equations": text}


def receptor(event: str, **more: Any) -> dict[str, Any]:
    settings = {"sign": "any", "magnitude": False, "when_clamped": "keep", **more}
    return {"receptors": (Receptor("syn", event, **settings),)}


V = "dv/dt = (v_rest - v)/tau_m : mV\ndi/dt = -i/tau_s : nA"


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (equations(V.replace("/tau_m", "")), UnitError,
         "the left side is in mV/ms, the right side in mV"),
        (equations(V.replace("v_rest - v", "v_rest - i")), UnitError,
         "'v_rest' is in mV but 'i' is in nA"),
        (equations(V.replace("v_rest", "v_rset")), ModelError,
         "unknown name 'v_rset'; did you mean 'v_rest'"),
        (equations(V.replace(": mV", ": mW")), UnitError, "unknown unit 'mW'"),
        (equations("dv/dt = exp(v)/ms : mV\ndi/dt = -i/tau_s : nA"), UnitError,
         "exp() needs a plain number, but 'v' is in mV"),
        (equations(V + "\nv = i*1*MOhm : mV"), ModelError, "'v' is defined twice"),
        (equations("dv/dt = -v/tau_m"), ModelError, "cannot read the line 'dv/dt = -v/tau_m'"),
        (equations(V.replace("tau_s", "tau_s**v")), UnitError, "must be a plain number"),
        (equations(V.replace("-i/tau_s", "-i/tau_s ^ 2")), ModelError, "power is **"),
        (equations(V + "\ntau_m = 1*ms : ms"), ModelError,
         "['tau_m'] are both parameters and equations"),
        (equations(V + "\nfree = 1 : 1"), ModelError, "'free' cannot be used as a name"),
        ({"threshold": "v"}, ModelError, "the threshold 'v' is no condition"),
        ({"threshold": "v/v_thresh"}, ModelError, "the threshold 'v/v_thresh' is no condition"),
        ({"threshold": "v > v_thresh and i/nA"}, ModelError, "is no condition"),
        ({"threshold": "v > tau_m"}, UnitError, "'v' is in mV but 'tau_m' is in ms"),
        ({"threshold": "v > v_tresh"}, ModelError, "did you mean 'v_thresh'"),
        ({"threshold_policy": "edge"}, ModelError, "must be 'level' or 'crossing', got 'edge'"),
        ({"reset": "v = tau_m"}, UnitError, "reset of 'v': expected mV, but 'tau_m' is in ms"),
        ({"reset": "v := 0"}, ModelError, "'v := 0' is not a statement like 'v = v_reset'"),
        ({"reset": "u = 0"}, UnknownNameError, "unknown state in the reset of model 'good' 'u'"),
        ({"reset": "v_rest = 0*mV"}, UnknownNameError, "unknown state in the reset"),
        ({"integrator": "rk45"}, ModelError, "unknown integrator 'rk45'; one of"),
        ({"refractory": Refractory("t_reff", ("v",))}, UnknownNameError, "did you mean 't_ref'"),
        ({"refractory": Refractory("t_ref", ("u",))}, UnknownNameError, "clamped state"),
        ({"refractory": Refractory("v_rest", ("v",))}, UnitError,
         "parameter 'v_rest': expected ms, but 'v_rest' is in mV"),
        ({"initial": {"u": 0.0}}, UnknownNameError, "state in initial"),
        ({"initial": {"v": "tau_m"}}, UnitError, "initial 'v': expected mV"),
        ({"name": "my model"}, ModelError, "model name 'my model': use letters, digits"),
        (receptor("u += w"), UnknownNameError, "state of receptor 'syn'"),
        (receptor("i = w"), ModelError, "the event must be 'state += w'"),
        (receptor("i += c_m"), ModelError, "does not use the weight w"),
        (receptor("i += w", sign="plus"), ModelError, "sign must be 'positive', 'negative'"),
        (receptor("i += w", when_clamped="hold"), ModelError, "'keep' or 'drop', got 'hold'"),
        ({"receptors": (*good.receptors, *good.receptors)}, ModelError, "have the same name"),
        ({"parameters": {**good.parameters, "c_m": Parameter("2 mV", "nF")}}, UnitError,
         "default of 'c_m': expected a quantity in nF, got '2 mV'"),
        ({"parameters": {**good.parameters, "tau_m": Parameter(-1.0, "ms", above=0)}}, NetworkError,
         "default of 'tau_m' must be above 0 ms, got -1"),
        ({"parameters": {**good.parameters, "w": Parameter(1.0, "ms")}}, ModelError,
         "'w' cannot be used as a name"),
        ({"parameters": {**good.parameters, "exp": Parameter(1.0, "ms")}}, ModelError,
         "'exp' cannot be used as a name"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(change: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(NeurobridgeError) as caught:
        replace(good, **change)
    assert isinstance(caught.value, error)
    assert message in str(caught.value)


def lowered(model: NeuronModel, **parameters: Any) -> Any:
    net = NetworkBuilder()
    net.population("cell", 2, model, **parameters)
    return lower_population(net.build().population("cell"), 0.1)[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (receptor("i += w*i/nA"), r"may depend on parameters only, but uses \['i'\]"),
        (receptor("i += w*w/nA"), "is not linear in w"),
        (receptor("i += w*w*1e-9"), "is not linear in w"),
        (receptor("i += abs(w)*c_m/tau_s"), "is not linear in w"),
        (equations(V.replace("(v_rest - v)", "(v_rest - v)*v/mV")),
         r"model 'good' asks for exact integration, but .* is not linear in v.*integrator='rk4'"),
    ],
)  # fmt: skip
def test_mistakes_that_show_when_it_is_lowered(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        lowered(replace(good, **change))


def test_states_in_units_that_are_not_canonical() -> None:
    """2 pA are 0.002 nA, in the model and in a population, and a probe says nA."""
    model = replace(
        good, equations=V.replace("/tau_s : nA", "/tau_s : pA"), initial={"v": "v_rest", "i": 2.0}
    )
    net = NetworkBuilder()
    net.population("model", 1, model)
    net.population("own", 1, model, initial={"i": "2 pA"})
    net.add(StateProbe("i_model", "model", "i"), StateProbe("i_own", "own", "i"))
    recording = run(net.build(), 0.1, "reference", dt=0.1)
    for name in ("i_model", "i_own"):
        assert recording[name].unit == "nA"
        np.testing.assert_allclose(recording[name].values, 0.002 * np.exp(-0.1 / 5), rtol=1e-13)


def test_statements_may_span_lines_and_have_comments() -> None:
    total, v, i = good.lines
    assert (total.name, total.differential, total.unit) == ("total", False, "nA")
    assert (v.name, v.differential) == ("v", True)
    assert v.expression == "(v_rest - v)/tau_m + total/c_m"
    assert str(i) == "di/dt = -i/tau_s : nA"


def test_equations_of_nothing() -> None:
    assert parse_equations("  # only a comment\n", "here") == ()


@pytest.mark.parametrize(
    ("model", "name", "unit"),
    [
        (models.lif_exp, "exc", "nA"),
        (models.lif_alpha, "exc", "nA"),
        (models.lif_delta, "syn", "mV"),
        (models.lif_cond_exp, "inh", "uS"),
        (models.shiu_lif, "kick", "mV"),
        (replace(good, **receptor("v += w/c_m")), "syn", "ms*nA"),
        (replace(good, **receptor("i += w*c_m/tau_s")), "syn", "mV"),
    ],
)
def test_the_unit_of_a_weight_follows_from_the_event(
    model: NeuronModel, name: str, unit: str
) -> None:
    assert model.weight_unit(name) == unit
    assert model.weight_factor(name, unit) == 1.0


def test_a_charge_is_a_weight() -> None:
    """A unit of several factors goes through the builder and back."""
    net = NetworkBuilder()
    net.population("cell", 1, replace(good, **receptor("v += w/c_m")))
    net.connect("self", "cell", "cell", [(0, 0)], weight="2 pA*s", delay=1.0)
    assert net.build().weights("self").tolist() == [2.0]


def test_weights_in_a_wrong_unit() -> None:
    net = NetworkBuilder()
    net.population("cell", 1, good)
    with pytest.raises(UnitError, match="projection 'p', weight: expected a quantity in nA"):
        net.connect("p", "cell", "cell", [(0, 0)], weight="1 mV", delay=1.0)
    with pytest.raises(UnitError, match="weights at receptor 'syn' of model 'good' are in nA"):
        good.weight_factor("syn", "mV")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"tau_n": 3.0}, "unknown parameter of model 'good' (population 'cell') 'tau_n'; did you"),
        ({"tau_m": 0.0}, "population 'cell', parameter 'tau_m' must be above 0 ms, got 0"),
        ({"tau_m": [20.0, -1.0]}, "but 1 of 2 values are not; the first is -1 at index 1"),
        ({"tau_m": [1.0, 2.0, 3.0]}, "expected one number, or one for each of 2 neurons"),
        ({"tau_m": np.nan}, "must be finite, got nan"),
        ({"tau_m": "20 mV"}, "expected a quantity in ms, got '20 mV', which is in mV"),
        ({"tau_m": "20"}, "'20' has no unit; write '20 ms'"),
        ({"tau_m": "20 mss"}, "unknown unit 'mss'"),
        ({"t_ref": -0.1}, "must be >= 0 ms, got -0.1"),
    ],
)
def test_parameters_of_a_population(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(NeurobridgeError) as caught:
        lowered(good, **parameters)
    assert message in str(caught.value)


def test_parameters_keep_what_they_say() -> None:
    """250 pF are 0.25 nF, 0.02 s are 20 ms, exactly."""
    program = lowered(good, tau_m="0.02 s", v_rest=[-60.0, -70.0])
    assert program.parameters["c_m"] == 0.25
    assert program.parameters["tau_m"] == 20.0
    np.testing.assert_array_equal(program.initial["v"], [-60.0, -70.0])
    assert program.refractory_steps == 20


def test_hand_written_code_is_what_a_model_becomes() -> None:
    """The update of `good`, run by itself for one free and one clamped neuron."""
    program = lowered(good)
    values = dict(program.constants) | {
        "v": np.array([-60.0, -60.0]), "i": np.array([0.5, 0.5]),
        "free": np.array([True, False]), "current": np.array([0.1, 0.1]),
    }  # fmt: skip
    compile_block(program.code.update)(values)
    em, es = np.exp(-0.1 / 20), np.exp(-0.1 / 5)
    v = -65 + 5 * em + 0.1 * 80 * (1 - em) + 0.5 / 0.25 * (es - em) / (1 / 20 - 1 / 5)
    np.testing.assert_allclose(values["v"], [v, -60.0], rtol=1e-13)
    np.testing.assert_allclose(values["i"], [0.5 * es] * 2, rtol=1e-13)


def two_states(*receptors: Receptor) -> NeuronModel:
    return replace(good, receptors=receptors)


def into(name: str, event: str, sign: Any) -> Receptor:
    return Receptor(name, event, sign=sign, magnitude=False, when_clamped="keep")


POSITIVE, NEGATIVE = into("up", "i += w", "positive"), into("down", "i += w", "negative")


@pytest.mark.parametrize(
    ("receptors", "message"),
    [
        ((), "projection 'p': model 'good' has no receptor, so it takes no spikes"),
        ((POSITIVE, into("slow", "i += w", "positive"), NEGATIVE),
         "projection 'p': say which receptor is meant, one of ['up', 'slow', 'down']; the sign"),
        ((into("kick", "v += w", "positive"), NEGATIVE),
         "the unit of a weight depends on the receptor, {'kick': 'mV', 'down': 'nA'}; say which"),
    ],
)  # fmt: skip
def test_receptors_between_which_signs_do_not_decide(
    receptors: tuple[Receptor, ...], message: str
) -> None:
    net = NetworkBuilder()
    net.population("cell", 2, two_states(*receptors))
    with pytest.raises(NeurobridgeError) as caught:
        net.connect("p", "cell", "cell", [(0, 1)], weight=1.0, delay=1.0)
    assert message in str(caught.value)
    edges, _ = Edges.from_pairs([0], [1], 2, 2)
    with pytest.raises(NeurobridgeError) as caught:
        lower(net.build().with_projection(Projection("p", "cell", "cell", edges, [1.0], 1.0)), 0.1)
    assert message in str(caught.value)


def test_the_unit_is_that_of_the_receptor_that_is_reached() -> None:
    """Edges without a name go to the receptor of any sign, wherever it stands."""
    model = two_states(into("kick", "v += w", "positive"), into("syn", "i += w", "any"))
    assert model.weight_unit(None) == "nA"
    assert [r.name for r in model.reached(None)] == ["syn"]
    net = NetworkBuilder()
    net.population("cell", 2, model)
    net.connect("p", "cell", "cell", [(0, 1)], weight="20 pA", delay=1.0)
    (pathway,) = lower(net.build(), 0.1).pathways
    assert (pathway.receptor, pathway.weight.tolist()) == ("syn", [0.02])


def test_rate_models_are_found_by_activation_form_and_integrator() -> None:
    for name, made in {
        "rate_sigmoid": models.rate_model("sigmoid"),
        "rate_tanh_positive_activity": models.rate_model("tanh_positive", "activity"),
        "rate_relu.rk4": models.rate_model("relu", integrator="rk4"),
    }.items():
        found = models.by_name(name)
        assert found == made
        assert found.name == name
    with pytest.raises(UnknownNameError, match="unknown neuron model 'rate_tahn'; did you mean"):
        models.by_name("rate_tahn")
    with pytest.raises(
        UnknownNameError, match=r"integrator of 'rate_relu\.rk5'.*did you mean 'rk4'"
    ):
        models.by_name("rate_relu.rk5")
