"""Small networks for tests of the description."""

from __future__ import annotations

from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.network import Network
from neurobridge.graph.probe import SpikeProbe, StateProbe
from neurobridge.graph.stimulus import SpikeTrains
from neurobridge.graph.weight import Factorised
from neurobridge.models.lif import lif_exp
from neurobridge.models.source import spike_source

EDGES = [(0, 1), (0, 2), (1, 0), (2, 3), (3, 3), (3, 0)]
COUNTS = [1, 2, 3, 4, 5, 6]


def small() -> Network:
    """Two sources onto four cells (0 -> 0, 1 -> 2), and the cells among themselves (``EDGES``)."""
    net = NetworkBuilder()
    net.population("input", 2, spike_source, sign=[1, 1])
    net.population(
        "cell", 4, lif_exp,
        ids=[2**60, 2**60 + 1, 7, -3], sign=[1, 1, -1, 1], tau_m=[9, 10, 11, 12],
    )  # fmt: skip
    net.connect("drive", "input", "cell", [(0, 0), (1, 2)], weight="2 nA", delay="1 ms")
    net.connect("rec", "cell", "cell", EDGES, weight=Factorised(0.5), count=COUNTS, delay=1.8)
    net.add(SpikeTrains("spikes", "input", [5.0], [0]), SpikeProbe("cell", "cell"))
    net.add(StateProbe("v", "cell", "v", [1, 0], "0.5 ms"))
    net.metadata(dataset="by hand", tags=["a", {"b": 1}])
    return net.build()
