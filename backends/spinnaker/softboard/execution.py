"""Starting programs, telling them how long to run, and running them."""

from __future__ import annotations

__all__ = ["load_programs", "run_steps", "set_run_time"]

import struct
from collections.abc import Sequence

from spynnaker.pyNN.data import SpynnakerDataView

from neurobridge.backends.spinnaker.softboard.aplx import read_image
from neurobridge.backends.spinnaker.softboard.board import Board
from neurobridge.backends.spinnaker.softboard.diagnosis import core_error
from neurobridge.backends.spinnaker.softboard.placed import Placed
from neurobridge.backends.spinnaker.softboard.state import State

_APPLICATION = 30
_CONTROL_PORT = 3
"""Port on which programs take orders (``SDP_PORTS.RUNNING_COMMAND_SDP_PORT``)."""
_NEW_RUN_TIME = 7
"""``SDP_RUNNING_MESSAGE_CODES.SDP_NEW_RUNTIME_ID_CODE``."""


def load_programs(board: Board, placed: Sequence[Placed]) -> None:
    """Start all programs; they read their data and wait.

    Raises
    ------
    ChipError
        A program died, or does not wait to be told how long to run.
    """
    for chip in board.chips.values():
        chip.memory.open_user_heap()
    for part in placed:
        path = SpynnakerDataView.get_executable_path(part.program.binary)
        part.core.load(read_image(path), _APPLICATION, part.program)
        if part.core.state != State.PAUSED:
            raise core_error(part.core, "it did not start")


def set_run_time(placed: Sequence[Placed], first: int, until: int) -> None:
    """Tell all programs to run from step ``first`` to before ``until``; they wait at a barrier."""
    for part in placed:
        core = part.core
        core.chip.send(
            core.p, _CONTROL_PORT, _NEW_RUN_TIME, (until, 0, first), struct.pack("<I", 0)
        )
        if core.state not in (State.SYNC0, State.SYNC1):
            raise core_error(core, "it did not get ready to run")


def run_steps(board: Board, placed: Sequence[Placed], first: int, until: int) -> None:
    """Let all programs through the barrier and run them; they stop by themselves at ``until``.

    A program at ``SYNC0`` waits until its flag is 0, at ``SYNC1`` until it is 1.
    """
    for part in placed:
        flags, bit = part.core.chip.system, 1 << part.core.p
        flags.flags = flags.flags & ~bit if part.core.state == State.SYNC0 else flags.flags | bit
    for part in placed:
        part.core.nudge()
        if part.core.state != State.RUNNING:
            raise core_error(part.core, "it did not start to run")
    cores = [part.core for part in placed]
    for step in range(first, until + 1):
        board.step(step, cores)
    for part in placed:
        if part.core.state != State.READY:
            raise core_error(part.core, f"it did not stop after step {until - 1}")
