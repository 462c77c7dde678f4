"""What is generated for a GPU, run on the CPU thread by thread: the reference's spikes exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurobridge.backends.base import Engine, RawResult
from neurobridge.backends.brian2 import Brian2Backend
from neurobridge.backends.reference import ReferenceBackend
from neurobridge.lowering.program import CurrentInput, Drive, Program, SignalPlan
from tests.program_examples import (
    drive,
    events,
    lif_delta,
    lif_exp,
    pathway,
    program,
    source,
    source_spikes,
)

N, M, S = 60, 40, 5


def network() -> Program:
    """Two populations and a source; one delay and several, one step and many, from each.

    Weights are whole multiples of a power of two, so that sums are hardly ever rounded.
    """
    rng = np.random.default_rng(3)
    sizes = {"A": N, "b": M, "s": S}

    def edges(pre: str, post: str, receptor: str, weight: float, delay: Any) -> Any:
        target, origin = np.nonzero(rng.random((sizes[post], sizes[pre])) < 0.3)
        steps = delay if isinstance(delay, int) else rng.choice(delay, target.size)
        w = rng.choice([weight, 2 * weight], target.size)
        return pathway(pre, post, receptor, origin, target, w, steps, sizes[post])

    return program(
        [
            lif_exp("A", N, refractory_steps=rng.integers(5, 30, N), v_init=_spread(rng, N)),
            lif_delta("b", M, v_init=_spread(rng, M)),
            source("s", S),
        ],
        [
            edges("A", "A", "exc", 0.0625, 1),
            edges("A", "b", "kick", 0.5, 15),
            edges("b", "A", "inh", -0.03125, [1, 7, 12]),
            edges("s", "b", "kick", 4.0, 1),
            edges("s", "A", "exc", 0.25, 4),
        ],
        [SignalPlan("v", "A", "v", "mV", np.arange(3, dtype=np.int32), 5)],
    )


def _spread(rng: np.random.Generator, n: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return rng.uniform(-65, -50, n)


def stimulus(n_steps: int, seed: int) -> Drive:
    """Events into both populations (one loses them while clamped), currents, source spikes."""
    rng = np.random.default_rng(seed)

    def rows(count: int, n: int) -> list[tuple[int, int]]:
        pairs = zip(rng.integers(0, n_steps, count), rng.integers(0, n, count), strict=True)
        return sorted({(int(step), int(neuron)) for step, neuron in pairs})

    per_a, per_b = [(*row, 1) for row in rows(3000, N)], [(*row, 1) for row in rows(1500, M)]
    return drive(
        n_steps,
        [
            events("A", "exc", per_a, np.arange(N), np.full(N, 0.5)),
            events("b", "kick", per_b, np.arange(M), np.full(M, 2.0)),
        ],
        [source_spikes("s", rows(400, S))],
        [
            CurrentInput(
                "I",
                "A",
                np.arange(10, dtype=np.int32),
                np.array([0, 500, 1500]),
                rng.uniform(0, 0.5, (3, 10)),
            )
        ],
    )


@pytest.fixture(scope="module")
def engine(on_cpu: pytest.MonkeyPatch) -> Iterator[Engine]:
    made = Brian2Backend().emit(
        network(), {"target": "cuda_standalone", "gpu_architecture": "sm_80"}
    )
    yield made
    made.close()


def same(result: RawResult, expected: RawResult, at_least: int) -> None:
    for name, (stamp, neuron) in expected.spikes.items():
        assert stamp.size > at_least
        for found, wanted in zip(
            _sorted(*result.spikes[name]), _sorted(stamp, neuron), strict=True
        ):
            assert np.array_equal(found, wanted), name
    assert np.array_equal(result.signals["v"], expected.signals["v"])
    assert result.steps_done == expected.steps_done


def _sorted(stamp: Any, neuron: Any) -> tuple[Any, Any]:
    order = np.lexsort((neuron, stamp))
    return stamp[order], neuron[order]


def test_spikes_and_states_are_those_of_the_reference(engine: Engine) -> None:
    given = stimulus(2000, seed=4)
    same(engine.run(given), ReferenceBackend().emit(network(), {}).run(given), 300)


def test_one_program_serves_any_input(engine: Engine) -> None:
    reference = ReferenceBackend().emit(network(), {})
    for steps, seed in ((777, 5), (400, 6)):
        given = stimulus(steps, seed)
        same(engine.run(given), reference.run(given), 100)


def test_weights_are_read_back_in_the_order_of_the_description(engine: Engine) -> None:
    found = engine.weights()
    assert list(found) == [0, 1, 2, 3, 4]
    for index, path in enumerate(network().pathways):
        assert np.array_equal(found[index], path.weight)


def test_constants_of_a_population_with_capitals_are_replaced(engine: Engine) -> None:
    given = stimulus(400, seed=7)
    before = engine.run(given)
    changed = network().population("A")
    values = {**changed.constants, "v_thresh": np.inf}
    engine.set_population(replace(changed, constants=values))
    silent = engine.run(given)
    assert silent.spikes["A"][0].size == 0
    assert silent.spikes["b"][0].size > 100
    engine.set_population(changed)
    same(engine.run(given), before, 100)
