"""The standard networks, small and short, have the same spikes on every exact backend."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from neurobridge import Network, Recording, run
from neurobridge.models.networks import brunel, microcircuit, vogels_abbott
from tests.requirements import require

NETWORKS: dict[str, Callable[[], Network]] = {
    "brunel": lambda: brunel(order=40),
    "cuba": lambda: vogels_abbott("cuba", n=500),
    "microcircuit": lambda: microcircuit(0.03),
}
DURATION = 150.0


@cache
def reference(name: str) -> Recording:
    return run(NETWORKS[name](), DURATION, backend="reference", dt=0.1, seed=2)


def cases() -> list[object]:
    return [
        pytest.param(name, backend, settings, id=f"{backend}-{name}")
        for backend, settings in (("native", {}), ("brian2", {"target": "numpy"}), ("nest", {}))
        for name in NETWORKS
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "backend", "settings"), cases())
def test_all_spikes_are_the_same(name: str, backend: str, settings: dict[str, str]) -> None:
    require({"native": "numba"}.get(backend, backend))
    expected = reference(name)
    assert expected.n_spikes > 200
    recording = run(NETWORKS[name](), DURATION, backend=backend, dt=0.1, seed=2, **settings)
    assert recording.spike_hash == expected.spike_hash
