"""SpiNNaker through sPyNNaker: a board, a server of boards, or a model of the chip."""

from __future__ import annotations

__all__ = ["SpinnakerBackend"]

from neurobridge.backends.spinnaker.backend import SpinnakerBackend
