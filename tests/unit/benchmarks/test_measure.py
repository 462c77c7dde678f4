"""What is measured of a process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.measure import ROOT, Measured, interleaved, python, summary
from benchmarks.side_by_side import _same_spikes

_SCRIPT = """
import json, sys, time
block = b"x" * (int(sys.argv[1]) * 2**20)
end = time.process_time() + float(sys.argv[2])
while time.process_time() < end:
    pass
json.dump({"phases": {"work_s": 1.0}}, open(sys.argv[3], "w"))
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(_SCRIPT, encoding="utf-8")
    return path


def _from_a_small_parent(script: Path, *arguments: str) -> Measured:
    """What is measured from a process of its own: the memory of pytest would count as well."""
    code = (
        "import dataclasses, json, sys; from benchmarks.measure import python;"
        "print(json.dumps(dataclasses.asdict(python(*sys.argv[1:]))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(script), *arguments],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return Measured(**json.loads(done.stdout))


def test_cpu_time_and_memory_are_those_of_the_process(script):
    small = _from_a_small_parent(script, "1", "0.0")
    large = _from_a_small_parent(script, "300", "0.5")
    assert large.cpu_s > 0.5  # that much is burnt
    assert small.peak_mb < 300 < large.peak_mb < 400
    assert large.told == {"phases": {"work_s": 1.0}}


def test_a_script_that_fails_says_why(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text("raise SystemExit('no such thing')", encoding="utf-8")
    with pytest.raises(RuntimeError, match="no such thing"):
        python(bad)


def test_rivals_take_turns(capsys):
    order = []

    def rival(name, cpu):
        def start():
            order.append(name)
            return Measured(cpu + len(order), 1.0, 100.0 - len(order), {"phases": {"run_s": cpu}})

        return start

    found = interleaved({"a": rival("a", 10.0), "b": rival("b", 20.0)}, repeats=3)
    assert order == ["a", "b", "a", "b", "a", "b"]
    assert found["a"]["min"]["cpu_s"] == 11.0
    assert found["a"]["median"]["cpu_s"] == 13.0
    assert found["b"]["min"]["run_s"] == 20.0
    assert found["b"]["peak_mb"] == 94.0
    assert "a: 11.00 s CPU" in capsys.readouterr().out


def test_a_summary_keeps_every_run():
    runs = [Measured(2.0, 3.0, 50.0, {}), Measured(1.0, 4.0, 60.0, {})]
    found = summary(runs)
    assert [r["cpu_s"] for r in found["runs"]] == [2.0, 1.0]
    assert found["min"] == {"cpu_s": 1.0, "wall_s": 3.0}


def test_spikes_are_compared_in_any_order(tmp_path):
    import numpy as np

    np.savez(tmp_path / "a.npz", step=[3, 1], neuron=[0, 5])
    np.savez(tmp_path / "b.npz", step=[1, 3], neuron=[5, 0])
    np.savez(tmp_path / "c.npz", step=[1, 4], neuron=[5, 0])
    assert _same_spikes(tmp_path / "a.npz", tmp_path / "b.npz") == 2
    with pytest.raises(AssertionError, match="spikes differ: 2 and 2"):
        _same_spikes(tmp_path / "a.npz", tmp_path / "c.npz")
