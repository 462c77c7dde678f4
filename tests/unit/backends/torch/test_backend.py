"""What the torch backend needs."""

from __future__ import annotations

import importlib.util

import pytest

import neurobridge as nb
from neurobridge.backends.torch.backend import TorchBackend


@pytest.mark.parametrize("package", ["torch", "numba"])
def test_a_package_that_is_missing(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n == package else find(n))
    availability = TorchBackend().availability()
    assert not availability.available
    assert availability.reason == f"{package} is not installed"
    assert "neurobridge-sim[torch]" in availability.install


def test_single_precision_promises_rates_only() -> None:
    assert TorchBackend().tier({}) == "T0"
    assert TorchBackend().tier({"precision": "float32"}) == "T2"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"device": "gpu"}, "expected 'cpu', 'cuda' or 'cuda:1', got 'gpu'"),
        ({"precision": "float16"}, "expected one of .'float64', 'float32'., got 'float16'"),
        ({"threads": -1}, "expected a whole number of at least 1, got -1"),
    ],
)
def test_settings_that_are_wrong(settings: dict[str, object], message: str) -> None:
    b = nb.NetworkBuilder()
    b.population("cells", 1, nb.models.lif_exp)
    (finding,) = nb.check(b.build(), "torch", dt=0.1, **settings)
    assert (finding.code, finding.severity) == ("torch_setting", "error")
    with pytest.raises(nb.FindingsError, match=message):
        nb.run(b.build(), 1.0, "torch", dt=0.1, **settings)
