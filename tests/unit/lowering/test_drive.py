"""Stimuli drawn on the host: statistics of Poisson trains, currents in steps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from neurobridge import NetworkBuilder, UnitError, models
from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.stimulus import Current, Poisson, SpikeTrains, WhiteNoise
from neurobridge.lowering.drive import lower_drive
from neurobridge.lowering.program import Drive


def drive(*stimuli, n: int = 1, model=models.spike_source, dt=0.1, steps=1000, seed=0) -> Drive:
    net = NetworkBuilder()
    net.population("pop", n, model)
    net.add(*stimuli)
    made, findings = lower_drive(net.build(), dt, steps, seed, trial=0)
    assert [f for f in findings if f.severity != "note"] == []
    return made


def trains(made: Drive, n: int) -> list[np.ndarray]:
    (source,) = made.sources
    return [source.stamp[source.neuron == i] for i in range(n)]


# -- Poisson statistics: a fine grid, so that binning does not count --------------------

FINE = 0.001


@pytest.fixture(scope="module")
def homogeneous() -> Drive:
    """200 neurons at 50 Hz for 20 s: 200,000 spikes expected."""
    return drive(Poisson("p", "pop", 50.0), n=200, dt=FINE, steps=20_000_000, seed=11)


def test_rate(homogeneous: Drive) -> None:
    """Within four standard deviations of the expected count, and so is each neuron."""
    count = np.bincount(homogeneous.sources[0].neuron, minlength=200)
    assert abs(count.sum() - 200_000) < 4 * np.sqrt(200_000)
    assert (np.abs(count - 1000) < 4.5 * np.sqrt(1000)).all()
    assert stats.chisquare(count).pvalue > 1e-3


def test_variance_of_counts_equals_their_mean(homogeneous: Drive) -> None:
    """Counts in windows of 100 ms: Fano factor 1."""
    source = homogeneous.sources[0]
    window = source.stamp // 100_000 * 200 + source.neuron
    count = np.bincount(window, minlength=200 * 200)
    assert count.var() / count.mean() == pytest.approx(1.0, abs=4 * np.sqrt(2 / count.size))


def test_intervals_are_exponential(homogeneous: Drive) -> None:
    intervals = np.concatenate([np.diff(t) for t in trains(homogeneous, 200)]) * FINE
    assert intervals.std() / intervals.mean() == pytest.approx(1.0, abs=0.01)
    some = intervals[:: intervals.size // 20_000]
    assert stats.kstest(some, stats.expon(scale=20.0).cdf).pvalue > 1e-3


def test_intervals_and_neurons_are_independent(homogeneous: Drive) -> None:
    first = trains(homogeneous, 200)
    lagged = np.concatenate([np.stack([np.diff(t)[:-1], np.diff(t)[1:]]) for t in first], axis=1)
    assert abs(np.corrcoef(lagged)[0, 1]) < 4 / np.sqrt(lagged.shape[1])
    binned = np.array([np.bincount(t // 100_000, minlength=200) for t in first])
    pairs = np.corrcoef(binned)[np.triu_indices(200, 1)]
    assert abs(pairs.mean()) < 4 / np.sqrt(200 * pairs.size)


def test_modulated_counts_follow_the_integral_of_the_rate() -> None:
    """A sine of 10 bins, other for each half of 400 neurons."""
    phase = np.arange(10) / 10 * 2 * np.pi
    rates = np.stack([40 * (1 + np.sin(phase)), 60 * (1 + np.cos(phase))], axis=1)
    made = drive(
        Poisson("p", "pop", np.repeat(rates, 200, axis=1), rate_interval=100.0),
        n=400, dt=FINE, steps=1_000_000, seed=2,
    )  # fmt: skip
    source = made.sources[0]
    count = np.zeros((10, 2))
    np.add.at(count, (source.stamp // 100_000, source.neuron // 200), 1)
    expected = rates * 0.1 * 200
    assert (np.abs(count - expected) <= 4.5 * np.sqrt(expected)).all()
    assert (
        stats.chi2.sf(((count - expected) ** 2 / expected.clip(1e-9))[expected > 1].sum(), 19)
        > 1e-3
    )


def test_a_modulated_train_is_uniform_in_its_own_clock() -> None:
    """Time rescaling (Brown et al. 2002): the integral of the rate at the spikes is uniform."""
    rates = np.array([10.0, 300.0, 0.0, 80.0])
    made = drive(
        Poisson("p", "pop", np.tile(rates[:, None], (1, 500)), rate_interval=50.0),
        n=500, dt=FINE, steps=200_000, seed=3,
    )  # fmt: skip
    time = (made.sources[0].stamp + 0.5) * FINE
    clock = np.interp(time, np.arange(5) * 50.0, np.concatenate([[0], np.cumsum(rates * 0.05)]))
    assert stats.kstest(clock / clock.max(), "uniform").pvalue > 1e-3


def test_the_grid_only_bins() -> None:
    """Stamps at 1 ms are those at 0.001 ms divided by 1000: dt changes no spike."""
    stimulus = Poisson("p", "pop", np.linspace(20.0, 200.0, 30))
    fine = drive(stimulus, n=30, dt=FINE, steps=500_000, seed=4)
    coarse = drive(stimulus, n=30, dt=1.0, steps=500, seed=4)
    for a, b in zip(trains(fine, 30), trains(coarse, 30), strict=True):
        np.testing.assert_array_equal(np.unique(a // 1000), b)


def test_a_longer_run_begins_with_the_shorter_one() -> None:
    stimulus = Poisson("p", "pop", 100.0)
    short, long = (drive(stimulus, n=20, steps=s, seed=5) for s in (2000, 5000))
    for a, b in zip(trains(short, 20), trains(long, 20), strict=True):
        np.testing.assert_array_equal(a, b[b < 2000])


def test_equal_rates_written_in_three_ways_are_the_same_trains() -> None:
    ways = (
        Poisson("p", "pop", 80.0),
        Poisson("p", "pop", np.full(5, 80.0)),
        Poisson("p", "pop", np.full((4, 5), 80.0), rate_interval=25.0),
    )
    made = [drive(w, n=5, seed=6).sources[0] for w in ways]
    for other in made[1:]:
        np.testing.assert_array_equal(made[0].stamp, other.stamp)
        np.testing.assert_array_equal(made[0].neuron, other.neuron)


def test_seed_name_and_trial_each_give_another_draw() -> None:
    base = drive(Poisson("p", "pop", 100.0), n=5, seed=7).sources[0]
    for other in (
        drive(Poisson("p", "pop", 100.0), n=5, seed=8),
        drive(Poisson("q", "pop", 100.0), n=5, seed=7),
    ):
        assert not np.array_equal(base.stamp, other.sources[0].stamp)


def test_events_are_sorted_and_counted() -> None:
    made = drive(
        Poisson("p", "pop", 30_000.0, receptor="exc"), n=3, model=models.lif_exp, steps=100, seed=9
    )
    (events,) = made.events
    key = events.step * 3 + events.channel
    assert (np.diff(key) > 0).all()
    assert events.count.max() > 1
    assert abs(events.count.sum() - 900) < 4 * 30
    assert events.target.tolist() == [0, 1, 2]


def test_a_rate_of_zero_draws_nothing() -> None:
    assert drive(Poisson("p", "pop", 0.0), n=3).sources[0].stamp.size == 0
    rates = np.array([0.0, 50.0, 0.0])
    assert set(drive(Poisson("p", "pop", rates), n=3).sources[0].neuron) == {1}


def test_a_window_is_kept() -> None:
    stamp = drive(Poisson("p", "pop", 500.0, start=20.0, stop=60.0), n=50).sources[0].stamp
    assert 200 <= stamp.min() < 205
    assert 595 < stamp.max() < 600


def test_spikes_of_a_source_that_share_a_step_are_told() -> None:
    net = NetworkBuilder()
    net.population("pop", 2, models.spike_source)
    net.add(SpikeTrains("a", "pop", np.array([0.1, 0.1, 0.2, 0.3]), np.array([0, 1, 0, 0])))
    net.add(SpikeTrains("b", "pop", np.array([0.2]), np.array([0])))
    made, (note,) = lower_drive(net.build(), 0.1, 10, 0, 0)
    assert made.sources[0].stamp.tolist() == [1, 1, 2, 3]
    assert (note.code, note.severity, note.magnitude) == ("source_spikes_merged", "note", 0.2)
    assert "1 of 5 spikes fall into a step" in note.why


# -- currents --------------------


def test_white_noise_is_gaussian_and_white() -> None:
    stimulus = WhiteNoise("n", "pop", std=0.5, interval=0.2, mean=0.1)
    (current,) = drive(stimulus, n=50, model=models.lif_exp, steps=4000).currents
    assert current.value.shape == (2000, 50)
    assert current.start[:3].tolist() == [0, 2, 4]
    z = (current.value - 0.1) / 0.5
    assert stats.kstest(z[::10].ravel(), "norm").pvalue > 1e-3
    assert abs((z[1:] * z[:-1]).mean()) < 4 / np.sqrt(z.size)
    assert abs((z[:, 1:] * z[:, :-1]).mean()) < 4 / np.sqrt(z.size)


def test_of_changes_in_one_step_the_last_holds() -> None:
    """1.04 and 1.0 ms fall into step 10 if the rounding is accepted."""
    net = NetworkBuilder()
    net.population("pop", 1, models.lif_exp)
    net.add(Current("c", "pop", np.array([0.1, 0.2, 0.3]), np.array([1.0, 1.04, 2.0])))
    made, findings = lower_drive(net.build(), 0.1, 100, 0, 0)
    (current,) = made.currents
    assert current.start.tolist() == [10, 20]
    assert current.value.ravel().tolist() == [0.2, 0.3]
    assert [f.code for f in findings] == ["current_time_rounding"]


# -- what is refused --------------------


def refused(stimulus, model=models.lif_exp) -> str:
    with pytest.raises((NetworkError, UnitError, UnknownNameError)) as caught:
        drive(stimulus() if callable(stimulus) else stimulus, n=2, model=model)
    return str(caught.value)


ONE = (np.array([1.0]), np.array([0]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SpikeTrains("s", "pop", *ONE, receptor="exc", weight="1 mV"),
         "stimulus 's', weight: expected a quantity in nA, got '1 mV'"),
        (lambda: SpikeTrains("s", "pop", *ONE, receptor="exc", weight=-1.0),
         "stimulus 's': receptor 'exc' takes positive weights, got -1"),
        (lambda: SpikeTrains("s", "pop", *ONE, receptor="exc", weight=np.nan), "finite"),
        (lambda: SpikeTrains("s", "pop", *ONE), "say which receptor of 'pop' is meant"),
        (lambda: SpikeTrains("s", "pop", *ONE, receptor="ex"), "did you mean 'exc'"),
        (lambda: SpikeTrains("s", "pop", np.array([-1.0]), ONE[1], receptor="exc"),
         "time[0] = -1.0 ms; times must be finite and >= 0"),
        (lambda: SpikeTrains("s", "pop", "1 mV", ONE[1], receptor="exc"),
         "stimulus 's', time: expected a quantity in ms"),
        (lambda: SpikeTrains("s", "pop", np.array([1.0, 2.0]), ONE[1], receptor="exc"),
         "2 times for 1 neurons"),
        (lambda: SpikeTrains("s", "pop", ONE[0], np.array([0.0]), receptor="exc"),
         "neurons must be a flat array of integer indices"),
        (lambda: SpikeTrains("s", "pop", ONE[0], np.array([7]), receptor="exc"),
         "neuron 7 does not exist"),
        (lambda: SpikeTrains("s", "pop", *ONE, receptor="exc", delay=0.0),
         "the delay must be above 0 ms"),
        (lambda: SpikeTrains("s", "nobody", *ONE), "unknown population 'nobody'"),
        (lambda: Poisson("s", "pop", -5.0, receptor="exc"), "rates must be finite and >= 0 Hz"),
        (lambda: Poisson("s", "pop", np.nan, receptor="exc"), "rates must be finite and >= 0 Hz"),
        (lambda: Poisson("s", "pop", "5 ms", receptor="exc"),
         "stimulus 's', rate: expected a quantity in Hz"),
        (lambda: Poisson("s", "pop", np.ones(5), receptor="exc"), "rate has shape (5,) for 2"),
        (lambda: Poisson("s", "pop", np.ones((3, 2)), receptor="exc"), "rate_interval"),
        (lambda: Poisson("s", "pop", 5.0, receptor="exc", start=5.0, stop=1.0),
         "expected 0 <= start <= stop"),
        (lambda: Poisson("s", "pop", 5.0, receptor="exc", neurons=np.array([1, 1])),
         "a neuron is selected more than once"),
        (lambda: Current("s", "pop", "1 mV"), "stimulus 's', amplitude: expected a quantity in nA"),
        (lambda: Current("s", "pop", np.nan), "amplitudes must be finite"),
        (lambda: Current("s", "pop", np.ones(2), np.array([2.0, 1.0])), "ascending"),
        (lambda: Current("s", "pop", np.ones(3), np.array([1.0, 2.0])), "for 2 times"),
        (lambda: Current("s", "pop", np.ones((1, 3))), "amplitude has shape (1, 3) for 2 neurons"),
        (lambda: WhiteNoise("s", "pop", std=-1.0, interval=0.1), "finite (and std >= 0)"),
        (lambda: WhiteNoise("s", "pop", std=1.0, interval=0.0), "interval must be above 0 ms"),
        (lambda: WhiteNoise("s", "pop", std=np.ones(3), interval=0.1), "std has shape (3,) for 2"),
    ],
)  # fmt: skip
def test_a_bad_stimulus_says_what_is_wrong(make, message: str) -> None:
    assert message in refused(make)


def test_a_source_takes_neither_receptor_nor_current() -> None:
    with_receptor = SpikeTrains("s", "pop", *ONE, receptor="exc")
    assert "a receptor has no meaning here" in refused(with_receptor, models.spike_source)
    assert "takes no injected current" in refused(Current("s", "pop", 0.1), models.spike_source)
    assert "takes no injected current" in refused(Current("s", "pop", 0.1), models.shiu_lif)


def test_a_selection_of_nobody_drives_nobody() -> None:
    made = drive(
        Poisson("p", "pop", 50.0, neurons=[], receptor="exc"),
        WhiteNoise("w", "pop", 0.1, 1.0, neurons=[]),
        Current("c", "pop", 0.1, neurons=[]),
        model=models.lif_exp,
    )
    assert made.events[0].step.size == 0
    assert [c.value.shape[1] for c in made.currents] == [0, 0]


def test_a_flood_of_input_is_refused_before_it_is_drawn() -> None:
    net = NetworkBuilder()
    net.population("input", 10, models.spike_source)
    net.add(Poisson("rain", "input", rate=1e12))
    with pytest.raises(
        NetworkError, match=r"'rain' would draw about 1e\+13 spikes.*unit of its rate"
    ):
        lower_drive(net.build(), 0.1, 10_000, seed=1, trial=0)
