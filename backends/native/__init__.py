"""The native backend: a compiled engine of its own."""

from __future__ import annotations

__all__ = ["NativeBackend"]

from neurobridge.backends.native.backend import NativeBackend
