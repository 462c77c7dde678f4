"""The process that holds a simulator: it loads PyNN once, and runs every job in a child of its own.

PyNN's simulators hold one network for the process, and NEURON goes on integrating cells that nobody
names any more. A child that is forked for each job starts from a simulator in which nothing was
built, and takes with it whatever the job leaves behind.
"""

from __future__ import annotations

__all__ = ["main"]

import ctypes
import importlib
import os
import signal
import sys
import traceback
import warnings
from multiprocessing.connection import Connection
from typing import Any

from neurobridge.backends.pynn.job import Job
from neurobridge.backends.pynn.simulation import Details, simulate


def main(arguments: list[str]) -> None:
    """Serve jobs until the other side closes the connection.

    Parameters
    ----------
    arguments : list of str
        File descriptor of the connection, module of the simulator, library of mechanisms or ``""``.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who waits
    warnings.simplefilter("ignore")
    descriptor, module, mechanisms = arguments
    connection = Connection(int(descriptor))
    try:
        sim, details = _load(module, mechanisms)
    except BaseException:
        connection.send(("failed", traceback.format_exc()))
        return
    connection.send(("ready", None))
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        if isinstance(job, Job):  # a wish to stop may come after the end
            _in_child(connection, sim, job, details)


def _load(module: str, mechanisms: str) -> tuple[Any, Details]:
    details = Details()
    if module == "pyNN.neuron":
        from neurobridge.backends.pynn.neuron_details import NeuronDetails, load_mechanisms

        load_mechanisms(mechanisms)
        details = NeuronDetails()
    elif module == "pyNN.nest":
        from neurobridge.backends.pynn.nest_details import NestDetails

        details = NestDetails()
    elif module == "pyNN.brian2":
        from neurobridge.backends.pynn.brian2_details import Brian2Details

        details = Brian2Details()
    return importlib.import_module(module), details


def _in_child(connection: Connection, sim: Any, job: Job, details: Details) -> None:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            _serve(connection, sim, job, details)
            code = 0
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            ctypes.CDLL(None).fflush(None)  # what the simulator itself printed
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if status:
        connection.send(("died", os.waitstatus_to_exitcode(status)))


def _serve(connection: Connection, sim: Any, job: Job, details: Details) -> None:
    def go_on(done: int) -> bool:
        connection.send(("steps", done))
        return not (connection.poll() and connection.recv() == "stop")

    try:
        answer = "outcome", simulate(sim, job, details, go_on)
    except Exception:
        connection.send(("failed", traceback.format_exc()))
        return
    connection.send(answer)


if __name__ == "__main__":
    main(sys.argv[1:])
