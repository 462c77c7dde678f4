"""What the pages on training and losses tell a reader to type works as typed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.rng import generator
from neurobridge.tasks import pattern_task
from tests.packaging.tree import ROOT
from tests.requirements import require

require("torch")
require("lightning")

from neurobridge.training import SequenceData, TrainableNetwork  # noqa: E402
from tests.unit.training import networks  # noqa: E402


def blocks(page: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


def circuit(task: Any) -> nb.Network:
    """What the pages speak of: neurons with cell types, synapses, an encoder and a readout."""
    rng = generator(3, "weights", "documents")
    n = 12
    b = nb.NetworkBuilder()
    b.population(
        "neurons", n, nb.models.lif_exp, labels={"cell_type": ["KC"] * 8 + ["MBON"] * 4},
        sign=[1] * 8 + [-1] * 4,
    )  # fmt: skip
    pairs = np.stack(np.nonzero(rng.random((n, n)) < 0.4), 1)
    weight = np.where(pairs[:, 0] < 8, 0.5, -0.5)
    b.connect("synapses", "neurons", "neurons", pairs, weight=weight, delay=1.0)
    everyone = np.arange(n)
    b.add(
        nb.Encoder("odours", "neurons", everyone, 200 * rng.random((n, 4)), np.full(n, 50.0)),
        nb.Readout("choice", "neurons", everyone, rng.normal(size=(3, n)), np.zeros(3),
                   classes=task.classes),
    )  # fmt: skip
    return b.build()


def test_the_page_on_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    task = pattern_task(4, 3, trials=(2, 1, 1), duration=40.0)
    names: dict[str, Any] = {"network": circuit(task), "task": task}
    first, surrogate, lesson = blocks("training.md")
    exec(first.replace("epochs=20", "epochs=3"), names)
    assert names["trained"].history[-1].name == "train"
    exec(surrogate, names)

    rates = networks.rate()
    x = np.random.default_rng(0).normal(size=(4, 6, 2))
    names |= {
        "teacher": rename(rates, shift=0.3),
        "student": rename(rates, shift=0.0),
        "data": SequenceData("task", x, {}),
    }
    exec(lesson.replace("epochs=150", "epochs=2"), names)
    assert (tmp_path / "runs" / "student" / "run.json").is_file()


def rename(network: nb.Network, shift: float) -> nb.Network:
    """The rate network with the name that the page gives its population."""
    b = nb.NetworkBuilder()
    units = network.population("units")
    b.population("cells", units.size, units.model, tau=units.parameters["tau"], shift=shift)
    old = network.projections["recurrent"]
    pairs = np.stack([old.edges.pre, old.edges.post], 1)
    weight = network.weights("recurrent")
    b.connect("recurrent", "cells", "cells", pairs, weight=weight, delay=old.delay)
    encoder = network.encoders["task"]
    b.add(nb.Encoder("task", "cells", encoder.neurons, encoder.weight, encoder.bias, "current"))
    return b.build()


def test_the_page_on_losses() -> None:
    task = pattern_task(4, 3, trials=(2, 1, 1), duration=40.0)
    model = TrainableNetwork(circuit(task), 1.0, [nb.training.Train("projections.synapses.weight")])
    encoder = model.network.encoders["odours"]
    trials = [task.trial(i, encoder, receptor="exc", weight="1.5 nA").stimuli for i in (0, 1)]
    import torch

    names: dict[str, Any] = {
        "model": model, "inputs": model.inputs(trials, 40.0),
        "labels": torch.tensor([0, 2]),
    }  # fmt: skip
    exec(blocks("losses.md")[0], names)
    assert set(names["values"]) == {"task", "silent", "prior"}
    assert torch.isfinite(names["total"])


def test_the_page_on_losses_trains_a_spectrum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    example = blocks("losses.md")[1]
    for long, short in (
        ("epochs=60", "epochs=2"),
        ("time=2000.0", "time=50.0"),
        ("100, 1", "20, 1"),
    ):
        assert long in example
        example = example.replace(long, short)
    exec(example, {})
    assert "lambda_10" in capsys.readouterr().out
