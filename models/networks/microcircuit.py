"""The cortical microcircuit of Potjans and Diesmann (2014), whole or scaled down."""

from __future__ import annotations

__all__ = ["GROUPS", "mean_weights", "microcircuit", "rates_at", "synapse_numbers"]

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurobridge.citation import Reference
from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.edges import Edges
from neurobridge.graph.labels import Column, Labels
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.projection import Projection, TickDelays
from neurobridge.graph.stimulus import PoissonCounts
from neurobridge.graph.weight import Explicit
from neurobridge.models.lif import lif_exp
from neurobridge.models.networks.expected import LABEL, POPULATION, ExpectedRate, notes
from neurobridge.rng import generator
from neurobridge.structure import checks

GROUPS = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")
"""Layer and kind."""
SIZES = np.array([20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948])
PROBABILITY = np.array([
    [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0000, 0.0076, 0.0000],
    [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0000, 0.0042, 0.0000],
    [0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0.0000],
    [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0000, 0.1057, 0.0000],
    [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0000],
    [0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0.0000],
    [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
    [0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443],
])  # fmt: skip
"""That a pair of neurons is connected at least once, [post, pre]; table 5 of the paper."""
EXTERNAL = np.array([1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100])
"""External inputs of a neuron."""
BACKGROUND = 8.0
"""Rate of an external input in Hz."""
RATES = np.array([0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829])
"""Mean rates in Hz of the whole network in NEST, which the constant current stands for."""
SCALED_RATES = {
    0.2: np.array([0.597, 2.502, 4.344, 5.549, 7.160, 8.279, 1.072, 7.453]),
    0.1: np.array([0.510, 2.160, 4.011, 5.027, 6.616, 7.865, 0.839, 7.073]),
}
"""The same of smaller networks, by ``scale``, from scripts by hand for NEST 3.10 (1.5 and 3 s)."""
WITHIN = 0.10, 0.15
"""Room for the rates of another draw of the network: this part of the rate, and so many Hz."""
START = np.array([
    [-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43],
    [5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48],
])  # fmt: skip
"""Mean and standard deviation in mV of initial potentials that avoid a volley at the start."""

TAU_M, TAU_SYN, C_M, T_REF = 10.0, 0.5, 0.25, 2.0
REST, THRESHOLD = -65.0, -50.0
PSP, STRONG, G = 0.15, 2.0, 4.0
"""Mean excitatory potential in mV, the factor of L4E onto L23E, and that of inhibition."""
WEIGHT_SD, DELAY_SD = 0.1, 0.5
"""Relative to the mean."""
DELAYS = (1.5, 0.75)
"""Mean delay in ms of excitatory and inhibitory connections."""
TICK = 0.1
"""In ms: what delays are multiples of."""

PAPERS = (
    Reference(
        "potjans2014",
        "Potjans & Diesmann (2014). The cell-type specific cortical microcircuit: relating "
        "structure and activity in a full-scale spiking network model. Cereb. Cortex 24:785-806.",
        "10.1093/cercor/bhs358",
    ),
    Reference(
        "vanalbada2015",
        "van Albada, Helias & Diesmann (2015). Scalability of asynchronous networks is limited by "
        "one-to-one mapping between effective connectivity and correlations. PLoS Comput. Biol. "
        "11:e1004490.",
        "10.1371/journal.pcbi.1004490",
    ),
)

Input = Literal["poisson", "dc"]


def microcircuit(
    scale: float = 0.1, *, k_scale: float | None = None, external: Input = "poisson", seed: int = 1
) -> Network:
    """Four layers of cortex under a square millimetre, each of excitatory and inhibitory neurons.

    Leaky integrate-and-fire neurons with exponential currents (``tau_m = 10 ms``,
    ``tau_syn = 0.5 ms``), 77,169 of them with 0.3 billion synapses at ``scale=1``. The number of
    synapses of each pair of groups is fixed, both ends of each are drawn at random, so that a pair
    may have several; each has its own weight and delay. Weights are normal with a relative standard
    deviation of 0.1, delays one of 0.5; a weight of the wrong sign and a delay that rounds to less
    than 0.1 ms are drawn again. Delays are multiples of 0.1 ms.

    Smaller networks are scaled as van Albada et al. (2015) do: numbers of neurons by ``scale``,
    in-degrees by ``k_scale``, weights by ``1/sqrt(k_scale)``, which keeps the variance of inputs,
    and a constant current replaces the mean input that is lost, at the rates of the whole network.
    Means and variances of inputs stay; correlations and the skewness of inputs grow, and with them
    rates fall a little (at 0.1 by a tenth, those of L23E by almost half).

    Parameters
    ----------
    scale : float
        Numbers of neurons relative to the whole, in (0, 1].
    k_scale : float, optional
        In-degrees relative to the whole, in (0, 1]. Default: ``scale``, by which the network has
        ``scale**2`` of all synapses.
    external : {"poisson", "dc"}
        Input from outside: Poisson spikes, or their mean as a current.
    seed : int
        Of connections, weights, delays and initial potentials.

    Returns
    -------
    Network
        Population ``neurons`` (label ``group``: L23E, L23I, L4E, L4I, L5E, L5I, L6E, L6I),
        projection ``synapses``, and the stimulus ``external`` unless that is a current. Rates are
        known (:func:`expected_rates`) for Poisson input and ``k_scale = scale`` from 0.1 on.

    Raises
    ------
    NetworkError, UnknownNameError
        If a scale is not in (0, 1], or leaves a group without neurons, or there is no such input.

    References
    ----------
    Potjans & Diesmann (2014). The cell-type specific cortical microcircuit. Cereb. Cortex 24:785.
    https://doi.org/10.1093/cercor/bhs358
    van Albada, Helias & Diesmann (2015). Scalability of asynchronous networks is limited by
    one-to-one mapping between effective connectivity and correlations. PLoS Comput. Biol.
    11:e1004490. https://doi.org/10.1371/journal.pcbi.1004490
    """
    k_scale = scale if k_scale is None else k_scale
    for name, value in (("scale", scale), ("k_scale", k_scale)):
        if not 0 < value <= 1:
            raise NetworkError(f"{name}: expected a number above 0 and up to 1, got {value!r}")
    if external not in ("poisson", "dc"):
        raise UnknownNameError("external input of the microcircuit", external, ("poisson", "dc"))
    sizes = np.rint(SIZES * scale).astype(np.int64)
    if sizes.min() < 1:
        raise NetworkError(f"scale = {scale:g} leaves no neuron of {GROUPS[int(sizes.argmin())]}")
    seed = checks.seed(seed)
    group = np.repeat(np.arange(len(GROUPS)), sizes)
    projection = _synapses(sizes, group, scale * k_scale, k_scale, seed)
    neurons = _neurons(group, _constant_current(k_scale, external == "dc"), seed)
    expected = rates_at(scale) if k_scale == scale and external == "poisson" else []
    stimuli = {}
    if external == "poisson":
        rate = BACKGROUND * k_scale * EXTERNAL[group]
        weight = mean_weights()[0, 0] / math.sqrt(k_scale)
        stimuli["external"] = PoissonCounts(
            "external", POPULATION, rate, receptor="exc", weight=weight
        )
    return Network(
        FrozenDict({POPULATION: neurons}),
        FrozenDict({projection.name: projection}),
        FrozenDict(stimuli),
        metadata=FrozenDict(notes(expected, PAPERS)),
    )


def synapse_numbers() -> NDArray[np.float64]:
    """Synapses of each pair of groups in the whole network, [post, pre]; equation 1 of the paper.

    ``ln(1 - p) / ln(1 - 1/(N_post N_pre))`` synapses between random neurons connect a pair with
    the probability ``p``.
    """
    return np.asarray(np.log1p(-PROBABILITY) / np.log1p(-1.0 / np.outer(SIZES, SIZES)))


def mean_weights() -> NDArray[np.float64]:
    """Mean jump of the synaptic current in nA in the whole network, [post, pre].

    From the size of the potential that one event makes: the solution of the two linear equations
    has its peak at ``ln(tau_m/tau_syn) tau_m tau_syn/(tau_m - tau_syn)``.
    """
    rate = TAU_M * TAU_SYN / (TAU_M - TAU_SYN)
    peak = math.log(TAU_M / TAU_SYN) * rate
    mv_per_na = rate / C_M * (math.exp(-peak / TAU_M) - math.exp(-peak / TAU_SYN))
    psp = np.tile([PSP, -G * PSP], (len(GROUPS), len(GROUPS) // 2))
    psp[GROUPS.index("L23E"), GROUPS.index("L4E")] *= STRONG
    return np.asarray(psp / mv_per_na)


def _constant_current(k_scale: float, dc: bool) -> NDArray[np.float64]:
    """Current in nA of each group: the mean of inputs that scaling lost or that are no spikes."""
    weight = mean_weights()
    external = weight[0, 0] * EXTERNAL * BACKGROUND
    in_degree = synapse_numbers() / SIZES[:, None]
    recurrent = (weight * in_degree * RATES).sum(axis=1)
    lost = (1 - math.sqrt(k_scale)) * (recurrent + external)
    if dc:
        lost += math.sqrt(k_scale) * external
    return np.asarray(TAU_SYN * 1e-3 * lost)


def _synapses(
    sizes: NDArray[np.int64], group: NDArray[np.int64], part: float, k_scale: float, seed: int
) -> Projection:
    rng = generator(seed, "connections", "microcircuit")
    numbers = np.rint(synapse_numbers() * part).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(sizes)])
    pre, post = np.empty(numbers.sum(), np.int32), np.empty(numbers.sum(), np.int32)
    starts = np.cumsum(numbers).reshape(numbers.shape) - numbers
    for (to, source), number in np.ndenumerate(numbers):
        here = slice(starts[to, source], starts[to, source] + number)
        pre[here] = rng.integers(first[source], first[source + 1], number, dtype=np.int32)
        post[here] = rng.integers(first[to], first[to + 1], number, dtype=np.int32)
    edges, _ = Edges.from_pairs(pre, post, group.size, group.size)
    weight = _scattered(
        mean_weights()[group[edges.post], group[edges.pre]] / math.sqrt(k_scale),
        WEIGHT_SD, 0.0, generator(seed, "weights", "microcircuit"),
    )  # fmt: skip
    delay = _scattered(
        np.array(DELAYS)[group[edges.pre] % 2],
        DELAY_SD, TICK / 2, generator(seed, "delays", "microcircuit"),
    )  # fmt: skip
    ticks = np.maximum(np.rint(delay / TICK), 1).astype(np.uint16)
    return Projection(
        "synapses", POPULATION, POPULATION, edges, Explicit(weight.astype(np.float32)),
        TickDelays(ticks, TICK),
    )  # fmt: skip


def _scattered(
    mean: NDArray[np.float64], sd: float, least: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Normal values around means, of the same sign and of a magnitude above ``least``."""
    todo = np.arange(mean.size)
    drawn = np.empty(mean.size)
    while todo.size:
        factor = 1 + sd * rng.standard_normal(todo.size)
        drawn[todo] = factor * mean[todo]
        todo = todo[factor * np.abs(mean[todo]) <= least]
    return drawn


def _neurons(group: NDArray[np.int64], current: NDArray[np.float64], seed: int) -> Population:
    rng = generator(seed, "initial", "microcircuit")
    start = START[0, group] + START[1, group] * rng.standard_normal(group.size)
    parameters: dict[str, float | NDArray[np.float64]] = {
        "v_rest": REST,
        "v_reset": REST,
        "v_thresh": THRESHOLD,
        "tau_m": TAU_M,
        "c_m": C_M,
        "t_ref": T_REF,
        "tau_syn_exc": TAU_SYN,
        "tau_syn_inh": TAU_SYN,
        "i_offset": current[group],
    }
    column = Column(group.astype(np.uint16), GROUPS)
    return Population(
        POPULATION, group.size, lif_exp, FrozenDict(parameters), FrozenDict({"v": start}),
        labels=Labels(FrozenDict({LABEL: column}), np.where(group % 2, -1, 1).astype(np.int8)),
    )  # fmt: skip


def rates_at(scale: float) -> list[ExpectedRate]:
    """Rates between those of known networks; in smaller ones than these, none are known.

    Fewer and larger jumps leave mean and variance of an input and make it more skewed, by the
    inverse root of their number: rates are taken as linear in it.
    """
    known = {1.0: RATES, **SCALED_RATES}
    if scale < min(known):
        return []
    sizes = [1 / math.sqrt(k) for k in known]
    rates = [
        float(np.interp(1 / math.sqrt(scale), sizes, [r[i] for r in known.values()]))
        for i in range(len(GROUPS))
    ]
    source = "NEST" if scale in known else "between networks in NEST"
    return [
        ExpectedRate(name, rate, WITHIN[0] * rate + WITHIN[1], source)
        for name, rate in zip(GROUPS, rates, strict=True)
    ]
