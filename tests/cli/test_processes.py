"""The command as users start it: in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from neurobridge.io.recording_file import load_recording
from tests.requirements import require

ROOT = Path(__file__).resolve().parents[2]
NEUROBRIDGE = [sys.executable, "-m", "neurobridge"]


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*NEUROBRIDGE, *map(str, arguments)],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip


@pytest.mark.slow
def test_the_comparison_of_the_readme_as_typed() -> None:
    require("brian2")
    require("nest")
    process = start(
        *"compare celegans --backends reference,brian2,nest --duration 1000 --dt 0.1 --seed 1 "
        "--json".split()
    )
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    document = json.loads(out)
    assert document["identical"] is True
    assert document["reference"] == "reference"
    assert [b["name"] for b in document["backends"]] == ["reference", "brian2", "nest"]
    for backend in document["backends"]:
        assert backend["spikes"] == document["backends"][0]["spikes"] > 3000
        assert all(backend[key] > 0 for key in ("build_s", "run_s", "peak_mb"))


def test_the_demo_says_what_was_found_and_what_is_next(tmp_path: Path) -> None:
    require("nest")
    report = tmp_path / "reports" / "celegans.html"
    process = start("demo", "--backends", "reference,nest", "--duration", "200", "--report", report)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "identical: 2 of 2 backends, " in out
    assert str(report) in out.replace("\n", "")
    assert "neurobridge new worm.yaml" in out
    assert report.stat().st_size > 10_000


def test_an_interrupted_run_keeps_what_it_has(tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    process = start(
        "run", "celegans", "--backend", "reference", "--duration", "1e5", "--out", folder
    )
    _wait_for_worker(process)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "interrupted after " in out
    recording = load_recording(folder)
    assert recording.status == "incomplete"
    assert recording.n_spikes > 0


def test_an_interrupted_comparison_says_so() -> None:
    process = start(*"compare celegans --backends reference,nest --duration 1e5".split())
    _wait_for_worker(process)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "interrupted before there was anything to compare" in err
    assert out == ""


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from neurobridge.cli import main; main(['--help']); "
        "print({'numpy', 'pandas', 'pydantic', 'scipy', 'yaml'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"


def _wait_for_worker(process: subprocess.Popen[str], steps_s: float = 6.0) -> None:
    """Wait until the run has its own process, and has done some steps."""
    import psutil

    for _ in range(600):
        if any("worker" in " ".join(c.cmdline()) for c in psutil.Process(process.pid).children()):
            break
        time.sleep(0.1)
    time.sleep(steps_s)
