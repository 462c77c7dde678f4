"""Encoders onto receptor neurons: one train a neuron, nothing lost on the way."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from neurobridge.errors import FileFormatError, NetworkError, UnknownNameError
from neurobridge.graph.encoder import Encoder
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.lowering.compiled import compile as compile_network
from neurobridge.models.source import spike_source
from neurobridge.tasks import DOOR_NAMES, load_door, load_receptor_ids, odour_task, orn_encoder
from tests.data import reference_data

BIG = 720575940602553568
IDS = {"Or1": [BIG + 2, BIG], "Or2": [BIG + 3, BIG + 2, BIG + 3], "Or3": [BIG + 5]}


def noses(*ids: int) -> Population:
    return Population("orn", len(ids), spike_source, ids=np.array(ids, dtype=np.int64))


all_of_them = noses(BIG + 5, BIG + 3, BIG + 9, BIG, BIG + 2)  # 0: Or3, 1: Or2, 3: Or1, 4: Or1+2


def encoder(**changes: Any) -> Encoder:
    options: dict[str, Any] = {
        "population": all_of_them, "ids": IDS, "features": ["Or2", "Or1"], "shared": "mean"
    }  # fmt: skip
    return orn_encoder(**(options | changes))


def test_rates_by_hand() -> None:
    made = encoder()
    assert made.neurons.tolist() == [0, 1, 3, 4]
    assert made.features == ("Or2", "Or1")
    rates = made.drive([0.5, 1.0]) - 8.0
    assert rates.tolist() == [0.0, 96 * 0.5, 96.0, 96 * 0.75]
    assert (encoder(shared="sum").drive([0.5, 1.0]) - 8.0).tolist() == [0.0, 48.0, 96.0, 144.0]


def test_rates_can_be_set() -> None:
    made = encoder(spontaneous_hz="0.002 kHz", max_hz=100, gain=2.0, name="nose")
    assert made.drive([1.0, 0.0]).tolist() == [2.0, 202.0, 2.0, 102.0]
    assert (made.name, made.population) == ("nose", "orn")


def test_neurons_of_a_part_of_the_data_set() -> None:
    part = noses(BIG + 3, BIG)
    message = (
        "receptor 'Or1': 1 of 2 ids do not exist in population 'orn', e.g. 720575940602553570; are "
        "they of another release? Say absent='drop'"
    )
    with pytest.raises(NetworkError, match=re.escape(message)):
        encoder(population=part)
    made = encoder(population=part, absent="drop", shared=None)
    assert made.neurons.tolist() == [0, 1]
    assert made.drive([1.0, 0.0]).tolist() == [104.0, 8.0]
    message = "1 of 2 receptors have no neuron in population 'orn': Or1; leave them out"
    with pytest.raises(NetworkError, match=re.escape(message)):
        encoder(population=noses(BIG + 3), absent="drop")


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "shared neurons": (
        lambda: encoder(shared=None),
        f"encoder 'odour': 1 of 4 neurons are listed for several receptors, e.g. {BIG + 2} for "
        "Or2, Or1; say shared='mean' or shared='sum' of their responses",
    ),
    "no neuron": (lambda: encoder(ids=IDS | {"Or1": []}), "have no neuron in population 'orn': Or"),
    "floats": (
        lambda: encoder(ids=IDS | {"Or1": [float(BIG)]}),
        "encoder 'odour', receptor 'Or1': ids must be integers, got float64; ids above 2**53",
    ),
    "texts": (
        lambda: encoder(ids=IDS | {"Or3": [str(BIG)]}), "and texts are read by load_receptor_ids"
    ),
    "shared": (lambda: encoder(shared="max"), "shared must be 'mean' or 'sum', got 'max'"),
    "absent": (lambda: encoder(absent="skip"), "absent must be 'error' or 'drop', got 'skip'"),
    "rates": (
        lambda: encoder(spontaneous_hz=-1), "expected spontaneous_hz >= 0, max_hz and gain above 0"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("call", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        call()


def test_a_feature_needs_ids() -> None:
    message = "unknown receptor of the neuron ids 'Or11'; did you mean 'Or1'?"
    with pytest.raises(UnknownNameError, match=re.escape(message)):
        encoder(features=["Or11"])


# -- the file of ids ------------------------------------------------------------------------------


def test_ids_are_exact(tmp_path: Path) -> None:
    file = tmp_path / "ids.json"
    file.write_text(json.dumps({"Or1": [str(BIG + 1), BIG + 2], "Or2": []}))
    found = load_receptor_ids(file)
    assert found["Or1"].dtype == np.int64
    assert found["Or1"].tolist() == [BIG + 1, BIG + 2]
    assert found["Or2"].size == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read as JSON"),
        ("[1]", "expected an object {receptor: [id, ...]}"),
        ('{"Or1": 5}', "expected an object {receptor: [id, ...]}"),
        ('{"Or1": [7.2e17]}', "receptor 'Or1': 7.2e+17 is no id; expected whole numbers"),
        ('{"Or1": ["7205759406e8"]}', "receptor 'Or1': '7205759406e8' is no id"),
        ('{"Or1": [true]}', "receptor 'Or1': True is no id"),
        ('{"Or1": ["99999999999999999999"]}', "is no id; expected whole numbers below 2**63"),
    ],
)
def test_files_of_ids_that_are_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "ids.json"
    file.write_text(text)
    with pytest.raises(FileFormatError, match=re.escape(message)):
        load_receptor_ids(file)
    with pytest.raises(FileFormatError, match="cannot be read as JSON"):
        load_receptor_ids(tmp_path / "gone.json")


# -- the receptor neurons of FlyWire --------------------------------------------------------------


def test_an_odour_task_on_the_receptor_neurons_of_the_fly(seed: int) -> None:
    """Published: 2,264 entries are 2,113 neurons. Rates of 8 Hz, and at most 8 + 96 Hz."""
    ids = load_receptor_ids(reference_data("door", "seed_ORN_door2codex.json"))
    nodes = pd.read_csv(reference_data("flywire783_olfactory", "nodes.csv.gz"))
    root_id = nodes["root_id"][nodes["is_input"]].to_numpy(dtype=np.int64)
    population = Population("orn", root_id.size, spike_source, ids=root_id)
    assert (sum(map(len, ids.values())), root_id.size) == (2264, 2113)

    receptors = {r: DOOR_NAMES.get(r, r) for r in ids if r != "Ir75"}
    task = odour_task(load_door(reference_data("door")), receptors, missing="zero")
    with pytest.raises(NetworkError, match="123 of 2113 neurons are listed for several"):
        orn_encoder(population, ids, task.feature_names)
    nose = orn_encoder(population, ids, task.feature_names, shared="mean")
    assert nose.neurons.tolist() == list(range(2113))
    rates = nose.drive(task.features)
    assert rates.min() == 8.0
    assert rates.max() <= 104.0

    network = Network({"orn": population}, encoders={"odour": nose})
    trial = task.trial(7, nose)
    with compile_network(network, "reference", dt=0.1) as compiled:
        recording = compiled.run(500.0, stimuli=trial.stimuli, trial=trial.number, seed=seed)
    expected = rates[7].sum() * 0.5
    assert abs(recording.n_spikes - expected) < 5 * np.sqrt(expected)
