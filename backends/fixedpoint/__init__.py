"""The twin: SpiNNaker's own arithmetic, bit for bit, in NumPy integers."""

from __future__ import annotations

__all__ = ["FixedPointBackend"]

from neurobridge.backends.fixedpoint.backend import FixedPointBackend
