"""Whole networks through PyNN: going on, resetting, errors, chips, and what is known of a run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import warnings
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from neurobridge.backends.spinnaker import softboard
from neurobridge.errors import BackendError
from tests.requirements import require


@pytest.fixture
def sim():
    require("spynnaker")
    require("unicorn")
    softboard.install()
    yield import_module("pyNN.spiNNaker")
    softboard.uninstall()


def _network(sim, rng_seed=3, size=40, **additional):
    """Driven neurons with inhibition among them, and five sources."""
    sim.setup(timestep=1.0)
    rng = np.random.default_rng(rng_seed)
    neurons = sim.Population(
        size,
        sim.IF_curr_exp(i_offset=list(rng.uniform(0.5, 1.2, size))),
        label="neurons",
        additional_parameters={"max_expected_summed_weight": [3.0, 1.0], **additional},
    )
    times = [[float(t) for t in range(2 + i, 95, 7)] for i in range(5)]
    sources = sim.Population(5, sim.SpikeSourceArray(spike_times=times), label="sources")
    to_all = [(i, j, 0.4, 1.0 + (i + j) % 5) for i in range(5) for j in range(size)]
    among = [(i, (7 * i + 3) % size, 0.2, 1.0 + i % 9) for i in range(size)]
    for pre, edges, receptor in (
        (sources, to_all, "excitatory"),
        (neurons, among, "inhibitory"),
    ):
        sim.Projection(
            pre, neurons, sim.FromListConnector(edges), sim.StaticSynapse(), receptor_type=receptor
        )
    neurons.record(["spikes", "v"])
    return neurons


def _recorded(population, segment=-1):
    found = population.get_data().segments[segment]
    (v,) = found.filter(name="v")
    return v.magnitude.copy(), [train.magnitude.tolist() for train in found.spiketrains]


def _same(one, other):
    return np.array_equal(one[0], other[0]) and one[1] == other[1]


def test_going_on_equals_one_run(sim):
    neurons = _network(sim)
    sim.run(100)
    whole, run = _recorded(neurons), softboard.last_run()
    sim.end()
    neurons = _network(sim)
    sim.run(40)
    sim.run(60)
    assert _same(_recorded(neurons), whole)
    assert softboard.last_run().packets == run.packets
    assert softboard.last_run().provenance == run.provenance
    assert sum(map(len, whole[1])) > 200
    sim.end()


def test_after_a_reset_the_same_happens_again_if_colours_fit(sim):
    neurons = _network(sim)
    sim.run(64)
    sim.reset()
    sim.run(64)
    assert _same(_recorded(neurons, 0), _recorded(neurons, 1))
    assert softboard.last_run().provenance["neurons"]["late_spikes"] == 0
    sim.end()


def test_after_a_reset_with_other_colours_spikes_are_late_and_that_is_said(sim):
    neurons = _network(sim)
    sim.run(70)
    sim.reset()
    with pytest.warns(RuntimeWarning, match="for 6 steps late"):
        sim.run(64)
    assert not _same(_recorded(neurons, 0), _recorded(neurons, 1))
    assert softboard.last_run().provenance["neurons"]["skipped_synapses"] > 0
    sim.reset()
    more = sim.Population(2, sim.IF_curr_exp(i_offset=2.0), label="more")
    more.record("spikes")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sim.run(64)  # loaded anew
    assert softboard.last_run().provenance["neurons"]["skipped_synapses"] == 0
    sim.end()


def test_ctrl_c_is_handled_as_before_once_a_run_is_over(sim):
    """sPyNNaker leaves a handler behind that would swallow it."""
    handler, hook = signal.getsignal(signal.SIGINT), sys.excepthook
    _network(sim)
    sim.run(5)
    sim.end()
    assert signal.getsignal(signal.SIGINT) is handler
    assert sys.excepthook is hook


def test_a_second_setup_forgets_the_first(sim):
    _network(sim)
    sim.run(10)
    neurons = _network(sim)
    sim.run(10)
    assert len(neurons.get_data().segments) == 1
    assert softboard.last_run().n_steps == 10
    sim.end()


def test_memory_of_chips_is_given_back(sim):
    _network(sim)
    sim.run(5)
    sim.end()
    big = [line for line in Path("/proc/self/maps").read_text().splitlines() if "/dev/zero" in line]
    assert big == []


def test_placement_changes_nothing(sim):
    one = _network(sim, size=300)
    sim.run(60)
    together, run = _recorded(one), softboard.last_run()
    sim.end()
    many = _network(sim, size=300, neurons_per_core=16)
    sim.run(60)
    apart, spread = _recorded(many), softboard.last_run()
    sim.end()
    assert _same(together, apart)
    assert len({(core.x, core.y) for core in run.cores}) == 1
    assert len({(core.x, core.y) for core in spread.cores}) == 3
    assert [p.step for p in run.packets] == [p.step for p in spread.packets]


def test_a_run_can_be_told_as_json(sim):
    _network(sim, neurons_per_core=25)
    sim.run(20)
    run = softboard.last_run()
    sim.end()
    told = json.loads(json.dumps(run.provenance))
    assert told["neurons"]["saturations"] == run.saturations["neurons"] == 0
    assert told["neurons"]["synaptic_events"] > 0
    parts = [(c.program.population, c.program.first, c.program.last) for c in run.cores]
    assert parts == [("neurons", 0, 24), ("neurons", 25, 39), ("sources", 0, 4)]
    assert any("Setting the runtime of this model to 20" in line for line in run.cores[0].log)
    keys = [(packet.step, packet.p, packet.key) for packet in run.packets]
    order = {core.p: i for i, core in enumerate(run.cores)}
    assert keys == sorted(keys, key=lambda k: (k[0], order[k[1]], k[2]))
    assert run.dt == 1.0
    assert run.seconds["run"] > 0


def test_a_capacitance_of_zero_on_the_chip_is_told(sim):
    sim.setup(timestep=1.0)
    sim.Population(3, sim.IF_curr_exp(cm=[1.0, 1e-5, 1.0]), label="thin").record("v")
    with pytest.raises(softboard.ChipError, match=r"division by zero.* Here cm is 0") as caught:
        sim.run(5)
    error = caught.value
    assert (error.code, error.state.name) == (2, "RUN_TIME_EXCEPTION")
    assert (error.program.population, error.program.first, error.program.last) == ("thin", 0, 2)
    neurons = _network(sim)  # and it goes on
    sim.run(20)
    assert len(_recorded(neurons)[0]) == 20
    sim.end()


def test_a_delay_extension_without_memory_is_told(sim):
    sim.setup(timestep=1.0)
    pre, post = (sim.Population(256, sim.IF_curr_exp(), label=name) for name in ("early", "late"))
    edges = [(i, i, 1.0, 1.0 + i % 200) for i in range(256)]
    sim.Projection(pre, post, sim.FromListConnector(edges), sim.StaticSynapse())
    with pytest.raises(softboard.ChipError, match="no room for the delay extension") as caught:
        sim.run(5)
    assert caught.value.program.binary == "delay_extension.aplx"
    assert any("bitfield of size 256 bytes" in line for line in caught.value.log)


def test_split_populations_are_refused_with_the_way_out(sim):
    sim.setup(timestep=0.1)
    pre, post = (sim.Population(2, sim.IF_curr_exp(), label=name) for name in ("a", "b"))
    sim.Projection(pre, post, sim.OneToOneConnector(), sim.StaticSynapse(weight=1.0, delay=1.0))
    with pytest.raises(BackendError, match=r"SplitterPopulationVertexFixed\(\)"):
        sim.run(1)


def test_delays_beyond_the_ring_buffers_arrive_in_their_step(sim):
    """A spike of step 2 with delay d is in the input of step 2 + d."""
    sim.setup(timestep=1.0)
    delays = [1, 31, 32, 33, 64, 65, 100]
    n = len(delays)
    source = sim.Population(n, sim.SpikeSourceArray(spike_times=[[2.0]] * n), label="source")
    target = sim.Population(n, sim.IF_curr_exp(), label="target")
    target.set(i_offset=0.0)
    edges = [(i, i, 1.0, float(d)) for i, d in enumerate(delays)]
    sim.Projection(source, target, sim.FromListConnector(edges), sim.StaticSynapse())
    target.record("gsyn_exc")
    sim.run(110)
    (input_,) = target.get_data().segments[0].filter(name="gsyn_exc")
    assert np.argmax(input_.magnitude > 0, axis=0).tolist() == [2 + d for d in delays]
    sim.end()


def test_currents_drive_as_the_exact_solution_says(sim):
    """``v = v_rest + R I (1 - exp(-t/tau))`` from the start of a direct current on."""
    sim.setup(timestep=1.0)
    neurons = sim.Population(
        2, sim.IF_curr_exp(tau_m=20.0, cm=1.0, v_rest=-65.0, i_offset=0.0), label="neurons"
    )
    sim.DCSource(amplitude=0.5, start=10.0, stop=40.0).inject_into(neurons[0:1])
    sim.StepCurrentSource(times=[10.0, 40.0], amplitudes=[0.5, 0.0]).inject_into(neurons[1:2])
    neurons.record("v")
    sim.run(60)
    (v,) = neurons.get_data().segments[0].filter(name="v")
    t = np.arange(60.0)
    peak = 10.0 * (1 - np.exp(-30 / 20))
    expected = -65.0 + np.where(
        t < 40,
        10.0 * (1 - np.exp(-np.maximum(t - 10, 0) / 20)),
        peak * np.exp(-(t - 40) / 20),
    )
    assert np.allclose(v.magnitude, expected[:, None], atol=0.01)
    sim.end()


def test_plastic_weights_are_read_from_the_chip(sim):
    """Before-after strengthens by ``A_plus exp(-dt/tau)``, after-before weakens by A_minus.

    (PyNN's own definition of the additive rule has the factor ``w_max``, which is missing here.)
    """
    sim.setup(timestep=1.0)
    driver = sim.Population(1, sim.SpikeSourceArray(spike_times=[[20.0]]), label="driver")
    pre = sim.Population(3, sim.SpikeSourceArray(spike_times=[[11.0, 90.0], [36.0], [95.0]]))
    post = sim.Population(1, sim.IF_curr_exp(i_offset=0.0, tau_refrac=90.0), label="post")
    sim.Projection(driver, post, sim.FromListConnector([(0, 0, 60.0, 1.0)]), sim.StaticSynapse())
    rule = sim.STDPMechanism(
        timing_dependence=sim.SpikePairRule(tau_plus=20.0, tau_minus=20.0, A_plus=0.2, A_minus=0.1),
        weight_dependence=sim.AdditiveWeightDependence(w_min=0.0, w_max=2.0),
        weight=1.0,
        delay=1.0,
    )
    plastic = sim.Projection(pre, post, sim.AllToAllConnector(), rule)
    post.record("spikes")
    sim.run(100)
    (train,) = post.get_data().segments[0].spiketrains
    (spike,) = train.magnitude
    weights = np.ravel(plastic.get("weight", "array"))
    back = spike + 1.0  # all of the delay is on the way from the soma to the synapse
    expected = [
        1.0 + 0.2 * np.exp(-(back - 11) / 20) - 0.1 * np.exp(-(90 - back) / 20),
        1.0 - 0.1 * np.exp(-(36 - back) / 20),
        1.0 - 0.1 * np.exp(-(95 - back) / 20),
    ]
    assert np.allclose(weights, expected, atol=2 / 256)  # two changes, each rounded down
    sim.end()


def test_an_endless_run_is_refused(sim):
    _network(sim)
    with pytest.raises(BackendError, match=r"run\(t\) with t in ms"):
        import_module("spynnaker.pyNN.external_devices").run_forever()
    sim.end()


def test_without_a_run_there_is_nothing_to_tell(monkeypatch):
    monkeypatch.setattr(softboard.installation, "_folder", [])
    with pytest.raises(BackendError, match="no run in the chip model"):
        softboard.last_run()


def test_a_script_runs_with_its_arguments_and_leaves_home_alone(tmp_path):
    require("spynnaker")
    require("unicorn")
    (tmp_path / "home").mkdir()
    (tmp_path / "beside.py").write_text("OFFSET = 2.0\n")
    (tmp_path / "script.py").write_text(
        "import importlib, sys\n"
        "from beside import OFFSET\n"
        "sim = importlib.import_module(f'pyNN.{sys.argv[1]}')\n"
        "sim.setup(timestep=1.0)\n"
        "cells = sim.Population(1, sim.IF_curr_exp(i_offset=OFFSET))\n"
        "cells.record('spikes')\n"
        "sim.run(30)\n"
        "print('spikes', len(cells.get_data().segments[0].spiketrains[0]), sys.argv[1:])\n"
        "sim.end()\n"
    )
    module = "neurobridge.backends.spinnaker.softboard"
    done = subprocess.run(
        [sys.executable, "-m", module, "script.py", "spiNNaker", "more"],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "spikes 2 ['spiNNaker', 'more']" in done.stdout
    assert not (tmp_path / "home" / ".spynnaker.cfg").exists()
    assert not (tmp_path / "reports").exists()
    wrong = subprocess.run(
        [sys.executable, "-m", module, "none.py"], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 1
    assert "'none.py' is not a file" in wrong.stderr
