"""Constraints at their edges: open bounds, float32, bounds with a sign, what is held, growth."""

from __future__ import annotations

import numpy as np
import pytest

import neurobridge as nb
from tests.property.test_training_constraints import BOUNDED
from tests.requirements import require
from tests.unit.training import networks

require("torch")

import torch  # noqa: E402

from neurobridge.training import Train, TrainableNetwork, grow  # noqa: E402

WEIGHT, LOW_RANK = "projections.loop.weight", "projections.loop.low_rank"
SIGN = np.array([1, -1, 1], np.int8)
PAIRS = [
    (0, 1),
    (1, 2),
    (2, 0),
    (0, 0),
]  # pre, post; in order of the edges (2, 0), (0, 0) come first


def small(weight=(1.0, -2.0, 3.0, 0.5), **parameters) -> nb.Network:
    b = nb.NetworkBuilder()
    b.population(
        "cells", 3, BOUNDED, labels=nb.Labels({"kind": ["z", "y", "x"]}, SIGN), **parameters
    )
    b.connect("loop", "cells", "cells", PAIRS, weight=np.array(weight), delay=1.0)
    return b.build()


def pushed(spec: Train, by: float, precision: str = "float32", network: nb.Network | None = None):
    """Values of a path after every step of its parameters moved, and the network written."""
    model = TrainableNetwork(network or small(), 1.0, [spec], precision=precision)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(by)
    values = model.physical(spec.path).detach().numpy().astype(np.float64)
    return values, model.to_network()


EDGES_OF_BOUNDS = {
    "above 0": ("tau_m", -1e4, 0.0, 1e-3),
    "at least": ("a", -1e4, 0.1, 0.100002),
    "at most": ("b", -1e4, 0.299998, 0.3),
    "at most, of two": ("c", 1e4, 0.299998, 0.3),
    "below": ("d", 1e4, 0.699998, 0.7),
    "above": ("d", -1e4, 0.1, 0.100002),
}


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("case", EDGES_OF_BOUNDS)
def test_the_end_of_the_road_is_inside(case: str, precision: str) -> None:
    name, by, low, high = EDGES_OF_BOUNDS[case]
    values, written = pushed(Train(f"populations.cells.{name}"), by, precision)
    assert ((values >= low) & (values <= high)).all()
    open_bound = BOUNDED.parameters[name].above == low or BOUNDED.parameters[name].below == high
    assert not open_bound or not np.isin(values, [low, high]).any()
    assert np.isfinite(np.asarray(written.population("cells").parameters[name])).all()


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_weights_and_scales_never_lose_their_sign(precision: str) -> None:
    before = small().weights("loop")
    for path in (WEIGHT, "projections.loop.scale"):
        _, written = pushed(Train(path), -1e4, precision)
        np.testing.assert_array_equal(np.sign(written.weights("loop")), np.sign(before))


def test_a_value_on_a_bound_still_has_a_gradient() -> None:
    model = TrainableNetwork(
        small(), 1.0, [Train("populations.cells.a"), Train("populations.cells.c")],
        precision="float64",
    )  # fmt: skip
    for part in model.parts:
        values = part()
        torch.testing.assert_close(values, part.value, rtol=0, atol=2e-6)
        values.sum().backward()
        assert bool((part.step.grad != 0).all())


def test_zero_learning_rates_hold_to_the_last_bit() -> None:
    c = np.array([0.1, 0.2, 0.3])
    spec = Train("populations.cells.c", by="kind", learning_rate=[0.0, 1.0, 1.0])
    values, _ = pushed(spec, 0.7, "float64", small(c=c))
    assert values[0] == 0.1
    assert values[1] == pytest.approx(0.1 + 0.2 / (1 + np.exp(-0.7)))
    weights, _ = pushed(Train(WEIGHT, learning_rate=[0.0, 1.0, 0.0, 1.0]), 0.7, "float64")
    moved = weights != small().weights("loop")
    assert moved.tolist() == [False, True, False, True]


def test_groups_need_agree_only_where_they_are_trained() -> None:
    network = networks.spiking()
    types = network.population("cells").labels["cell_type"].values
    spec = Train("populations.cells.tau_m", by="all", where={"cell_type": "B"})
    model = TrainableNetwork(network, 1.0, [spec])
    with torch.no_grad():
        model.parts[0].step += 0.5
    tau = model.physical(spec.path).detach().numpy()
    before = np.asarray(network.population("cells").parameters["tau_m"])
    np.testing.assert_array_equal(tau[types != "B"], before[types != "B"].astype(np.float32))
    assert np.unique(tau[types == "B"]).size == 1
    assert tau[types == "B"][0] > 20.0
    TrainableNetwork(  # only those that are trained must lie within the bounds
        network, 1.0, [Train(spec.path, where={"cell_type": "A"}, bounds=("10 ms", "13 ms"))]
    )


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_bounds_of_weights_that_keep_their_sign(precision: str) -> None:
    spec = Train(WEIGHT, bounds=("0.3 mV", "3.1 mV"))
    start, _ = pushed(spec, 0.0, precision)
    before = small().weights("loop")
    np.testing.assert_allclose(start, before, rtol=1e-6)
    for by, low, high in ((1e4, 3.09, 3.1), (-1e4, 0.3, 0.3001)):
        values, written = pushed(spec, by, precision)
        np.testing.assert_array_equal(np.sign(values), np.sign(before))
        assert ((np.abs(values) >= low) & (np.abs(values) <= high)).all()
        np.testing.assert_array_equal(written.weights("loop"), values)
    with_zero = small((1.0, -2.0, 0.0, 0.5))
    values, _ = pushed(Train(WEIGHT, bounds=(None, 2.0)), 1e4, precision, with_zero)
    assert (values == 0).sum() == 1
    assert np.abs(values).max() == 2.0


def test_self_connections_are_held() -> None:
    edges = small().projections["loop"].edges
    loop = edges.pre == edges.post
    before = small().weights("loop")
    values, _ = pushed(Train(WEIGHT, self_connections=False), 0.5, "float64")
    assert (values[loop] == before[loop]).all()
    assert (values[~loop] != before[~loop]).all()
    added, _ = pushed(Train(LOW_RANK, self_connections=False, sign="free"), 0.5)
    assert (added[loop] == 0).all()
    assert (added[~loop] != 0).all()


@pytest.mark.parametrize("by", [-50.0, 0.0, 0.5, 50.0])
def test_low_rank_parts_keep_to_dale(by: float) -> None:
    _, written = pushed(Train(LOW_RANK, rank=2), by, "float64")
    before, after = small().weights("loop"), written.weights("loop")
    assert (np.abs(after) >= np.abs(before)).all()
    np.testing.assert_array_equal(np.sign(after), np.sign(before))
    both, _ = pushed(Train(LOW_RANK, sign="free"), by, "float64")
    assert by == 50.0 or (np.sign(both) != np.sign(before)).any()


def test_a_low_rank_part_with_signs_is_a_product() -> None:
    spec = Train("projections.recurrent.low_rank", rank=2, spread=0.5, where={"pre.cell_type": "A"})
    network = networks.spiking()  # its cells take excitation and inhibition by receptors
    model = TrainableNetwork(network, 1.0, [spec], precision="float64")
    (part,) = model.parts
    m, n = (f.detach().numpy() for f in part.factors())
    edges = network.projections["recurrent"].edges
    types = network.population("cells").labels["cell_type"].values
    sign = network.population("cells").labels.sign[edges.pre]
    expected = np.where(types[edges.pre] == "A", sign * (m @ n.T)[edges.post, edges.pre], 0.0)
    np.testing.assert_allclose(part().detach().numpy(), expected, rtol=1e-12)
    assert (m > 0).all()
    result = model(model.inputs([[]], 40.0, seed=1))
    result.readouts["choice"].sum().backward()
    assert float(part.u.grad.abs().sum()) > 0
    written = model.to_network()
    np.testing.assert_allclose(
        written.weights("recurrent"), network.weights("recurrent") + expected, rtol=1e-12
    )


def test_everything_moves_to_another_device() -> None:
    specs = [
        Train(WEIGHT, where={"pre.kind": ["z", "y"]}), Train("projections.loop.scale"),
        Train("populations.cells.c", learning_rate=[0.0, 1.0, 1.0]), Train("populations.cells.a"),
    ]  # fmt: skip
    model = TrainableNetwork(small(), 1.0, specs).to("meta")
    assert all(part().device.type == "meta" for part in model.parts)
    low_rank = TrainableNetwork(small(), 1.0, [Train(LOW_RANK)]).to("meta")
    assert low_rank.parts[0]().device.type == "meta"


def test_growth_leaves_the_diagonal_out() -> None:
    everywhere = np.ones((3, 3), dtype=bool)
    edges = grow(small(), "loop", everywhere).projections["loop"].edges
    assert edges.n_edges == 7  # the self-connection that there was, and all others
    assert (edges.pre == edges.post).sum() == 1
    closed = grow(small(), "loop", everywhere, self_connections=True)
    assert closed.projections["loop"].edges.n_edges == 9
    with pytest.raises(nb.NetworkError, match="no weight that is not 0"):
        grow(small((0.0, 0.0, 0.0, 0.0)), "loop", everywhere)


REFUSED = {
    "negative magnitude": (Train(WEIGHT, bounds=(-1.0, 1.0)), "not below 0, got -1.0"),
    "magnitude outside": (Train(WEIGHT, bounds=(None, 1.0)), "2 of 4 magnitudes are outside"),
    "low rank, by": (Train(LOW_RANK, by="all"), "neither by, bounds nor rates of elements"),
    "low rank, bounds": (Train(LOW_RANK, bounds=(0.0, 1.0)), "neither by, bounds nor rates"),
    "low rank, rates": (Train(LOW_RANK, learning_rate=[1.0]), "neither by, bounds nor rates"),
    "sign of a parameter": (Train("populations.cells.a", sign="fixed"), "for weights and low-rank"),
    "loops of a parameter": (
        Train("populations.cells.a", self_connections=False), "is for projections",
    ),
    "values outside, of those that move": (
        Train("populations.cells.v_rest", bounds=(-60, None), where={"kind": "x"}),
        "1 of 1 values are outside of the bounds -60",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(case: str) -> None:
    spec, message = REFUSED[case]
    with pytest.raises(nb.NetworkError, match=message):
        TrainableNetwork(small(), 1.0, [spec])


def test_nothing_that_could_move() -> None:
    silent = small((0.0, 0.0, 0.0, 0.0))
    with pytest.raises(nb.NetworkError, match="all weights are 0 and keep their sign"):
        TrainableNetwork(silent, 1.0, [Train(WEIGHT)])
    TrainableNetwork(silent, 1.0, [Train(WEIGHT, sign="free"), Train(LOW_RANK)])
    with pytest.raises(nb.NetworkError, match="1 of 4 magnitudes are outside"):
        TrainableNetwork(small((1.0, -2.0, 0.0, 0.5)), 1.0, [Train(WEIGHT, bounds=(0.2, None))])
    empty = small().projections["loop"].take(np.zeros(4, dtype=bool))
    with pytest.raises(nb.NetworkError, match="nothing to train"):
        TrainableNetwork(small().with_projection(empty), 1.0, [Train("projections.loop.scale")])


def test_constraints_of_other_places() -> None:
    network = networks.spiking()
    loops = Train("projections.feedforward.weight", self_connections=False)
    with pytest.raises(nb.NetworkError, match="within a population, this one is from 'input'"):
        TrainableNetwork(network, 1.0, [loops])
    on_its_side = Train("readouts.choice.weight", learning_rate=np.ones((networks.N, 3)))
    with pytest.raises(nb.NetworkError, match="lies on its side"):
        TrainableNetwork(network, 1.0, [on_its_side])
