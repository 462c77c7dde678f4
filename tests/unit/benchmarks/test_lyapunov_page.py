"""Tables of Lyapunov spectra: rivals beside neurobridge, targets, and what is not installed."""

from __future__ import annotations

from benchmarks.lyapunov_page import lyapunov_page
from benchmarks.page import page

STORED = {
    "machine": {"CPU": "2 cores", "memory": "24 GiB", "packages": "numpy 2, nestml 9"}, "load": 1.0,
    "repeats": 3,
}  # fmt: skip


def side(low: float, middle: float, version: str = "") -> dict:
    numbers = {"min": low, "median": middle, "max": 2 * middle, "fixed_s": 0.002, "first_s": 1.2}
    return {**numbers, "apart": 3e-15, "version": version, "runs": []}


def test_a_rival_is_set_beside_each_of_ours_and_its_targets():
    sides = {"neurobridge": side(1.0, 1.0), "neurobridge, float32 tangents": side(0.5, 0.5)}
    sides["lyapax"] = side(1.1, 1.0, "0.3.0")
    targets = [["lyapax", "neurobridge", 1.05], ["lyapax", "neurobridge, float32 tangents", 1.5]]
    group = {"n": 200, "k": 200, "sides": sides, "targets": targets}
    text = page({"lyapunov-lyapax": {**STORED, "groups": [group]}})
    expected = "1.10 (1.00); 2.20 (2.00) | at least 1.05: met by one of both; at least 1.50: met"
    assert f"|  | lyapax 0.3.0 | 1.1 | 1 | 2 | 2 | 1.2 | 3e-15 | {expected} |" in text
    assert "| all 200 | neurobridge | 1 | 1 | 2 | 2 | 1.2 | 3e-15 |  |  |" in text
    assert "Measured on 2 cores, 24 GiB, numpy 2; 3 repeats" in text


def test_of_ours_the_slower_one_is_measured_by_the_faster():
    sides = {"neurobridge": side(1.0, 1.0), "neurobridge, dense": side(11.0, 11.0)}
    targets = [["neurobridge, dense", "neurobridge", 12.0]]
    group = {"n": 1000, "k": 20, "sides": sides, "targets": targets}
    text = lyapunov_page({"lyapunov-sparse": {**STORED, "groups": [group]}})
    assert "| 20 of 1,000 | neurobridge | 1 |" in text
    assert "| 11.00 (11.00) | at least 12.00: missed |" in text


def test_what_is_not_installed_is_said():
    sides = {"neurobridge": side(1.0, 1.0), "clvlib": {"missing": "clvlib: not installed"}}
    targets = [["clvlib", "neurobridge", 3.5]]
    group = {"n": 100, "k": 1, "sides": sides, "targets": targets}
    text = lyapunov_page({"lyapunov-defaults": {**STORED, "groups": [group]}})
    assert "| the leading one of 100 | neurobridge |" in text
    assert "|  | clvlib | not installed |" in text


def test_many_networks_are_measured_by_one():
    sides = {
        "one network": {"min": 1.0, "median": 1.0, "cpu": 1.0},
        "16 networks, one thread": {"min": 16.0, "median": 16.0, "cpu": 16.0},
        "16 networks, 2 threads": {"min": 9.0, "median": 11.0, "cpu": 17.0},
    }
    found = {**STORED, "n": 200, "steps": 300, "sides": sides}
    text = lyapunov_page({"lyapunov-networks": found})
    told = "9.00 (11.00) | 17.00 | at most 10: met by one of both"
    assert f"| 16 networks, 2 threads | 9 | 11 | 17 | {told} |" in text
    assert "| 16 networks, one thread | 16 | 16 | 16 | 16.00 (16.00) | 16.00 | - |" in text


def test_a_gpu_is_set_beside_one_core():
    sides = {
        "one core": {"min": 3000.0, "median": 3300.0},
        "some GPU": {"min": 10.0, "median": 11.0},
    }
    found = {**STORED, "n": 2000, "steps": 5000, "cores": 16, "apart": 2e-12, "sides": sides}
    text = lyapunov_page({"lyapunov-device-cuda": found})
    assert "### All exponents of 2,000 neurons, on a GPU" in text
    assert "| some GPU | 10 | 11 | 300.0 (300.0) |" in text


def test_nothing_is_said_of_what_was_not_measured():
    assert lyapunov_page({"memory": STORED}) == ""
