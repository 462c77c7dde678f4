"""Backends by name: what is broken is listed, and does not take the others with it."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from neurobridge import registry
from neurobridge.errors import BackendError


class Broken:
    """A backend of another package that was written for another version."""

    def capabilities(self) -> None:
        raise AttributeError("no such thing")


@pytest.fixture
def strange(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("strange_backends")
    module.Broken = Broken  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "strange_backends", module)
    known = {
        "reference": registry.OWN["reference"],
        "mute": "strange_backends:Broken",
        "gone": "strange_backends:Gone",
    }
    monkeypatch.setattr(registry, "_locations", lambda: known)


@pytest.mark.usefixtures("strange")
def test_a_broken_backend_is_listed_as_broken() -> None:
    reference, mute, gone = registry.list_backends()
    assert reference.broken == ""
    assert reference.availability is not None
    assert reference.availability.available
    assert mute.capabilities is None
    assert "backend 'mute' is broken: what it can do" in mute.broken
    assert "AttributeError: no such thing" in mute.broken
    assert "backend 'gone' is broken: loading strange_backends:Gone failed" in gone.broken


@pytest.mark.usefixtures("strange")
def test_a_broken_backend_cannot_be_had() -> None:
    with pytest.raises(BackendError, match="loading strange_backends:Gone failed with Attribute"):
        registry.get_backend("gone")
