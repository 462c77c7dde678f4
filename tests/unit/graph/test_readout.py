"""Readouts: the definition, by hand, by closed forms and by scipy.signal.lfilter."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.signal import lfilter

from neurobridge.errors import NetworkError, UnitError, UnknownNameError
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.model import NeuronModel, Parameter
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.probe import StateProbe
from neurobridge.graph.readout import Readout
from neurobridge.graph.stimulus import SpikeTrains
from neurobridge.lowering.compiled import run
from neurobridge.models.lif import lif_exp
from neurobridge.models.source import spike_source
from neurobridge.recording import Recording, Signal, Spikes

DT = 0.5


def recorded(step: Any, neuron: Any, n_steps: int, size: int = 3, **more: Any) -> Recording:
    """A recording of spikes of population ``a``, in one trial unless ``trial`` is given."""
    trial = np.asarray(more.pop("trial", np.zeros(len(step))), dtype=np.int32)
    order = np.lexsort((neuron, step, trial))
    spikes = Spikes(
        np.asarray(step, dtype=np.int64)[order], np.asarray(neuron, dtype=np.int32)[order],
        trial[order], DT, n_steps, size,
    )  # fmt: skip
    return Recording({"a": spikes}, more.pop("signals", {}), "reference", "", DT, n_steps * DT, 1)


def signal(values: Any, *, every: int = 1, variable: str = "v", neurons: Any = None) -> Signal:
    values = np.asarray(values, dtype=np.float64)
    step = (np.arange(values.shape[0]) + 1) * every
    neurons = np.arange(values.shape[1]) if neurons is None else np.asarray(neurons)
    return Signal(variable, "mV", "a", values, step, neurons.astype(np.int32), DT)


# -- time -----------------------------------------------------------------------------------------


def test_sample_k_holds_the_spikes_that_are_stamped_k_plus_1() -> None:
    recording = recorded([1, 1, 3, 3, 4], [0, 2, 0, 0, 1], n_steps=4)
    trace = Readout("r", "a", [0, 1, 2], np.eye(3), [0, 0, 10], pool="none").apply(recording)
    assert trace.tolist() == [[1, 0, 11], [0, 0, 10], [2, 0, 10], [0, 1, 10]]


def test_spikes_of_sources_at_time_0_belong_to_the_first_sample() -> None:
    net = NetworkBuilder()
    net.population("a", 2, spike_source)
    net.add(SpikeTrains("s", "a", [0.0, 1.0, 1.5], [0, 0, 1]))
    recording = run(net.build(), 2.0, "reference", dt=DT)
    trace = Readout("r", "a", [0, 1], np.eye(2), [0, 0], pool="none").apply(recording)
    assert trace.tolist() == [[1, 0], [1, 0], [0, 1], [0, 0]]


def test_neurons_are_read_in_the_order_of_the_weights() -> None:
    recording = recorded([1, 2, 2], [2, 0, 0], n_steps=2)
    assert Readout("r", "a", [2, 0], [[1, 10]], [0]).apply(recording).tolist() == [21]
    assert Readout("r", "a", [0, 2, 0], [[1, 10, 100]], [0]).apply(recording).tolist() == [212]


# -- filters --------------------------------------------------------------------------------------


def test_the_response_to_one_spike_is_the_closed_form() -> None:
    """O_k = W (1-b) (a^(j+1) - b^(j+1)) / (a - b), j samples after the spike."""
    readout = Readout("r", "a", [1], [[2.0], [-3.0]], [0, 0], tau_syn=5.0, tau_m=20, pool="none")
    trace = readout.apply(recorded([11], [1], n_steps=60))
    a, b = np.exp(-DT / 5.0), np.exp(-DT / 20.0)
    j = np.arange(60) - 10
    shape = np.where(j >= 0, (1 - b) * (a ** (j + 1.0) - b ** (j + 1.0)) / (a - b), 0.0)
    np.testing.assert_allclose(trace, np.outer(shape, [2.0, -3.0]), rtol=1e-12, atol=1e-15)


def test_three_steps_by_hand() -> None:
    """With a = b = 1/2: F = 1, 1/2, 5/4; O = 1/2, 1/2, 7/8."""
    tau = DT / np.log(2)
    recording = recorded([1, 3], [0, 0], n_steps=3, size=1)
    readout = Readout("r", "a", [0], [[1.0]], [0.25], tau_syn=tau, tau_m=tau, pool="none")
    np.testing.assert_allclose(readout.apply(recording)[:, 0], [0.75, 0.75, 1.125], rtol=1e-15)


@pytest.mark.parametrize("tau_syn", [None, 2.0])
@pytest.mark.parametrize("tau_m", [None, 30.0])
def test_traces_and_pools_against_lfilter(
    tau_syn: float | None, tau_m: float | None, rng: np.random.Generator
) -> None:
    counts = rng.poisson(0.3, (200, 4))
    step, neuron = np.nonzero(counts)
    repeat = counts[step, neuron]
    recording = recorded(np.repeat(step + 1, repeat), np.repeat(neuron, repeat), 200, size=4)
    weight, bias = rng.normal(size=(3, 4)), rng.normal(size=3)

    trace = counts @ weight.T
    if tau_syn is not None:
        trace = lfilter([1.0], [1.0, -np.exp(-DT / tau_syn)], trace, axis=0)
    if tau_m is not None:
        b = np.exp(-DT / tau_m)
        trace = lfilter([1 - b], [1.0, -b], trace, axis=0)
    expected = {
        "count": trace.sum(0) + bias, "mean": trace.mean(0) + bias, "max": trace.max(0) + bias,
        "last": trace[-1] + bias, "none": trace + bias,
    }  # fmt: skip
    for pool, values in expected.items():
        readout = Readout(
            "r", "a", np.arange(4), weight, bias, tau_syn=tau_syn, tau_m=tau_m, pool=pool
        )
        np.testing.assert_allclose(readout.apply(recording), values, rtol=1e-11, atol=1e-12)


def test_an_equal_pair_of_time_constants_and_a_very_short_one() -> None:
    recording = recorded([1], [0], n_steps=50)
    equal = Readout("r", "a", [0], [[1.0]], [0], tau_syn=10.0, tau_m=10.0, pool="none")
    a, j = np.exp(-DT / 10.0), np.arange(50)
    expected = (1 - a) * (j + 1) * a**j
    np.testing.assert_allclose(equal.apply(recording)[:, 0], expected, rtol=1e-12)
    short = Readout("r", "a", [0], [[1.0]], [0], tau_syn=1e-4, tau_m=1e-4, pool="none")
    assert short.apply(recording)[:2, 0].tolist() == [1.0, 0.0]


# -- states and outputs ---------------------------------------------------------------------------


def test_a_state_is_read_from_the_probe_that_samples_most_often() -> None:
    fine = signal([[1, 2], [3, 4]], every=2, neurons=[2, 0])
    signals = {
        "other": signal([[9]], variable="w"),
        "coarse": signal([[7, 7, 7]], every=4),
        "fine": fine,
    }
    recording = recorded([], [], n_steps=4, signals=signals)
    readout = Readout("r", "a", [0, 2], [[1, 10]], [0], source="v", pool="none")
    assert readout.apply(recording).tolist() == [[12], [34]]
    middle = Readout("r", "a", [1], [[1]], [0], source="v", tau_m="2 ms")
    expected = 7 * (1 - np.exp(-4 * DT / 2.0))
    np.testing.assert_allclose(middle.apply(recording), [expected], rtol=1e-15)


def test_a_membrane_of_a_run() -> None:
    net = NetworkBuilder()
    net.population("a", 1, lif_exp)
    net.add(SpikeTrains("s", "a", [1.0], [0], "exc", "0.1 nA"), StateProbe("v", "a", "v"))
    recording = run(net.build(), 20.0, "reference", dt=0.1)
    peak = Readout("r", "a", [0], [[1.0]], [65.0], source="v", pool="max").apply(recording)
    assert peak[0] == recording["v"].values.max() + 65.0  # type: ignore[union-attr]
    assert len(recording["v"].values) == 200  # type: ignore[union-attr]


def rate_model() -> NeuronModel:
    return NeuronModel(
        "rate_unit", "dx/dt = (-x + current/i_0)*pace : 1",
        {
            "i_0": Parameter(1.0, "nA"), "gain": Parameter(2.0, "1"),
            "pace": Parameter(100.0, "Hz"), "unit": Parameter(0.5, "1"),
        },
        (), "", "level", "", None, "exact", output="tanh(gain*x + unit*pace*10*ms)",
    )  # fmt: skip


def test_the_output_of_a_rate_model_is_worked_out_from_its_states() -> None:
    population = Population("a", 3, rate_model(), {"gain": np.array([1.0, 2.0, 3.0])})
    x = np.array([[0.1, 0.2, 0.3], [0.0, -0.5, 1.0]])
    recording = recorded([], [], 2, signals={"x": signal(x, variable="x")})
    readout = Readout("r", "a", [2, 1], [[1.0, 0.0], [0.0, 1.0]], [0, 0], "output", pool="none")
    expected = np.tanh(np.array([3.0, 2.0]) * x[:, [2, 1]] + 0.5 * 0.1 * 10)
    np.testing.assert_allclose(readout.apply(recording, population), expected, rtol=1e-14)
    Network({"a": population}, readouts={"r": readout})
    for missing in (None, Population("b", 3, rate_model())):
        with pytest.raises(NetworkError, match=r"apply\(recording, network.population\('a'\)\)"):
            readout.apply(recording, missing)


# -- classes --------------------------------------------------------------------------------------


def test_the_class_with_the_largest_output() -> None:
    recording = recorded([1, 1, 2], [0, 1, 1], n_steps=3)
    weight = [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    named = Readout("r", "a", [0, 1], weight, [0, 0, 0], classes=["rose", "vinegar", "banana"])
    assert named.classes == ("rose", "vinegar", "banana")
    assert named.classify(recording) == "vinegar"
    assert Readout("r", "a", [0, 1], weight, [3, 0, 0]).classify(recording) == 0


# -- what is refused ------------------------------------------------------------------------------


def out(**changes: Any) -> Readout:
    fields = {"name": "r", "population": "a", "neurons": [0], "weight": [[1.0]], "bias": [0.0]}
    return Readout(**(fields | changes))


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "bias of two dimensions": (
        lambda: out(bias=[[0.0]]),
        "weight must have shape (1, 1) for 1 neurons and 1 outputs, got (1, 1) with a bias of",
    ),
    "source": (lambda: out(source="v m"), "readout 'r': source name 'v m': use letters"),
    "pool": (
        lambda: out(pool="sum"),
        "readout 'r': pool must be one of count, mean, max, last, none, got 'sum'",
    ),
    "tau": (lambda: out(tau_m=0), "readout 'r': tau_m must be one number above 0 ms, or None"),
    "taus": (lambda: out(tau_syn=[1.0, 2.0]), "readout 'r': tau_syn must be one number above 0"),
    "tau NaN": (lambda: out(tau_syn=np.nan), "readout 'r': tau_syn must be one number above 0 ms"),
    "one class": (lambda: out(classes="rose"), "classes must be a list of names, got 'rose'"),
    "number": (lambda: out(classes=[1]), "readout 'r': classes must be different texts, got (1,)"),
    "twice": (lambda: out(classes=["x", "x"]), "classes must be different texts, got ('x', 'x')"),
    "how many": (lambda: out(classes=["x", "y"]), "readout 'r': 2 classes for 1 outputs"),
    "class of a trace": (
        lambda: out(pool="none").classify(recorded([], [], 3)),
        "readout 'r': one class needs one value for each of at least one output; it has 1 outputs",
    ),
    "class of nothing": (
        lambda: out(weight=np.zeros((0, 1)), bias=[]).classify(recorded([], [], 3)),
        "it has 0 outputs and pool='count'",
    ),
    "trials": (
        lambda: out().apply(recorded([1, 1], [0, 0], 3, trial=[0, 4])),
        "readout 'r': this recording has spikes of 2 trials; apply it to the recording of one",
    ),
    "no sample": (
        lambda: out(pool="last").apply(recorded([], [], 0)),
        "readout 'r': the recording has no sample to take the last of",
    ),
    "state not recorded": (
        lambda: out(source="v", neurons=[1]).apply(
            recorded([], [], 1, signals={"v": signal([[1.0]])})
        ),
        "readout 'r': no probe recorded 'v' of all its 1 neurons; record it with "
        "StateProbe('v', 'a', 'v')",
    ),
    "not finite": (
        lambda: out(source="v").apply(recorded([], [], 1, signals={"v": signal([[np.nan]])})),
        "readout 'r': 'v' of 'a' is not finite in this recording",
    ),
}


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_readouts_that_are_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        make()


def test_time_constants_have_units() -> None:
    assert out(tau_m="20 ms").tau_m == 20.0
    with pytest.raises(UnitError, match="readout 'r', tau_m: expected a quantity in ms"):
        out(tau_m="20 mV")


def test_an_empty_run_counts_nothing() -> None:
    assert out(bias=[0.5]).apply(recorded([], [], 0)).tolist() == [0.5]
    assert out(pool="none").apply(recorded([], [], 0)).shape == (0, 1)


def test_a_network_refuses_what_its_models_do_not_have() -> None:
    cell = Population("a", 1, lif_exp)
    rate = Population("a", 1, rate_model())
    Network({"a": cell}, readouts={"r": out(source="i_exc")})
    with pytest.raises(NetworkError, match="readout 'r': model 'lif_exp' of 'a' has no output"):
        Network({"a": cell}, readouts={"r": out(source="output")})
    with pytest.raises(NetworkError, match="readout 'r': model 'rate_unit' of 'a' does not spike"):
        Network({"a": rate}, readouts={"r": out()})
    message = "unknown source of readout 'r' 'i_ex'; did you mean 'i_exc'? Known: spikes, output, v"
    with pytest.raises(UnknownNameError, match=re.escape(message)):
        Network({"a": cell}, readouts={"r": out(source="i_ex")})
