"""Activation and silencing: what changes in the network, and what comes of it."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge import NetworkBuilder, models, run
from neurobridge.errors import NetworkError, UnitError
from neurobridge.lowering.drive import lower_drive
from neurobridge.perturbation import activate, silence
from tests.unit.perturbation.circuits import MOTOR, RELAY, SENSORY, circuit

NETWORK = circuit()
CELLS = NETWORK.population("neurons")


def counts(network, names, duration=400.0):
    spikes = run(network, duration, "native", dt=0.1, seed=1).spikes["neurons"]
    return spikes.counts[CELLS.where(name=names)]


def test_every_kick_of_the_paper_is_one_spike():
    active = activate(NETWORK, SENSORY, 150.0)
    drive, _ = lower_drive(active, 0.1, 4000, seed=1, trial=0)
    (kicks,) = drive.events
    arrivals = np.bincount(kicks.channel, minlength=4)
    assert (arrivals > 40).all()
    assert counts(active, SENSORY).tolist() == arrivals.tolist()
    assert np.all(kicks.weight == 68.75)


def test_only_the_driven_neurons_lose_their_refractory_period():
    t_ref = activate(NETWORK, SENSORY).population("neurons").parameters["t_ref"]
    assert np.flatnonzero(t_ref == 0).tolist() == CELLS.where(name=SENSORY).tolist()
    assert np.unique(t_ref[t_ref != 0]).tolist() == [2.2]
    assert activate(NETWORK, SENSORY, t_ref=None).population("neurons").parameters["t_ref"] == 2.2


def test_two_sets_can_be_driven_at_different_rates():
    both = activate(activate(NETWORK, SENSORY[:1], "50 Hz"), SENSORY[1:2], 200.0, name="second")
    assert list(both.stimuli) == ["activation", "second"]
    slow, fast = counts(both, SENSORY[:2])
    assert 10 < slow < 30
    assert 60 < fast < 100


def test_activity_goes_where_the_edges_go():
    assert counts(NETWORK, RELAY).tolist() == [0, 0, 0, 0]
    active = activate(NETWORK, SENSORY[:1], 20.0)
    assert (counts(active, RELAY) == counts(active, SENSORY[:1])).all()  # one spike each
    assert (counts(active, MOTOR) > 0).all()


def test_silencing_takes_edges_away():
    n = NETWORK.n_edges  # 4 * 4 + 4 * 2 + 4 * 2 + 2 * 2
    assert n == 36
    for direction, left in (("outgoing", n - 8), ("incoming", n - 16), ("both", n - 24)):
        assert silence(NETWORK, RELAY, direction).n_edges == left
    assert silence(NETWORK, RELAY).history[-1].name == "silence"


def test_a_silenced_neuron_still_spikes_and_nobody_hears_it():
    active = activate(NETWORK, SENSORY[:1], 20.0)
    silenced = silence(active, RELAY)
    assert np.array_equal(counts(silenced, RELAY), counts(active, RELAY))
    assert counts(silenced, MOTOR).tolist() == [0, 0]
    assert counts(silence(active, RELAY, "incoming"), RELAY).tolist() == [0] * 4


def test_other_models_need_a_receptor_and_a_weight():
    b = NetworkBuilder()
    b.population("cells", 3, models.lif_exp)
    network = b.build()
    with pytest.raises(NetworkError, match=r"no receptor 'kick'.* with one of exc, inh"):
        activate(network, [0])
    with pytest.raises(UnitError, match="activate, weight"):
        activate(network, [0], receptor="exc")
    made = activate(network, [0], receptor="exc", weight="1.5 nA", t_ref="1 ms")
    assert made.stimuli["activation"].weight == 1.5
    assert made.population("cells").parameters["t_ref"][0] == 1.0


def test_models_without_a_refractory_period_say_so():
    b = NetworkBuilder()
    b.population("cells", 3, models.izhikevich)
    with pytest.raises(NetworkError, match="no refractory period 't_ref'; say t_ref=None"):
        activate(b.build(), [0], receptor="syn", weight=20.0)


def test_sources_are_not_activated():
    b = NetworkBuilder()
    b.population("inputs", 3, models.spike_source)
    with pytest.raises(NetworkError, match="'inputs' are sources"):
        activate(b.build(), [0])


def test_directions_are_checked():
    with pytest.raises(NetworkError, match="must be 'outgoing', 'incoming' or 'both'"):
        silence(NETWORK, RELAY, "out")
