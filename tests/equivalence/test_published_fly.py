"""The fly model as it was published, run in Brian2 as it was, against its description here."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from neurobridge import Recording, run
from tests.data import reference_data
from tests.equivalence.published_fly import DT, Experiment, described, drawn, published_spikes
from tests.requirements import require

ENGINES = {
    "reference": {"backend": "reference"},
    "event": {"backend": "native", "mode": "event"},
    "dense": {"backend": "native", "mode": "dense"},
    "auto": {"backend": "native", "mode": "auto"},
    "two threads": {"backend": "native", "threads": 2},
}


def rows(recording: Recording) -> np.ndarray:
    spikes = recording.spikes["fly"]
    return np.column_stack([spikes.step, spikes.neuron])


def hard_case() -> Experiment:
    """Kicks in a tenth of all steps, strong recurrence, and inhibition of the driven neurons
    that now and then outweighs a kick: every rule of the model decides some spike."""
    rng = np.random.default_rng(20240783)
    n, k = 200, 60
    pair = np.unique(rng.integers(0, n * n, n * k))
    post, pre = (x.astype(np.int32) for x in np.divmod(pair, n))
    count = np.ceil(4 * rng.pareto(1.2, pair.size))
    weight = 0.275 * count * np.where(pre < 150, 1, -1)
    weight[(pre >= 150) & (post < 20)] *= 36
    return drawn(n, pre, post, weight, np.arange(20, dtype=np.int32), 1500, rng, rate=1000.0)


@pytest.fixture(scope="module")
def hard(tmp_path_factory):
    require("brian2")
    experiment = hard_case()
    return experiment, published_spikes(experiment, tmp_path_factory.mktemp("hard"), "numpy")


@pytest.mark.parametrize(
    "engine", [pytest.param(e, marks=pytest.mark.slow if e == "dense" else ()) for e in ENGINES]
)
def test_every_rule_of_the_published_model(hard, engine):
    experiment, expected = hard
    found = run(described(experiment), experiment.duration, dt=DT, **ENGINES[engine])
    assert len(expected) > 3000
    assert np.array_equal(rows(found), expected)


def test_the_hard_case_is_hard(hard):
    """Kicks were lost in the step of a spike, and others did not suffice."""
    experiment, expected = hard
    spiked = {(int(s), int(n)) for s, n in expected}
    kicks = list(zip(experiment.step.tolist(), experiment.driven[experiment.channel].tolist(),
                     strict=True))  # fmt: skip
    in_the_step_of_a_spike = sum((s + 1, n) in spiked for s, n in kicks)
    without_a_spike = sum((s + 1, n) not in spiked and (s + 2, n) not in spiked for s, n in kicks)
    assert in_the_step_of_a_spike > 20
    assert without_a_spike > 20


@pytest.fixture(scope="module")
def fly(tmp_path_factory):
    """FlyWire 783 within hemispheres for 1 s. Driven at 150 Hz are the 20 receptor neurons of sugar
    and water on the left that make the most synapses."""
    folder = reference_data("flywire783")
    require("brian2")
    nodes, edges = (pd.read_parquet(folder / f"{name}.parquet") for name in ("nodes", "edges"))
    pre, post = (edges[side].to_numpy(np.int32) for side in ("pre", "post"))
    weight = 0.275 * edges["syn_count"].to_numpy(float) * nodes["sign_shiu"].to_numpy()[pre]
    taste = (nodes["sub_class"].astype(str) == "sugar/water") & (
        nodes["side"].astype(str) == "left"
    )
    made = np.bincount(pre, weights=edges["syn_count"], minlength=len(nodes))
    driven = np.sort(np.argsort(np.where(taste, -made, 0), kind="stable")[:20]).astype(np.int32)
    rng = np.random.default_rng(783)
    experiment = drawn(len(nodes), pre, post, weight, driven, 10_000, rng)
    target = "cpp_standalone"
    return experiment, published_spikes(experiment, tmp_path_factory.mktemp("fly"), target)


@pytest.mark.slow
@pytest.mark.parametrize("engine", [e for e in ENGINES if e != "reference"])  # it takes minutes
def test_the_published_model_on_flywire(fly, engine):
    experiment, expected = fly
    found = run(described(experiment), experiment.duration, dt=DT, **ENGINES[engine])
    assert len(expected) > 8000
    assert np.array_equal(rows(found), expected)
