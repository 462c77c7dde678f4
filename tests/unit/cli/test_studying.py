"""``neurobridge study``: what it prints, its JSON, its exit codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from neurobridge.cli import studying
from neurobridge.errors import StudyError
from tests.requirements import require
from tests.unit.cli.calling import call
from tests.unit.study.toys import run_here, toy_study, write_study

Capture = pytest.CaptureFixture[str]


def test_a_study_is_run_summarised_and_drawn(capfd: Capture, tmp_path: Path) -> None:
    require("distributed")
    path, store = write_study(tmp_path), tmp_path / "store"
    called = call(capfd, "study", path, "--out", store, "--workers", 1, "--json")
    assert called.code == 0, called.err
    found = called.json
    assert (found["status"], found["trials"], found["done"], found["failed"]) == (
        "complete", 6, 6, 0,
    )  # fmt: skip
    first = found["summary"][0]
    assert first["stimuli.drive.rate"] == 100.0
    assert first["measure"] == "mean_rate"
    assert first["n"] == 3
    assert first["low"] < first["mean"] < first["high"]
    assert (
        "toy_study: 6 trials (1 networks, 1 backends, 2 points, 3 seeds and trials)" in called.err
    )
    assert (store / "study.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert run_here(toy_study(tmp_path), tmp_path / "here").table["mean_rate"].mean() == (
        pytest.approx(sum(s["mean"] for s in found["summary"][::2]) / 2)
    )
    again = call(capfd, "study", path, "--out", store, "--plot", tmp_path / "a.png", "--over",
                 "stimuli.drive.rate", "--measures", "cv")  # fmt: skip
    assert again.code == 0
    assert "6 of 6 trials" in again.out
    assert (tmp_path / "a.png").stat().st_size > 5000


def test_status_runs_nothing_and_failures_are_listed(capfd: Capture, tmp_path: Path) -> None:
    parameters = "parameters:\n  populations.neurons.t_ref: [2 ms, 2.05 ms]\n"
    path = write_study(tmp_path, parameters=parameters, seeds="seeds: 2\n")
    assert call(capfd, "study", path, "--out", tmp_path / "store", "--status").code == 2
    run_here(toy_study(tmp_path, parameters=parameters, seeds="seeds: 2\n"), tmp_path / "store")
    called = call(capfd, "study", path, "--out", tmp_path / "store", "--status")
    assert called.code == 1
    assert "2 of 4 trials, 2 failed" in called.out
    assert "refractory_rounding" in called.out
    assert "Traceback" in called.out


def test_after_ctrl_c_the_rest_is_for_the_next_time(
    capfd: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = toy_study(tmp_path)
    run_here(study, tmp_path / "store")

    def interrupted(*arguments: Any, **named: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(studying, "run_study", interrupted)
    called = call(capfd, "study", tmp_path / "study.yaml", "--out", tmp_path / "store", "--json")
    assert called.code == 130
    assert called.json["status"] == "interrupted"
    assert "6 of 6 trials are kept. The same command goes on" in called.err


def test_ctrl_c_before_there_is_a_store(
    capfd: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: Any, **named: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(studying, "run_study", interrupted)
    called = call(capfd, "study", write_study(tmp_path), "--out", tmp_path / "store")
    assert called.code == 130
    assert "interrupted before the first trial; nothing was begun" in called.err


def test_a_lost_cluster_is_said_with_code_2(
    capfd: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*arguments: Any, **named: Any) -> None:
        raise StudyError("the scheduler of the cluster is gone")

    monkeypatch.setattr(studying, "run_study", lost)
    called = call(capfd, "study", write_study(tmp_path), "--out", tmp_path / "store")
    assert called.code == 2
    assert "the scheduler of the cluster is gone" in called.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--workers", "0"], "--workers: expected at least 1, got 0"),
        (["--plot", "a.gif"], "--plot a.gif: expected a name that ends in .png, .svg, .pdf"),
        (["--measures", "cw"], "--measures 'cw': expected some of mean_rate, cv, spikes"),
        (["--over", "rate"], "--over 'rate': expected some of stimuli.drive.rate"),
    ],
)
def test_options_are_refused_before_anything_runs(
    capfd: Capture, tmp_path: Path, arguments: list[str], message: str
) -> None:
    called = call(capfd, "study", write_study(tmp_path), "--out", tmp_path / "s", *arguments)
    assert called.code == 2
    assert message in called.err
    assert not (tmp_path / "s").exists()


def test_a_study_that_is_not_there(capfd: Capture, tmp_path: Path) -> None:
    write_study(tmp_path)
    called = call(capfd, "study", tmp_path / "studdy.yaml")
    assert called.code == 2
    assert "did you mean 'study.yaml'?" in called.err
