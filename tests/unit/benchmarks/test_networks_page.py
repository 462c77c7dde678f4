"""The page on standard networks shows both sides, and their rates beside those that are known."""

from __future__ import annotations

from benchmarks.networks_page import networks_page


def _side(build: float, run: float, **told):
    took = {"build_s": build, "run_s": run}
    told |= {"n": 12_500, "n_edges": 15_625_000, "n_spikes": 561_221}
    return {"min": took, "median": took, "peak_mb": 900.0, "runs": [{"told": told}]}


def test_both_sides_with_rates_and_the_goal():
    ours = _side(
        9.0, 10.0, hash="9afd", rates={"all": 37.376}, expected={"all": 37.95},
        within={"all": 0.76}, sources={"all": "theory"},
    )  # fmt: skip
    found = {
        "network": "brunel", "duration": 1200.0, "discard": 200.0, "repeats": 2, "load": 1.0,
        "sides": {"neurobridge": ours, "NEST": _side(20.0, 60.0, rates={"all": 38.9})},
        "machine": {"CPU": "2 cores", "memory": "24 GiB", "packages": "numpy 2.3, torch 2.13"},
    }  # fmt: skip
    text = networks_page({"networks-brunel": found, "other": {}})
    assert "12,500 neurons, 1200 ms (12,000 steps)" in text
    assert "| NEST | 15,625,000 | 20.0 | 60 | 60 | 6.0 (6.0) | 6 (met: at least 5) |" in text
    assert "| all | 38 ± 0.76 | 37.38 | 38.90 | agrees | theory |" in text
    assert networks_page({"other": {}}) == ""
