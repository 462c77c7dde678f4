"""A project in a process of its own, with its own settings and home folder of sPyNNaker."""

from __future__ import annotations

__all__ = ["project_environment", "run_project", "start_python"]

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from neurobridge.backends.spinnaker.failures import explain
from neurobridge.backends.spinnaker.machine import Machine, cfg_text
from neurobridge.backends.spinnaker.user_cfg import LOCAL
from neurobridge.errors import BackendError

SOFTBOARD = "neurobridge.backends.spinnaker.softboard"


def run_project(folder: Path, machine: Machine) -> str:
    """Run ``run.py spiNNaker`` in a project folder.

    Returns
    -------
    str
        The line that it printed.

    Raises
    ------
    BackendError
        If it fails, with its last words.
    """
    model = ["-m", SOFTBOARD] if machine.kind == "softboard" else []
    return start_python([*model, "run.py", "spiNNaker"], folder, machine)


def start_python(arguments: Sequence[str], folder: Path, machine: Machine) -> str:
    """Run Python in a folder, where sPyNNaker finds the settings of a machine.

    If this process is interrupted, the child ends.
    """
    environment = project_environment(folder, machine)
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as child:
        try:
            out, err = child.communicate()
        except BaseException:
            _end(child)
            raise
    if child.returncode:
        raise BackendError(explain(child.returncode, out, err))
    return out.strip().splitlines()[-1] if out.strip() else ""


def project_environment(folder: Path, machine: Machine) -> dict[str, str]:
    """Environment variables for a run in a folder; settings are written there."""
    environment = dict(os.environ)
    if machine.kind == "cfg":
        local = Path.cwd() / LOCAL
        if local.exists() and local.parent.resolve() != folder.resolve():
            shutil.copyfile(local, folder / LOCAL)
        return environment
    home = folder / "home"
    home.mkdir(exist_ok=True)
    text = cfg_text(machine, environment.get("SPALLOC_USER"))
    (home / ".spynnaker.cfg").write_text(text, encoding="utf-8")
    return environment | {"HOME": str(home), "USERPROFILE": str(home)}


def _end(child: subprocess.Popen[str]) -> None:
    """Kill the child and whatever it started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
