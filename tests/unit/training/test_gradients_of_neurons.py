"""Gradients to every parameter of every spiking model, below threshold, by central differences.

Where no neuron spikes, the state is a smooth function of all values, and a difference is exact.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.rng import generator
from tests.requirements import require

require("torch")

import torch  # noqa: E402

from neurobridge.training import Train, TrainableNetwork  # noqa: E402

N, N_IN, DT, MS = 5, 6, 0.5, 30.0
UNREACHED = {"v_thresh", "v_reset", "v_peak", "v_cut", "a_reset", "b", "d"}
"""Parameters that act when a neuron spikes; the surrogate decides their gradient."""
MODELS = {
    "lif_exp": (("exc", "inh"), 0.05),
    "lif_alpha": (("exc", "inh"), 0.05),
    "lif_delta": (("syn", "syn"), 0.3),
    "lif_cond_exp": (("exc", "inh"), 0.0004),
    "adex": (("exc", "inh"), 0.002),
    "izhikevich": (("syn", "syn"), 0.2),
    "shiu_lif": (("syn", "syn"), 0.2),
}
"""Model -> its receptors, and a weight from which nobody spikes."""


def network(name: str) -> nb.Network:
    rng = generator(9, "weights", f"gradients of {name}")
    (plus, minus), weight = MODELS[name]
    b = nb.NetworkBuilder()
    own = {"t_ref": 2.0} if name == "shiu_lif" else {}
    b.population("cells", N, nb.models.by_name(name), **own)
    b.population("input", N_IN, nb.models.spike_source)
    pairs = np.stack(np.nonzero(rng.random((N_IN, N)) < 0.7), 1)
    for k, receptor in enumerate(dict.fromkeys((plus, minus))):
        size = weight * (1 + rng.random(len(pairs))) * (1 if receptor != "inh" else -1)
        delays = rng.integers(1, 8, len(pairs)) * DT
        b.connect(
            f"from_{k}", "input", "cells", pairs, weight=size, delay=delays, receptor=receptor
        )
    b.add(nb.Poisson("drive", "input", rate=120.0))
    return b.build()


def paths(net: nb.Network, *, low_rank: bool) -> list[Train]:
    model = net.population("cells").model
    period = model.refractory.period if model.refractory else ""
    trained = [p for p in model.parameters if p not in UNREACHED and p != period]
    edges = [f"projections.{name}" for name in net.projections]
    return [
        *(Train(f"populations.cells.{p}") for p in trained),
        *(Train(f"{e}.weight") for e in edges),
        *(Train(f"{e}.scale") for e in edges),
        *(Train(f"{e}.low_rank", rank=2, spread=0.2) for e in edges if low_rank),
    ]


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize("name", MODELS)
def test_gradients_to_every_parameter_and_weight(
    name: str, sparse: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sparse:
        monkeypatch.setattr("neurobridge.backends.torch.delivery.DENSE_ENTRIES", 0)
        monkeypatch.setattr("neurobridge.backends.torch.delivery.DENSE_SHARE", 2.0)
    net = network(name)
    takes_both = net.population("cells").model.receptors[0].sign == "any"
    specs = paths(net, low_rank=takes_both)
    model = TrainableNetwork(net, DT, specs, precision="float64", record=[("cells", "v")])
    inputs = model.inputs([(), ()], MS, seed=2)

    def loss() -> torch.Tensor:
        outputs = model(inputs).outputs
        assert not outputs.spikes["cells"].any()
        v = outputs.states["cells", "v"]
        weights = torch.cos(torch.arange(v.numel(), dtype=torch.float64)).view_as(v)
        return (v * weights).sum()

    loss().backward()
    for part in model.parts:
        for parameter in part.parameters():
            direction = torch.cos(torch.arange(parameter.numel(), dtype=torch.float64) + 1)
            direction = direction.view_as(parameter) / direction.norm()
            assert parameter.grad is not None, part.spec.path
            along = float((parameter.grad * direction).sum())
            measured = central(loss, parameter, direction)
            assert along == pytest.approx(measured, rel=1e-6, abs=1e-7), part.spec.path


def central(
    loss: Callable[[], torch.Tensor], parameter: torch.Tensor, direction: torch.Tensor
) -> float:
    """Difference of order four along a direction."""
    h, values = 1e-4, []
    with torch.no_grad():
        for k in (2, 1, -1, -2):
            parameter += k * h * direction
            values.append(float(loss()))
            parameter -= k * h * direction
    return (-values[0] + 8 * values[1] - 8 * values[2] + values[3]) / (12 * h)
