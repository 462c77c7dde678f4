"""A study that is killed again and again gives the store of one that nobody disturbed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from neurobridge.study.store import FAILURES, RESULTS
from tests.requirements import require
from tests.unit.study.toys import run_here, toy_study

SECTIONS = {
    "run": "run: {duration: 250 ms}\n",
    "parameters": "parameters:\n  populations.neurons.tau_m: {from: 5, to: 40, steps: 8}\n",
    "seeds": "seeds: 4\n",
    "measures": 'measures: [mean_rate, cv, synchrony, "rates:role", "mean:v"]\nspikes: true\n',
}
PATIENCE_S = 180


def done(store: Path) -> int:
    return len(list(store.glob("trials/*/*.json")))


@dataclass
class Command:
    """A process, and the file that it writes to."""

    process: subprocess.Popen[bytes]
    output: Path

    @property
    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)

    def code(self) -> int:
        return self.process.wait(timeout=PATIENCE_S)


@contextmanager
def started(output: Path, *arguments: object) -> Iterator[Command]:
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *map(str, arguments)],
            stdout=file, stderr=subprocess.STDOUT, env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
    try:
        yield Command(process, output)
    finally:
        process.kill()
        process.wait()


def wait_for(store: Path, number: int, command: Command) -> None:
    """Until so many trials are finished."""
    end = time.monotonic() + PATIENCE_S
    while done(store) < number:
        assert command.process.poll() is None, command.said
        assert time.monotonic() < end, f"only {done(store)} trials after {PATIENCE_S} s"
        time.sleep(0.02)


def workers_of(command: Command) -> list[psutil.Process]:
    return [p for p in psutil.Process(command.process.pid).children(recursive=True)
            if "spawn_main" in " ".join(p.cmdline())]  # fmt: skip


@pytest.mark.slow
def test_killed_worker_scheduler_and_process(tmp_path: Path) -> None:
    require("distributed")
    calm, wild = tmp_path / "calm", tmp_path / "wild"
    study = toy_study(tmp_path, **SECTIONS)
    total = len(study.trials())
    command = ("neurobridge", "study", tmp_path / "study.yaml", "--out", wild)

    with started(tmp_path / "1.txt", *command, "--workers", 2) as first:
        wait_for(wild, 2, first)
        workers_of(first)[0].send_signal(signal.SIGKILL)
        wait_for(wild, 6, first)
        first.kill()
    assert 6 <= done(wild) < total

    port = 20000 + os.getpid() % 20000
    address = f"tcp://127.0.0.1:{port}"
    with (tmp_path / "study.yaml").open("a", encoding="utf-8") as file:
        file.write(f"cluster: {{kind: address, address: '{address}'}}\n")
    dask = "distributed.cli.dask_"
    with (
        started(tmp_path / "s.txt", f"{dask}scheduler", "--port", port, "--no-dashboard") as boss,
        started(tmp_path / "w.txt", f"{dask}worker", address, "--nthreads", 1, "--no-dashboard",
                "--no-nanny", "--local-directory", tmp_path / "scratch"),
        started(tmp_path / "2.txt", *command) as second,
    ):  # fmt: skip
        before = done(wild)
        wait_for(wild, before + 3, second)
        boss.kill()
        assert second.code() == 2, second.said
        assert "the scheduler of the cluster is gone" in second.said
    assert before + 3 <= done(wild) < total
    partial = (wild / RESULTS).read_bytes()

    with started(tmp_path / "3.txt", *command, "--workers", 1) as third:
        assert third.code() == 0, third.said
    assert f"{total} of {total} trials" in third.said

    result = run_here(study, calm)
    assert result.complete
    assert (wild / RESULTS).read_bytes() == (calm / RESULTS).read_bytes() != partial
    assert (wild / FAILURES).read_bytes() == (calm / FAILURES).read_bytes()
    for name in ("trials/*/*.json", "spikes/*.parquet"):
        there = {p.relative_to(calm) for p in calm.glob(name)}
        assert {p.relative_to(wild) for p in wild.glob(name)} == there
    for path in calm.glob("spikes/*.parquet"):
        assert (wild / "spikes" / path.name).read_bytes() == path.read_bytes()
    assert not list(wild.glob("**/*.part"))
