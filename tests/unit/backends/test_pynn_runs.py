"""Runs on PyNN's simulators against the reference; ``docs/pynn.md`` has the same measurements."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from neurobridge import models
from neurobridge.backends.pynn.job import Cells, Job
from neurobridge.backends.pynn.plan import CHUNK
from neurobridge.backends.pynn.server import server_of
from neurobridge.backends.pynn.simulators import SIMULATORS
from neurobridge.errors import BackendError
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.model import NeuronModel
from neurobridge.graph.network import Network
from neurobridge.graph.probe import StateProbe
from neurobridge.graph.stimulus import Current, Poisson, SpikeTrains
from neurobridge.lowering.compiled import compile, run
from neurobridge.recording import Recording
from tests.requirements import require

HH = models.hodgkin_huxley.with_integrator("rk4")
FIRES = np.array([3.276, 20.214, 37.152, 54.090, 71.030, 87.968])
"""Spikes (ms) of a Hodgkin-Huxley neuron under 0.3 nA: the reference, Runge-Kutta at 0.002 ms."""


@pytest.fixture(autouse=True)
def _pynn():
    require("pyNN")
    require("neuron")


def one_cell(model: NeuronModel, weight: float = 0.0, **values) -> Network:
    """A neuron with a source that spikes every 7 ms from 2 ms on."""
    net = NetworkBuilder()
    net.population("input", 1, models.spike_source)
    net.population("cell", 1, model, **values)
    at = np.arange(2.0, 90.0, 7.0)
    net.add(SpikeTrains("drive", "input", at, np.zeros(at.size, int)), StateProbe("v", "cell", "v"))
    net.connect("syn", "input", "cell", [(0, 0)] if weight else [], weight=weight, delay=1.5)
    return net.build()


def fifty(model: NeuronModel, rng: np.random.Generator, weights, rate: float, **values) -> Network:
    """40 excitatory and 10 inhibitory neurons, a fifth of all pairs connected, with Poisson input.

    ``weights``: excitatory, inhibitory, of the input.
    """
    net = NetworkBuilder()
    net.population("cells", 50, model, **values)
    pre, post = np.nonzero(rng.random((50, 50)) < 0.2)
    weight = np.where(pre < 40, weights[0], weights[1]) * rng.uniform(0.5, 1.5, pre.size)
    delay = rng.integers(1, 30, pre.size) * 0.1
    net.connect("rec", "cells", "cells", np.stack([pre, post], 1), weight=weight, delay=delay)
    receptor = None if len(model.receptors) == 1 else "exc"
    net.add(Poisson("noise", "cells", rate=rate, weight=weights[2], receptor=receptor))
    return net.build()


def pairs(recording: Recording, name: str = "cells") -> list[tuple[int, int]]:
    spikes = recording.spikes[name]
    return list(zip(spikes.step.tolist(), spikes.neuron.tolist(), strict=True))


def times(network: Network, backend: str, dt: float, **settings) -> np.ndarray:
    return run(network, 200.0, backend, dt=dt, **settings).spikes["cell"].step * dt


# -- single neurons on NEURON ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "weight", "offset", "within"),
    [(models.lif_exp, 0.5, 0.2, 2e-4), (models.lif_alpha, 0.5, 0.2, 5e-4),
     (models.lif_cond_exp, 0.03, 0.1, 6e-4)],
)  # fmt: skip
def test_integrate_and_fire_spikes_on_the_same_steps(model, weight, offset, within):
    """And the potential comes four times closer with half the step: the method is of order two."""
    network, far = one_cell(model, weight, i_offset=offset), []
    for dt in (0.1, 0.05):
        ours, theirs = (run(network, 100.0, b, dt=dt) for b in ("reference", "pynn"))
        assert pairs(ours, "cell") == pairs(theirs, "cell")
        assert len(pairs(ours, "cell")) > 8
        far.append(np.abs(ours.signals["v"].values - theirs.signals["v"].values).max())
    assert far[0] < within
    assert far[1] == pytest.approx(far[0] / 4, rel=0.02)


@pytest.mark.parametrize(("dt", "within"), [(0.1, 0.51), (0.02, 0.07)])
def test_an_adaptive_exponential_neuron_adapts_alike(dt, within):
    """8 spikes of 200 ms; NEURON has each one a little earlier."""
    network = one_cell(models.adex, i_offset=1.0)
    ours, theirs = times(network, "reference", dt), times(network, "pynn", dt)
    assert len(ours) == len(theirs) == 8
    assert np.abs(ours - theirs).max() < within


@pytest.mark.parametrize(("dt", "within", "late"), [(0.1, 0.55, 7.0), (0.05, 0.2, 3.5)])
def test_a_hodgkin_huxley_neuron_is_nearer_to_the_solution_than_exponential_euler(dt, within, late):
    network = one_cell(models.hodgkin_huxley, i_offset=0.3)
    theirs = run(network, 100.0, "pynn", dt=dt).spikes["cell"].step * dt
    euler = run(network, 100.0, "reference", dt=dt).spikes["cell"].step * dt
    assert np.abs(theirs - FIRES).max() <= within
    assert np.max(euler[:6] - FIRES[: len(euler)]) > late


def test_steps_between_steps_come_nearer_to_the_solution():
    network = one_cell(models.hodgkin_huxley, i_offset=0.3)
    far = [
        np.abs(run(network, 100.0, "pynn", dt=0.1, substeps=k).spikes["cell"].step * 0.1 - FIRES)
        for k in (1, 10)
    ]
    assert far[1].max() <= 0.11 < far[0].max()


def test_gates_and_conductances_start_where_the_model_says():
    """PyNN's own handler would leave the gates at 0, which gives an early spike."""
    network = one_cell(HH, initial={"g_exc": 0.002})
    ours, theirs = (
        run(network, 2.0, b, dt=0.01).signals["v"].values for b in ("reference", "pynn")
    )
    assert np.abs(ours - theirs).max() < 1e-3
    assert np.ptp(ours) > 0.5


def test_currents_hold_over_several_calls_of_run():
    """PyNN plays a step current anew in every call; 4.8 mV were lost so."""
    assert 2 * CHUNK < 3000
    net = NetworkBuilder()
    net.population("cell", 2, models.lif_exp)
    course = Current("step", "cell", np.array([[0.1, 0.05], [0.0, -0.1]]), np.array([20.0, 220.0]))
    net.add(course, StateProbe("v", "cell", "v"))
    network = net.build()
    ours, theirs = (
        run(network, 300.0, b, dt=0.1).signals["v"].values for b in ("reference", "pynn")
    )
    assert np.abs(ours - theirs).max() < 2e-5


# -- networks -------------------------------------------------------------------------------------


def test_a_conductance_network_on_neuron(rng):
    """The same spikes until a potential comes within 1e-3 mV of the threshold, then chaos."""
    start = {"v": rng.uniform(-65, -52, 50)}
    network = fifty(models.lif_cond_exp, rng, (0.004, -0.02, 0.006), 600.0, initial=start)
    for dt in (0.1, 0.05):
        ours, theirs = (pairs(run(network, 200.0, b, dt=dt)) for b in ("reference", "pynn"))
        assert len(ours) > 1000
        assert len(theirs) == pytest.approx(len(ours), rel=0.02)
        first = min(set(ours) ^ set(theirs), default=(200.0 / dt, 0))[0] * dt
        assert first > 5.0
        assert sum(step * dt < first for step, _ in ours) > 10


@pytest.mark.parametrize(
    ("model", "weights", "rate"),
    [(models.lif_exp, (0.1, -0.4, 0.08), 1500.0), (models.lif_delta, (0.5, -2.0, 1.0), 1000.0),
     (models.lif_cond_exp, (0.006, -0.03, 0.004), 1500.0)],
)  # fmt: skip
def test_networks_on_nest_through_pynn_are_identical(model, weights, rate, rng):
    require("nest")
    network = fifty(model, rng, weights, rate)
    ours = pairs(run(network, 200.0, "reference", dt=0.1))
    assert len(ours) > 100
    assert pairs(run(network, 200.0, "pynn", dt=0.1, simulator="nest")) == ours


@pytest.mark.slow
def test_a_network_on_brian2_through_pynn_is_identical(rng):
    require("brian2")
    network = fifty(models.lif_exp, rng, (0.1, -0.4, 0.08), 1500.0)
    ours = pairs(run(network, 100.0, "reference", dt=0.05))
    assert len(ours) > 100
    assert pairs(run(network, 100.0, "pynn", dt=0.05, simulator="brian2")) == ours


@pytest.mark.parametrize("name", ["neuron", "nest"])
def test_weights_are_those_that_were_given(name, rng):
    """Parallel edges, one with no weight, and time constants that differ: to the last bit."""
    require(name)
    net = NetworkBuilder()
    net.population("cells", 5, models.lif_exp, tau_syn_exc=rng.uniform(1, 9, 5))
    edges = rng.integers(0, 5, (60, 2))
    weight, delay = rng.uniform(-1, 1, 60), rng.integers(1, 9, 60) * 0.1
    edges[1], weight[0] = edges[0], 0.0
    net.connect("rec", "cells", "cells", edges, weight=weight, delay=delay)
    network = net.build()
    with (
        compile(network, "reference", dt=0.1) as ours,
        compile(network, "pynn", dt=0.1, simulator=name) as own,
    ):
        np.testing.assert_array_equal(own.weights("rec"), ours.weights("rec"))


# -- the process that holds the simulator ---------------------------------------------------------


def test_ctrl_c_keeps_what_was_recorded():
    network = one_cell(models.lif_exp, i_offset=0.4)

    def interrupt(done: int) -> None:
        if 0 < done <= CHUNK:
            signal.raise_signal(signal.SIGINT)

    with compile(network, "pynn", dt=0.1) as compiled:
        whole = compiled.run(400.0)
        part = compiled.run(400.0, progress=interrupt)
        again = compiled.run(400.0)
    assert (whole.status, part.status) == ("ok", "incomplete")
    got = len(part.signals["v"].values)
    assert CHUNK - 2 < got < 4000
    np.testing.assert_array_equal(part.signals["v"].values, whole.signals["v"].values[:got])
    assert pairs(again, "cell") == pairs(whole, "cell")


def test_what_the_simulator_says_is_passed_on_and_the_next_run_works():
    cells = Cells("x", 1, "No_such_cell", {}, {}, None, {})
    server = server_of(SIMULATORS["neuron"])
    with pytest.raises(BackendError, match=r"'neuron' of PyNN failed: (?s:.*)No_such_cell"):
        server.run(Job(0.1, 10, 0, 0, 10, {}, (cells,), (), ()))
    assert len(times(one_cell(models.lif_exp, i_offset=0.4), "pynn", 0.1)) > 5


def test_a_process_that_dies_is_replaced():
    server = server_of(SIMULATORS["neuron"])
    os.kill(server._process.pid, signal.SIGKILL)
    with pytest.raises(BackendError, match="ended unexpectedly"):
        server.run(Job(0.1, 10, 0, 0, 10, {}, (), (), ()))
    assert server_of(SIMULATORS["neuron"]) is not server
    assert len(times(one_cell(models.lif_exp, i_offset=0.4), "pynn", 0.1)) > 5


def test_a_simulator_that_cannot_be_loaded_says_why(monkeypatch, tmp_path):
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "simulator.py").write_text("raise ImportError('libodd.so is missing')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(BackendError, match=r"'odd.simulator' of PyNN (?s:.*)libodd.so is missing"):
        run(one_cell(models.lif_exp), 1.0, "pynn", dt=0.1, simulator="odd.simulator")


def test_events_that_alpha_synapses_lose_are_an_error():
    """2000 of them in 20 time constants, where PyNN's cell has room for 1000."""
    net = NetworkBuilder()
    net.population("cell", 1, models.lif_alpha)
    net.add(Poisson("noise", "cell", rate=20_000.0, weight=1e-3, receptor="exc"))
    with pytest.raises(BackendError, match="lost events: its alpha synapses hold 1000"):
        run(net.build(), 100.0, "pynn", dt=0.01)
