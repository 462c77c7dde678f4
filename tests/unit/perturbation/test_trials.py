"""Trials, sweeps, responders and screens on a circuit whose answers are known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

from neurobridge import Poisson, PoissonCounts, SpikeProbe, SpikeTrains, run
from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.perturbation import (
    Trials,
    activate,
    draw_screen,
    draw_sweeps,
    responders,
    silence,
    silencing_screen,
    sweep_rates,
    target_rates,
    trial_rates,
)
from tests.unit.perturbation.circuits import BLOCKER, MOTOR, RELAY, SENSORY, circuit

NETWORK = circuit()
SHORT = Trials(6, duration=200.0, seed=1, how={"backend": "native"})


@pytest.fixture(scope="module")
def active():
    return activate(NETWORK, SENSORY[:1], 40.0)


@pytest.fixture(scope="module")
def recordings(active):
    return SHORT.run(active)


def test_a_trial_is_what_run_gives_for_it(active, recordings):
    alone = run(active, 200.0, "native", dt=0.1, seed=1, trial=3)
    assert recordings[3].spike_hash == alone.spike_hash
    assert len({r.spike_hash for r in recordings}) == 6


def test_threads_and_backends_change_nothing(active, recordings):
    parallel = dataclasses.replace(SHORT, threads=2).run(active)
    assert [r.spike_hash for r in parallel] == [r.spike_hash for r in recordings]
    (oracle,) = dataclasses.replace(SHORT, number=1, how={"backend": "reference"}).run(active)
    assert oracle.spike_hash == recordings[0].spike_hash


def test_rates_of_trials(recordings):
    rates = trial_rates(recordings, "neurons")
    assert rates.shape == (6, 14)
    assert np.array_equal(rates[2], recordings[2].spikes["neurons"].counts / 0.2)


def test_rates_need_complete_recordings(active, recordings):
    with pytest.raises(NetworkError, match="there are no recordings"):
        trial_rates([], "neurons")
    with pytest.raises(UnknownNameError, match="did you mean 'neurons'"):
        trial_rates(recordings, "neuron")
    broken = recordings[0].replace(status="incomplete", message="interrupted after 1 of 2 steps")
    with pytest.raises(NetworkError, match="recording 0 is incomplete: interrupted"):
        trial_rates([broken], "neurons")
    part = active.with_probe(SpikeProbe("neurons", "neurons", np.array([0, 1], dtype=np.int32)))
    short = dataclasses.replace(SHORT, number=1)
    rates = trial_rates(short.run(part), "neurons")
    assert np.isnan(rates).sum() == 12
    with pytest.raises(NetworkError, match="target 'motor': not all of its neurons were recorded"):
        target_rates(part, short.run(part), {"motor": MOTOR})


def test_responders_are_the_neurons_that_fire(active, recordings):
    table = responders(active, recordings)
    assert set(table["name"]) == {"S0", *RELAY, *BLOCKER, *MOTOR}
    assert table["rate"].is_monotonic_decreasing
    row = table.set_index("name").loc["R2"]
    own = trial_rates(recordings, "neurons")[:, row["neuron"]]
    assert row["rate"] == own.mean()
    assert row["sd"] == own.std(ddof=1)
    assert row["active"] == (own > 0).mean()
    assert row["role"] == "relay"
    assert table.set_index("name")["driven"].to_dict() == {n: n == "S0" for n in table["name"]}
    assert set(responders(active, recordings, above=1e4)["name"]) == set()


@pytest.mark.parametrize(
    "stimulus",
    [
        SpikeTrains("more", "neurons", [1.0], [4], "kick", 68.75),
        PoissonCounts("more", "neurons", 40.0, np.array([4], np.int32), "kick", 68.75),
    ],
)
def test_any_stimulus_of_spikes_drives(active, recordings, stimulus):
    table = responders(active.with_stimulus(stimulus), recordings).set_index("name")
    assert table.index[table["driven"]].sort_values().tolist() == ["R0", "S0"]


def test_responders_against_a_baseline(active):
    """X0 fires by itself, whether S0 is driven or not: it is listed, and does not respond."""
    noise = Poisson("noise", "neurons", 300.0, active.population("neurons").where(name="X0"),
                    "kick", 68.75)  # fmt: skip
    trials = dataclasses.replace(SHORT, number=8, duration=100.0)
    off, on = (trials.run(n.with_stimulus(noise)) for n in (NETWORK, active))
    table = responders(active.with_stimulus(noise), on, off).set_index("name")
    assert set(table.index) == {"S0", "X0", *RELAY, *BLOCKER, *MOTOR}
    assert not table.loc["X0", "responds"]
    assert table.loc["X0", "p"] == 1
    assert table.loc["X0", "baseline_rate"] > 50
    assert table.drop(index="X0")["responds"].all()
    a, b = (trial_rates(r, "neurons")[:, table.loc["R0", "neuron"]] for r in (on, off))
    expected = stats.mannwhitneyu(a, b, method="asymptotic").pvalue
    assert table.loc["R0", "p"] == pytest.approx(expected)
    assert np.allclose(table["q"], stats.false_discovery_control(table["p"]))


def test_few_false_discoveries_where_nothing_differs():
    """1,000 pairs of equal samples: the share of p below 0.05 is at most 0.05, and no q is."""
    from neurobridge.perturbation.responders import _compared

    draws = np.random.default_rng(1).poisson(5, (2, 20, 1000)).astype(float)
    p, q = _compared(*draws)
    assert 0.03 < (p < 0.05).mean() < 0.07
    assert (q > 0.05).all()


def test_target_rates(active, recordings):
    table = target_rates(active, recordings, {"motor": MOTOR, "relay": "role == 'relay'"})
    assert table["target"].tolist() == ["motor", "relay"]
    assert table["neurons"].tolist() == [2, 6]
    motor = trial_rates(recordings, "neurons")[:, active.population("neurons").where(role="motor")]
    assert table["rate"][0] == pytest.approx(motor.mean())
    assert table["sd"][0] == pytest.approx(motor.mean(axis=1).std(ddof=1))
    with pytest.raises(NetworkError, match="name at least one target"):
        target_rates(active, recordings, {})


def test_a_sweep_is_one_run_after_another(active, recordings):
    seen = []
    sweep = sweep_rates(NETWORK, SENSORY[:1], [0.0, 40.0, 80.0], SHORT, progress=seen.append)
    assert seen == list(range(1, 19))
    assert [r.spike_hash for r in sweep.recordings[1]] == [r.spike_hash for r in recordings]
    counts = sweep.counts()
    assert counts["responders"].tolist() == [0, 9, 9]
    assert counts["not_driven"].tolist() == [0, 8, 8]
    assert counts["spikes"].is_monotonic_increasing
    motor = sweep.targets({"motor": MOTOR})
    assert motor["drive"].tolist() == [0.0, 40.0, 80.0]
    assert motor["rate"].is_monotonic_increasing
    assert len(sweep.responders(40.0)) == 9
    with pytest.raises(NetworkError, match=r"no rate 50.0 Hz; it has \[0.0, 40.0, 80.0\]"):
        sweep.responders(50.0)


@pytest.mark.parametrize("rates", [[], [1.0, 1.0]])
def test_rates_of_a_sweep_differ(rates):
    with pytest.raises(NetworkError, match="expected different rates in Hz"):
        sweep_rates(NETWORK, SENSORY, rates, SHORT)


def test_a_screen_finds_what_the_response_depends_on(active):
    sets = {"relay": RELAY, "blocker": BLOCKER, "bystander": ["X0"]}
    seen = []
    table = silencing_screen(active, sets, {"motor": MOTOR}, SHORT, progress=seen.append)
    assert seen == list(range(1, 25))
    table = table.set_index("silenced")
    assert table["neurons"].tolist() == [4, 2, 1]
    assert table.loc["relay", "rate"] == 0
    assert table.loc["relay", "high"] < 0
    assert table.loc["blocker", "change"] >= 0
    assert table.loc["bystander", ["change", "low", "high", "p"]].tolist() == [0, 0, 0, 1]
    intact = trial_rates(SHORT.run(active), "neurons")
    silenced = trial_rates(SHORT.run(silence(active, RELAY)), "neurons")
    motor = active.population("neurons").where(role="motor")
    pair = [r[:, motor].mean(axis=1) for r in (silenced, intact)]
    test = stats.ttest_rel(*pair)
    assert table.loc["relay", "p"] == pytest.approx(test.pvalue)
    interval = test.confidence_interval(0.95)
    assert table.loc["relay", ["low", "high"]].tolist() == pytest.approx(list(interval))


def test_screens_refuse_what_has_no_answer(active):
    with pytest.raises(NetworkError, match="at least two trials, got 1"):
        silencing_screen(active, {"relay": RELAY}, {"motor": MOTOR}, Trials(1))
    with pytest.raises(NetworkError, match="name at least one set"):
        silencing_screen(active, {}, {"motor": MOTOR}, SHORT)
    with pytest.raises(NetworkError, match="confidence: expected a number between 0 and 1"):
        silencing_screen(active, {"relay": RELAY}, {"motor": MOTOR}, SHORT, confidence=95)
    with pytest.raises(NetworkError, match="at least 1, got 0"):
        Trials(0)


def test_figures(tmp_path):
    few = dataclasses.replace(SHORT, number=2)
    sweeps = {
        "intact": sweep_rates(NETWORK, SENSORY[:1], [20.0, 40.0], few),
        "silenced": sweep_rates(silence(NETWORK, RELAY), SENSORY[:1], [20.0, 40.0], few),
    }
    figure = draw_sweeps(sweeps, {"motor": MOTOR})
    responding, motor = figure.axes
    assert [line.get_label() for line in responding.lines] == ["intact", "silenced"]
    assert responding.lines[0].get_ydata().tolist() == [8, 8]
    assert motor.get_title() == "motor"
    figure.savefig(tmp_path / "sweep.svg")
    with pytest.raises(NetworkError, match="at least one sweep"):
        draw_sweeps({}, {"motor": MOTOR})
    table = silencing_screen(sweeps["intact"].network, {"relay": RELAY, "none": ["X0"]},
                             {"motor": MOTOR}, few)  # fmt: skip
    (axes,) = draw_screen(table).axes
    assert [t.get_text() for t in axes.get_yticklabels()] == ["relay", "none"]
