"""Hypothesis strategies for edges, weights and whole networks."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from neurobridge.frozen import FrozenDict
from neurobridge.graph.edges import Edges
from neurobridge.graph.encoder import Encoder
from neurobridge.graph.labels import Labels
from neurobridge.graph.model import NeuronModel, Parameter, Receptor
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.probe import SpikeProbe, StateProbe
from neurobridge.graph.projection import Projection, TickDelays
from neurobridge.graph.readout import Readout
from neurobridge.graph.stimulus import Current, Poisson, SpikeTrains, WhiteNoise
from neurobridge.graph.weight import Explicit, Factorised, LowRank, Weight, WeightSum
from neurobridge.models.lif import lif_exp

finite = st.floats(-1e6, 1e6, allow_nan=False)
times = st.floats(0, 1e6, allow_nan=False)
labels_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)

own_model = NeuronModel(
    name="leaky_drift",
    equations="dx/dt = (x0 - x)/tau + drift*current : mV  # a model of the user's own",
    parameters={
        "x0": Parameter(-1.5, "mV"),
        "tau": Parameter("7 ms", "ms", "time constant", above=0),
        "drift": Parameter(None, "mV/nA/ms"),
        "r": Parameter(2, "MOhm", at_least=0),
    },
    receptors=(Receptor("in", "x += w * r", sign="any", magnitude=False, when_clamped="keep"),),
    threshold="x >= 1 * mV",
    threshold_policy="crossing",
    reset="x -= 1 * mV",
    refractory=None,
    integrator="exact",
    initial={"x": "x0"},
    doc="µ-units, bounds at infinity, a parameter without default",
)


class Pairs(NamedTuple):
    """Edges as a user gives them: index pairs in any order, with a count each."""

    n_pre: int
    n_post: int
    pre: NDArray[np.int64]
    post: NDArray[np.int64]
    count: NDArray[np.int64]

    def dense(self) -> NDArray[np.int64]:
        """Summed counts as a matrix (n_post, n_pre), one edge after the other."""
        matrix = np.zeros((self.n_post, self.n_pre), dtype=np.int64)
        for i, j, c in zip(self.pre, self.post, self.count, strict=True):
            matrix[j, i] += c
        return matrix

    def edges(self) -> Edges:
        """The same as edges."""
        return Edges.from_pairs(self.pre, self.post, self.n_pre, self.n_post, count=self.count)[0]


@st.composite
def pairs(
    draw: st.DrawFn, sizes: tuple[int, int] | None = None, unique: bool = False, max_edges: int = 30
) -> Pairs:
    """Index pairs with self-loops, parallel edges (unless ``unique``), and empty rows."""
    n_pre, n_post = sizes or (draw(st.integers(1, 8)), draw(st.integers(1, 8)))
    pair = st.tuples(st.integers(0, n_pre - 1), st.integers(0, n_post - 1))
    drawn = draw(st.lists(pair, max_size=max_edges, unique=unique))
    index = np.array(drawn, dtype=np.int64).reshape(-1, 2)
    count = draw(hnp.arrays(np.int64, len(drawn), elements=st.integers(0, 70_000)))
    return Pairs(n_pre, n_post, index[:, 0], index[:, 1], count)


def floats_of(shape: Any, elements: st.SearchStrategy[float] = finite) -> st.SearchStrategy[Any]:
    """Float64 arrays."""
    return hnp.arrays(np.float64, shape, elements=elements)


@st.composite
def single_weights(draw: st.DrawFn, edges: Edges) -> Weight:
    """A weight that is no sum; ``edges`` need a column ``group`` of 0..2."""
    kind = draw(st.sampled_from(["explicit", "float32", "factorised", "grouped", "low-rank"]))
    if kind == "explicit":
        return Explicit(draw(floats_of(edges.n_edges)), draw(st.sampled_from([None, "pA"])))
    if kind == "float32":
        narrow = st.floats(-10, 10, width=32)
        return Explicit(draw(hnp.arrays(np.float32, edges.n_edges, elements=narrow)))
    if kind == "factorised":
        return Factorised(draw(st.sampled_from([0.1, "0.2 nA", 3])))
    if kind == "grouped":
        return Factorised(1.0, draw(floats_of(3)), "group")
    rank = draw(st.integers(1, 2))
    return LowRank(draw(floats_of((edges.n_post, rank))), draw(floats_of((edges.n_pre, rank))))


def weights(edges: Edges) -> st.SearchStrategy[Weight]:
    """Any weight for these edges."""
    single = single_weights(edges)
    return single | st.lists(single, min_size=1, max_size=3).map(lambda t: WeightSum(tuple(t)))


@st.composite
def projections(
    draw: st.DrawFn, name: str, pre: str, post: str, sizes: tuple[int, int]
) -> Projection:
    """A projection with any weight, and one delay or one per edge."""
    drawn = draw(pairs(sizes))
    n = drawn.pre.size
    edges, _ = Edges.from_pairs(
        drawn.pre,
        drawn.post,
        *sizes,
        count=drawn.count,
        sign=draw(st.none() | hnp.arrays(np.int8, n, elements=st.sampled_from([-1, 1]))),
        columns={"group": draw(hnp.arrays(np.uint8, n, elements=st.integers(0, 2)))},
    )
    ticks = hnp.arrays(np.uint16, n, elements=st.integers(1, 2**16 - 1))
    delay = draw(st.floats(0.1, 50) | ticks.map(TickDelays))
    return Projection(name, pre, post, edges, draw(weights(edges)), delay, draw(st.none()))


@st.composite
def populations(draw: st.DrawFn, name: str) -> Population:
    """Neurons of a library model or of a user's own, with ids, labels and parameters."""
    n = draw(st.integers(1, 6))
    ids = draw(hnp.arrays(np.int64, n, elements=st.integers(-(2**63), 2**63 - 1), unique=True))
    column = st.lists(labels_text, min_size=n, max_size=n)
    columns = draw(st.dictionaries(labels_text, column, max_size=2))
    sign = hnp.arrays(np.int8, n, elements=st.sampled_from([-1, 1]))
    labels = Labels(FrozenDict(columns), draw(sign))
    if draw(st.booleans()):
        drift = draw(finite | floats_of(n))
        return Population(name, n, own_model, FrozenDict({"drift": drift}), ids=ids, labels=labels)
    tau = draw(st.floats(1, 50) | floats_of(n, st.floats(1, 50)))
    positions = draw(st.none() | hnp.arrays(np.float32, (n, 3), elements=st.floats(0, 1, width=32)))
    initial = FrozenDict({"v": draw(finite)})
    return Population(name, n, lif_exp, FrozenDict({"tau_m": tau}), initial, ids, labels, positions)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
"""What metadata may hold; NaN is left out because it does not equal itself."""


@st.composite
def stimuli(draw: st.DrawFn, population: Population) -> list[Any]:
    """Some stimuli onto a population."""
    n, name = population.size, population.name
    receptor = population.model.receptor_names[0]
    some = draw(st.lists(st.integers(0, n - 1), unique=True, max_size=n))
    chosen = np.array(some, dtype=np.int32)
    times_ = draw(st.lists(times, max_size=4))
    everything = [
        SpikeTrains("trains", name, times_, np.zeros(len(times_), np.int32), receptor),
        Poisson("poisson", name, draw(st.floats(0, 100)), chosen, receptor, start=1.0),
        Poisson(
            "rates", name, draw(floats_of((2, n), times)), None, receptor, "1 nA", 2.0,
            stop=9.0, rate_interval=4.5,
        ),
        Current("step", name, draw(floats_of((2, chosen.size))), [0.0, 3.0], chosen),
        WhiteNoise("noise", name, draw(floats_of(n, times)), 0.5, stop=draw(times)),
    ]  # fmt: skip
    return [s for s in everything if draw(st.booleans())]


@st.composite
def readouts(draw: st.DrawFn, population: Population) -> Readout:
    """A readout of a neuron, with any filter, pool and source."""
    tau = st.none() | st.floats(0.1, 100)
    source = st.sampled_from(["spikes", *population.model.states])
    return Readout(
        "out", population.name, [0], draw(floats_of((2, 1))), draw(floats_of(2)), draw(source),
        draw(tau), draw(tau), draw(st.sampled_from(["count", "mean", "max", "last", "none"])),
        draw(st.none() | st.lists(labels_text, min_size=2, max_size=2, unique=True)),
    )  # fmt: skip


@st.composite
def encoders(draw: st.DrawFn, population: Population) -> Encoder:
    """An encoder of one to three features onto some neurons."""
    n_in = draw(st.integers(1, 3))
    some = draw(st.lists(st.integers(0, population.size - 1), unique=True, max_size=4))
    names = st.lists(labels_text, min_size=n_in, max_size=n_in, unique=True)
    return Encoder(
        "into", population.name, np.array(some, dtype=np.int32),
        draw(floats_of((len(some), n_in))), draw(floats_of(len(some))),
        draw(st.sampled_from(["rate", "current"])), draw(st.just(()) | names.map(tuple)),
    )  # fmt: skip


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """A network of one or two populations with everything that a network can hold."""
    cells = [draw(populations(n)) for n in draw(st.sampled_from([["a"], ["a", "b"]]))]
    first, last = cells[0], cells[-1]
    projection = draw(projections("rec", first.name, last.name, (first.size, last.size)))
    variable = next(iter(last.model.states))
    probes = [SpikeProbe("a", "a"), StateProbe("state", last.name, variable, [0], 0.5)]
    return Network(
        FrozenDict({c.name: c for c in cells}),
        FrozenDict({"rec": projection}),
        FrozenDict({s.name: s for s in draw(stimuli(last))}),
        FrozenDict({p.name: p for p in probes if draw(st.booleans())}),
        FrozenDict({"out": draw(readouts(first))}),
        FrozenDict({e.name: e for e in [draw(encoders(last))] if draw(st.booleans())}),
        FrozenDict(draw(st.dictionaries(st.text(max_size=5), plain, max_size=3))),
    )
