"""deploy and measure: test trials, their numbers, and whether backends do the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.lowering.compiled import CompiledNetwork
from tests.requirements import require

require("torch")
require("lightning")

from neurobridge.training import deploy, losses, measure, metrics  # noqa: E402
from tests.unit.training import runs  # noqa: E402


def test_spikes_and_accuracy_are_those_of_runs_by_hand() -> None:
    problem = runs.spikes()
    network, data = problem.network, problem.data
    test = data.task.split("test")
    spikes, said = 0, []
    with nb.compile(network, "reference", dt=1.0) as compiled:
        for i in range(test.n_trials):
            trial = test.trial(i, network.encoders["touch"])
            recording = compiled.run(
                data.task.duration, stimuli=trial.stimuli, trial=trial.number, seed=3
            )
            spikes += len(recording.spikes["cells"])
            said.append(network.readouts["choice"].apply(recording).argmax())
    for found in deploy(network, data, ["reference", "torch"], dt=1.0, seed=3):
        assert (found.spikes, found.n_trials) == (spikes, test.n_trials)
        assert found.predicted.tolist() == said
        assert found.accuracy.correct == (np.array(said) == test.label).sum()
        assert found.agrees
    value = measure(
        problem.model(), data, {"accuracy": metrics.Accuracy("choice")}, batch=2, seed=3
    )
    assert value["accuracy"] == pytest.approx(found.accuracy.value)


def test_rate_networks_are_compared_by_their_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    """They have no spikes, so that equal spikes would prove nothing."""
    problem = runs.rates(validation=0)
    data = replace(problem.data, splits=np.array(["train"] * 14 + ["test"] * 2))
    _, torch = deploy(problem.network, data, ["reference", "torch"], dt=1.0)
    assert torch.same_spikes
    assert torch.agrees
    assert 0 < torch.output_difference < 1e-12 or torch.output_difference == 0

    run = CompiledNetwork.run

    def shifted(self, *given, **options):
        recording = run(self, *given, **options)
        if recording.backend == "torch":
            name, signal = next(iter(recording.signals.items()))
            wrong = replace(signal, values=signal.values + 1e-3)
            return replace(recording, signals={**recording.signals, name: wrong})
        return recording

    monkeypatch.setattr(CompiledNetwork, "run", shifted)
    _, torch = deploy(problem.network, data, ["reference", "torch"], dt=1.0)
    assert torch.same_spikes
    assert not torch.agrees


def test_a_measure_is_a_mean_over_trials_whatever_the_batches() -> None:
    problem = runs.rates()
    asked = {"error": losses.MeanSquaredError("choice")}
    model = problem.model().train()
    together, apart = (measure(model, problem.data, asked, split="train", batch=b) for b in (12, 5))
    assert apart["error"] == pytest.approx(together["error"], rel=1e-12)
    assert model.training


def test_what_cannot_be_deployed() -> None:
    problem = runs.rates()
    with pytest.raises(nb.NetworkError, match="no trials in their split 'test'"):
        deploy(problem.network, problem.data, "reference", dt=1.0)
    with pytest.raises(nb.NetworkError, match="no trials in their split 'test'"):
        measure(problem.model(), problem.data, {})
    with pytest.raises(nb.UnknownNameError, match="unknown readout 'chioce'; did you mean"):
        deploy(problem.network, problem.data, "reference", dt=1.0, split="train", readout="chioce")
    bare = problem.network.without_readout("choice")
    with pytest.raises(nb.NetworkError, match="say which readout decides: the network has none"):
        deploy(bare, problem.data, "reference", dt=1.0, split="train")
