"""Backends by name, found through the entry points ``neurobridge.backends`` and loaded lazily."""

from __future__ import annotations

__all__ = ["BackendStatus", "backend_names", "backends_that", "get_backend", "list_backends"]

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from neurobridge.errors import BackendError, UnknownNameError

if TYPE_CHECKING:
    from neurobridge.backends.base import Availability, Backend, Capabilities

GROUP = "neurobridge.backends"
OWN = {
    "reference": "neurobridge.backends.reference:ReferenceBackend",
    "native": "neurobridge.backends.native:NativeBackend",
    "brian2": "neurobridge.backends.brian2:Brian2Backend",
    "nest": "neurobridge.backends.nest:NestBackend",
    "torch": "neurobridge.backends.torch:TorchBackend",
    "pynn": "neurobridge.backends.pynn:PynnBackend",
    "fixedpoint": "neurobridge.backends.fixedpoint:FixedPointBackend",
    "spinnaker": "neurobridge.backends.spinnaker:SpinnakerBackend",
}
"""The backends of this package: present also in a checkout that is not installed."""


@dataclass(frozen=True)
class BackendStatus:
    """One line of ``neurobridge backends``: what a backend is and whether it works here."""

    name: str
    capabilities: Capabilities | None
    availability: Availability | None
    broken: str = ""


@cache
def _locations() -> dict[str, str]:
    found = dict(OWN)
    for point in sorted(entry_points(group=GROUP), key=lambda p: (p.name, p.value)):
        found.setdefault(point.name, point.value)
    return found


def backend_names() -> list[str]:
    """Names of all known backends, working or not."""
    return list(_locations())


def get_backend(name: str) -> Backend:
    """The backend of that name.

    Raises
    ------
    UnknownNameError
        If there is none.
    BackendError
        If its module cannot be loaded.
    """
    if name not in _locations():
        raise UnknownNameError("backend", name, _locations())
    module, _, attribute = _locations()[name].partition(":")
    try:
        backend: Backend = getattr(import_module(module), attribute)()
    except Exception as err:
        raise BackendError(
            f"backend {name!r} is broken: loading {module}:{attribute} failed with "
            f"{type(err).__name__}: {err}"
        ) from err
    return backend


def list_backends() -> list[BackendStatus]:
    """All known backends with what they can do and whether they can run here."""
    found = []
    for name in backend_names():
        try:
            found.append(_status(name))
        except BackendError as err:
            found.append(BackendStatus(name, None, None, str(err)))
    return found


def backends_that(can: Callable[[Capabilities], bool]) -> list[str]:
    """Names of the backends whose capabilities fulfil a condition, for remedies."""
    return [s.name for s in list_backends() if s.capabilities is not None and can(s.capabilities)]


def _status(name: str) -> BackendStatus:
    backend = get_backend(name)
    try:
        return BackendStatus(name, backend.capabilities(), backend.availability())
    except Exception as err:
        raise BackendError(
            f"backend {name!r} is broken: what it can do and whether it is installed cannot be "
            f"asked, {type(err).__name__}: {err}"
        ) from err
