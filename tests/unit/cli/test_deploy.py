"""``neurobridge deploy``: tables, JSON, report and bundle, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurobridge.deployment.chip_model import ChipModelRun
from neurobridge.io.native import save
from tests.requirements import require
from tests.unit.cli.calling import call
from tests.unit.deployment.networks import crowd, without_tools

__all__ = ["without_tools"]

Capture = pytest.CaptureFixture[str]
CELEGANS = ("deploy", "celegans", "--to", "spinnaker", "--duration", "50", "--dt", "0.5")
ALONE = pytest.mark.usefixtures("without_tools")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["celegans", "--to", "loihi"], "unknown target 'loihi'; known: spinnaker"),
        (["celegans", "--to", "spinnaker", "--set", "splt=2"], "did you mean 'split'?"),
        (["celegans", "--to", "spinnaker", "--set", "dt=1"], "unknown setting of a deployment"),
        (["celegans", "--to", "spinnaker", "--set", "machine=softboard"], "--chip-model runs"),
        (["celegans", "--to", "spinnaker", "--set", "password=abc"], "password or token"),
        (["celegans", "--to", "spinnaker", "--set", "version=4"], "expected 3 or 5, got 4"),
        (["celegans", "--to", "spinnaker", "--by", "roll"], "did you mean 'role'?"),
        (["celegans", "--to", "spinnaker", "--dt", "0.05"], "expected at least 0.1 ms, got 0.05"),
        (["celegans", "--to", "spinnaker", "--accept", "x"], "unknown approximation to accept"),
        (["celegan", "--to", "spinnaker"], "did you mean 'celegans'?"),
        (["celegans"], "Missing option '--to'"),
        (
            ["celegans", "--to", "spinnaker", "--dry-run", "--bundle", "new"],
            "--dry-run writes no bundle",
        ),
    ],
)
def test_mistakes_give_code_2_and_a_message(
    capfd: Capture, arguments: list[str], message: str
) -> None:
    called = call(capfd, "deploy", *arguments)
    assert called.code == 2
    assert message in called.err
    assert called.out == ""


def test_a_used_folder_is_refused_before_anything_is_run(capfd: Capture, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    called = call(capfd, *CELEGANS, "--bundle", tmp_path)
    assert called.code == 2
    assert "is not empty, it holds 'mine'; a bundle needs a new or an empty folder" in called.err
    assert "302 neurons" not in called.err


@pytest.mark.parametrize("option", ["--bundle", "--report"])
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_run(
    capfd: Capture, tmp_path: Path, option: str
) -> None:
    (tmp_path / "file").touch()
    called = call(capfd, *CELEGANS, option, tmp_path / "file" / "new")
    assert called.code == 2
    assert f"cannot be written: {tmp_path / 'file'} is a file" in called.err
    assert "302 neurons" not in called.err


@ALONE
def test_tables_in_the_order_of_the_questions(capfd: Capture) -> None:
    called = call(capfd, *CELEGANS, "--by", "role", "--dry-run")
    assert called.code == 0
    titles = [
        "One run, in float64 and on the twin", "Rates by role", "Scale of the weights",
        "Weights in 16 bits", "Weights by role", "Delays and parameters", "Machine", "Findings",
        "Evidence", "Next",
    ]  # fmt: skip
    places = [called.out.index(title) for title in titles]
    assert places == sorted(places)
    assert "--bundle FOLDER" in called.out


@ALONE
def test_without_a_wish_it_is_a_dry_run(capfd: Capture) -> None:
    plain, dry = call(capfd, *CELEGANS, "--json"), call(capfd, *CELEGANS, "--json", "--dry-run")
    assert plain.code == dry.code == 0
    assert plain.json["quantisation"] == dry.json["quantisation"]
    assert plain.json["bundle"] is None


@ALONE
def test_a_dry_run_shows_what_has_to_be_accepted(capfd: Capture) -> None:
    """dt = 0.3 ms does not divide delays and refractory periods."""
    arguments = ("deploy", "celegans", "--to", "spinnaker", "--duration", "30", "--dt", "0.3")
    codes = ["delay_rounding", "interval_rounding", "refractory_rounding"]
    called = call(capfd, *arguments, "--json", "--no-baseline")
    assert called.code == 2
    assert called.json["to_accept"] == codes
    assert called.json["comparison"]["baseline"] is None
    said = call(capfd, *arguments)
    assert said.code == 2
    assert ",".join(codes) in said.out.replace("\n", "")
    accepted = call(capfd, *arguments, "--json", "--accept", ",".join(codes))
    assert accepted.code == 0


@ALONE
def test_nothing_is_written_that_was_not_accepted(capfd: Capture, tmp_path: Path) -> None:
    folder = save(crowd(), tmp_path / "network")
    arguments = ("deploy", folder, "--to", "spinnaker", "--duration", "20", "--dt", "1")
    told = ("--set", "max_summed_input=cell.exc=3000")
    called = call(capfd, *arguments, *told, "--json", "--bundle", tmp_path / "new")
    assert called.code == 2
    assert called.json["to_accept"] == ["weights_rounded"]
    assert called.json["bundle"] is None
    assert not (tmp_path / "new").exists()


@ALONE
def test_a_report_and_its_command(capfd: Capture, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    settings = ("--set", "headroom=4", "--set", "split=never")
    called = call(capfd, *CELEGANS, *settings, "--by", "role", "--report", page)
    assert called.code == 0
    text = page.read_text()
    assert "celegans, for SpiNNaker" in text
    assert "--set headroom=4 --set split=never --by role" in text


@ALONE
@pytest.mark.parametrize("same", [True, False])
def test_a_chip_model_that_differs_gives_code_3(
    capfd: Capture, monkeypatch: pytest.MonkeyPatch, same: bool
) -> None:
    monkeypatch.setattr("neurobridge.deployment.plan.refuse_without_chip_model", lambda: None)
    monkeypatch.setattr(
        "neurobridge.deployment.job.run_chip_model",
        lambda *given, **more: ChipModelRun(7, same, None, 0.5),
    )
    called = call(capfd, *CELEGANS, "--chip-model", "--json")
    assert called.code == (0 if same else 3)
    (level,) = [e for e in called.json["evidence"] if e["level"] == "chip model"]
    assert level["result"] == f"7 spikes; {WORDS[same]}"


WORDS = {True: "every spike is the twin's", False: "DIFFERS from the twin"}


@pytest.mark.slow
def test_a_bundle(capfd: Capture, tmp_path: Path) -> None:
    require("spynnaker")
    folder = save(crowd(n=300), tmp_path / "network")
    new = tmp_path / "new"
    called = call(
        capfd, "deploy", folder, "--to", "spinnaker", "--duration", "80", "--dt", "1",
        "--bundle", new, "--json",
    )  # fmt: skip
    assert called.code == 0
    assert called.json["bundle"] == str(new)
    assert called.json["evidence"][0]["done"]
    written = {p.name for p in new.iterdir()}
    assert {"run.py", "check.py", "expected.npz", "manifest.json", "report.html"} <= written
    for name in ("quantisation.json", "mapping.json", "changes.json", "comparison.json"):
        assert name in written
