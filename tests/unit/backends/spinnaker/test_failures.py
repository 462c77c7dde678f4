"""What a failing run is said to be."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from neurobridge.backends.spinnaker.child import start_python
from neurobridge.backends.spinnaker.failures import explain
from neurobridge.backends.spinnaker.machine import Machine
from neurobridge.errors import BackendError

TRACEBACK = """\
2026-01-01 10:00:00 INFO: Starting execution process
Traceback (most recent call last):
  File "run.py", line 40, in <module>
    main()
{error}

!WARNING: 3 log messages were generated at level WARNING or above.
"""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("spynnaker.pyNN.exceptions.SynapseRowTooBigException: too big", "more than 256 synapses"),
        ("spynnaker.pyNN.exceptions.DelayExtensionException: the max delay supported is 288",
         "a delay is longer"),
        ("ValueError: value 70000.0 cannot be converted to 16.15: out of range", "fixed-point"),
        ("ConfigurationException: Neither cfg spalloc_server or remote_spinnaker_url set",
         "told of no machine"),
        ("pacman.exceptions.PacmanPlaceException: no space", "too few cores or boards"),
        ("spinnman.exceptions.SpallocBoardUnavailableException: x", "too few cores or boards"),
        ("spinnman.exceptions.SpallocException: 401", "did not give a machine"),
        ("spinnman.exceptions.SpinnmanBootException: x", "the board did not answer"),
        ("OSError: [Errno 113] No route to host", "the board did not answer"),
        ("pacman.exceptions.MinimisationFailedError: x", "1,023 routing entries"),
        ("SpiNNManCoresNotInStateException: RUN_TIME_EXCEPTION", "stopped with an error"),
        ("ModuleNotFoundError: No module named 'pyNN'", "a package is missing"),
        ("KeyError: 'surprise'", "the run on SpiNNaker failed. It said:"),
    ],
)  # fmt: skip
def test_known_errors_in_plain_words(error: str, words: str) -> None:
    message = explain(1, "progress", TRACEBACK.format(error=error))
    assert words in message
    assert message.endswith(error)


def test_ended_by_a_signal() -> None:
    message = explain(-signal.SIGKILL, "", "Generating data specifications\n")
    assert "SIGKILL" in message
    assert "memory" in message
    assert message.endswith("Generating data specifications")


def test_a_child_that_fails(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text("import sys\nsys.exit('no such cell')\n")
    with pytest.raises(BackendError, match="no such cell"):
        start_python(["run.py"], tmp_path, Machine())


def test_a_child_has_a_home_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text("import pathlib\nprint(pathlib.Path.home())\n")
    machine = Machine(kind="board", host="10.0.0.1")
    assert start_python(["run.py"], tmp_path, machine) == str(tmp_path / "home")
    assert "10.0.0.1" in (tmp_path / "home" / ".spynnaker.cfg").read_text()
