"""Blocks: time constants and weights by block, and what they refuse."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from neurobridge import models
from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.structure import Block, Blocks, Normal, Orthogonal, Uniform


def blocks(**changes: Any) -> Blocks:
    request: dict[str, Any] = {
        "blocks": {
            "fast": Block(30, 10.0, Orthogonal(), self_connections=True),
            "slow": Block(20, "0.1 s", Normal().with_spectral_radius(0.7)),
            "mixed": Block(2, np.array([5.0, 6.0]), Uniform(2.0), sign=-1),
        },
        "connectivity": [[1, 0.3, 0], [0.5, 0.4, 1], [1, 1, 1]],
        "between": Normal(0.5),
        "seed": 11,
    }
    return Blocks(**(request | changes))


def test_every_neuron_has_the_time_constant_of_its_block() -> None:
    assert blocks().tau.tolist() == [10.0] * 30 + [100.0] * 20 + [5.0, 6.0]


def test_every_block_has_its_own_initialiser() -> None:
    matrix = blocks().weights.matrix
    fast, slow, mixed = matrix[:30, :30], matrix[30:50, 30:50], matrix[50:, 50:]
    assert np.allclose(fast @ fast.T, np.eye(30), atol=1e-14)
    assert np.abs(np.linalg.eigvals(slow)).max() == pytest.approx(0.7, rel=1e-12)
    assert mixed[0, 0] == mixed[1, 1] == 0
    assert -2 < mixed[0, 1] < 0


def test_weights_between_blocks_count_only_inputs_from_other_blocks(seed: int) -> None:
    parts = {"A": Block(300, 10.0, Normal(0.1)), "B": Block(300, 10.0, Normal(0.1))}
    structure = Blocks(parts, (0.5, 0.5, 1.0), between=Normal(3.0), seed=seed)
    across = structure.weights.matrix[:300, 300:]
    fan_in = (across != 0).sum(axis=1, keepdims=True)
    drawn = (across * np.sqrt(fan_in))[across != 0]
    assert abs(drawn.std() - 3.0) < 5 * 3.0 / np.sqrt(2 * drawn.size)


def test_weights_lie_on_the_mask_with_the_signs_of_the_blocks() -> None:
    structure = blocks()
    matrix = structure.weights.matrix
    assert np.array_equal(matrix != 0, structure.mask)
    assert (matrix[:, 50:] <= 0).all()
    assert structure.sign.tolist() == [0] * 50 + [-1, -1]


def test_a_further_block_changes_nothing_within_the_others() -> None:
    more = {"new": Block(5, 1.0), **blocks().blocks}
    larger = blocks(blocks=more, connectivity=np.pad(blocks().connectivity, (1, 0)))
    assert np.array_equal(larger.weights.matrix[5:, 5:], blocks().weights.matrix)


def test_blocks_without_edges_between_them() -> None:
    structure = blocks(connectivity=(0, 0, 1))
    assert structure.weights.values.size == 900 + 20 * 19 + 2


def test_the_network_has_the_time_constants() -> None:
    network = blocks().network(models.lif_exp, tau="tau_m", delay="1 ms")
    tau = network.population("neurons").parameters["tau_m"]
    assert np.array_equal(tau, blocks().tau)
    assert np.array_equal(network.weights("recurrent"), blocks().weights.values)


def test_a_model_without_that_time_constant() -> None:
    with pytest.raises(UnknownNameError, match="'tau'; did you mean 'tau_m'"):
        blocks().network(models.lif_exp, delay="1 ms")


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"tau": 0.0}, "block, tau: must be finite and above 0 ms, got 0.0"),
        ({"tau": [1.0, 2.0]}, "one for each of 3 neurons, got shape (2,)"),
        ({"size": 2.5}, "block, size: expected a whole number >= 1, got 2.5"),
        ({"weights": 0.1}, "expected an initialiser such as Normal(1.0), got float"),
        ({"sign": 2}, "block, sign: expected -1, 0 or 1, got 2"),
    ],
)
def test_what_a_block_refuses(block: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        Block(**({"size": 3, "tau": 10.0} | block))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"blocks": [Block(3, 1.0)]}, "expected a mapping of names to Block"),
        ({"blocks": {}}, "at least one block"),
        ({"between": 0.1}, "between: expected an initialiser, got 0.1"),
        ({"connectivity": (0.1, 0.2, 2)}, "connectivity within: a probability is in 0..1"),
    ],
)
def test_what_blocks_refuse(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        blocks(**changes)


def test_orthogonal_blocks_need_all_edges() -> None:
    parts = {"A": Block(5, 1.0, Orthogonal())}
    with pytest.raises(NetworkError, match="need all 5 x 5 edges, each once, and there are 20"):
        _ = Blocks(parts, (0, 0, 1), seed=1).weights
