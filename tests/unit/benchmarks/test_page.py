"""The page is made of what was stored, and of nothing else."""

from __future__ import annotations

from benchmarks.page import page

MACHINE = {"machine": {"CPU": "2 cores"}, "load": 1.0, "repeats": 3}


def _side(cpu: float, peak: float) -> dict:
    numbers = {"cpu_s": cpu, "wall_s": cpu, "import_s": 0.5, "load_s": 0.5, "build_s": 1.0}
    numbers |= {"run_s": cpu - 2.0}
    return {"min": numbers, "median": numbers, "peak_mb": peak, "runs": []}


def test_a_comparison_shows_both_sides_and_the_ratio():
    found = {
        "title": "NEST", "n": 1000, "n_edges": 20_000, "duration": 100.0, "n_spikes": 42,
        "sides": {"native": _side(10.0, 900), "neurobridge": _side(12.0, 400)}, **MACHINE,
    }  # fmt: skip
    text = page({"nest-lif-2M": found})
    assert "NEST, 1,000 neurons, 20,000 edges, 100 ms, 42 spikes" in text
    assert "1.20 (missed: at most 1.10)" in text
    assert "- CPU: 2 cores" in text
    assert "## Memory" not in text


def test_memory_is_set_beside_its_targets():
    built = {
        "n_edges": 15_000_000, "bare_mb": 13.0, "array_mb": 92.0, "resident_mb": 281.4,
        "peak_mb": 763.0,
    }  # fmt: skip
    loaded = {"private_mb": 20.0, "mapped_mb": 92.0}
    text = page({"memory": {"built": built, "loaded": loaded, **MACHINE}})
    assert "## Memory of 15,000,000 edges" in text
    assert "| resident, built from an edge table | 281 | 300 |" in text
