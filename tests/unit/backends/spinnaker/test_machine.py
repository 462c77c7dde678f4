"""Machines: settings, what is said before a run, and whether somebody answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurobridge as nb
from neurobridge import NetworkBuilder, models
from neurobridge.backends.spinnaker import backend as backend_module
from neurobridge.backends.spinnaker import reachability
from neurobridge.backends.spinnaker.backend import SpinnakerBackend
from neurobridge.backends.spinnaker.machine import Machine, cfg_text, machine_settings
from neurobridge.backends.spinnaker.reachability import SILENT, board_problem, server_problem
from neurobridge.backends.spinnaker.user_cfg import cfg_finding
from neurobridge.errors import BackendUnavailableError
from neurobridge.lowering.finding import Finding
from tests.requirements import require

BOARD = "127.0.0.1"


def network(size: int = 10) -> nb.Network:
    b = NetworkBuilder()
    b.population("input", size, models.spike_source)
    b.population("cell", size, models.lif_exp)
    pairs = np.stack([np.arange(size), np.arange(size)], axis=1)
    b.connect("way", "input", "cell", pairs, weight=1.0, delay=1.0)
    return b.build()


def error(dt: float = 1.0, size: int = 10, **settings: Any) -> Finding:
    """The one error of a check."""
    (finding,) = (
        f for f in nb.check(network(size), "spinnaker", dt=dt, **settings) if f.severity == "error"
    )
    return finding


# ---- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"machine": "bord"}, "did you mean 'board'"),
        ({"machine": "board"}, "machine='board' needs it"),
        ({"machine": "spalloc"}, "machine='spalloc' needs it"),
        ({"host": "192.168.240.1"}, "it is for machine='board', and the machine is 'softboard'"),
        ({"machine": "board", "host": "two words"}, "expected an address"),
        ({"machine": "spalloc", "server": "https://me:secret@a.b/c"}, "are refused here"),
        ({"version": 4}, "expected 3 or 5, got 4"),
        ({"version": 3, "boards": 2}, "stands alone, got boards=2"),
        ({"boards": 0}, "at least 1, got 0"),
        ({"time_scale_factor": 1.5}, "at least 1, got 1.5"),
        ({"boot": "yes"}, "true or false, got 'yes'"),
        ({"part_size": 0}, "at least 1, got 0"),
    ],
)
def test_wrong_settings(settings: dict[str, Any], words: str) -> None:
    require("spynnaker")
    finding = error(**settings)
    assert finding.where.startswith("setting")
    assert words in finding.why
    assert "secret" not in str(finding)


def test_time_scale_factors() -> None:
    assert [Machine().scale(dt) for dt in (2.0, 1.0, 0.5, 0.3, 0.1)] == [1, 1, 2, 4, 10]
    assert Machine(time_scale_factor=3).scale(0.1) == 3


def test_what_is_written_for_each_machine() -> None:
    board, _ = machine_settings({"machine": "board", "host": "10.0.0.1", "version": 3})
    assert board.boards == 1
    assert "machine_name = 10.0.0.1\n" in cfg_text(board)
    assert "version = 3\n" in cfg_text(board)
    server, _ = machine_settings({"machine": "spalloc", "server": "https://a.b/spalloc/"})
    assert "spalloc_server = https://a.b/spalloc/\n" in cfg_text(server, "me")
    assert "me" not in cfg_text(server, "me").split()
    old, _ = machine_settings({"machine": "spalloc", "server": "a.b"})
    assert "spalloc_user = me\n" in cfg_text(old, "me")
    assert "virtual_board = True\n" in cfg_text(Machine())


def test_a_step_that_is_not_whole_microseconds() -> None:
    require("spynnaker")
    assert error(dt=0.12345).code == "dt_not_microseconds"


# ---- what is there -------------------------------------------------------------------------------


def test_a_missing_sPyNNaker(monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: N802
    known = {"pyNN": object()}
    monkeypatch.setattr(backend_module, "find_spec", known.get)
    here = SpinnakerBackend().availability()
    assert (here.available, here.reason) == (False, "spynnaker is not installed")
    codes = {f.code for f in nb.check(network(), "spinnaker", dt=1.0) if f.severity == "error"}
    assert codes == {"backend_unavailable", "chip_model_missing"}
    with pytest.raises(BackendUnavailableError, match=r"neurobridge-sim\[spinnaker\]"):
        SpinnakerBackend().emit(None, {})  # type: ignore[arg-type]


def test_another_version_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_module, "find_spec", lambda _: object())
    monkeypatch.setattr(backend_module, "version", lambda _: "1!8.0.0")
    codes = [f.code for f in nb.check(network(), "spinnaker", dt=1.0)]
    assert "spynnaker_version" in codes


def test_too_few_cores() -> None:
    require("spynnaker")
    finding = error(size=16_000, machine="virtual", version=3)
    assert finding.code == "too_few_cores"
    assert "about 126 cores, and there are 63" in finding.why
    assert not [
        f
        for f in nb.check(network(16_000), "spinnaker", dt=1.0, machine="virtual")
        if f.severity == "error"
    ]


# ---- who answers ---------------------------------------------------------------------------------


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """A socket that answers like a board that runs; what it was asked is in the list."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.bind((BOARD, 0))
        monkeypatch.setattr(reachability, "SCP_PORT", channel.getsockname()[1])

        def answer() -> None:
            message, sender = channel.recvfrom(512)
            asked.append(message)
            channel.sendto(b"\0" * 26, sender)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield asked
        thread.join(timeout=5)


def test_a_board_that_answers(board: list[bytes]) -> None:
    require("spynnaker")
    from spinnman.messages.scp.impl import GetVersion

    assert board_problem(BOARD) == ""
    request = GetVersion(0, 0, 0)
    request.scp_request_header.sequence = 0
    header = request.sdp_header
    header.tag, header.source_port, header.source_cpu = 0xFF, 7, 31
    header.source_chip_x = header.source_chip_y = 0
    assert board == [b"\0\0" + request.bytestring]


def test_a_board_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    require("spynnaker")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.bind((BOARD, 0))
        monkeypatch.setattr(reachability, "SCP_PORT", channel.getsockname()[1])
        assert board_problem(BOARD, seconds=0.1) == SILENT
        monkeypatch.setattr(reachability, "board_problem", lambda host: SILENT)
        assert error(machine="board", host=BOARD).code == "board_silent"
        found = nb.check(network(), "spinnaker", dt=1.0, machine="board", host=BOARD, boot=True)
        assert not [f for f in found if f.severity == "error"]


def test_nobody_at_an_address() -> None:
    require("spynnaker")
    finding = error(machine="board", host=BOARD)
    assert finding.code == "board_unreachable"
    assert "not a SpiNNaker board" in finding.why
    assert board_problem("no.such.host.invalid") == "there is no such address"


def test_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    require("spynnaker")
    with socket.create_server((BOARD, 0)) as server:
        port = server.getsockname()[1]
        assert server_problem(f"http://{BOARD}:{port}/spalloc/") == ""
        assert server_problem(f"{BOARD}:{port}") == ""
    assert "cannot be reached" in server_problem(f"http://{BOARD}:{port}/")
    assert server_problem("http://a:b/") == "its port is not a number"
    assert server_problem("http:///x") == "there is no name of a machine in it"
    for name in ("SPALLOC_USER", "SPALLOC_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    found = nb.check(
        network(), "spinnaker", dt=1.0, machine="spalloc", server=f"http://{BOARD}:{port}/"
    )
    errors = {f.code: f.why for f in found if f.severity == "error"}
    assert set(errors) == {"spalloc_credentials", "server_unreachable"}
    assert (
        "SPALLOC_USER and SPALLOC_PASSWORD not in the environment" in errors["spalloc_credentials"]
    )


# ---- the user's own settings ---------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, which is also the current one's neighbour."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(here)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "there is no such file"),
        ("no section\n", "it cannot be read"),
        ("[Machine]\nversion = 5\n", "it names no machine"),
        ("[Machine]\nmachine_name = None\n", "it names no machine"),
        ("[Mode]\nmode = Info\n", "it names no machine"),
        ("[Machine]\nvirtual_board = True\n", "computes nothing"),
        (f"[Machine]\nmachine_name = {BOARD}\nversion = 5\n", "not a SpiNNaker board"),
        ("[Machine]\nspalloc_server = https://me:pw@localhost:1/\n", "cannot be reached"),
    ],
)
def test_a_wrong_cfg(home: Path, text: str | None, words: str) -> None:
    require("spynnaker")
    if text is not None:
        (home / ".spynnaker.cfg").write_text(text)
    finding = error(machine="cfg")
    assert finding.code == "spinnaker_cfg"
    assert words in finding.why
    assert "pw" not in str(finding)


def test_a_cfg_of_the_folder_comes_on_top(home: Path) -> None:
    (home / ".spynnaker.cfg").write_text("[Machine]\nversion = 5\n")
    with socket.create_server((BOARD, 0)) as server:
        port = server.getsockname()[1]
        text = f"[Machine]\nspalloc_server = http://{BOARD}:{port}/\n"
        (home / "here" / "spynnaker.cfg").write_text(text)
        assert cfg_finding() is None


def test_nothing_heavy_is_loaded_to_ask() -> None:
    assert find_spec("neurobridge.backends.spinnaker") is not None
    settings = SpinnakerBackend().capabilities().settings
    assert {"machine", "host", "server", "split", "part_size"} <= set(settings)
