"""PyNN's simulators on the host, NEURON first: small networks, independently integrated.

Importing this package imports neither PyNN nor a simulator. ``docs/pynn.md`` says what was
measured.
"""

from __future__ import annotations

__all__ = ["PynnBackend"]

from neurobridge.backends.pynn.backend import PynnBackend
