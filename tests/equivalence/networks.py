"""Networks on which backends must agree: the rows of the table in ``docs/comparison.md``."""

from __future__ import annotations

import numpy as np

from neurobridge import (
    Network,
    NetworkBuilder,
    NeuronModel,
    Poisson,
    StateProbe,
    models,
)
from neurobridge.connectome.network import to_network
from neurobridge.connectome.registry import load
from neurobridge.connectome.signs import Argmax
from neurobridge.rng import generator
from tests.data import reference_data

KICK_MV = 68.75
"""One kick makes a neuron of the fly model spike (Shiu et al. 2024)."""


def recurrent(
    model: NeuronModel,
    n: int,
    weight: float,
    *,
    n_in: int = 100,
    inhibition: float = 5.0,
    drive_hz: float,
    drive_weight: float,
    receptors: tuple[str, str],
    delays_ms: tuple[float, float] = (0.5, 3.0),
    **parameters: object,
) -> Network:
    """A random network, 80 % excitatory, with fixed in-degrees, drawn delays and Poisson drive."""
    rng = generator(1, "weights", f"recurrent {n} {model.name}")
    n_exc = int(0.8 * n)
    post = np.repeat(np.arange(n), n_in)
    n_in_exc = int(0.8 * n_in)
    from_exc = rng.integers(0, n_exc, (n, n_in_exc))
    from_inh = rng.integers(n_exc, n, (n, n_in - n_in_exc))
    pre = np.concatenate([from_exc, from_inh], axis=1).ravel()
    excitatory, inhibitory = receptors
    b = NetworkBuilder()
    b.population("cells", n, model, **parameters)
    delay = rng.integers(round(delays_ms[0] * 10), round(delays_ms[1] * 10) + 1, post.size) / 10
    is_exc = pre < n_exc
    for name, chosen, receptor, w in (
        ("excitation", is_exc, excitatory, weight),
        ("inhibition", ~is_exc, inhibitory, -inhibition * weight),
    ):
        pairs = np.stack([pre[chosen], post[chosen]], axis=1)
        b.connect(name, "cells", "cells", pairs, weight=w, delay=delay[chosen], receptor=receptor)
    b.add(
        Poisson("drive", "cells", rate=drive_hz, receptor=excitatory, weight=drive_weight),
        StateProbe("membrane", "cells", "v", neurons=np.arange(5)),
    )
    return b.build()


def exponential_500() -> Network:
    """500 LIF neurons with exponential currents."""
    return recurrent(
        models.lif_exp, 500, 0.08, drive_hz=2500.0, drive_weight=0.08, receptors=("exc", "inh"),
        tau_syn_exc=2.0, tau_syn_inh=8.0,
    )  # fmt: skip


def balanced_1000() -> Network:
    """1,000 LIF neurons whose strong excitation and inhibition cancel: chaotic."""
    return recurrent(
        models.lif_exp, 1000, 0.08, drive_hz=2000.0, drive_weight=0.08, receptors=("exc", "inh")
    )


def delta_500() -> Network:
    """500 LIF neurons with delta synapses."""
    return recurrent(
        models.lif_delta, 500, 0.4, drive_hz=2000.0, drive_weight=0.5, receptors=("syn", "syn")
    )


def olfactory(rate_hz: float = 10.0) -> Network:
    """The olfactory pathway of FlyWire 783 with the fly model; its receptor neurons are driven."""
    connectome = load(
        "table",
        reference_data("flywire783_olfactory"),
        mapping={
            "dataset": "flywire783_olfactory",
            "nodes": {
                "file": "nodes.csv.gz",
                "id": "root_id",
                "labels": {"cell_type": "cell_type", "nt": "nt_filled", "is_input": "is_input"},
            },
            "edges": {
                "file": "edges.csv.gz",
                "pre": "pre_root_id",
                "post": "post_root_id",
                "count": "syn_count",
            },
        },
    ).with_signs(Argmax("fly"), unknown="drop")
    return _fly(connectome, rate_hz, is_input="True")


def flywire(rate_hz: float = 4.0) -> Network:
    """FlyWire 783 within hemispheres with the fly model; its sensory neurons are driven."""
    connectome = load(
        "table",
        reference_data("flywire783"),
        mapping={
            "dataset": "flywire783-hemispheres",
            "nodes": {
                "file": "nodes.parquet",
                "id": "root_id",
                "labels": {"super_class": "super_class", "nt": "nt_filled"},
            },
            "edges": {
                "file": "edges.parquet",
                "pre": "pre",
                "post": "post",
                "count": "syn_count",
                "refers_to": "idx",
            },
        },
    ).with_signs(Argmax("fly"), unknown="drop")
    return _fly(connectome, rate_hz, super_class="sensory")


def _fly(connectome, rate_hz: float, **driven: str) -> Network:
    network = to_network(
        connectome, models.shiu_lif, weight="0.275 mV", delay="1.8 ms", receptor="syn"
    )
    neurons = network.population("neurons").where(**driven)
    drive = Poisson(
        "drive", "neurons", rate=rate_hz, neurons=neurons, receptor="kick", weight=KICK_MV
    )
    probe = StateProbe("membrane", "neurons", "v", neurons=np.arange(0, 5000, 500), interval=0.5)
    return network.with_stimulus(drive).with_probe(probe)
