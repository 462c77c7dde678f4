"""The page on the network with the size of a brain shows every side and says which goal is met."""

from __future__ import annotations

import numpy as np

from benchmarks.brain import _recording, _shared
from benchmarks.brain_page import brain_page
from benchmarks.table import goal

MACHINE = {
    "machine": {"CPU": "2 cores", "memory": "24 GiB", "packages": "numpy 2.3, scipy 1.17"},
    "load": 1.25, "repeats": 3, "versions": {"flycns": "0.7.0"}, "duration": 1000.0,
}  # fmt: skip


def _side(cpu: float, **more):
    times = {"cpu_s": cpu, "wall_s": 2 * cpu}
    return {
        "min": times, "median": times, "build_s": 3.0, "peak_mb": 812.3, "n_runs": 9,
        "n_spikes": 19_263, "hash": "ac35", "shared": 19_263, **more,
    }  # fmt: skip


def test_peers_are_set_beside_neurobridge():
    sides = {
        "neurobridge, native": _side(0.08),
        "Brian2, C++ standalone": _side(2.0),
        "flycns, NumPy": _side(3.2, n_spikes=19_000, hash="beef", shared=18_990),
    }
    text = brain_page(
        {"brain-sugar": {"n_spikes": 19_263, "hash": "ac35", "sides": sides} | MACHINE}
    )
    assert "138,639 leaky neurons" in text
    assert (
        "| Brian2, C++ standalone | 3.00 | 2 | 2 | 9 | 25.0 (25.0) | 25 (met: at least 20) |"
        in text
    )
    assert "40 (not met: at least 50) | 812 | 19,000 | 18,990 shared |" in text
    assert "0.08 (met: at most 0.1)" in text
    assert "Measured on 2 cores, 24 GiB, numpy 2.3, flycns 0.7.0; load 1.2 processes." in text


def test_the_choice_is_judged_by_the_better_way():
    sides = {"auto": _side(1.2), "event": _side(3.0), "dense": _side(1.0)}
    rows = {"background-5": {"n_spikes": 7, "hash": "ac35", "sides": sides}}
    text = brain_page({"brain-background": {"rows": rows} | MACHINE})
    assert (
        "| 3.000 | 1.000 | 1.200 | 1.2 (not met: at most 1.15) | 1.2 (met: at most 1.6) |" in text
    )


def test_two_threads_and_the_table_have_goals_of_their_own():
    threads = {"sides": {"1 thread": _side(1.0), "2 threads": _side(0.5)}, "n_spikes": 7} | MACHINE
    table = {
        "n_edges": 15_000_000, "cpu": {"load": 2.0}, "wall": {"load": 1.5}, "cpu_s": 6.5,
        "wall_s": 7.0, "peak_mb": 900.0,
    } | MACHINE  # fmt: skip
    text = brain_page({"brain-threads": threads, "brain-table": table})
    assert "Two threads are 2 (met: at least 1.6) times as fast." in text
    assert "| all | 6.5 (not met: at most 6) | 7.00 |" in text
    assert "Peak memory: 900 (met: at most 1,000) MB." in text


def test_shared_spikes_are_those_of_the_same_neuron_in_the_same_step(tmp_path):
    np.savez(tmp_path / "a.npz", step=[2, 1, 5], neuron=[7, 3, 3])
    np.savez(tmp_path / "b.npz", step=[1, 2, 6], neuron=[3, 7, 3])
    a, b = (_recording(tmp_path / f"{name}.npz") for name in "ab")
    assert (a.n_spikes, _shared(a, b)) == (3, 2)
    assert a.spike_hash != b.spike_hash
    np.savez(tmp_path / "c.npz", step=[5, 2, 1], neuron=[3, 7, 3])
    assert _recording(tmp_path / "c.npz").spike_hash == a.spike_hash


def test_goals_are_met_at_their_limit():
    assert goal(20.0, 20.0, at_least=True) == "20 (met: at least 20)"
    assert goal(0.1, 0.1) == "0.1 (met: at most 0.1)"
    assert goal(1234.5, 1000.0) == "1,234 (not met: at most 1,000)"
