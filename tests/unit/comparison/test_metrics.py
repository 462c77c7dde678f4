"""Metrics between two runs, signals, distances, and the errors of runs that do not fit."""

from __future__ import annotations

import importlib.util
import json
import sys

import numpy as np
import pytest
from scipy import stats

from neurobridge.comparison.distances import SAMPLE, sampled_neurons, train_distances
from neurobridge.comparison.metrics import correlation, cosine, spike_metrics
from neurobridge.comparison.signals import signal_difference
from neurobridge.comparison.statistics import intervals
from neurobridge.errors import NetworkError
from tests.unit.comparison.synthetic import membrane, poisson, spikes


def test_by_hand():
    reference = spikes([(10, 0), (20, 0), (30, 1), (40, 2)])
    other = spikes([(10, 0), (21, 0), (30, 1)])
    m = spike_metrics(reference, other)
    assert not m.identical
    assert (m.reference_spikes, m.spikes) == (4, 3)
    assert m.count_difference == pytest.approx(-0.25)
    assert m.overlap == {0: 2 / 5, 1: 3 / 4, 2: 3 / 4}
    assert (m.lag.steps, m.lag.coincidences) == (0, 2)
    assert m.rate_correlation == pytest.approx(np.corrcoef([2, 1, 1, 0], [2, 1, 0, 0])[0, 1])
    assert m.rate_cosine == pytest.approx(5 / np.sqrt(6 * 5))
    assert m.divergence.step == 20
    assert m.distances is None


def test_identical_runs():
    run = poisson(50, 2_000, 0.002, seed=2)
    m = spike_metrics(run, run)
    assert m.identical
    assert m.divergence is None
    assert set(m.overlap.values()) == {1.0}
    assert (m.rate_correlation, m.count_difference, m.interval_ks) == (1.0, 0.0, 0.0)


def test_silence_is_identical_and_undefined():
    m = spike_metrics(spikes([]), spikes([]))
    assert m.identical
    assert set(m.overlap.values()) == {None}
    assert (m.rate_correlation, m.rate_cosine, m.lag, m.interval_ks) == (None,) * 4
    assert m.count_difference == 0.0
    assert spike_metrics(spikes([]), spikes([(1, 0)])).count_difference is None


def test_interval_ks_equals_scipy():
    a, b = poisson(30, 8_000, 0.003, seed=1), poisson(30, 8_000, 0.004, seed=2)
    expected = stats.ks_2samp(intervals(a)[0], intervals(b)[0]).statistic
    assert spike_metrics(a, b).interval_ks == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("a", "b", "r"),
    [([3, 3], [3, 3], 1.0), ([3, 3], [3, 4], None), ([5], [6], None), ([], [], None)],
)
def test_correlation_where_rates_do_not_vary(a, b, r):
    assert correlation(np.array(a, dtype=np.int64), np.array(b, dtype=np.int64)) == r


def test_cosine_of_nothing():
    assert cosine(np.zeros(3, dtype=np.int64), np.ones(3, dtype=np.int64)) is None


def test_metrics_as_json():
    m = spike_metrics(poisson(20, 1_000, 0.003, 1), poisson(20, 1_000, 0.003, 2))
    data = json.loads(json.dumps(m.to_dict()))
    assert set(data["overlap"]) == {"0", "1", "2"}
    assert data["divergence"]["step"] == m.divergence.step


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 5}, "expected the number of neurons of the reference, 4, got 5"),
        ({"dt": 0.2}, "expected the time step in ms of the reference, 0.1, got 0.2"),
        ({"n_steps": 90}, "expected the number of steps of the reference, 100, got 90"),
        ({"neurons": [0, 1]}, "the reference recorded 4 neurons, this run 2"),
    ],
)
def test_runs_that_do_not_fit(change, message):
    with pytest.raises(NetworkError, match=message):
        spike_metrics(spikes([(1, 0)]), spikes([(1, 0)], **change))


def test_sample_is_even_and_only_of_active_neurons():
    run = spikes([(1, n) for n in range(0, 200, 2)], size=200)
    chosen = sampled_neurons(run, run)
    assert chosen.size == SAMPLE
    assert (chosen % 2 == 0).all()
    assert (chosen[0], chosen[-1]) == (0, 198)


def test_distances_by_hand():
    pytest.importorskip("pyspike")
    pytest.importorskip("elephant")
    a = spikes([(1000, 3), (3000, 3)], size=9, n_steps=4000)
    b = spikes([(1000, 3), (3005, 3)], size=9, n_steps=4000)
    same, close = train_distances(a, a), train_distances(a, b)
    assert (same.neurons, same.isi, same.spike, same.tiling) == (1, 0.0, 0.0, 1.0)
    assert same.van_rossum == 0.0
    # one spike moved by 0.5 ms at tau = 10 ms: d^2 = 2 (1 - exp(-0.05)), in elephant's units
    assert close.van_rossum**2 == pytest.approx(2 * (1 - np.exp(-0.05)), rel=1e-6)
    assert close.tiling == pytest.approx(1.0)  # within the window of 1 ms
    assert 0 < close.isi < 0.01
    assert close.notes == ()


def test_distances_equal_direct_calls():
    pyspike = pytest.importorskip("pyspike")
    a, b = poisson(10, 5_000, 0.004, seed=1), poisson(10, 5_000, 0.004, seed=2)
    neurons = sampled_neurons(a, b)
    expected = [
        pyspike.isi_distance(*(pyspike.SpikeTrain(r.of(n), (0.0, 500.0)) for r in (a, b)))
        for n in neurons
    ]
    assert train_distances(a, b).isi == pytest.approx(np.mean(expected), rel=1e-12)


def test_distances_of_silence():
    found = train_distances(spikes([]), spikes([]))
    assert (found.neurons, found.isi, found.tiling) == (0, None, None)


def test_missing_library_is_noted(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    run = poisson(5, 1_000, 0.005, seed=1)
    found = train_distances(run, run)
    assert (found.isi, found.spike, found.tiling, found.van_rossum) == (None,) * 4
    assert "elephant is not installed: pip install 'neurobridge-sim[analysis]'" in found.notes
    assert len(found.notes) == 2


def test_a_library_that_cannot_be_imported_is_noted(monkeypatch, tmp_path):
    pytest.importorskip("pyspike")
    broken = tmp_path / "elephant"
    broken.mkdir()
    text = "raise RuntimeError('cannot load MPI library\\nlibmpi.so: no such file')\n"
    (broken / "__init__.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [m for m in sys.modules if m.partition(".")[0] == "elephant"]:
        monkeypatch.delitem(sys.modules, name)
    run = poisson(5, 1_000, 0.005, seed=1)
    found = train_distances(run, run)
    assert (found.isi, found.tiling, found.van_rossum) == (0.0, None, None)
    assert found.notes == ("elephant cannot be imported: RuntimeError: cannot load MPI library",)


def test_signal_difference_by_hand():
    a = membrane([[-60.0, -50.0], [-59.0, -51.0]], neurons=(4, 9))
    b = membrane([[-60.0, -50.0], [-59.0, -51.5]], neurons=(4, 9))
    found = signal_difference("v", a, b)
    assert (found.max_abs, found.neuron, found.step, found.samples) == (0.5, 9, 2, 4)
    assert signal_difference("v", a, a).max_abs == 0.0
    assert signal_difference("v", a, a).neuron is None


def test_signal_with_nan_on_one_side_is_infinitely_far():
    a, b = membrane([[np.nan], [1.0]]), membrane([[np.nan], [np.nan]])
    assert signal_difference("v", a, a).max_abs == 0.0
    found = signal_difference("v", a, b)
    assert found.max_abs == np.inf
    assert found.to_dict()["max_abs"] is None


def test_signals_of_other_neurons_or_steps():
    a = membrane([[1.0], [2.0]], neurons=(0,))
    with pytest.raises(
        NetworkError, match="probe 'v' sampled 1 neurons in the reference and 1 here"
    ):
        signal_difference("v", a, membrane([[1.0], [2.0]], neurons=(1,)))
    with pytest.raises(NetworkError, match="sampled other steps than in the reference"):
        signal_difference("v", a, type(a)(**{**vars(a), "step": a.step + 1}))
