"""Gradients against central differences, and against autograd of the same equations, dense."""

from __future__ import annotations

import numpy as np
import pytest

from tests.requirements import require
from tests.unit.training import networks

require("torch")

import torch  # noqa: E402

from neurobridge.backends.torch.surrogate import Surrogate  # noqa: E402
from neurobridge.training import Train, TrainableNetwork  # noqa: E402

RATE_PATHS = [
    Train("projections.recurrent.weight", sign="free"),
    Train("projections.recurrent.scale", by=("pre.area", "post.area")),
    Train("projections.recurrent.low_rank", rank=2, spread=0.3),
    Train("populations.units.tau"),
    Train("populations.units.gain", by="each"),
    Train("populations.units.shift"),
    Train("populations.units.bias", by="area"),
    Train("populations.units.initial.x"),
    Train("encoders.task.weight"),
    Train("encoders.task.bias"),
    Train("readouts.choice.weight"),
    Train("readouts.choice.bias"),
]


def loss_of(model: TrainableNetwork, features: torch.Tensor) -> torch.Tensor:
    inputs = model.inputs([[]] * features.shape[-2], 12.0)
    trace = model(inputs, {"task": features}).readouts["choice"]
    return (trace**2).mean() + (trace[-1] - 0.3).abs().sum()


@pytest.mark.parametrize("delay", [0.0, 2.0])
@pytest.mark.parametrize("integrator", ["euler", "exponential_euler", "rk4", "ab4"])
def test_every_trainable_path_of_a_rate_network(integrator: str, delay: float) -> None:
    network = networks.rate("tanh", integrator, delay)
    model = TrainableNetwork(network, 1.0, RATE_PATHS, precision="float64")
    features = torch.linspace(-1, 1, 12 * 3 * 2, dtype=torch.float64).view(12, 3, 2)
    loss_of(model, features).backward()
    for name, parameter in model.named_parameters():
        direction = torch.cos(torch.arange(parameter.numel(), dtype=torch.float64))
        direction = direction.view_as(parameter) / direction.norm()
        assert parameter.grad is not None, name
        along = float((parameter.grad * direction).sum())
        measured = difference(model, parameter, direction, features)
        assert along == pytest.approx(measured, rel=1e-6, abs=1e-8), name


def difference(model, parameter, direction, features, h=1e-5) -> float:
    """Central difference of order four along a direction."""
    values = []
    with torch.no_grad():
        for k in (2, 1, -1, -2):
            parameter += k * h * direction
            values.append(float(loss_of(model, features)))
            parameter -= k * h * direction
    return (-values[0] + 8 * values[1] - 8 * values[2] + values[3]) / (12 * h)


@pytest.mark.parametrize("activation", ["relu", "softplus", "sigmoid", "erf", "normal_cdf"])
def test_gradients_of_activations(activation: str) -> None:
    model = TrainableNetwork(
        networks.rate(activation), 1.0, [Train("populations.units.gain")], precision="float64"
    )
    features = torch.ones(3, 2, dtype=torch.float64)
    loss_of(model, features).backward()
    (parameter,) = model.parameters()
    direction = torch.ones_like(parameter) / parameter.numel() ** 0.5
    measured = difference(model, parameter, direction, features)
    assert float((parameter.grad * direction).sum()) == pytest.approx(measured, rel=1e-6)


class Step(torch.autograd.Function):
    """A spike with the fast sigmoid's derivative, written once more."""

    @staticmethod
    def forward(ctx, distance, scale):
        ctx.save_for_backward(distance)
        ctx.scale = scale
        return (distance >= 0).double()

    @staticmethod
    def backward(ctx, grad):
        (distance,) = ctx.saved_tensors
        return grad / (1 + (distance / ctx.scale).abs()) ** 2 / ctx.scale, None


def long(array) -> torch.Tensor:
    return torch.as_tensor(np.array(array, dtype=np.int64))


def by_hand(network, inputs, weight_in, weight, tau_m, thresh, scale, detach=False):
    """LIF with exponential currents in dense matrices, dt 1 ms, refractory 2 steps."""
    p = network.population("cells").parameters
    edges = network.projections["recurrent"]
    post, pre = long(edges.edges.post), long(edges.edges.pre)
    delay = long(np.rint(edges.delay.ms))
    n, batch = networks.N, inputs.batch
    into = network.projections["feedforward"].edges
    w_in = torch.zeros(n, networks.N_IN, dtype=torch.float64)
    w_in = w_in.index_put((long(into.post), long(into.pre)), weight_in)
    matrices = {}
    for d in (1, 2, 3):
        for sign in (1, -1):
            keep = (delay == d) & (torch.sign(weight.detach()) == sign)
            zero = torch.zeros(n, n, dtype=torch.float64)
            matrices[d, sign] = zero.index_put((post[keep], pre[keep]), weight[keep])
    tau_s, c_m = p["tau_syn_exc"], p["c_m"]
    decay_s = float(np.exp(-1 / tau_s))
    decay_m = torch.exp(-1 / tau_m)[:, None]
    from_syn = (tau_s * tau_m / (tau_m - tau_s) / c_m)[:, None] * (decay_m - decay_s)
    v = torch.full((n, batch), p["v_rest"], dtype=torch.float64)
    exc, inh = torch.zeros_like(v), torch.zeros_like(v)
    clamped = torch.zeros(n, batch, dtype=torch.long)
    history = [torch.zeros_like(v)] * 4
    found = []
    for step in range(inputs.n_steps):
        free = clamped == 0
        clamped = (clamped - 1).clamp(min=0)
        moved = p["v_rest"] + (v - p["v_rest"]) * decay_m + from_syn * (exc + inh)
        v = torch.where(free, moved, v)
        exc, inh = exc * decay_s, inh * decay_s
        events = inputs.sources["input"].between(step, step + 1)
        sent = torch.zeros(networks.N_IN, batch, dtype=torch.float64)
        sent[events.neuron, events.trial] = 1.0
        exc = exc + w_in @ sent
        for d in (1, 2, 3):  # a spike of step k arrives in step k + d
            past = history[-d].detach() if detach else history[-d]
            exc = exc + matrices[d, 1] @ past
            inh = inh + matrices[d, -1] @ past
        spikes = Step.apply(v - thresh[:, None], scale) * free
        v = torch.where(spikes.bool(), torch.tensor(p["v_reset"], dtype=torch.float64), v)
        clamped = torch.where(spikes.bool(), 2, clamped)
        history = [*history[1:], spikes]
        found.append(spikes)
    return torch.stack(found)


@pytest.mark.parametrize("detach", [False, True])
@pytest.mark.parametrize("dense", [True, False])
def test_surrogate_gradients_flow_through_recurrent_spikes(
    detach: bool, dense: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = 0.0 if dense else 2.0
    monkeypatch.setattr("neurobridge.backends.torch.fused.parts.DENSE_SPIKES", share)
    network = networks.spiking()
    model = TrainableNetwork(
        network, 1.0,
        [
            Train("projections.recurrent.weight"),
            Train("projections.feedforward.weight"),
            Train("populations.cells.tau_m"),
            Train("populations.cells.v_thresh"),
        ],
        precision="float64",
        surrogate=Surrogate("fast_sigmoid", scale=2.0, detach_recurrent=detach),
    )  # fmt: skip
    inputs = model.inputs([[]] * 4, 40.0, seed=3)
    pick = torch.cos(torch.arange(40 * networks.N * 4, dtype=torch.float64))
    pick = pick.view(40, networks.N, 4)
    spikes = model(inputs).outputs.spikes["cells"]
    assert spikes.sum() > 100
    (spikes * pick).sum().backward()
    values = {s.path: model.physical(s.path).detach().requires_grad_() for s in model.specs}
    other = by_hand(
        network, inputs, values["projections.feedforward.weight"],
        values["projections.recurrent.weight"], values["populations.cells.tau_m"],
        values["populations.cells.v_thresh"], 2.0, detach,
    )  # fmt: skip
    assert torch.equal(spikes, other)
    (other * pick).sum().backward()
    for spec, part in zip(model.specs, model.parts, strict=True):
        (through,) = torch.autograd.grad((part() * values[spec.path].grad).sum(), part.step)
        assert float(values[spec.path].grad.abs().sum()) > 0
        torch.testing.assert_close(part.step.grad, through, rtol=1e-7, atol=1e-10)


def test_checkpoints_change_nothing_and_truncation_cuts() -> None:
    found = {}
    for name, options in {
        "plain": {}, "checkpoints": {"checkpoint_every": 7}, "cut": {"truncate_every": 10},
    }.items():  # fmt: skip
        model = TrainableNetwork(
            networks.spiking(), 1.0, [Train("projections.recurrent.weight")],
            precision="float64", **options,
        )  # fmt: skip
        out = model(model.inputs([[]] * 2, 40.0, seed=3)).outputs.spikes["cells"]
        out.sum().backward()
        found[name] = (out.detach(), model.parts[0].step.grad)
    assert torch.equal(found["plain"][0], found["checkpoints"][0])
    torch.testing.assert_close(found["plain"][1], found["checkpoints"][1], rtol=1e-12, atol=0)
    assert torch.equal(found["plain"][0], found["cut"][0])
    assert not torch.allclose(found["plain"][1], found["cut"][1])


def test_synaptic_time_constants_by_transmitter() -> None:
    """A projection that is split by transmitter has currents with a tau of their own for each."""
    import neurobridge as nb

    b = nb.NetworkBuilder()
    model = nb.models.lif_receptors(["ach", "gaba"])
    labels = nb.Labels({"nt": ["ACH", "GABA", "ACH", "GABA"]})
    b.population("cells", 4, model, labels=labels, v_thresh=1000.0)
    b.population("input", 4, nb.models.spike_source, labels=labels)
    pairs = [(i, j) for i in range(4) for j in range(4)]
    b.connect("in", "input", "cells", pairs, weight=0.3, delay=1.0, receptor="ach")
    b.add(nb.Poisson("drive", "input", 200.0))
    network = nb.split_projection(b.build(), "in", "nt", {"ACH": "ach", "GABA": "gaba"})
    paths = [f"populations.cells.tau_syn_{r}" for r in ("ach", "gaba")]

    def final(changes: dict[str, float]) -> TrainableNetwork:
        changed = network.with_parameters("cells", **changes)
        return TrainableNetwork(
            changed, 0.5, [Train(p, by="all") for p in paths], precision="float64",
            record=[("cells", "v")],
        )  # fmt: skip

    def loss(model: TrainableNetwork) -> torch.Tensor:
        inputs = model.inputs([()], 40.0, seed=3)
        return model(inputs).outputs.states["cells", "v"].square().mean()

    model_ = final({})
    loss(model_).backward()
    for path, name in zip(paths, ("tau_syn_ach", "tau_syn_gaba"), strict=True):
        part = model_._module(path)
        h = 1e-4
        with torch.no_grad():
            high, low = (float(loss(final({name: 5.0 + d}))) for d in (h, -h))
        slope = (high - low) / (2 * h)
        # the optimiser moves x, and tau = transform(x): the chain rule in between
        x = next(p for p in part.parameters())
        assert x.grad is not None
        (local,) = torch.autograd.grad(part().sum(), x)
        assert float(x.grad / (local / 4)) == pytest.approx(slope, rel=1e-6)
