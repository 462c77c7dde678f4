"""The self-sustained random networks of Vogels and Abbott (2005), as benchmarks of simulators."""

from __future__ import annotations

__all__ = ["vogels_abbott"]

from typing import Literal

import numpy as np

from neurobridge.citation import Reference
from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.network import Network
from neurobridge.graph.projection import Projection
from neurobridge.graph.stimulus import Poisson
from neurobridge.graph.weight import Factorised
from neurobridge.models.lif import lif_cond_exp, lif_exp
from neurobridge.models.networks.expected import POPULATION, ExpectedRate, notes
from neurobridge.models.networks.random_inputs import distinct_inputs
from neurobridge.models.networks.two_kinds import two_kinds
from neurobridge.rng import generator
from neurobridge.structure import checks

SHARED = {
    "v_reset": -60.0, "v_thresh": -50.0, "tau_m": 20.0, "c_m": 0.2,
    "tau_syn_exc": 5.0, "tau_syn_inh": 10.0, "t_ref": 5.0,
}  # fmt: skip
PARAMETERS = {
    "cuba": SHARED | {"v_rest": -49.0},
    "coba": SHARED | {"v_rest": -60.0, "e_exc": 0.0, "e_inh": -80.0},
}
MODEL = {"cuba": lif_exp, "coba": lif_cond_exp}
JUMPS = {"cuba": (0.0162, 0.09), "coba": (0.006, 0.067)}
"""Of an event, excitatory and inhibitory: nA (1.62 and 9 mV over a leak of 10 nS), or uS."""
INPUTS = 80
"""Mean number of inputs of a neuron: a probability of 0.02 in 4,000 neurons."""
DELAY = 0.1
KICKED, KICK_HZ, KICK_MS = 50, 300.0, 50.0

PAPERS = (
    Reference(
        "brette2007",
        "Brette et al. (2007). Simulation of networks of spiking neurons: a review of tools and "
        "strategies. J. Comput. Neurosci. 23:349-398.",
        "10.1007/s10827-007-0038-6",
    ),
    Reference(
        "vogels2005",
        "Vogels & Abbott (2005). Signal propagation and logic gating in networks of "
        "integrate-and-fire neurons. J. Neurosci. 25:10786-10795.",
        "10.1523/JNEUROSCI.3508-05.2005",
    ),
)

# Scripts written by hand. Six draws of ours: 5.3 to 5.8 Hz, and 17.3 to 19.4 Hz.
EXPECTED = {
    "cuba": ExpectedRate("all", 5.5, 0.5, "Brian2 2.9, another draw"),
    "coba": ExpectedRate("all", 19.5, 2.5, "NEST 3.10, six other draws (18.7 to 20.8)"),
}

Synapses = Literal["cuba", "coba"]


def vogels_abbott(synapses: Synapses = "cuba", *, n: int = 4000, seed: int = 1) -> Network:
    """Neurons whose recurrent excitation and inhibition keep each other going.

    Leaky integrate-and-fire neurons, four fifths of them excitatory, with 80 inputs each on average
    (a connection probability of 0.02 in 4,000 neurons) and exponential synapses of 5 ms
    (excitatory) and 10 ms (inhibitory); ``tau_m = 20 ms``, threshold -50 mV, reset -60 mV,
    refractory for 5 ms, delay 0.1 ms.

    ``"cuba"``: synaptic currents, whose jumps would hold the membrane 1.62 mV higher or 9 mV lower;
    the resting potential of -49 mV lies above the threshold, so nothing else drives the network.
    ``"coba"``: conductances, jumps of 6 nS (reversal at 0 mV) and 67 nS (-80 mV), leak of 10 nS to
    -60 mV. The activity sustains itself after a kick of 50 ms: Poisson spikes of 300 Hz onto an
    excitatory synapse of 50 neurons.

    Potentials start uniformly between reset and threshold.

    Parameters
    ----------
    synapses : {"cuba", "coba"}
    n : int
        Neurons, a multiple of 5, at least 500; 4,000 in the benchmark. The number of inputs stays.
    seed : int
        Of connections and initial potentials.

    Returns
    -------
    Network
        Population ``neurons`` (label ``group``: E, I), projections ``excitation`` and
        ``inhibition``, and for conductances the stimulus ``kick``.

    Raises
    ------
    NetworkError, UnknownNameError
        If there are no such synapses, or a number is out of its range.

    References
    ----------
    Vogels & Abbott (2005). Signal propagation and logic gating in networks of integrate-and-fire
    neurons. J. Neurosci. 25:10786. https://doi.org/10.1523/JNEUROSCI.3508-05.2005
    Brette et al. (2007), benchmarks 1 and 2. Simulation of networks of spiking neurons. J. Comput.
    Neurosci. 23:349. https://doi.org/10.1007/s10827-007-0038-6
    """
    if synapses not in MODEL:
        raise UnknownNameError("synapses of the Vogels-Abbott network", synapses, MODEL)
    checks.whole(n, "n", 500)
    if n % 5:
        raise NetworkError(f"n: expected a multiple of 5 (a fifth is inhibitory), got {n}")
    seed = checks.seed(seed)
    exc, inh = np.split(np.arange(n, dtype=np.int32), [4 * n // 5])
    name = f"vogels_abbott {synapses}"
    neurons = two_kinds(name, exc.size, inh.size, MODEL[synapses], PARAMETERS[synapses], seed)
    rng = generator(seed, "connections", name)
    weights = JUMPS[synapses]
    projections = {
        kind: Projection(
            kind, POPULATION, POPULATION,
            distinct_inputs(rng, sources, n, rng.binomial(sources.size, INPUTS / n, n)),
            Factorised(weight), DELAY, receptor,
        )
        for kind, receptor, sources, weight in (
            ("excitation", "exc", exc, weights[0]), ("inhibition", "inh", inh, weights[1])
        )
    }  # fmt: skip
    kick = Poisson(
        "kick", POPULATION, KICK_HZ, np.arange(KICKED), "exc", weights[0], stop=KICK_MS
    )  # fmt: skip
    return Network(
        FrozenDict({POPULATION: neurons}),
        FrozenDict(projections),
        FrozenDict({"kick": kick} if synapses == "coba" else {}),
        metadata=FrozenDict(notes([EXPECTED[synapses]], PAPERS)),
    )
