"""Brian2 backend: generates a readable script and runs it, see ``docs/brian2.md``."""

from __future__ import annotations

__all__ = ["Brian2Backend"]

from neurobridge.backends.brian2.backend import Brian2Backend
