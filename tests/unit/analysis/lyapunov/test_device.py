"""Batches of systems in torch give what compiled code gives of each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurobridge.analysis import lyapunov
from neurobridge.analysis.lyapunov import exponents as module
from neurobridge.errors import NetworkError
from tests.requirements import require

require("numba")
require("torch")

import torch  # noqa: E402

from tests.unit.analysis.lyapunov.systems import lorenz_96  # noqa: E402

DEVICES = ["cpu:0", *(["cuda"] if torch.cuda.is_available() else [])]
"""``cpu:0`` is torch on the CPU, where ``cpu`` is compiled code."""


def networks() -> list[lyapunov.DeclaredSystem]:
    return [
        lyapunov.of_network(lyapunov.random_network(40, g, seed=s)) for g, s in ((3, 0), (4, 1))
    ]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("k", [5, "adaptive"])
def test_a_batch_is_what_each_is(device: str, k: Any) -> None:
    options: dict[str, Any] = {
        "time": 15.0,
        "transient": 5.0,
        "warm_up": 5.0,
        "dt": 0.05,
        "progress": False,
    }
    one = lyapunov.spectra(networks(), k, seeds=[3, 4], **options)
    other = lyapunov.spectra(networks(), k, seeds=[3, 4], device=device, **options)
    for a, b in zip(one, other, strict=True):
        both = min(a.k, b.k)
        assert np.abs(a.exponents[:both] - b.exponents[:both]).max() < 1e-7
        assert (a.seed, a.dt, b.info["device"]) == (b.seed, b.dt, device)
        assert a.time == pytest.approx(b.time)


@pytest.mark.parametrize("device", DEVICES)
def test_one_system_with_checks(device: str) -> None:
    found = lyapunov.spectrum(
        networks()[0], time=60.0, device=device, progress=False, precision="mixed"
    )
    assert found.sum == pytest.approx(-40, abs=0.01)
    assert "sum_rule" in {f.code for f in found.findings}


def test_what_cannot_run_there() -> None:
    with pytest.raises(NetworkError, match="functions of a user's on the CPU"):
        lyapunov.spectrum(lorenz_96(8), time=1.0, device="cuda", progress=False)
    with pytest.raises(NetworkError, match="expected 'cpu' or 'cuda', got 'gpu'"):
        lyapunov.spectrum(networks()[0], time=1.0, device="gpu", progress=False)
    if not torch.cuda.is_available():
        with pytest.raises(NetworkError, match="torch sees no CUDA device"):
            lyapunov.spectrum(networks()[0], time=1.0, device="cuda", progress=False)
    assert module.spectra([], progress=False) == []
