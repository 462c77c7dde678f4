"""One run in a process of its own: ``python -m neurobridge.comparison.worker FOLDER``.

The folder holds ``network/`` and ``job.json``; the recording is written to ``recording/``.
"""

from __future__ import annotations

__all__ = ["main"]

import json
import resource
import sys
import traceback
from pathlib import Path
from typing import Any

from neurobridge.errors import NeurobridgeError
from neurobridge.io.native import load
from neurobridge.io.recording_file import save_recording
from neurobridge.lowering.compiled import run
from neurobridge.memory import peak_mb
from neurobridge.recording import Recording


def main(folder: Path) -> None:
    """Do the job; a failure becomes a recording with status ``failed``."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    try:
        network = load(job["network"], verify=False)
        recording = run(
            network,
            job["duration"],
            job["backend"],
            dt=job["dt"],
            seed=job["seed"],
            trial=job["trial"],
            accept=job["accept"],
            progress=_report,
            **job["settings"],
        )
    except NeurobridgeError as err:
        recording = _failed(job, str(err))
    except Exception:
        recording = _failed(job, traceback.format_exc(limit=-6))
    info = {**recording.info, "peak_mb": _peak_mb()}
    save_recording(recording.replace(info=info), folder / "recording")


def _report(step: int) -> None:
    print(f"step {step}", flush=True)  # noqa: T201 - read by the parent process


def _failed(job: dict[str, Any], message: str) -> Recording:
    return Recording(
        spikes={}, signals={}, backend=job["backend"], network_id="", dt=job["dt"],
        duration=job["duration"], seed=job["seed"], trial=job["trial"], status="failed",
        message=message, settings=job["settings"],
    )  # fmt: skip


def _peak_mb() -> float:
    """Largest resident memory of this process or of one that it started, in MB."""
    return max(peak_mb(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
