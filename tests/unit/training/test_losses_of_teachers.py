"""States and spikes against those of a teacher."""

from __future__ import annotations

import math

import numpy as np
import pytest

import neurobridge as nb
from tests.requirements import require
from tests.unit.training import networks

require("torch")

import torch  # noqa: E402

from neurobridge.training import Train, TrainableNetwork, losses  # noqa: E402
from neurobridge.training.losses.van_rossum import van_rossum_distance  # noqa: E402
from tests.unit.training.seen import check_gradient, seen, trains  # noqa: E402

N = networks.N


@pytest.fixture(scope="module")
def model() -> TrainableNetwork:
    return TrainableNetwork(
        networks.spiking(), 0.5, [Train("populations.cells.v_thresh")], precision="float64",
        record=[("cells", "v")],
    )  # fmt: skip


def test_states_of_those_that_were_recorded(model: TrainableNetwork) -> None:
    state, teacher = torch.zeros(2, N, 1), torch.full((2, N, 1), math.nan)
    teacher[:, 3], teacher[:, 5] = torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [4.0]])
    here = seen(model, states={("cells", "v"): state}, cells__v=teacher)
    assert float(losses.StateError("cells", "v", neurons=[3, 5])(here)) == (1 + 4 + 9 + 16) / 4
    late = losses.StateError("cells", "v", neurons=[3, 5], time=[0.0, 1.0])
    assert float(late(here)) == (4 + 16) / 2
    types = model.network.population("cells").labels["cell_type"].values
    index = np.flatnonzero(types == "B")
    teacher[:] = 7.0
    teacher[:, index] = 0.5
    by_label = losses.StateError("cells", "v", where={"cell_type": "B"})
    assert float(by_label(here)) == 0.25
    others = losses.StateError("cells", "v", where={"cell_type": "B"}, others=True)
    assert float(others(here)) == 49.0


def test_output_of_a_rate_population() -> None:
    rate = TrainableNetwork(networks.rate(), 1.0, [Train("populations.units.gain")])
    output = torch.zeros(3, 8, 2)
    here = seen(rate, rates={"units": output}, units__output=output + 2)
    assert float(losses.StateError("units", "output")(here)) == 4.0


def test_van_rossum_of_one_spike_and_of_two() -> None:
    tau, dt = 7.0, 0.5
    extra = trains({(0, 0): [4]}, (9, 1, 1))
    assert float(van_rossum_distance(extra, dt / tau)) == pytest.approx(0.5, rel=1e-12)
    for late in (0, 1, 20, 70):
        difference = trains({(0, 0): [3]}, (80, 1, 1)) - trains({(0, 0): [3 + late]}, (80, 1, 1))
        expected = 1 - math.exp(-late * dt / tau)
        found = van_rossum_distance(difference, dt / tau)
        assert float(found) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_van_rossum_is_the_integral_of_its_definition(rng: np.random.Generator) -> None:
    tau, dt, n = 5.0, 0.5, 60
    own, teacher = (rng.random((2, n)) < 0.2).astype(float)
    t = np.linspace(0, n * dt + 30 * tau, 2_000_001)
    trace = np.zeros_like(t)
    for step, size in enumerate(own - teacher):
        after = t >= step * dt
        trace[after] += size * np.exp(-(t[after] - step * dt) / tau)
    integral = np.trapezoid(trace**2, t) / tau
    found = van_rossum_distance(torch.as_tensor(own - teacher), dt / tau)
    assert float(found) == pytest.approx(integral, rel=1e-4)


def test_van_rossum_as_a_loss(model: TrainableNetwork) -> None:
    own = trains({(0, 0): [2], (1, 1): [5]}, (9, N, 2))
    teacher = trains({(0, 0): [6], (2, 1): [5]}, (9, N, 2))
    here = seen(model, spikes={"cells": own}, cells__spikes=teacher)
    late = 1 - math.exp(-4 * 0.5 / 20.0)
    all_of_them = losses.VanRossum("cells", "20 ms")(here)
    assert float(all_of_them) == pytest.approx((late + 0.5 + 0.5) / (2 * N))
    some = losses.VanRossum("cells", 20.0, neurons=[0, 1])(here)
    assert float(some) == pytest.approx((late + 0.5) / 4)


def test_gradient_of_van_rossum(model: TrainableNetwork, rng: np.random.Generator) -> None:
    teacher = torch.as_tensor((rng.random((6, N, 2)) < 0.2).astype(float))
    near = torch.as_tensor(rng.normal(size=(6, N, 2)))
    loss = losses.VanRossum("cells", 3.0, neurons=[1, 4])
    check_gradient(
        loss, lambda x: seen(model, spikes={"cells": x}, cells__spikes=teacher), near, h=1e-4
    )


def test_spikes_by_the_distance_from_threshold(model: TrainableNetwork) -> None:
    v = torch.full((2, N, 1), -60.0, dtype=torch.float64)
    v[0, 0], v[1, 0] = -51.0, -47.0  # the threshold is at -50
    silent = torch.zeros(2, N, 1, dtype=torch.float64)
    teacher = trains({(0, 0): [1]}, (2, N, 1))
    states = {("cells", "v"): v}
    here = seen(model, spikes={"cells": silent}, states=states, cells__spikes=teacher)
    loss = losses.SpikeCrossEntropy("cells", width=2.0, spike_weight=5.0, neurons=[0])
    sigma = [1 / (1 + math.exp(0.5)), 1 / (1 + math.exp(-1.5))]
    expected = (-math.log(1 - sigma[0]) - 5 * math.log(sigma[1])) / 2
    assert float(loss(here).detach()) == pytest.approx(expected, rel=1e-12)
    check_gradient(
        loss,
        lambda x: seen(
            model, spikes={"cells": silent}, states={("cells", "v"): x}, cells__spikes=teacher
        ),
        v,
    )


def test_an_own_spike_counts_as_at_threshold(model: TrainableNetwork) -> None:
    v = torch.full((1, N, 1), -65.0, dtype=torch.float64)  # after the reset
    spikes = torch.ones(1, N, 1, dtype=torch.float64, requires_grad=True)
    states = {("cells", "v"): v}
    here = seen(model, spikes={"cells": spikes}, states=states, cells__spikes=0 * spikes.detach())
    loss = losses.SpikeCrossEntropy("cells", width=2.0)(here)
    assert float(loss.detach()) == pytest.approx(math.log(2))
    loss.backward()
    slope = model.options.surrogates["cells"].slope  # of a spike, per mV
    assert spikes.grad is not None
    expected = torch.full_like(spikes.grad, 0.5 / 2.0 / slope / N)
    torch.testing.assert_close(spikes.grad, expected)


FOLLOWS = {
    "van Rossum": (losses.VanRossum("cells", 10.0), "v_thresh", -50.0, -48.0),
    "spikes": (losses.SpikeCrossEntropy("cells", width=1.0), "v_thresh", -50.0, -48.0),
    "voltage": (losses.StateError("cells", "v"), "v_rest", -65.0, -64.0),
}


@pytest.mark.parametrize("case", FOLLOWS)
def test_a_spiking_network_follows_its_teacher(case: str) -> None:
    """Training one parameter by each loss takes it back to the teacher's."""
    loss, name, true, begin = FOLLOWS[case]
    network = networks.spiking()
    path, record = f"populations.cells.{name}", [("cells", "v")]
    teacher = TrainableNetwork(network, 1.0, [Train(path)], record=record)
    inputs = teacher.inputs([[]] * 4, 60.0, seed=2)
    with torch.no_grad():
        taught = teacher(inputs).outputs
    cells = network.population("cells").with_parameters({name: begin})
    other = nb.Network(
        {**network.populations, "cells": cells}, network.projections, network.stimuli
    )
    student = TrainableNetwork(other, 1.0, [Train(path, by="all")], record=record)
    optimiser = torch.optim.Adam(student.parameters(), lr=2e-3)
    slower = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.05, 25)
    found = []
    for _ in range(25):
        own = student(inputs).outputs
        value = loss(
            seen(
                student, spikes=own.spikes, states=own.states,
                cells__spikes=taught.spikes["cells"], cells__v=taught.states["cells", "v"],
            )
        )  # fmt: skip
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        slower.step()
        found.append(float(value.detach()))
    assert float(student.physical(path)[0].detach()) == pytest.approx(
        true, abs=abs(true - begin) / 2
    )
    assert min(found[-5:]) < 0.85 * found[0]


SHAPE = (4, N, 2)
REFUSED = {
    "not recorded": (losses.StateError("cells", "i_syn_exc"), "not recorded; give"),
    "population": (losses.VanRossum("cell"), "did you mean 'cells'"),
    "no target": (losses.StateError("cells", "v", target="cells.u"), "did you mean 'cells.v'"),
    "shape": (
        losses.VanRossum("cells", target="cells.v"), r"\(4, 24, 2\), got \(4, 24, 3\)",
    ),
    "label": (losses.VanRossum("cells", where={"type": "A"}), "cell_type"),
    "value of label": (losses.VanRossum("cells", where={"cell_type": "D"}), "'D'"),
    "no neuron": (losses.VanRossum("cells", neurons=[]), "no neuron is chosen"),
    "neuron": (losses.VanRossum("cells", neurons=[24]), "neuron 24 does not exist"),
    "no others": (losses.VanRossum("cells", neurons=range(24), others=True), "no neuron is chosen"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(case: str, model: TrainableNetwork) -> None:
    loss, message = REFUSED[case]
    here = seen(
        model, spikes={"cells": torch.zeros(SHAPE)}, states={("cells", "v"): torch.zeros(SHAPE)},
        cells__spikes=torch.zeros(SHAPE), cells__v=torch.zeros(4, N, 3),
    )  # fmt: skip
    with pytest.raises(nb.NeurobridgeError, match=message):
        loss(here)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: losses.VanRossum("cells", 0.0), "tau must be above 0 ms"),
        (lambda: losses.VanRossum("cells", "5 mV"), "ms"),
        (lambda: losses.SpikeCrossEntropy("cells", width=-1.0), "width must be above 0"),
        (lambda: losses.SpikeCrossEntropy("cells", spike_weight=0.0), "spike_weight must be above"),
        (lambda: losses.VanRossum("cells", neurons=[1], where={"a": "b"}), "not both"),
        (lambda: losses.VanRossum("cells", others=True), "others=True needs where= or neurons="),
    ],
)
def test_losses_that_make_no_sense(made, message: str) -> None:
    with pytest.raises(nb.NeurobridgeError, match=message):
        made()
