"""neurobridge lyapunov train."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from neurobridge.analysis.lyapunov import workflows
from tests.requirements import require
from tests.unit.cli.calling import call

Capture = pytest.CaptureFixture[str]

RANDOM = ("--network", "random", "--n", "10", "--g", "0.8")
SHORT = ("--epochs", "2", "--windows", "2", "--window", "10", "--transient", "20", "--warm-up",
         "10", "--check-time", "60")  # fmt: skip


@pytest.fixture(autouse=True)
def _torch() -> None:
    require("torch")
    require("lightning")


def test_training_prints_what_it_says_beside_an_independent_run(
    capfd: Capture, tmp_path: Path
) -> None:
    called = call(
        capfd, "lyapunov", "train", *RANDOM, *SHORT, "--k", "2", "--target", "-0.1", "--parameter",
        "weights", "--parameter", "gains", "--number-weights", "5", "--out", tmp_path / "out",
    )  # fmt: skip
    assert called.code in (0, 3)
    for words in ("by training", "independent run", "15 parameters", "λ2", "distance of the"):
        assert words in called.out
    document = json.loads((tmp_path / "out" / "result.json").read_text())
    assert document["settings"]["numbers"] == {"weights": 5}
    assert document["settings"]["target"] == [-0.1]
    table = pd.read_parquet(tmp_path / "out" / "table.parquet")
    assert (called.code == 0) == bool(table["confirmed"].all())
    assert (tmp_path / "out" / "networks" / "seed-0" / "manifest.json").is_file()
    again = call(
        capfd, "lyapunov", "spectrum", "--network", tmp_path / "out" / "networks" / "seed-0",
        "--k", "1", "--time", "50", "--json",
    )  # fmt: skip
    assert again.json["size"] == 10


def test_training_as_json(capfd: Capture) -> None:
    called = call(capfd, "lyapunov", "train", *RANDOM, *SHORT, "--loss", "flossing", "--k", "1",
                  "--samples", "2", "--json", "--seed", "3")  # fmt: skip
    assert [s["k"] for s in called.json["spectra"]] == [1, 1]
    assert called.json["table"]["seed"] == [3, 4]
    assert called.json["settings"]["target"] == []


def test_ctrl_c_keeps_the_last_whole_epoch(
    capfd: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from neurobridge import training
    from neurobridge.training.fitting import fit

    def stopped(*arguments: Any, **options: Any) -> Any:
        return replace(fit(*arguments, **options), status="interrupted")

    monkeypatch.setattr(training, "fit", stopped, raising=False)
    called = call(capfd, "lyapunov", "train", *RANDOM, *SHORT, "--k", "1", "--samples", "3",
                  "--out", tmp_path / "out")  # fmt: skip
    assert called.code == 130
    assert pd.read_parquet(tmp_path / "out" / "table.parquet")["training"].tolist() == [
        "interrupted"
    ]
    assert json.loads((tmp_path / "out" / "result.json").read_text())["interrupted"]


@pytest.mark.parametrize("loss", ["kaplan_yorke", "entropy"])
def test_training_that_changed_nothing_is_no_success(capfd: Capture, loss: str) -> None:
    options = (*RANDOM, *SHORT, "--loss", loss, "--target", "2", "--k", "3")
    called = call(capfd, "lyapunov", "train", *options)
    assert called.code == 3
    said = " ".join(called.out.split())
    assert "training changed nothing: all exponents are negative, so the" in said
    assert "start from a chaotic network (larger --g), or use mse" in said
    assert "target NOT reached" in said
    assert "check the independent run confirms what training says" in said
    document = call(capfd, "lyapunov", "train", *options, "--json")
    assert document.code == 3
    assert document.json["status"] == ["unchanged"]
    assert "training changed nothing" in document.json["warning"]


def test_mistakes_are_found_before_networks_are_made(
    capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflows.Ensemble, "network", None)
    for arguments, message in (
        (("--epochs", "0"), "--epochs: expected a whole number >= 1, got 0"),
        (("--learning-rate", "0"), "--learning-rate: expected a positive number"),
        (("--clip", "-1"), "--clip: expected a positive number"),
        (("--check-time", "0"), "--check-time: expected a time above 0"),
        (("--optimiser", "lbfgs"), "unknown optimiser 'lbfgs'"),
        (("--loss", "mae"), "unknown loss"),
        (("--k", "0"), "k must be a whole number >= 1"),
        (("--number-weights", "3"), "(--parameter weights)"),
    ):
        called = call(capfd, "lyapunov", "train", *RANDOM, *SHORT, *arguments)
        assert called.code == 2
        assert message in called.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--loss", "kaplan_yorke"), "expected a target, got none"),
        (("--loss", "entropy"), "expected a target, got none"),
        (("--loss", "curve"), "expected two targets, or k of them, got none"),
        (("--loss", "entropy", "--target=-1"), "target must be finite and >= 0, for there is none"),
        (("--loss", "kaplan_yorke", "--target", "4", "--k", "3"), "target = 4 cannot be reached"),
        (("--loss", "mae"), "unknown loss on the spectrum 'mae'"),
        (("--parameter", "gain"), "unknown parameter to train 'gain'; did you mean 'gains'?"),
        (("--number-weights", "3"), "a number of weights is given, but gains, shifts are trained"),
        (("--target", "x"), "--target 'x': 'x' is no number"),
        (("--target", "0,1,2"), "targets"),
        (("--k", "11"), "11"),
        (("--threads", "2"), "networks are trained one after another"),
        (("--share-by", "nt"), "unknown label of population 'neurons' 'nt'"),
        (("--optimiser", "lbfgs"), "unknown optimiser 'lbfgs'"),
        (("--window", "0.5"), "window = 0.5 is shorter than the interval"),
    ],
)
def test_mistakes_give_code_2(capfd: Capture, arguments: tuple[str, ...], message: str) -> None:
    called = call(capfd, "lyapunov", "train", *RANDOM, *SHORT, *arguments)
    assert called.code == 2
    assert message in called.err
