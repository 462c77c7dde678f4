"""Dense Poisson input: its distribution, and that any block of steps is drawn alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import psutil
import pytest
from scipy import stats

from neurobridge import NetworkBuilder, PoissonCounts, load, models, run, save
from neurobridge.errors import NetworkError
from neurobridge.lowering.counts import CountPlayer, counts_of
from neurobridge.lowering.drive import lower_drive
from neurobridge.lowering.program import CountInput, EventInput
from neurobridge.rng import stream_key, uniforms, uniforms_of

FROZEN = [[3, 1, 1, 3, 2, 0], [0, 3, 2, 2, 3, 2], [3, 3, 1, 0, 2, 2]]
"""Counts of six neurons in three steps, at two a step and seed 7."""


def network(*stimuli: PoissonCounts, n: int = 50):
    net = NetworkBuilder()
    net.population("pop", n, models.lif_delta)
    net.add(*stimuli)
    return net.build()


def counted(*stimuli: PoissonCounts, n: int = 50, steps: int = 2000, seed: int = 0) -> CountInput:
    made, findings = lower_drive(network(*stimuli, n=n), 0.1, steps, seed, 0, counted=True)
    assert findings == []
    assert made.events == ()
    (given,) = made.counts
    return given


def written_out(*stimuli: PoissonCounts, n: int = 50, steps: int = 2000) -> EventInput:
    made, _ = lower_drive(network(*stimuli, n=n), 0.1, steps, 0, 0)
    assert made.counts == ()
    (events,) = made.events
    return events


@pytest.mark.parametrize("mean", [0.05, 2.0, 300.0])
def test_counts_have_a_poisson_distribution(mean: float) -> None:
    counts = counts_of(counted(PoissonCounts("p", "pop", mean * 1e4, weight=1.0)), 0, 2000)
    n = counts.size
    assert counts.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / n))
    values = np.arange(counts.max() + 1)
    expected = n * stats.poisson.pmf(values, mean)
    common = expected > 20
    seen = np.bincount(counts.ravel())[common]
    rest = n - seen.sum(), n - expected[common].sum()
    if rest[1] < 1:
        chosen = seen, expected[common] * seen.sum() / expected[common].sum()
    else:
        chosen = np.append(seen, rest[0]), np.append(expected[common], rest[1])
    assert stats.chisquare(*chosen).pvalue > 1e-3


def test_the_first_counts_are_these() -> None:
    """Frozen: the draws of a published run must not change."""
    given = counted(PoissonCounts("p", "pop", 20_000.0, weight=1.0), seed=7)
    assert counts_of(given, 0, 3)[:, :6].tolist() == FROZEN


def test_neurons_and_steps_are_independent() -> None:
    counts = counts_of(counted(PoissonCounts("p", "pop", 10_000.0, weight=1.0), n=400), 0, 2000)
    bound = 4.5 / np.sqrt(counts.size)
    z = (counts - 1.0) / counts.std()
    for lag in (1, 2, 3):
        assert abs((z[lag:] * z[:-lag]).mean()) < bound
    assert abs((z[:, 1:] * z[:, :-1]).mean()) < bound


@pytest.mark.parametrize(("first", "last"), [(0, 7), (3, 4), (4, 9), (13, 13), (1995, 2010)])
def test_any_block_of_steps_is_drawn_alike(first: int, last: int) -> None:
    rates = np.linspace(0, 40_000, 50).round(-4)
    given = counted(PoissonCounts("p", "pop", rates, weight=1.0))
    whole = np.concatenate([counts_of(given, 0, 2000), np.zeros((10, 50), int)])
    np.testing.assert_array_equal(counts_of(given, first, last), whole[first:last])


def test_a_player_gives_every_step_after_the_delay() -> None:
    given = counted(
        PoissonCounts("p", "pop", 20_000.0, weight=1.0, delay=0.4, start=5.0, stop=150.0)
    )
    player, whole = CountPlayer(given), counts_of(given, 0, 2000)
    for step in (*range(60), 900, 30, 1502, 1503):
        left, arriving = step - 3, player.arriving(step)
        if 50 <= left < 1500:
            np.testing.assert_array_equal(arriving, whole[left])
        else:
            assert arriving is None


def test_written_out_events_are_the_counts() -> None:
    stimulus = PoissonCounts("p", "pop", 3_000.0, weight=0.5, delay=0.3)
    events, counts = written_out(stimulus), counts_of(counted(stimulus), 0, 1998)
    found = np.zeros((2000, 50), int)
    found[events.step, events.channel] = events.count
    np.testing.assert_array_equal(found, np.concatenate([np.zeros((2, 50), int), counts]))
    key = events.step * 50 + events.channel
    assert (np.diff(key) > 0).all()
    assert (events.count > 0).all()


def test_a_silent_stimulus_and_a_window_after_the_run() -> None:
    assert written_out(PoissonCounts("p", "pop", 0.0, weight=1.0)).step.size == 0
    assert written_out(PoissonCounts("p", "pop", 9e3, weight=1.0, start=500.0)).step.size == 0
    nobody = PoissonCounts("p", "pop", 9e3, neurons=np.zeros(0, np.int32), weight=1.0)
    assert written_out(nobody).step.size == 0


def test_counted_and_written_out_runs_are_the_same() -> None:
    pytest.importorskip("brian2")
    made = network(PoissonCounts("p", "pop", 20_000.0, weight=0.5), n=20)
    one = run(made, 100.0, backend="reference", dt=0.1, seed=3)
    other = run(made, 100.0, backend="brian2", dt=0.1, seed=3, target="numpy")
    assert one.spikes["pop"].step.size > 50
    assert one.spike_hash == other.spike_hash


def test_events_that_do_not_fit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Small:
        available = 10_000_000

    monkeypatch.setattr(psutil, "virtual_memory", Small)
    stimulus = PoissonCounts("p", "pop", 20_000.0, weight=1.0)
    with pytest.raises(NetworkError, match=r"would draw about 8.6e\+05 events.*as it goes"):
        written_out(stimulus, steps=20_000)
    counted(stimulus, steps=20_000)


def test_more_than_can_be_counted_is_refused() -> None:
    with pytest.raises(NetworkError, match=r"20,000 events in each step of 0\.1 ms"):
        counted(PoissonCounts("p", "pop", 2e8, weight=1.0))


def test_an_unround_window_and_delay_are_found() -> None:
    made = network(PoissonCounts("p", "pop", 1e4, weight=1.0, start=0.05, delay=0.26))
    codes = [f.code for f in lower_drive(made, 0.1, 100, 0, 0)[1]]
    assert codes == ["spike_time_rounding", "delay_rounding"]


def test_a_source_takes_no_counts() -> None:
    net = NetworkBuilder()
    net.population("input", 2, models.spike_source)
    net.add(PoissonCounts("p", "input", 10.0))
    with pytest.raises(NetworkError, match="use Poisson here"):
        net.build()


@pytest.mark.parametrize(
    ("rate", "message"),
    [(-1.0, ">= 0 Hz"), (np.nan, "finite"), (np.ones((2, 50)), "change in time need Poisson")],
)
def test_rates_that_are_none(rate: float | Sequence[float], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        PoissonCounts("p", "pop", rate)


def test_rates_for_another_number_of_neurons() -> None:
    with pytest.raises(NetworkError, match=r"rate has shape \(3,\) for 50 neurons"):
        network(PoissonCounts("p", "pop", np.ones(3), weight=1.0))


def test_it_is_saved_with_the_network(tmp_path) -> None:
    made = network(PoissonCounts("p", "pop", np.arange(50.0), weight=1.0, stop=3.0))
    save(made, tmp_path / "net")
    assert load(tmp_path / "net").id == made.id


def test_a_key_draws_what_its_name_draws() -> None:
    key = stream_key(3, "stimulus", "p", 1)
    assert key.dtype == np.uint32
    assert key.shape == (2,)
    np.testing.assert_array_equal(
        uniforms_of(key, np.arange(5), 2), uniforms(3, "stimulus", "p", 1, np.arange(5), 2)
    )
