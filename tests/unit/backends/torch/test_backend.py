"""What the torch backend needs."""

from __future__ import annotations

import importlib.util

import pytest

from neurobridge.backends.torch.backend import TorchBackend


@pytest.mark.parametrize("package", ["torch", "numba"])
def test_a_package_that_is_missing(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n == package else find(n))
    availability = TorchBackend().availability()
    assert not availability.available
    assert availability.reason == f"{package} is not installed"
    assert "neurobridge-sim[torch]" in availability.install
