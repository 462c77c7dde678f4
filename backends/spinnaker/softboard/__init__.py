"""The chip model: the ARM binaries of sPyNNaker, run instruction by instruction.

:func:`install` lets a process that uses ``pyNN.spiNNaker`` run its networks here; so does
``python -m neurobridge.backends.spinnaker.softboard SCRIPT.py``. See ``docs/softboard.md``.
"""

from __future__ import annotations

__all__ = ["ChipError", "install", "last_run", "uninstall"]

from neurobridge.backends.spinnaker.softboard.diagnosis import ChipError
from neurobridge.backends.spinnaker.softboard.installation import install, last_run, uninstall
