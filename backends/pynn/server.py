"""Server: the process that holds a simulator, as seen from here. Each simulator has one."""

from __future__ import annotations

__all__ = ["Server", "server_of"]

import atexit
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import neurobridge
from neurobridge.backends.pynn.job import Job, Outcome
from neurobridge.backends.pynn.mechanisms import compiled_mechanisms
from neurobridge.backends.pynn.simulators import Simulator
from neurobridge.errors import BackendError

_SERVERS: dict[tuple[int, str], Server] = {}
_LOCK = threading.Lock()

LOST = "queue is full"
"""What PyNN's alpha synapses print when they lose an event."""


def server_of(simulator: Simulator) -> Server:
    """The process of a simulator; started (1 to 2 s) if there is none."""
    key = os.getpid(), simulator.module
    with _LOCK:
        if key not in _SERVERS or not _SERVERS[key].alive:
            _SERVERS[key] = Server(simulator)
            atexit.register(_SERVERS[key].close)
        return _SERVERS[key]


class Server:
    """A process that has loaded a simulator of PyNN; it ends when this one does.

    Raises
    ------
    BackendError
        If the simulator cannot be loaded.
    """

    def __init__(self, simulator: Simulator) -> None:
        self.simulator, self._owner = simulator, os.getpid()
        mechanisms = str(compiled_mechanisms()) if simulator.fixed_step else ""
        self._log = tempfile.TemporaryFile("a+b")  # noqa: SIM115 - open as long as the process
        self._connection, theirs = Pipe()
        self._process = _start(simulator, theirs, mechanisms, self._log)
        theirs.close()
        self._lock, self._stopping = threading.Lock(), False
        try:
            self._receive()
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether the process is there and this side can speak to it."""
        return self._process.poll() is None and not self._connection.closed

    def run(self, job: Job, progress: Callable[[int], None] | None = None) -> Outcome:
        """Run a job; Ctrl-C ends it early, and what was recorded until then is returned.

        Raises
        ------
        BackendError
            With what the simulator said.
        """
        with self._lock:
            self._log.truncate(0)
            self._send(job)
            outcome = self._wait(progress)
            self._refuse_losses()
            return outcome

    def close(self) -> None:
        """End the process. A process that was forked from this one leaves it alone."""
        if self._owner == os.getpid():
            self._connection.close()
            self._process.wait()
            self._log.close()

    def _wait(self, progress: Callable[[int], None] | None) -> Outcome:
        self._stopping = False
        while True:
            self._heeding_interrupts(lambda: self._connection.poll(None))
            kind, answer = self._receive()
            if kind == "outcome":
                assert isinstance(answer, Outcome)
                return answer
            if progress is not None:
                self._heeding_interrupts(partial(progress, answer))

    def _heeding_interrupts(self, call: Callable[[], object]) -> None:
        """Ctrl-C asks the simulator to stop; the second one does not wait for it."""
        try:
            call()
        except KeyboardInterrupt:
            if self._stopping:
                self._end()
                raise
            self._stopping = True
            self._send("stop")

    def _send(self, what: object) -> None:
        try:
            self._connection.send(what)
        except OSError as err:
            raise self._lost() from err

    def _receive(self) -> tuple[str, Any]:
        try:
            kind, answer = self._connection.recv()
        except (EOFError, OSError) as err:
            raise self._lost() from err
        except KeyboardInterrupt:  # half an answer was read; the rest of it means nothing
            self._end()
            raise
        if kind in ("failed", "died"):
            text = answer if kind == "failed" else f"its process ended with {answer}"
            raise BackendError(f"{self._who} failed: {text}\n{self._said()}")
        return kind, answer

    def _lost(self) -> BackendError:
        self._end()
        return BackendError(f"{self._who} ended unexpectedly:\n{self._said()}")

    def _refuse_losses(self) -> None:
        if LOST in self._said():
            raise BackendError(
                f"{self._who} lost events: its alpha synapses hold 1000 events of the last 20 time "
                "constants for each neuron and receptor. Use fewer or slower inputs, or run the "
                "network on brian2 or nest"
            )

    @property
    def _who(self) -> str:
        return f"the simulator {self.simulator.name!r} of PyNN"

    def _said(self) -> str:
        self._log.seek(0)
        text = self._log.read().decode(errors="replace")
        return "\n".join(text.strip().splitlines()[-25:])

    def _end(self) -> None:
        self._connection.close()
        self._process.kill()
        self._process.wait()


def _start(
    simulator: Simulator, theirs: Connection, mechanisms: str, log: Any
) -> subprocess.Popen[bytes]:
    descriptor = theirs.fileno()
    arguments = [str(descriptor), simulator.module, mechanisms]
    home = str(Path(neurobridge.__file__).parents[1])
    path = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH", "")]))
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "neurobridge.backends.pynn.worker", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        pass_fds=[descriptor],
        env={**os.environ, "PYTHONPATH": path, "PYNEST_QUIET": "1"},
    )
