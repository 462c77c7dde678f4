"""Neurobridge: one description of a connectome network, identical spikes on several simulators.

The public names below are loaded on first use, so ``import neurobridge`` stays fast and needs no
simulator. A name is public if it stands in the table ``_API``.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ != "neurobridge":
    raise ImportError(f"import this package as neurobridge, not as {__name__!r}")

__version__ = "0.1.0"

# In a checkout that is not installed, backends/, models/ and tasks/ lie beside this folder.
_root = Path(__file__).parent.parent
if (_root / "setup.cfg").is_file() and (_root / "backends").is_dir():
    __path__.append(str(_root))

if TYPE_CHECKING:
    from neurobridge.citation import Reference as Reference
    from neurobridge.citation import citations as citations
    from neurobridge.errors import BackendError as BackendError
    from neurobridge.errors import BackendUnavailableError as BackendUnavailableError
    from neurobridge.errors import ConnectomeError as ConnectomeError
    from neurobridge.errors import ExperimentError as ExperimentError
    from neurobridge.errors import FileFormatError as FileFormatError
    from neurobridge.errors import FindingsError as FindingsError
    from neurobridge.errors import ModelError as ModelError
    from neurobridge.errors import NetworkError as NetworkError
    from neurobridge.errors import NeurobridgeError as NeurobridgeError
    from neurobridge.errors import UnitError as UnitError
    from neurobridge.errors import UnknownNameError as UnknownNameError
    from neurobridge.lowering.finding import Finding as Finding
    from neurobridge.recording import Recording as Recording
    from neurobridge.recording import Signal as Signal
    from neurobridge.recording import Spikes as Spikes

_API = {
    "BackendError": "neurobridge.errors",
    "BackendUnavailableError": "neurobridge.errors",
    "ConnectomeError": "neurobridge.errors",
    "ExperimentError": "neurobridge.errors",
    "FileFormatError": "neurobridge.errors",
    "Finding": "neurobridge.lowering.finding",
    "FindingsError": "neurobridge.errors",
    "ModelError": "neurobridge.errors",
    "NetworkError": "neurobridge.errors",
    "NeurobridgeError": "neurobridge.errors",
    "Recording": "neurobridge.recording",
    "Reference": "neurobridge.citation",
    "Signal": "neurobridge.recording",
    "Spikes": "neurobridge.recording",
    "UnitError": "neurobridge.errors",
    "UnknownNameError": "neurobridge.errors",
    "citations": "neurobridge.citation",
}
"""Public name -> module that defines it."""

_MODULES = frozenset({"backends", "compare", "connectome", "graph", "io", "models", "tasks"})
"""Subpackages that are loaded on first use, as in ``neurobridge.connectome``."""

__all__ = ["__version__", *_API]  # noqa: PLE0604 - every key of the table is a str


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name in _MODULES:
        return import_module(f"neurobridge.{name}")
    if name in _API:
        value = getattr(import_module(_API[name]), name)
        globals()[name] = value
        return value
    from neurobridge.errors import suggest

    raise AttributeError(f"module 'neurobridge' has no attribute {name!r}{suggest(name, _API)}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_API, *_MODULES})
