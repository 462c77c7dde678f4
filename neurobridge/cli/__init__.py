"""The command line: ``neurobridge``, or ``python -m neurobridge``. See ``docs/cli.md``."""

from __future__ import annotations

__all__ = ["main"]

from neurobridge.cli.entry import main
