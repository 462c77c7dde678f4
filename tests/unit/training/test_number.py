"""A number of values drawn at random: which they are, that all others are held, what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import neurobridge as nb
from tests.requirements import require
from tests.unit.training import networks

require("torch")

import torch  # noqa: E402

from neurobridge.training import Train, TrainableNetwork  # noqa: E402
from neurobridge.training.checkpoint import identity  # noqa: E402

WEIGHT, SCALE = "projections.recurrent.weight", "projections.recurrent.scale"
GAIN, TYPES = "populations.units.gain", ("pre.cell_type", "post.cell_type")


def moved(spec: Train, network: nb.Network | None = None, precision: str = "float64") -> np.ndarray:
    """Which values a hard push of every parameter moves; the others must be what they were."""
    model = TrainableNetwork(network or networks.rate(), 1.0, [spec], precision=precision)
    before = model.initial_physical(spec.path).numpy().copy()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.7)
    after = model.physical(spec.path).detach().numpy()
    return np.flatnonzero((after != before).ravel())


def edges_of(network: nb.Network) -> nb.Edges:
    return network.projections["recurrent"].edges


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("number", [1, 7, 20])
def test_so_many_weights_move(number: int, precision: str) -> None:
    found = moved(Train(WEIGHT, number=number, seed=4), precision=precision)
    assert found.size == number
    free = moved(Train(WEIGHT, number=number, seed=4, sign="free"), precision=precision)
    assert found.tolist() == free.tolist()


def test_fewer_are_a_part_of_more_and_seeds_differ() -> None:
    draws = [set(moved(Train(WEIGHT, number=n, seed=1)).tolist()) for n in (2, 5, 12)]
    assert draws[0] < draws[1] < draws[2]
    assert draws[1] == set(moved(Train(WEIGHT, number=5, seed=1)).tolist())
    assert draws[1] != set(moved(Train(WEIGHT, number=5, seed=2)).tolist())
    assert set(moved(Train(GAIN, number=3)).tolist()) != set(
        moved(Train("populations.units.shift", number=3)).tolist()
    )


def test_every_weight_has_the_same_chance() -> None:
    network, seeds, number = networks.rate(), 400, 6
    n = edges_of(network).n_edges
    counts = np.zeros(n)
    for seed in range(seeds):
        counts[moved(Train(WEIGHT, number=number, seed=seed), network)] += 1
    p = number / n
    assert counts.sum() == seeds * number
    assert np.abs(counts - seeds * p).max() < 4.5 * np.sqrt(seeds * p * (1 - p))


def test_self_connections_and_what_where_leaves_out_do_not_count() -> None:
    network = networks.rate()
    edges, area = edges_of(network), network.population("units").labels["area"].values
    can = np.flatnonzero((edges.pre != edges.post) & (area[edges.post] == "y"))
    spec = Train(WEIGHT, where={"post.area": "y"}, self_connections=False, number=can.size)
    assert moved(spec).tolist() == can.tolist()
    some = moved(replace(spec, number=3))
    assert set(some.tolist()) < set(can.tolist())
    with pytest.raises(nb.NetworkError, match=f"only {can.size} values can be trained"):
        moved(replace(spec, number=can.size + 1))


def test_weights_of_zero_and_held_ones_do_not_count() -> None:
    network = networks.rate()
    edges, values = edges_of(network), network.weights("recurrent").copy()
    values[::3] = 0.0
    projection = replace(network.projections["recurrent"], weight=nb.Explicit(values))
    sparse = network.with_projection(projection)
    rate = np.where(np.arange(edges.n_edges) % 3 == 1, 0.0, 1.0)
    can = np.arange(2, edges.n_edges, 3)
    spec = Train(WEIGHT, learning_rate=rate, number=can.size)
    assert moved(spec, sparse).tolist() == can.tolist()
    both = Train(WEIGHT, number=edges.n_edges, sign="free")
    assert moved(both, sparse).size == edges.n_edges


def test_groups_of_edges_and_neurons() -> None:
    network = networks.spiking()
    edges, types = edges_of(network), network.population("cells").labels["cell_type"].values
    found = moved(Train(SCALE, by=TYPES, number=2), network)
    pairs = {(types[edges.pre[i]], types[edges.post[i]]) for i in found}
    assert len(pairs) == 2
    whole = [(types[a], types[b]) in pairs for a, b in zip(edges.pre, edges.post, strict=True)]
    assert found.tolist() == np.flatnonzero(whole).tolist()

    cells = moved(Train("populations.cells.tau_m", by="cell_type", number=1), network)
    assert len({types[i] for i in cells}) == 1
    assert cells.size == (types == types[cells[0]]).sum()
    with pytest.raises(nb.NetworkError, match=r"number=4, but only 3 groups can be trained"):
        moved(Train("populations.cells.tau_m", by="cell_type", number=4), network)


def test_neurons_initial_states_and_readouts() -> None:
    assert moved(Train(GAIN, number=3)).size == 3
    in_y = moved(Train(GAIN, where={"area": "y"}, number=2))
    assert in_y.size == 2
    assert (in_y >= 4).all()
    assert moved(Train("populations.units.initial.x", number=5)).size == 5
    assert moved(Train("readouts.choice.weight", number=4)).size == 4


def test_training_moves_them_alone_and_writes_them_back() -> None:
    network = networks.rate()
    spec = Train(WEIGHT, number=5, seed=9)
    model = TrainableNetwork(network, 1.0, [spec], precision="float64")
    inputs = model.inputs([[]], 20.0)
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.1)
    for _ in range(5):
        loss = model(inputs).readouts["choice"].square().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    before, after = network.weights("recurrent"), model.to_network().weights("recurrent")
    assert np.flatnonzero(before != after).tolist() == moved(spec).tolist()


def test_a_subset_of_scales_is_written_as_weights() -> None:
    network = networks.spiking()
    model = TrainableNetwork(
        network, 1.0, [Train(SCALE, by="pre.cell_type", number=1)], precision="float64"
    )
    with torch.no_grad():
        model.parts[0].step += 1.0
    ratio = model.to_network().weights("recurrent") / network.weights("recurrent")
    types = network.population("cells").labels["cell_type"].values[edges_of(network).pre]
    changed = {t for t in "ABC" if (ratio[types == t] != 1).any()}
    assert len(changed) == 1
    assert np.unique(ratio[types == changed.pop()].round(12)).size == 1


def test_a_checkpoint_of_another_draw_is_another() -> None:
    made = [
        identity(TrainableNetwork(networks.rate(), 1.0, [Train(GAIN, number=n, seed=s)]))
        for n, s in ((3, 0), (4, 0), (3, 1), (3, 0))
    ]
    assert made[0] == made[3]
    assert made[0] != made[1]
    assert made[0] != made[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"number": 0}, "number must be a whole number >= 1, got 0"),
        ({"number": -3}, "number must be a whole number >= 1, got -3"),
        ({"number": 2.0}, "number must be a whole number >= 1, got 2.0"),
        ({"number": True}, "number must be a whole number >= 1, got True"),
        ({"number": 2, "seed": "a"}, "seed must be a whole number, got 'a'"),
        ({"rank": 0}, "rank must be a whole number >= 1, got 0"),
    ],
)
def test_numbers_that_are_none(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(nb.NetworkError, match=message):
        Train(WEIGHT, **arguments)  # type: ignore[arg-type]


def test_more_than_there_is_and_low_rank_parts() -> None:
    with pytest.raises(nb.NetworkError, match=r"number=9, but only 8 values .* ask for fewer"):
        moved(Train(GAIN, number=9))
    with pytest.raises(nb.NetworkError, match=r"number=2, but only 1 groups can be trained"):
        moved(Train(SCALE, number=2))
    with pytest.raises(nb.NetworkError, match="rates of elements, nor number"):
        moved(Train("projections.recurrent.low_rank", number=2))
