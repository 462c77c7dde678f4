"""Runs of a network by backend="spinnaker"."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurobridge as nb
from neurobridge import Current, NetworkBuilder, SpikeTrains, StateProbe, models
from neurobridge.backends.spinnaker import child
from neurobridge.backends.spinnaker.losses import loss_message
from neurobridge.errors import BackendError
from tests.requirements import require
from tests.unit.backends.spinnaker.networks import ACCEPT, mixed_signs


@pytest.mark.slow
def test_the_chip_model_gives_the_spikes_of_the_twin(rng: np.random.Generator) -> None:
    require("spynnaker")
    require("unicorn")
    network = mixed_signs(rng)
    done: list[int] = []
    found = nb.run(network, 50, "spinnaker", dt=1.0, accept=ACCEPT, progress=done.append)
    wanted = nb.run(network, 50, "fixedpoint", dt=1.0, accept=ACCEPT)
    assert found.status == "ok"
    assert found.info["evidence"] == "chip model"
    assert len(wanted.spikes["cell"]) > 50
    assert found.spikes["cell"].same_as(wanted.spikes["cell"])
    assert found.spikes["input"].same_as(wanted.spikes["input"])
    assert done == [0, 50]


@pytest.mark.slow
def test_runs_again_with_other_input_and_says_what_was_lost() -> None:
    require("spynnaker")
    require("unicorn")
    b = NetworkBuilder()
    b.population("cell", 3, models.lif_exp)
    b.add(
        SpikeTrains("kick", "cell", time=[2.0], neuron=[1], weight=9.0, receptor="exc", delay=2.0),
        Current("flow", "cell", amplitude=[0.4, 0.0], time=[1.0, 5.0]),
        StateProbe("potential", "cell", "v"),
    )
    settings = {"max_summed_input": {"cell": {"exc": 10.0}}}
    with (
        nb.compile(b.build(), "spinnaker", dt=1.0, accept=ACCEPT, **settings) as chip,
        nb.compile(b.build(), "fixedpoint", dt=1.0, accept=ACCEPT, **settings) as twin,
    ):
        first = [each.run(20) for each in (chip, twin)]
        more = SpikeTrains(
            "kick", "cell", time=[2.0] * 3, neuron=[0] * 3, weight=9.0, receptor="exc"
        )
        second = [each.run(20, stimuli=[more]) for each in (chip, twin)]
    for found, wanted in (first, second):
        assert np.array_equal(found.signals["potential"].values, wanted.signals["potential"].values)
    assert [r.status for r in first] == ["ok", "ok"]
    assert [r.status for r in second] == ["degraded", "degraded"]
    assert "2 saturated sums of weights" in second[0].message
    assert second[0].info["saturations"] == second[1].info["saturations"] == {"cell": 2}
    assert not np.array_equal(
        first[0].signals["potential"].values, second[0].signals["potential"].values
    )


def test_a_virtual_board_computes_nothing(rng: np.random.Generator) -> None:
    require("spynnaker")
    with (
        nb.compile(mixed_signs(rng), "spinnaker", dt=1.0, accept=ACCEPT, machine="virtual") as chip,
        pytest.raises(BackendError, match=r"computes nothing.*softboard.*fixedpoint"),
    ):
        chip.run(10)


def test_weights_are_those_that_the_chip_holds(rng: np.random.Generator) -> None:
    require("spynnaker")
    network = mixed_signs(rng)
    held = []
    for backend in ("spinnaker", "fixedpoint"):
        with nb.compile(network, backend, dt=1.0, accept=ACCEPT) as compiled:
            held.append(compiled.weights("recurrent"))
    assert np.array_equal(*held)


def test_exports_its_project(tmp_path: Path, rng: np.random.Generator) -> None:
    require("spynnaker")
    with nb.compile(mixed_signs(rng), "spinnaker", dt=1.0, accept=ACCEPT) as compiled:
        folder = compiled.export(tmp_path / "project", 20)
    assert sorted(p.name for p in folder.iterdir()) == ["arrays.npz", "manifest.json", "run.py"]


def test_an_interrupted_run_ends_its_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rng: np.random.Generator
) -> None:
    require("spynnaker")
    started: list[Any] = []
    popen = child.subprocess.Popen

    class Interrupted(popen):  # type: ignore[misc, valid-type]
        def communicate(self, *args: Any, **kwargs: Any) -> Any:
            started.append(self.pid)
            time.sleep(0.2)
            raise KeyboardInterrupt

    monkeypatch.setattr(child.subprocess, "Popen", Interrupted)
    with nb.compile(mixed_signs(rng), "spinnaker", dt=1.0, accept=ACCEPT) as compiled:
        recording = compiled.run(20)
    assert recording.status == "incomplete"
    assert len(recording.spikes["cell"]) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(started[0], 0)


def test_losses_in_words() -> None:
    assert loss_message({}) == ""
    assert loss_message({"Number_of_late_spikes": 0}) == ""
    message = loss_message(
        {"Dropped_Multicast_Packets": 1200, "Times_synaptic_weights_have_saturated": 3}
    )
    assert "1,200 packets dropped by routers" in message
    assert "3 saturated sums of weights" in message
    assert "max_summed_input" in message
    assert "time_scale_factor" in message
