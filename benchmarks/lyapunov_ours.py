"""Lyapunov spectra by neurobridge, as a side of a comparison.

python -m benchmarks.lyapunov_ours NAME JOB.json
"""

from __future__ import annotations

__all__ = ["ours"]

import sys
from typing import Any

from benchmarks.lyapunov_side import Job, Real, Run, serve
from benchmarks.lyapunov_turns import SHORT
from neurobridge.analysis import lyapunov
from neurobridge.analysis.lyapunov import declared

WARM_UP = 0.1
"""Share of the steps of a run that only turns the frame; all steps are counted."""


def ours(job: Job) -> Run:
    """As users call it, without the checks, which are runs of their own.

    A short run has no warm-up, so that it gives the exponents from its first step on.
    """
    if job.options.get("dense"):
        declared.DENSE_ABOVE = 0.0
    network = lyapunov.matrix_network(job.coupling)
    system = lyapunov.of_network(network, "map", initial=job.start)
    k: Any = "adaptive" if job.options.get("adaptive") else job.frame.shape[1]

    def run(n_steps: int) -> tuple[int, Real]:
        turning = 0 if n_steps <= SHORT else round(WARM_UP * n_steps)
        found = lyapunov.spectrum(
            system, k, time=(n_steps - turning) * job.dt, warm_up=turning * job.dt, transient=0.0,
            dt=job.dt, precision=job.precision, checks=False, progress=False, threads=1, seed=0,
        )  # fmt: skip
        return turning + round(found.time / job.dt), found.exponents

    return run


if __name__ == "__main__":
    serve("neurobridge-sim", ours, sys.argv[2])
