"""The part on SpiNNaker: times beside their targets, and never a word of a measured chip."""

from __future__ import annotations

from benchmarks.page import page
from benchmarks.spinnaker_page import spinnaker_page

STORED = {"machine": {"CPU": "2 cores", "memory": "24 GiB"}, "load": 1.0, "repeats": 3}


def took(phase: str, low: float, middle: float) -> dict:
    return {"min": {phase: low}, "median": {phase: middle}}


def test_times_are_beside_their_targets():
    twin = {
        **STORED, "duration": 1000.0, "n": 9729, "n_edges": 121218, "n_spikes": 5, "dt": 0.1,
        "took": took("run_s", 4.0, 200.0),
    }  # fmt: skip
    lowering = {
        **STORED, "n_edges": 2_309_610, "parts": 54, "total": 0.0021, "zeros": 0,
        "took": took("work_s", 2.25, 2.5),
    }  # fmt: skip
    text = page({"spinnaker-twin": twin, "spinnaker-lowering-2M": lowering})
    assert "steps of 0.1 ms) | 4.00 | 200 | at most 180: missed |" in text
    assert "0.21%, 0 zeros) | 2.25 | 2.50 | at most 5: met |" in text
    assert "No hardware was used" in text


def test_the_chip_model_takes_times_as_long():
    sides = {"twin": took("cpu_s", 0.2, 0.3), "chip model": took("cpu_s", 3.0, 3.0)}
    found = {**STORED, "n": 5000, "n_edges": 250_000, "steps": 100, "n_spikes": 7, "sides": sides}
    text = spinnaker_page({"spinnaker-chip-model": found})
    assert "| chip model | 3.00 | 3.00 | 10 | at least 5: met |" in text


def test_nothing_is_said_of_what_was_not_measured():
    assert spinnaker_page({"memory": STORED}) == ""
