"""Runs of projects in children of one process that has loaded sPyNNaker already.

Loading it takes two seconds, most small networks half of one. Everything else is as
``neurobridge.backends.spinnaker.child.start_python`` does it; tests that run many projects put
:meth:`WarmProcess.start_python` in its place.

Run as a program, this is the process: it reads a request a line, and forks for each.
"""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any


class WarmProcess:
    """A process that has loaded sPyNNaker and the chip model; close it."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def start_python(self, arguments: Sequence[str], folder: Path, machine: Any) -> str:
        """As ``child.start_python``."""
        from neurobridge.backends.spinnaker.child import project_environment
        from neurobridge.backends.spinnaker.failures import explain
        from neurobridge.errors import BackendError

        with tempfile.TemporaryDirectory() as said:
            request = {
                "arguments": list(arguments), "folder": str(folder), "said": said,
                "environment": project_environment(folder, machine),
            }  # fmt: skip
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            code = int(self.process.stdout.readline())
            out, err = ((Path(said) / n).read_text(errors="replace") for n in ("out", "err"))
        if code:
            raise BackendError(explain(code, out, err))
        return out.strip().splitlines()[-1] if out.strip() else ""

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def serve() -> None:
    """Fork for each request, and answer with the exit code."""
    import pyNN.spiNNaker  # noqa: F401

    import neurobridge.backends.spinnaker.softboard.simulator  # noqa: F401

    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(_run(request))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.write(1, f"{code}\n".encode())


def _run(request: dict[str, Any]) -> int:
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    for number, name in ((1, "out"), (2, "err")):
        path = Path(request["said"]) / name
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    try:
        _main(request["arguments"])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _main(arguments: list[str]) -> None:
    sys.path.insert(0, "")
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    serve()
