"""The chip model: the ARM binaries of sPyNNaker, run instruction by instruction."""

from __future__ import annotations

__all__ = ["install", "uninstall"]

from neurobridge.backends.spinnaker.softboard.installation import install, uninstall
