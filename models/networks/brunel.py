"""The sparse random network of Brunel (2000), in its four regimes."""

from __future__ import annotations

__all__ = ["REGIMES", "brunel"]

import math
from typing import Literal

import numpy as np

from neurobridge.analysis.siegert import brunel_rate
from neurobridge.citation import Reference
from neurobridge.errors import UnknownNameError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.network import Network
from neurobridge.graph.projection import Projection
from neurobridge.graph.stimulus import PoissonCounts
from neurobridge.graph.weight import Factorised
from neurobridge.models.lif import lif_delta
from neurobridge.models.networks.expected import POPULATION, ExpectedRate, notes
from neurobridge.models.networks.random_inputs import distinct_inputs
from neurobridge.models.networks.two_kinds import two_kinds
from neurobridge.rng import generator
from neurobridge.structure import checks

REGIMES = {"A": (3.0, 2.0), "B": (6.0, 4.0), "C": (5.0, 2.0), "D": (4.5, 0.9)}
"""``g`` and ``eta`` of the four panels of figure 8 of the paper."""
WITHIN = {"A": 0.10, "B": 0.10, "C": 0.02, "D": 0.25}
"""How far a network of full size may be from the theory, which is that of the asynchronous state.

Of the four only C is asynchronous. Oscillations make B faster than the theory and D slower: here
58.95 Hz instead of 55.84, and 5.29 Hz instead of 6.52.
"""

THETA, RESET, TAU, T_REF, J, DELAY = 20.0, 10.0, 20.0, 2.0, 0.1, 1.5
EPSILON, GAMMA = 0.1, 0.25

PAPER = Reference(
    "brunel2000",
    "Brunel (2000). Dynamics of sparsely connected networks of excitatory and inhibitory spiking "
    "neurons. J. Comput. Neurosci. 8:183-208.",
    "10.1023/A:1008925309027",
)

Regime = Literal["A", "B", "C", "D"]


def brunel(
    regime: Regime = "C",
    *,
    g: float | None = None,
    eta: float | None = None,
    order: int = 2500,
    v_reset: float = RESET,
    seed: int = 1,
) -> Network:
    """Excitatory and inhibitory neurons with random connections, under Poisson input.

    ``4 order`` excitatory and ``order`` inhibitory leaky integrate-and-fire neurons
    (``tau_m = 20 ms``, threshold 20 mV above rest, refractory for 2 ms). Each receives a tenth of
    either kind, chosen at random and all different, by synapses that make the membrane jump by
    0.1 mV or ``-g`` times that after 1.5 ms, and as many excitatory inputs from outside as from
    inside, of ``eta`` times the rate that reaches the threshold in the mean. Membranes start
    uniformly between reset and threshold.

    Regimes of the paper: ``"A"`` synchronous and regular, ``"B"`` fast oscillations and irregular,
    ``"C"`` asynchronous and irregular, ``"D"`` slow oscillations and irregular.

    Parameters
    ----------
    regime : {"A", "B", "C", "D"}
        Sets ``g`` and ``eta``.
    g : float, optional
        Weight of inhibition relative to excitation, instead of the regime's.
    eta : float, optional
        External rate relative to the one that reaches the threshold, instead of the regime's.
    order : int
        A quarter of the excitatory neurons, at least 10; 2500 in the paper. In-degrees are a tenth
        of the neurons, so that they shrink too.
    v_reset : float
        In mV above rest; 10 in the paper, 0 in some implementations.
    seed : int
        Of connections and initial potentials.

    Returns
    -------
    Network
        Population ``neurons`` (label ``group``: E, I), projections ``excitation`` and
        ``inhibition``, stimulus ``external``. :func:`expected_rates` is
        :func:`neurobridge.analysis.brunel_rate` for these numbers.

    Raises
    ------
    NetworkError, UnknownNameError
        If there is no such regime, or a number is out of its range.

    References
    ----------
    Brunel (2000). Dynamics of sparsely connected networks of excitatory and inhibitory spiking
    neurons. J. Comput. Neurosci. 8:183. https://doi.org/10.1023/A:1008925309027
    """
    if regime not in REGIMES:
        raise UnknownNameError("regime of Brunel's network", regime, REGIMES)
    checks.whole(order, "order", 10)
    seed = checks.seed(seed)
    g = REGIMES[regime][0] if g is None else g
    eta = REGIMES[regime][1] if eta is None else eta
    n_exc, n_inh = 4 * order, order
    c_exc, c_inh = round(EPSILON * n_exc), round(EPSILON * n_inh)
    theory = brunel_rate(g, eta, c_e=c_exc, gamma=c_inh / c_exc, v_reset=v_reset)
    paper = (g, eta) == REGIMES[regime]
    expected = ExpectedRate(
        "all", theory, _within(theory, WITHIN[regime] if paper else max(WITHIN.values()), order),
        "Siegert (1951), self-consistent as in Brunel (2000)",
    )  # fmt: skip
    parameters = {
        "v_rest": 0.0, "v_reset": v_reset, "v_thresh": THETA, "tau_m": TAU, "t_ref": T_REF,
    }  # fmt: skip
    population = two_kinds("brunel", n_exc, n_inh, lif_delta, parameters, seed)
    exc, inh = np.split(np.arange(population.size, dtype=np.int32), [n_exc])
    rng = generator(seed, "connections", "brunel")
    inputs = [
        distinct_inputs(rng, sources, population.size, np.full(population.size, degree))
        for sources, degree in ((exc, c_exc), (inh, c_inh))
    ]
    rate = eta * THETA / (J * TAU) * 1e3
    return Network(
        FrozenDict({POPULATION: population}),
        FrozenDict({
            name: Projection(name, POPULATION, POPULATION, edges, Factorised(weight), DELAY)
            for name, edges, weight in zip(
                ("excitation", "inhibition"), inputs, (J, g * J), strict=True
            )
        }),
        FrozenDict({"external": PoissonCounts("external", POPULATION, rate, weight=J)}),
        metadata=FrozenDict(notes([expected], [PAPER])),
    )  # fmt: skip


def _within(rate: float, part: float, order: int) -> float:
    """A smaller network has coarser input and stronger correlations: as 1/sqrt(neurons)."""
    return rate * part * max(1.0, math.sqrt(2500 / order))
