"""Tier T1: the same spikes, all of them, on every backend."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from neurobridge import Network, Recording, compare, compile, models, run
from neurobridge.comparison import spike_metrics
from neurobridge.lowering.drive import lower_drive
from tests.equivalence import networks
from tests.requirements import require

DT = 0.1
MODULES = {"native": "numba"}
"""Modules that backends need, if they are called otherwise."""

MEMBRANE_MV = 1e-6
"""Tier T1: what membranes may differ by."""

BACKENDS = {
    "native": ("native", {}),
    "native, events, 2 threads": ("native", {"mode": "event", "threads": 2}),
    "native, dense, 2 threads": ("native", {"mode": "dense", "threads": 2}),
    "brian2": ("brian2", {"target": "cython"}),
    "brian2 standalone": ("brian2", {"target": "cpp_standalone"}),
    "nest": ("nest", {}),
    "nest, 2 threads": ("nest", {"threads": 2}),
    "torch": ("torch", {}),
}


def _run(network: Network, duration: float, label: str) -> Recording:
    backend, settings = BACKENDS[label]
    require(MODULES.get(backend, backend))
    return run(network, duration, backend, dt=DT, seed=1, **settings)


def _assert_t1(reference: Recording, other: Recording) -> None:
    assert other.status == "ok"
    for name, spikes in reference.spikes.items():
        same = spikes.same_as(other.spikes[name])
        assert same, f"{name}: {spike_metrics(spikes, other.spikes[name])}"
    for name, signal in reference.signals.items():
        difference = np.abs(signal.values - other.signals[name].values).max()
        assert difference < MEMBRANE_MV, f"{name} differs by {difference}"


@pytest.fixture(scope="module")
def reference() -> Callable[[Callable[[], Network], float], tuple[Network, Recording]]:
    """Runs of the reference, each network once."""
    done: dict[str, tuple[Network, Recording]] = {}

    def get(build: Callable[[], Network], duration: float) -> tuple[Network, Recording]:
        if build.__name__ not in done:
            network = build()
            done[build.__name__] = network, run(network, duration, "reference", dt=DT, seed=1)
        return done[build.__name__]

    return get


NETWORKS = {
    networks.exponential_500: (500.0, 2_000),
    networks.delta_500: (500.0, 5_000),
    networks.balanced_1000: (1000.0, 50_000),
    networks.olfactory: (500.0, 50_000),
    networks.flywire: (500.0, 10_000),
}
"""How long each runs, in ms, and how many spikes it must give at least."""

CASES = [
    pytest.param(
        build, label, id=f"{build.__name__}-{label}",
        marks=[pytest.mark.slow] if build in {networks.olfactory, networks.flywire} else [],
    )
    for build in NETWORKS
    for label in BACKENDS
    if (build, label) != (networks.flywire, "brian2")  # the standalone program does the same
]  # fmt: skip


@pytest.mark.parametrize(("build", "label"), CASES)
def test_networks_give_identical_spikes(reference, build, label):
    duration, at_least = NETWORKS[build]
    network, expected = reference(build, duration)
    assert expected.n_spikes >= at_least
    _assert_t1(expected, _run(network, duration, label))


def test_the_balanced_network_is_chaotic():
    """One input spike less, and nothing is the same 50 ms later: agreement is not trivial."""
    network = networks.balanced_1000()
    with compile(network, "reference", dt=DT) as compiled:
        drive, _ = lower_drive(network, DT, 2000, seed=1, trial=0)
        first = drive.events[0]
        fewer = dataclasses.replace(
            first, step=first.step[1:], channel=first.channel[1:], count=first.count[1:]
        )
        with_all = compiled._engine.run(drive).spikes["cells"]
        with_one_less = compiled._engine.run(dataclasses.replace(drive, events=(fewer,)))
    late = [
        {(s, n) for s, n in zip(*spikes, strict=True) if s > 500}
        for spikes in (with_all, with_one_less.spikes["cells"])
    ]
    assert len(late[0] & late[1]) / len(late[0] | late[1]) < 0.05


MODEL_NETWORKS: dict[str, dict[str, object]] = {
    "lif_exp": {"weight": 0.05, "drive_weight": 0.08, "receptors": ("exc", "inh")},
    "lif_alpha": {"weight": 0.05, "drive_weight": 0.06, "receptors": ("exc", "inh")},
    "lif_delta": {"weight": 0.4, "drive_weight": 0.5, "receptors": ("syn", "syn")},
    "shiu_lif": {"weight": 0.8, "drive_weight": 1.2, "receptors": ("syn", "syn")},
    "lif_cond_exp": {"weight": 0.001, "drive_weight": 0.0015, "receptors": ("exc", "inh")},
    "adex": {"weight": 0.001, "drive_weight": 0.002, "receptors": ("exc", "inh")},
    "izhikevich": {"weight": 1.0, "drive_weight": 2.5, "receptors": ("syn", "syn")},
    "hodgkin_huxley": {"weight": 0.001, "drive_weight": 0.001, "receptors": ("exc", "inh")},
}


@pytest.mark.parametrize("label", ["brian2", "nest", "torch"])
@pytest.mark.parametrize("name", MODEL_NETWORKS)
def test_models_give_identical_spikes(name, label):
    """Linear or not: all backends do the same arithmetic, so spikes agree for every model."""
    network = networks.recurrent(
        models.by_name(name), 200, n_in=20, drive_hz=2000.0, **MODEL_NETWORKS[name]
    )
    expected = run(network, 300.0, "reference", dt=DT, seed=1)
    rates = expected.spikes["cells"].rates
    assert 1.0 < rates.mean() < 200.0
    _assert_t1(expected, _run(network, 300.0, label))


def test_compare_runs_every_backend_in_a_process_of_its_own():
    require("brian2")
    require("nest")
    comparison = compare(
        networks.exponential_500(), 100.0, ["reference", "brian2", "nest"], dt=DT, seed=1
    )
    assert comparison.identical
    assert comparison.passed
    found = comparison.to_dict()
    assert [b["name"] for b in found["backends"]] == ["reference", "brian2", "nest"]
    assert all(b["peak_mb"] > 50 for b in found["backends"])
    assert comparison.baseline is not None
    assert not comparison.baseline.metrics.identical
