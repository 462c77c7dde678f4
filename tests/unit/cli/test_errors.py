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


def test_a_crash_gives_code_1(capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(looking, "list_backends", broken)
    called = call(capfd, "backends")
    assert called.code == 1
    assert "ZeroDivisionError: division by zero" in called.err
    assert "This is a fault of neurobridge, not of yours" in called.err
