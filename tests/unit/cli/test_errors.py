"""Errors of the command line: code 2 and a whole message for mistakes, 1 for crashes."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurobridge.cli import looking
from tests.unit.cli.calling import call
from tests.unit.experiment.files import line_of, write

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compare", "celegans", "--backends", "reference,nst"], "did you mean 'nest'?"),
        (["run", "celegan"], "unknown experiment 'celegan'; did you mean 'celegans'?"),
        (["run", "celegans", "--duration", "20 mV"], "duration: expected a quantity in ms, got"),
        (["run", "celegans", "--duration", "long"], "duration: 'long' is not a number with a unit"),
        (["run", "celegans", "--duration", "nan"], "duration: expected a time above 0 ms, got nan"),
        (["run", "celegans", "--duration=-5"], "duration: expected a time above 0 ms, got -5"),
        (["run", "celegans", "--dt", "0"], "dt: expected a time above 0 ms, got 0"),
        (["compare", "celegans", "--dt", "0"], "dt: expected a time above 0 ms, got 0"),
        (["run", "celegans", "--by", "roll"], "unknown label 'roll'; did you mean 'role'?"),
        (
            ["run", "celegans", "--backend", "nest", "--set", "threds=2"],
            "unknown setting of backend 'nest' 'threds'; did you mean 'threads'?",
        ),
        (["run", "celegans", "--set", "threads"], "--set 'threads': expected name=value"),
        (["connectome", "info", "celegan"], "unknown connectome 'celegan'; did you mean"),
        (
            ["connectome", "info", "celegans", "--set", "gaps=no"],
            "unknown option of source 'celegans' 'gaps'",
        ),
        (
            ["connectome", "select", "celegans", "rol == 'x'"],
            "unknown label 'rol'; did you mean 'role'?",
        ),
        (
            ["export", "celegans", "--backend", "reference", "--out", "nowhere"],
            "backend 'reference' has no standalone form",
        ),
        (
            ["run", "celegans", "--backend", "reference", "--dt", "0.3"],
            "accept=['delay_rounding', 'interval_rounding', 'refractory_rounding']",
        ),
        (["compar"], "No such command 'compar'"),
        (["run"], "Missing argument"),
    ],
)
def test_mistakes_give_code_2_and_a_message(
    capfd: Capture, arguments: list[str], message: str
) -> None:
    called = call(capfd, *arguments)
    assert called.code == 2
    assert message in called.err
    assert called.out == ""
    assert "Traceback" not in called.err


def test_a_typo_in_a_file(capfd: Capture, tmp_path: Path) -> None:
    path = write(tmp_path, run="run: {duration: 1, sed: 3}\n")
    called = call(capfd, "check", path)
    assert called.code == 2
    line = line_of(path, "sed")
    assert f"toy.yaml, line {line}: unknown key 'sed' in 'run'; did you mean 'seed'?" in called.err
    assert "--debug shows where it happened" in called.err


def test_debug_shows_the_traceback_wherever_it_stands(capfd: Capture, tmp_path: Path) -> None:
    path = write(tmp_path, run="run: {duration: 1, sed: 3}\n")
    for arguments in (["--debug", "check", path], ["check", path, "--debug"]):
        called = call(capfd, *arguments)
        assert called.code == 2
        assert "Traceback" in called.err
        assert "did you mean 'seed'?" in called.err


@pytest.mark.parametrize("simulator", ["brian2", "nest"])
def test_a_missing_simulator_is_named_with_the_command_that_installs_it(
    capfd: Capture, monkeypatch: pytest.MonkeyPatch, simulator: str
) -> None:
    from importlib.metadata import PackageNotFoundError

    from neurobridge.backends.brian2 import availability
    from neurobridge.backends.nest import backend

    def not_installed(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(availability, "version", not_installed)
    monkeypatch.setattr(backend, "find_spec", lambda name: None)
    install = {"brian2": availability.INSTALL, "nest": backend.INSTALL}[simulator]
    called = call(capfd, "compare", "celegans", "--backends", f"reference,{simulator}")
    assert called.code == 2
    assert "is not installed" in called.err
    assert install in called.err
    assert install.startswith("pip install ")
    listed = call(capfd, "backends", "--json").json
    entry = next(b for b in listed if b["name"] == simulator)
    assert (entry["available"], entry["install"]) == (False, install)


@pytest.mark.parametrize(
    "arguments",
    [("run", "celegans", "--backend", "reference", "--out"), ("compare", "celegans", "--report")],
)
def test_what_cannot_be_written_is_refused_before_anything_is_run(
    capfd: Capture, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "file").touch()
    called = call(capfd, *arguments, tmp_path / "file" / "new")
    assert called.code == 2
    assert f"cannot be written: {tmp_path / 'file'} is a file; choose another" in called.err
    assert "neurons" not in called.err


def test_a_folder_without_permission(
    capfd: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may write everywhere
    called = call(capfd, "compare", "celegans", "--report", tmp_path / "a" / "page.html")
    assert called.code == 2
    assert f"no permission to write to {tmp_path}" in called.err


def test_files_that_cannot_be_read_or_written_are_no_crash(
    capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden() -> None:
        raise PermissionError(13, "Permission denied", "/theirs/file")

    monkeypatch.setattr(looking, "list_backends", forbidden)
    called = call(capfd, "backends")
    assert called.code == 2
    assert "/theirs/file cannot be read or written: Permission denied" in called.err
    assert "fault" not in called.err


def test_check_refuses_names_of_approximations_that_there_are_not(capfd: Capture) -> None:
    options = ("celegans", "--backends", "reference", "--accept")
    called = call(capfd, "check", *options, "delay_roundng")
    assert called.code == 2
    assert "did you mean 'delay_rounding'?" in called.err
    assert call(capfd, "check", *options, "delay_rounding").code == 0


def test_a_crash_gives_code_1(capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(looking, "list_backends", broken)
    called = call(capfd, "backends")
    assert called.code == 1
    assert "ZeroDivisionError: division by zero" in called.err
    assert "This is a fault of neurobridge, not of yours" in called.err
