"""Tables of training: ratios are the rival's time over ours, and targets are met or not."""

from __future__ import annotations

from benchmarks.page import page
from benchmarks.training_page import training_page

STORED = {
    "machine": {"CPU": "2 cores", "memory": "24 GiB", "packages": "torch 2, nestml 9"}, "load": 1.0,
    "repeats": 3, "device": "cpu",
}  # fmt: skip


def took(low: float, middle: float) -> dict[str, float]:
    return {"min": low, "median": middle}


def test_rates_say_how_many_times_as_long_the_rivals_took():
    sides = {"neurobridge": took(0.04, 0.05), "nn4n": took(0.05, 0.055)}
    sides["torch.nn.RNN"] = took(0.02, 0.02)
    text = page({"train-rates": {**STORED, "apart": 9e-7, "sides": sides}})
    assert "| nn4n | 50 | 55 | 1.25 | 1.10 | at least 1.15: met by one of both |" in text
    assert "| torch.nn.RNN | 20 | 20 | 0.50 | 0.40 | at least 0.95: missed |" in text
    assert "differ by 9e-07" in text
    assert "Measured on 2 cores, 24 GiB, torch 2; 3 repeats" in text


def test_spikes_are_per_time_step_and_a_gpu_is_named():
    sides = {
        "neurobridge": took(1.0, 1.0),
        "dense loop": took(9.0, 8.0),
        "snnTorch": took(7.0, 7.0),
    }
    found = {**STORED, "device": "cuda", "gpu": "some GPU", "steps": 500, "rate": 0.021}
    text = training_page({"train-spikes-cuda": {**found, "training": sides, "inference": sides}})
    assert "### A sparse spiking network, on some GPU" in text
    assert "2.1 % of the neurons" in text
    assert "|  | dense loop | 18 | 16 | 9.00 | 8.00 | at least 3.50: met |" in text
    assert "| inference | neurobridge | 2 | 2 |  |  |  |" in text


def test_a_brain_is_set_beside_the_memory_of_the_target():
    found = {
        **STORED, "n": 138_639, "n_edges": 5_000_000, "steps": 100, "batch": 2, "rate": 0.006,
        "checkpoint_every": 20, "step_s": 4.9, "first_s": 7.0, "peak_mb": 1946.2,
    }  # fmt: skip
    text = training_page({"train-brain": found})
    assert "| peak memory of the process, MB | 1,946 | at most 24,000 |" in text
    assert "a matrix of 77 GB" in text


def test_nothing_is_said_of_what_was_not_measured():
    assert training_page({"memory": STORED}) == ""
