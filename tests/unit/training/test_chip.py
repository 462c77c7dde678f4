"""Training for SpiNNaker: what is seen in training is what the chip holds, gradients pass it."""

from __future__ import annotations

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.errors import (
    ExperimentError,
    FindingsError,
    ModelError,
    NetworkError,
    TrainingError,
    UnknownNameError,
)
from neurobridge.lowering.chip.discretise import discretise
from neurobridge.lowering.lower import lower
from tests.requirements import require
from tests.unit.experiment.files import write
from tests.unit.training import networks

require("torch")

import torch  # noqa: E402

from neurobridge.experiment.training import assemble_training  # noqa: E402
from neurobridge.training import (  # noqa: E402
    ChipTraining,
    Objective,
    SequenceData,
    Train,
    TrainableNetwork,
    fit,
    losses,
)
from neurobridge.training.checkpoint import load_checkpoint  # noqa: E402
from neurobridge.training.on_chip import straight_through  # noqa: E402

SPECS = (
    Train("projections.recurrent.weight"),
    Train("projections.feedforward.scale", by=("pre.side", "post.cell_type")),
    Train("populations.cells.tau_m", by="cell_type", bounds=("5 ms", "60 ms")),
    Train("populations.cells.tau_syn_exc", by="all", bounds=("2 ms", "20 ms")),
    Train("populations.cells.v_thresh", bounds=("-60 mV", "-40 mV")),
    Train("readouts.choice.weight"),
)
ACCEPT = ("weights_rounded", "weights_become_zero", "parameters_rounded")


def trained(chip, precision="float64", steps=6, network=None):
    model = TrainableNetwork(
        network or networks.spiking(), 1.0, SPECS, precision=precision, chip=chip
    )
    optimiser = torch.optim.Adam(model.parameters(), lr=0.05)
    inputs = model.inputs([[]] * 4, 40.0, seed=1)
    for _ in range(steps):
        found = model(inputs).readouts["choice"]
        loss = torch.nn.functional.cross_entropy(found, torch.arange(4) % 3)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model


def seen(model):
    """Weights by projection as a forward pass has them, in the order of the edges."""
    with torch.no_grad():
        constants, initial = model._constants()
        _, weights, _ = model.chip.held(model, constants, model.weights(), initial)
    found = {n: np.zeros(p.edges.n_edges) for n, p in model.network.projections.items()}
    for path, weight in zip(model.program.pathways, weights, strict=True):
        place = slice(None) if path.edge is None else path.edge
        found[path.projection][place] = weight.double().numpy()
    return found


def test_straight_through_holds_the_one_and_has_the_gradient_of_the_other():
    value = torch.tensor([0.1, 1e8, -3.3], dtype=torch.float32, requires_grad=True)
    held = torch.tensor([0.125, 0.1, 0.0])
    through = straight_through(held, value)
    assert torch.equal(through, held)  # also where the value is much larger: no bit is lost
    (through * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert value.grad.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize(
    "chip",
    [ChipTraining(), ChipTraining({"max_summed_input": {"cells": {"exc": 30.0, "inh": 12.0}}}),
     ChipTraining({"split": "never"}, bits=7)],
    ids=["follows", "fixed", "7 bits"],
)  # fmt: skip
def test_what_is_deployed_has_the_weights_and_spikes_of_training(chip, precision):
    model = trained(chip, precision)
    expected = seen(model)
    written = model.to_network(seed=1)
    step = next(s for s in written.history if s.name == "train")
    assert step.arguments["chip"] == str(chip)
    model.eval()
    result = model(model.inputs([[]] * 2, 40.0, seed=1))
    with nb.compile(written, "fixedpoint", dt=1.0, accept=ACCEPT, **chip.settings) as twin:
        for name, weights in expected.items():
            np.testing.assert_array_equal(twin.weights(name), weights)
        for trial in range(2):
            spikes = twin.run(40.0, seed=1, trial=trial).spikes["cells"]
            mine = result.outputs.spikes["cells"][:, :, trial].nonzero().numpy()
            assert len(spikes) > 50
            both = {*zip(spikes.step - 1, spikes.neuron, strict=True)} & {*map(tuple, mine)}
            assert len(both) >= 0.95 * max(len(spikes), len(mine))
    if chip.bits < 16:
        steps = {n: np.unique(np.abs(w)).size for n, w in expected.items()}
        assert all(n <= 2**chip.bits for n in steps.values())


def test_a_pass_is_the_run_of_the_discretised_program():
    chip = ChipTraining()
    network = networks.spiking()
    model = TrainableNetwork(network, 1.0, SPECS, precision="float64", chip=chip)
    result = model(model.inputs([[]], 40.0, seed=1))
    plain = TrainableNetwork(network, 1.0, (), precision="float64")
    program = discretise(chip.plan(lower(network, 1.0)))
    from neurobridge.backends.torch.network import TorchNetwork

    own = TorchNetwork(program, plain.options)(model.inputs([[]], 40.0, seed=1))
    assert torch.equal(result.outputs.spikes["cells"], own.spikes["cells"])
    exact = plain(plain.inputs([[]], 40.0, seed=1)).outputs.spikes["cells"]
    assert not torch.equal(result.outputs.spikes["cells"], exact)


def test_gradients_of_constants_are_those_of_the_unrounded_equations():
    """Against differences of the program's own constants, worked out in NumPy."""
    network = networks.spiking()
    for model_of, names in (
        (nb.models.lif_exp, ("P_v_v", "P_v_i_exc", "P_v", "gain_exc", "P_i_exc_i_exc")),
        (nb.models.lif_cond_exp, ("leak", "resistance", "gain_exc", "decay_exc")),
    ):
        network = networks.spiking(model_of, 0.05)
        chip = ChipTraining()
        model = TrainableNetwork(network, 1.0, SPECS, precision="float64", chip=chip)

        def constants(tau_m, tau_syn, network=network, chip=chip):
            moved = network.with_parameters("cells", tau_m=tau_m, tau_syn_exc=tau_syn)
            plan = chip.plan(lower(moved, 1.0))
            return discretise(plan, weights=False, decays=False).population("cells").constants

        p = model.program.population("cells")
        at = np.array(p.parameters["tau_m"]), np.full(p.size, p.parameters["tau_syn_exc"])
        trained = {
            "tau_m": torch.tensor(at[0], requires_grad=True),
            "tau_syn_exc": torch.tensor(at[1], requires_grad=True),
        }
        found = model.chip.constants(p, trained, 1.0)
        small = 1e-5
        for name in names:
            gradients = torch.autograd.grad(
                found[name].sum(), list(trained.values()), allow_unused=True
            )
            for k, gradient in enumerate(gradients):
                step = [a + small * (i == k) for i, a in enumerate(at)]
                back = [a - small * (i == k) for i, a in enumerate(at)]
                slope = (constants(*step)[name] - constants(*back)[name]) / (2 * small)
                mine = 0.0 if gradient is None else gradient.numpy()
                np.testing.assert_allclose(
                    mine, np.broadcast_to(slope, p.size), rtol=1e-5, atol=1e-9
                )


def test_gradients_of_weights_pass_the_rounding():
    """The gradient is that of the held weights: the same as of a network that has them."""
    chip = ChipTraining({"split": "never"}, bits=8)
    network = networks.spiking()
    specs = (Train("projections.recurrent.weight"),)
    model = TrainableNetwork(network, 1.0, specs, precision="float64", chip=chip)
    inputs = model.inputs([[]], 40.0, seed=1)
    model(inputs).outputs.spikes["cells"].sum().backward()
    rounded = TrainableNetwork(
        chip.limited(network, 1.0), 1.0, (), precision="float64", chip=ChipTraining(chip.settings)
    )
    weights = [w.clone().requires_grad_() for w in rounded.core.weights]
    core = rounded.core
    core(inputs, core.constants, weights, core.initial).spikes["cells"].sum().backward()
    (part,) = model.parts
    values = part()
    (expected,) = torch.autograd.grad(
        values, part.step, grad_outputs=_by_edge(rounded, weights, "recurrent")
    )
    torch.testing.assert_close(part.step.grad, expected, rtol=1e-10, atol=1e-12)
    assert part.step.grad.abs().sum() > 0


def _by_edge(model, weights, name):
    edges = model.network.projections[name].edges.n_edges
    found = torch.zeros(edges, dtype=torch.float64)
    for path, weight in zip(model.program.pathways, weights, strict=True):
        if path.projection == name:
            found[torch.as_tensor(np.array(path.edge))] = weight.grad
    return found


def test_fitting_with_few_bits_lowers_the_loss_and_keeps_its_checkpoints(tmp_path):
    """A readout of potentials of a network whose weights have 5 bits."""
    network = _follower()
    rng = np.random.default_rng(2)
    features = rng.normal(size=(6, 30, 2))
    targets = 2.0 * np.cumsum(features[:, :, :1], 1) / 6
    data = SequenceData("in", features, {"out": targets})
    chip = ChipTraining({"split": "never"}, bits=5)
    specs = (Train("projections.rec.weight"), Train("readouts.out.weight"))
    model = TrainableNetwork(network, 1.0, specs, chip=chip)
    done = fit(
        model, data, Objective({"task": losses.MeanSquaredError("out")}), tmp_path / "run",
        epochs=8, batch=3, learning_rate=0.05, progress=False,
    )  # fmt: skip
    loss = done.history["train/task"]
    assert loss.iloc[-1] < 0.9 * loss.iloc[0]
    written = done.network()
    words = np.abs(written.weights("rec")) / np.abs(written.weights("rec")).max()
    assert np.unique(words.round(9)).size <= 2**5
    other = TrainableNetwork(network, 1.0, specs)
    with pytest.raises(
        TrainingError, match=r"another model: chip .5 bits, split=.* there, None here"
    ):
        load_checkpoint(other, tmp_path / "run" / "checkpoints" / "last.ckpt")


def _follower():
    rng = np.random.default_rng(1)
    n = 20
    b = nb.NetworkBuilder()
    b.population("cells", n, nb.models.lif_exp, v_thresh=-52.0)
    pairs = np.argwhere(rng.random((n, n)) < 0.3)
    sign = np.where(pairs[:, 0] < 14, 1.0, -1.0)
    weights = 0.3 * sign * rng.uniform(0.2, 1.8, len(pairs))
    b.connect("rec", "cells", "cells", pairs, weight=weights, delay=1.0)
    everyone = np.arange(n)
    b.add(
        nb.Encoder(
            "in", "cells", everyone, 0.2 * rng.normal(size=(n, 2)), np.full(n, 0.2), kind="current"
        ),
        nb.Readout(
            "out",
            "cells",
            everyone,
            0.02 * rng.normal(size=(1, n)),
            np.zeros(1),
            source="v",
            pool="none",
        ),
    )
    return b.build()


def test_what_does_not_fit_is_refused():
    network = networks.spiking()
    with pytest.raises(NetworkError, match="expected bits, a whole number from 1 to 16, got 17"):
        ChipTraining(bits=17)
    with pytest.raises(UnknownNameError, match="setting of the chip 'spilt'; did you mean 'split'"):
        ChipTraining({"spilt": "never"})
    with pytest.raises(FindingsError, match="chip_setting"):
        TrainableNetwork(network, 1.0, SPECS, chip=ChipTraining({"split": "nevr"}))
    with pytest.raises(ModelError, match="IF_curr_alpha has no difference equations"):
        TrainableNetwork(networks.spiking(nb.models.lif_alpha), 1.0, (), chip=ChipTraining())
    with pytest.raises(FindingsError, match="continuous_unsupported"):
        TrainableNetwork(networks.rate(), 1.0, (), chip=ChipTraining())


def test_an_experiment_file_may_ask_for_it(tmp_path):
    training = """training:
  task: {kind: patterns, features: 2, classes: 2, trials: [4, 2, 2], duration: 40 ms}
  input: {neurons: all, strength: 400 Hz, receptor: exc, weight: 1 nA}
  train: {projections.synapses.weight: {}}
  epochs: 1
  chip: {bits: 9, settings: {split: never, max_summed_input: neurons.exc=8}}
"""
    run = "run: {duration: 40 ms, dt: 1.0}\n"
    path = write(tmp_path, run=run, training=training)
    setup = assemble_training(nb.load_experiment(path))
    expected = ChipTraining({"split": "never", "max_summed_input": "neurons.exc=8"}, 9)
    assert setup.model().chip.how == expected
    path = write(tmp_path, run=run, training=training.replace("bits: 9", "bits: 0"))
    with pytest.raises(ExperimentError, match="expected bits, a whole number from 1 to 16, got 0"):
        assemble_training(nb.load_experiment(path))
