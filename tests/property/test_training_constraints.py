"""No constraint is violated after any number of steps, whatever gradients an optimiser is given."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

import neurobridge as nb
from neurobridge.graph.model import NeuronModel, Parameter, Receptor
from tests.requirements import require

require("torch")

import torch  # noqa: E402

from neurobridge.training import Train, TrainableNetwork  # noqa: E402

BOUNDED = NeuronModel(
    name="bounded",
    equations="dv/dt = (v_rest - v)/tau_m + (a + b + c + d)*mV/ms : mV",
    parameters={
        "v_rest": Parameter(-65.0, "mV"),
        "v_thresh": Parameter(-50.0, "mV"),
        "tau_m": Parameter(20.0, "ms", above=0),
        "a": Parameter(0.1, "1", at_least=0.1),
        "b": Parameter(0.3, "1", at_most=0.3),
        "c": Parameter(0.3, "1", at_least=0.1, at_most=0.3),
        "d": Parameter(0.2, "1", above=0.1, below=0.7),
    },
    receptors=(Receptor("syn", "v += w", sign="any", magnitude=False, when_clamped="keep"),),
    threshold="v >= v_thresh",
    threshold_policy="level",
    reset="v = v_rest",
    refractory=None,
    integrator="exact",
    initial={"v": "v_rest"},
)
"""Bounds of every kind, at numbers that float32 rounds to the outside."""

RANGES = {
    "v_rest": (-90.0, -40.0), "tau_m": (1e-3, 100.0), "a": (0.1, 5.0), "b": (-5.0, 0.3),
    "c": (0.1, 0.3), "d": (0.1000001, 0.6999999),
}  # fmt: skip
N = 5


class Case(NamedTuple):
    network: nb.Network
    specs: list[Train]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A network, and what of it is trained."""
    sign = draw(hnp.arrays(np.int8, N, elements=st.sampled_from([-1, 1])))
    kind = np.array(draw(st.lists(st.sampled_from("AB"), min_size=N, max_size=N)))
    kind[:2] = "A", "B"
    parameters = {}
    by = {}
    for name, (low, high) in RANGES.items():
        by[name] = draw(st.sampled_from(["each", "all", "kind"]))
        values = np.array(draw(st.lists(st.floats(low, high), min_size=N, max_size=N)))
        groups = {"each": np.arange(N), "all": np.zeros(N, int), "kind": (kind == "B").astype(int)}
        parameters[name] = values[groups[by[name]]]
    b = nb.NetworkBuilder()
    b.population("cells", N, BOUNDED, labels=nb.Labels({"kind": kind.tolist()}, sign), **parameters)
    pair = st.tuples(st.integers(0, N - 1), st.integers(0, N - 1))
    pairs = draw(st.lists(pair, min_size=2, max_size=12, unique=True))
    size = draw(
        hnp.arrays(
            np.float64, len(pairs), elements=st.floats(1e-4, 1e3) | st.sampled_from([1.0, 0.3])
        )
    )
    size[1:] *= draw(hnp.arrays(np.int8, len(pairs) - 1, elements=st.sampled_from([0, 1, 1, 1])))
    weight = size * sign[[p[0] for p in pairs]]
    b.connect("loop", "cells", "cells", pairs, weight=weight, delay=1.0)
    specs = [draw(_parameter(name, parameters[name], by[name])) for name in RANGES]
    specs += draw(_edges(np.sort(np.abs(weight)), len(pairs)))
    return Case(b.build(), [s for s in specs if s is not None])


def _parameter(name: str, values: NDArray[np.float64], by: str) -> st.SearchStrategy[Train | None]:
    """Training of a parameter, perhaps within narrower bounds, perhaps of some neurons."""
    low, high = float(values.min()), float(values.max())
    lower = st.sampled_from([None, low, low - 0.7])
    upper = st.sampled_from([None, high + 1e-3, high + 50.0])
    where = st.sampled_from([None, {"kind": "A"}])
    rate = st.sampled_from([1.0, 0.0, 0.01])
    path = f"populations.cells.{name}"
    made = st.builds(
        lambda lo, hi, w, r: Train(path, by=by, bounds=(lo, hi), where=w, learning_rate=r),
        lower, upper, where, rate,
    )  # fmt: skip
    return st.none() | made


@st.composite
def _edges(draw: st.DrawFn, sizes: NDArray[np.float64], n: int) -> list[Train]:
    """Training of weights, of scales, of both, or of a low-rank part."""
    where = draw(st.sampled_from([None, {"pre.kind": "A"}, {"post.kind": "B"}]))
    loops = draw(st.booleans())
    how = draw(st.sampled_from(["fixed", "bounded", "free", "scale", "both", "low rank"]))
    rate: Any = draw(hnp.arrays(np.float64, n, elements=st.sampled_from([0.0, 1.0, 0.1])))
    options: dict[str, Any] = {"learning_rate": rate, "where": where, "self_connections": loops}
    weight = Train("projections.loop.weight", **options)
    if how == "fixed":
        return [weight]
    if how == "bounded":
        low = draw(st.sampled_from([None, 0.5 * float(sizes[0])]))
        return [Train(weight.path, bounds=(low, float(sizes[-1])), **options)]
    if how == "free":
        top = float(sizes[-1])
        bounds = draw(st.sampled_from([None, (-top, None), (-top, top), (None, 2 * top)]))
        return [Train(weight.path, sign="free", bounds=bounds, **options)]
    options["learning_rate"] = 1.0
    if how == "low rank":
        return [Train("projections.loop.low_rank", rank=2, **options)]
    by = draw(st.sampled_from(["all", "pre.kind", ("pre.kind", "post.kind")]))
    scale = Train("projections.loop.scale", by=by, **options)
    return [scale] if how == "scale" else [scale, weight]


def pushed(model: TrainableNetwork, how: str, size: float, steps: int, seed: int) -> None:
    """Give an optimiser random gradients of any size."""
    rng = np.random.default_rng(seed)
    optimisers: dict[str, Callable[[], torch.optim.Optimizer]] = {
        "sgd": lambda: torch.optim.SGD(model.parameters(), lr=1.0),
        "momentum": lambda: torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9),
        "adam": lambda: torch.optim.Adam(model.parameters(), lr=10.0),
        "adamw": lambda: torch.optim.AdamW(model.parameters(), lr=1.0, weight_decay=0.1),
    }
    optimiser = optimisers[how]()
    for _ in range(steps):
        for p in model.parameters():
            p.grad = torch.as_tensor(size * rng.normal(size=p.shape)).to(p.dtype)
        optimiser.step()


@given(
    cases(),
    st.sampled_from(["float32", "float64"]),
    st.sampled_from(["sgd", "momentum", "adam", "adamw"]),
    st.sampled_from([1e-3, 1.0, 1e3, 1e12]),
    st.integers(1, 12),
    st.integers(0, 2**31),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_no_step_violates_a_constraint(
    case: Case, precision: Any, optimiser: str, size: float, steps: int, seed: int
) -> None:
    assume(case.specs)
    try:
        model = TrainableNetwork(case.network, 1.0, case.specs, precision=precision)
    except nb.NetworkError as err:
        reject_unless(err, "selects nothing", "all weights are 0", "not below the upper")
    _check(case, model)
    pushed(model, optimiser, size, steps, seed)
    _check(case, model)


def reject_unless(error: Exception, *known: str) -> None:
    """Not every case makes sense; that it does not must be said."""
    if not any(text in str(error) for text in known):
        raise error
    reject()


def _check(case: Case, model: TrainableNetwork) -> None:
    written = model.to_network()  # the description checks the bounds of the declaration
    edges = case.network.projections["loop"].edges
    for name in ("pre", "indptr"):
        np.testing.assert_array_equal(
            getattr(written.projections["loop"].edges, name), getattr(edges, name)
        )
    for spec in case.specs:
        values = model.physical(spec.path).detach().numpy().astype(np.float64)
        assert np.isfinite(values).all()
        if spec.path.startswith("populations"):
            _check_parameter(case.network, spec, values, model)
        else:
            _check_edges(case.network, spec, values, written)


def _check_parameter(
    network: nb.Network, spec: Train, values: NDArray[np.float64], model: TrainableNetwork
) -> None:
    cells = network.population("cells")
    before = np.asarray(cells.parameters[spec.path.split(".")[-1]])
    kind = cells.labels["kind"].values
    moves = np.full(N, spec.learning_rate != 0)
    if spec.where is not None:
        moves &= kind == "A"
    dtype = model.options.dtype
    kept = torch.as_tensor(before[~moves]).to(dtype).double().numpy()
    np.testing.assert_allclose(values[~moves], kept, rtol=1e-7 if dtype == torch.float32 else 0)
    low, high = spec.bounds or (None, None)
    assert (values[moves] >= (-math.inf if low is None else float(low))).all()
    assert (values[moves] <= (math.inf if high is None else float(high))).all()
    if spec.by == "kind":
        for group in "AB":
            assert np.unique(values[moves & (kind == group)]).size <= 1


def _check_edges(
    network: nb.Network, spec: Train, values: NDArray[np.float64], written: nb.Network
) -> None:
    edges, before = network.projections["loop"].edges, network.weights("loop")
    cells = network.population("cells")
    kind = cells.labels["kind"].values
    after = written.weights("loop")
    if spec.sign != "free":
        np.testing.assert_array_equal(np.sign(after)[before != 0], np.sign(before)[before != 0])
        assert ((after == 0) | (np.sign(after) == cells.labels.sign[edges.pre])).all()
    moves = np.broadcast_to(np.asarray(spec.learning_rate) != 0, before.shape).copy()
    if not spec.self_connections:
        moves &= edges.pre != edges.post
    for key, value in (spec.where or {}).items():
        moves &= kind[getattr(edges, key.split(".")[0])] == value
    if spec.path.endswith("scale"):
        assert (values[moves] > 0).all()
        assert (values[~moves] == 1).all()
    elif spec.path.endswith("low_rank"):
        assert (values[~moves] == 0).all()
    else:
        np.testing.assert_allclose(values[~moves], before[~moves], rtol=1e-7)
        low, high = spec.bounds or (None, None)
        size = values if spec.sign == "free" else np.abs(values)
        assert (size[moves] >= (-math.inf if low is None else float(low))).all()
        assert (size[moves] <= (math.inf if high is None else float(high))).all()
