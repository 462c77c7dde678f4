"""Settings, availability, errors, and what Brian2's global state looks like afterwards."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from neurobridge.backends.brian2 import Brian2Backend, availability, backend
from neurobridge.errors import BackendError, BackendUnavailableError
from neurobridge.lowering.program import Assignment
from tests.program_examples import (
    drive,
    lif_delta,
    lif_exp,
    one_stage,
    pathway,
    program,
    with_constants,
)
from tests.requirements import require

PROGRAM = program([lif_exp("n", 3)])


def test_asking_what_it_can_does_not_import_brian2() -> None:
    code = (
        "import sys; from neurobridge.backends.brian2 import Brian2Backend as B; b = B();"
        "b.capabilities(), b.availability(); assert 'brian2' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"target": "cpp"}, r"target.*expected one of.*got 'cpp'.*did you mean|target.*got 'cpp'"),
        ({"target": "cpp_standalone", "threads": 0}, "whole number of at least 1, got 0"),
        ({"target": "cpp_standalone", "threads": 1.5}, "whole number of at least 1, got 1.5"),
        ({"target": "numpy", "threads": 2}, "only target 'cpp_standalone' has it.*'numpy'"),
        ({"build_folder": "x"}, "only target 'cpp_standalone' and 'cuda_standalone' have it"),
    ],
)
def test_wrong_settings_say_what_is_expected(settings: dict[str, Any], message: str) -> None:
    findings = Brian2Backend().check(PROGRAM, settings)
    assert [f.severity for f in findings] == ["error"]
    with pytest.raises(BackendError, match=message):
        Brian2Backend().emit(PROGRAM, settings)


def test_no_compiler_is_an_error_only_where_one_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(availability.shutil, "which", lambda name: None)
    monkeypatch.delenv("CXX", raising=False)
    message = "'g\\+\\+' is not on the PATH.*apt install g\\+\\+ make.*set target='numpy'"
    for target in ("cython", "cpp_standalone"):
        with pytest.raises(BackendUnavailableError, match=message):
            Brian2Backend().emit(PROGRAM, {"target": target})
    (note,) = Brian2Backend().check(PROGRAM, {})
    assert (note.severity, note.code) == ("note", "brian2_numpy")
    assert backend._default_target() == "numpy"
    assert Brian2Backend().check(PROGRAM, {"target": "numpy"}) == []


def test_no_make_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(availability.shutil, "which", lambda name: name != "make" or None)
    with pytest.raises(BackendUnavailableError, match=r"needs make.*apt install make"):
        Brian2Backend().emit(PROGRAM, {"target": "cpp_standalone"})


def test_a_numpy_that_is_too_new_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"brian2": "2.9.0", "numpy": "2.4.1"}
    monkeypatch.setattr(availability, "version", versions.__getitem__)
    here = Brian2Backend().availability()
    assert not here.available
    assert here.reason.startswith("Brian2 2.9.0 does not work with numpy 2.4.1")
    assert here.install == 'pip install "numpy<2.4"'
    versions["numpy"] = "2.3.9"
    assert Brian2Backend().availability().available


def test_brian2_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise availability.PackageNotFoundError(name)

    monkeypatch.setattr(availability, "version", missing)
    fits = "2.10.1" if sys.version_info >= (3, 12) else "2.9.0"
    with pytest.raises(
        BackendUnavailableError, match=rf'not installed.*pip install "brian2=={fits}"'
    ):
        Brian2Backend().emit(PROGRAM, {})


def test_more_edges_than_brian2_can_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "MOST_EDGES", 1)
    edges = pathway("n", "n", "exc", [0, 1], [1, 0], [1.0, 1.0], 1, 3)
    (finding,) = Brian2Backend().check(program([lif_exp("n", 3)], [edges]), {"target": "numpy"})
    assert (finding.code, finding.severity) == ("too_many_edges", "error")


def test_nothing_is_left_behind_in_brian2() -> None:
    require("brian2")
    import signal

    import brian2
    from brian2.utils.logger import BrianLogger

    def state() -> tuple[Any, ...]:
        return (
            dict(brian2.prefs.prefs),
            brian2.get_device(),
            float(brian2.defaultclock.dt),
            BrianLogger.console_handler.level,
            sys.excepthook,
            signal.getsignal(signal.SIGINT),
        )

    brian2.defaultclock.dt = 0.5 * brian2.ms
    before = state()
    engine = Brian2Backend().emit(PROGRAM, {"target": "numpy"})
    assert state() == before
    engine.run(drive(10))
    assert state() == before
    brian2.defaultclock.dt = 0.1 * brian2.ms


def test_a_failure_in_brian2_is_ours_and_says_what_brian2_said() -> None:
    require("brian2")
    import brian2

    pop = lif_delta("n", 2)
    broken = replace(pop.code, stages=one_stage(Assignment("v", "v + no_such_name")))
    before = dict(brian2.prefs.prefs)
    with pytest.raises(BackendError, match=r"Brian2 failed while building.*no_such_name"):
        Brian2Backend().emit(program([replace(pop, code=broken)]), {"target": "numpy"})
    assert dict(brian2.prefs.prefs) == before


def test_constants_that_do_not_fit() -> None:
    require("brian2")
    pop = lif_exp("n", 3, v_thresh=np.array([-50.0, -51.0, -52.0]))
    engine = Brian2Backend().emit(program([pop]), {"target": "numpy"})
    with pytest.raises(BackendError, match=r"'v_reset'.*was built as one number for all neurons"):
        engine.set_population(with_constants(pop, v_reset=np.array([1.0, 2.0, 3.0])))
    engine.set_population(with_constants(pop, v_thresh=-49.0, v_reset=np.full(3, -60.0)))


def test_a_build_folder_in_use_is_refused(tmp_path: Path) -> None:
    require("brian2")
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(BackendError, match="is not empty; give a new folder"):
        Brian2Backend().emit(PROGRAM, {"target": "cpp_standalone", "build_folder": tmp_path})


def test_a_compiler_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require("brian2")
    compiler = tmp_path / "g++"
    compiler.write_text("#!/bin/sh\necho 'error: disk quota exceeded' >&2\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    folder = tmp_path / "build"
    with pytest.raises(BackendError, match=r"(?s)could not build.*compil.*target='numpy'"):
        Brian2Backend().emit(PROGRAM, {"target": "cpp_standalone", "build_folder": folder})


def test_a_model_without_a_name_can_be_exported(tmp_path: Path) -> None:
    require("brian2")
    pop = replace(lif_exp("n", 3), model=SimpleNamespace())  # type: ignore[arg-type]
    engine = Brian2Backend().emit(program([pop]), {"target": "numpy"})
    engine.export(tmp_path / "project", drive(10))
    assert "3 neurons" in (tmp_path / "project" / "README.md").read_text()
