"""What Brian2 needs beyond PyNN 0.13's interface. Imported only where Brian2 is.

PyNN gives its own clock the time step, and leaves synapses on Brian2's default clock: delays were
then whole multiples of 0.1 ms. Code is generated for NumPy, which needs no compiler.
"""

from __future__ import annotations

__all__ = ["Brian2Details"]

from neurobridge.backends.pynn.job import Job
from neurobridge.backends.pynn.simulation import Details


class Brian2Details(Details):
    """The time step of synapses in Brian2."""

    def prepare(self, job: Job) -> None:
        """See :class:`Details`."""
        import brian2

        brian2.prefs.codegen.target = "numpy"
        brian2.defaultclock.dt = job.timestep * brian2.ms
