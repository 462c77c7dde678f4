"""Every exception that neurobridge raises on purpose.

Each class is also the builtin that a caller would expect, so ``except ValueError`` keeps working.
A message says what was expected, what came, where, and what to do.
"""

from __future__ import annotations

__all__ = [
    "BackendError",
    "BackendUnavailableError",
    "ConnectomeError",
    "ExperimentError",
    "FileFormatError",
    "FindingsError",
    "ModelError",
    "NetworkError",
    "NeurobridgeError",
    "StudyError",
    "TrainingError",
    "UnitError",
    "UnknownNameError",
    "suggest",
]

import difflib
from collections.abc import Iterable


class NeurobridgeError(Exception):
    """Base of all errors raised by neurobridge."""


class NetworkError(NeurobridgeError, ValueError):
    """A description of a network contradicts itself."""


class ConnectomeError(NeurobridgeError, ValueError):
    """A connectome table is malformed, or an operation on it cannot be done."""


class ModelError(NeurobridgeError, ValueError):
    """The declaration of a neuron model is not consistent."""


class UnitError(NeurobridgeError, ValueError):
    """A quantity has the wrong dimension, or an unknown unit."""


class UnknownNameError(NeurobridgeError, KeyError):
    """A name (of a model, backend, label, population ...) does not exist."""

    def __init__(self, kind: str, name: object, known: Iterable[str], hint: str = "") -> None:
        self.kind, self.name, self.known = kind, name, tuple(known)
        message = f"unknown {kind} {name!r}{suggest(str(name), self.known)}"
        super().__init__(f"{message}. {hint}" if hint else message)

    def __str__(self) -> str:  # KeyError would print the repr of the message
        return str(self.args[0])


class FileFormatError(NeurobridgeError, ValueError):
    """A file is not what its name or its manifest says, or it is damaged."""


class ExperimentError(NeurobridgeError, ValueError):
    """An experiment file is not valid."""


class BackendError(NeurobridgeError, RuntimeError):
    """A backend failed while it built or ran a network."""


class BackendUnavailableError(NeurobridgeError, ImportError):
    """A backend, or a tool that it needs, is not installed."""


class StudyError(NeurobridgeError, RuntimeError):
    """A study cannot go on: its store, its cluster or its workers are not what they must be."""


class TrainingError(NeurobridgeError, RuntimeError):
    """Training failed: a loss or a gradient is not finite, or what was trained cannot be kept."""


class FindingsError(NeurobridgeError, ValueError):
    """A network cannot run as asked; all reasons are in :attr:`findings`."""

    def __init__(self, message: str, findings: Iterable[object] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


def suggest(name: str, known: Iterable[str], limit: int = 12) -> str:
    """The tail of an "unknown name" message: the nearest name, and what there is."""
    known = list(dict.fromkeys(str(k) for k in known))
    folded = {k.lower(): k for k in reversed(known)}
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6) or [
        folded[k] for k in difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    ]
    tail = f"; did you mean {near[0]!r}?" if near else ""
    if known:
        more = f", ... ({len(known)} in all)" if len(known) > limit else ""
        tail += f"{' Known' if near else '; known'}: {', '.join(known[:limit])}{more}"
    return tail
