"""NEST: built-in cells where they are exactly equivalent, every other model through NESTML.

Importing this package does not import NEST. ``docs/nest.md`` says what was measured and why the
backend does what it does.
"""

from __future__ import annotations

__all__ = ["NestBackend"]

from neurobridge.backends.nest.backend import NestBackend
