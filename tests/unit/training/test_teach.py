"""A student learns a teacher from some of its neurons, and is measured on the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.rng import generator
from tests.requirements import require

require("torch")
require("lightning")

import torch  # noqa: E402

from neurobridge.training import (  # noqa: E402
    Objective,
    SequenceData,
    Train,
    TrainableNetwork,
    losses,
    teach,
)
from neurobridge.training.controls import permuted_units, shuffled_order  # noqa: E402
from neurobridge.training.teaching import Taught  # noqa: E402
from neurobridge.training.values import value_at, with_value  # noqa: E402
from tests.unit.training import networks, runs  # noqa: E402

WEIGHTS = "projections.recurrent.weight"
SHIFT = "populations.units.shift"


def teacher() -> nb.Network:
    """A rate network whose units differ in their shifts."""
    return networks.rate().with_parameters("units", shift=np.linspace(-1.5, 1.5, 8), tau=3.0)


def student() -> nb.Network:
    """The same with one shift for all."""
    return teacher().with_parameters("units", shift=0.0)


def sequences(n: int = 12) -> SequenceData:
    rng = generator(2, "weights", "lessons")
    splits = np.array(["train"] * (n - 4) + ["validation"] * 2 + ["test"] * 2)
    return SequenceData("task", rng.normal(size=(n, 20, 2)), {"own": np.zeros(n)}, splits)


def lesson(folder: Path, **options):
    given = {
        "dt": 1.0, "options": {"precision": "float64"}, "seed": 3, "epochs": 60, "batch": 8,
        "learning_rate": 0.05, "progress": False, "save_every": 100, "train": [Train(SHIFT)],
    } | options  # fmt: skip
    return teach(teacher(), student(), given.pop("train"), sequences(), folder, **given)


def test_a_student_that_is_told_half_finds_the_rest(tmp_path: Path) -> None:
    """Units that were not recorded act on those that were; the controls show what chance gives."""
    made = lesson(tmp_path / "run", recorded=0.5, epochs=150)
    assert made.recorded["units"].size == 4
    table = made.table
    assert list(table.index) == ["trained", "untrained", "shuffled teacher", "permuted units"]
    error, others = table[f"error of {SHIFT}"], table["correlation of units.x_unrecorded"]
    assert table["correlation of units.x_recorded"]["trained"] > 0.999
    assert others["trained"] > 0.98
    for control in ("untrained", "shuffled teacher", "permuted units"):
        assert others["trained"] > others[control] + 0.01
    assert error["trained"] < 0.5 * error["untrained"]
    assert error["trained"] < 0.5 * error["permuted units"]
    assert np.isnan(error["shuffled teacher"])
    shift = made.network().population("units").parameters["shift"]
    found = np.linalg.norm(shift - np.linspace(-1.5, 1.5, 8)) / np.linalg.norm(
        np.linspace(-1.5, 1.5, 8)
    )
    assert error["trained"] == pytest.approx(found, rel=1e-6)


def test_the_untrained_row_is_the_student_as_it_was(tmp_path: Path) -> None:
    made = lesson(tmp_path / "run", epochs=1)
    data = sequences()
    models = [
        TrainableNetwork(n, 1.0, (), precision="float64", record=[("units", "x")])
        for n in (student(), teacher())
    ]
    batch = data.batch(models[0], data.rows("test"), seed=3, epoch=0)
    own, other = (
        m(batch.inputs, batch.features).outputs.states["units", "x"].transpose(0, 1).flatten(1)
        for m in models
    )
    expected = np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(own, other, strict=True)])
    found = made.table["correlation of units.x_recorded"]["untrained"]
    assert found == pytest.approx(expected, rel=1e-9)
    assert "correlation of units.x_unrecorded" not in made.table  # all are recorded
    assert made.table[f"error of {SHIFT}"]["untrained"] == pytest.approx(1.0)


def test_what_is_inherited_is_not_learned(tmp_path: Path) -> None:
    """With everything inherited there is nothing left to learn."""
    made = lesson(tmp_path / "run", inherit=["populations.units.*"], epochs=1, learning_rate=1e-9)
    assert made.table[f"error of {SHIFT}"]["untrained"] == pytest.approx(0.0, abs=1e-12)
    assert made.fit.history["train/units.x"][0] == pytest.approx(0.0, abs=1e-12)
    assert made.table["output error of choice"]["trained"] == pytest.approx(0.0, abs=1e-9)
    assert made.table["output error of choice"]["permuted units"] > 0.01


def test_shared_values_can_be_permuted(tmp_path: Path) -> None:
    """One value for the units of an area, in the control one for each unit."""
    base = student()
    made = teach(
        teacher(), base, [Train("populations.units.tau", by="area"), Train(WEIGHTS, sign="free")],
        sequences(), tmp_path / "run", dt=1.0, epochs=1, progress=False,
    )  # fmt: skip
    assert np.isfinite(made.table["error of projections.recurrent"].drop("shuffled teacher")).all()
    assert np.isfinite(made.table["error of populations.units.tau"]["permuted units"])


def test_a_spiking_student(tmp_path: Path) -> None:
    """From Poisson input on; what is compared are voltages and spikes, and its own objective."""
    problem = runs.spikes(duration=40.0, hz=30.0)
    source = problem.network.with_parameters("cells", v_thresh=-48.0)
    objective = Objective({
        "v": losses.StateError("cells", "v", neurons=np.arange(12)),
        "spikes": losses.VanRossum("cells", tau=5.0, neurons=np.arange(12)),
    })  # fmt: skip
    made = teach(
        source, problem.network, [Train("populations.cells.v_thresh", by="all")], problem.data,
        tmp_path / "run", dt=1.0, recorded={"cells": np.arange(12)}, objective=objective,
        epochs=8, learning_rate=0.002, batch=9, seed=1, progress=False,
        options={"record": [("cells", "v")]},
    )  # fmt: skip
    table = made.table
    assert made.fit.history["train/spikes"].iloc[-1] < made.fit.history["train/spikes"].iloc[0]
    error = table["error of populations.cells.v_thresh"]
    assert error["trained"] < 0.2 * error["untrained"]
    for which in ("recorded", "unrecorded"):
        column = table[f"correlation of cells.v_{which}"]
        assert column["trained"] > 0.9
        assert column["untrained"] < 0.5
        assert column["shuffled teacher"] < 0.5
        coincidence = table[f"coincidence of cells_{which}"]
        assert coincidence["trained"] > coincidence["untrained"]
        assert coincidence["shuffled teacher"] < 0.5
    written = made.network(verify=True)
    assert written.history[-1].arguments["teacher"] == source.id


def test_targets_are_what_the_teacher_did() -> None:
    master = TrainableNetwork(teacher(), 1.0, (), precision="float64", record=[("units", "x")])
    pupil = TrainableNetwork(student(), 1.0, [Train(SHIFT)], precision="float64")
    data = sequences()
    rows = data.rows("train")
    batch = Taught(data, master).batch(pupil, rows, seed=1, epoch=0)
    assert set(batch.targets) == {"own", "units.x", "units.output", "choice"}
    alone = data.batch(master, rows, seed=1, epoch=0)
    result = master(alone.inputs, alone.features)
    torch.testing.assert_close(batch.targets["units.x"], result.outputs.states["units", "x"])
    torch.testing.assert_close(batch.targets["choice"], result.readouts["choice"])
    order = {"units": np.arange(8)[::-1].copy()}
    turned = Taught(data, master, order).batch(pupil, rows, seed=1, epoch=0)
    torch.testing.assert_close(turned.targets["units.x"], batch.targets["units.x"].flip(1))


def test_permuted_units_keep_their_values_and_signs() -> None:
    network = networks.spiking()
    n = networks.N
    for path, value in (
        ("populations.cells.v_thresh", np.arange(n) - 60.0),
        ("populations.cells.tau_m", np.arange(n) + 5.0),
        ("populations.cells.initial.v", np.arange(n) - 80.0),
    ):
        network = with_value(network, path, value)
    paths = [WEIGHTS, "populations.cells.v_thresh", "populations.cells.tau_m",
             "populations.cells.initial.v", "readouts.choice.weight"]  # fmt: skip
    moved = permuted_units(network, paths, seed=1)
    before, after = network.weights("recurrent"), moved.weights("recurrent")
    np.testing.assert_array_equal(np.sign(before), np.sign(after))
    np.testing.assert_array_equal(np.sort(before), np.sort(after))
    assert (before != after).mean() > 0.8
    threshold = value_at(moved, "populations.cells.v_thresh") + 60
    np.testing.assert_array_equal(np.sort(threshold), np.arange(n))
    assert (threshold != np.arange(n)).any()
    np.testing.assert_array_equal(value_at(moved, "populations.cells.tau_m") - 5, threshold)
    np.testing.assert_array_equal(value_at(moved, "populations.cells.initial.v") + 80, threshold)
    assert moved.readouts == network.readouts
    again = permuted_units(network, paths, seed=1)
    assert again.id == moved.id
    assert permuted_units(network, paths, seed=2).id != moved.id
    order = shuffled_order(network, ["cells"], seed=1)["cells"]
    assert sorted(order.tolist()) == list(range(n))


# -- what does not fit ------------------------------------------------------------------------


WRONG = {
    "share": ({"recorded": 0.0}, "a share above 0 and up to 1, got 0.0"),
    "no population": ({"recorded": {"unit": [0]}}, "did you mean 'units'"),
    "no neuron": ({"recorded": {"units": []}}, r"expected indices 0\.\.7, one at least"),
    "beyond": ({"recorded": {"units": [8]}}, r"expected indices 0\.\.7, one at least, got \[8\]"),
    "nobody": ({"recorded": {}}, "name a population at least"),
    "inherited": ({"inherit": ["populations.units.tua"]}, "did you mean 'populations.units.tau'"),
    "trained": ({"train": [Train("populations.units.tua")]}, "did you mean 'tau'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_lessons_that_do_not_fit(case: str, tmp_path: Path) -> None:
    options, message = WRONG[case]
    with pytest.raises(nb.NeurobridgeError, match=message):
        lesson(tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def smaller() -> nb.Network:
    return teacher().without_readout("choice").without_encoder("task").subset("units", range(4))


TEACHERS = {
    "other neurons": (
        smaller, 1.0, "the teacher has 4 neurons in 'units', the student 8",
    ),
    "another dt": (teacher, 0.5, "need one time step, got 0.5 and 1 ms"),
    "no encoder": (lambda: teacher().without_encoder("task"), 1.0, "unknown encoder 'task'"),
    "other stimuli": (
        lambda: teacher().with_stimulus(nb.Current("hum", "units", 0.1)), 1.0,
        r"the same stimuli, got \['hum'\] and \[\]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TEACHERS)
def test_teachers_that_do_not_fit(case: str) -> None:
    make, dt, message = TEACHERS[case]
    pupil = TrainableNetwork(student(), 1.0, [Train(SHIFT)])
    with pytest.raises(nb.NeurobridgeError, match=message):
        Taught(sequences(), TrainableNetwork(make(), dt, ())).check(pupil)
