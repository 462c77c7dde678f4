"""Study files: which trials they mean, and what is wrong with them, with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import neurobridge as nb
from neurobridge.errors import NeurobridgeError
from neurobridge.experiment import load_experiment
from tests.unit.experiment.files import line_of
from tests.unit.experiment.files import write as write_experiment
from tests.unit.study.toys import toy_study, write_study

ROOT = Path(__file__).resolve().parents[3]

BOTH = """parameters:
  stimuli.drive.rate: [100, 400]
  populations.neurons.tau_m: [10 ms, 20 ms]
zip:
  run.dt: [0.1, 0.2]
  projections.synapses.scale: [1, 2]
"""


def test_trials_are_all_combinations_in_the_order_of_the_file(tmp_path: Path) -> None:
    study = toy_study(
        tmp_path, parameters=BOTH, seeds="seeds: [7, 3]\n", trials="trials: 2\n",
        backends="backends: [reference, brian2]\n",
    )  # fmt: skip
    trials = study.trials()
    assert len(trials) == 2 * 8 * 2 * 2
    assert [tuple(p.values()) for p in study.points[:3]] == [
        (100.0, 10.0, 0.1, 1.0), (100.0, 10.0, 0.2, 2.0), (100.0, 20.0, 0.1, 1.0),
    ]  # fmt: skip
    first = trials[:5]
    assert [(t.point, t.seed, t.trial) for t in first] == [
        (0, 7, 0), (0, 7, 1), (0, 3, 0), (0, 3, 1), (1, 7, 0),
    ]  # fmt: skip
    assert [t.dt for t in first] == [0.1] * 4 + [0.2]
    assert [t.backend for t in trials] == ["reference"] * 32 + ["brian2"] * 32
    assert len({t.key for t in trials}) == len(trials)


def test_keys_depend_on_content_not_on_names_or_order(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    first = toy_study(one, measures="measures: [cv, mean_rate]\n")
    path = write_study(
        two, head="version: 1\nname: other\nexperiments: [moved.yaml]\n",
        parameters="parameters:\n  stimuli.drive.rate: [0.4 kHz, 100 Hz]\n",
        measures="measures: [mean_rate, cv]\n", cluster="cluster: {kind: local, workers: 7}\n",
    )  # fmt: skip
    (two / "toy.yaml").rename(two / "moved.yaml")
    second = nb.load_study(path)
    assert {t.key for t in first.trials()} == {t.key for t in second.trials()}
    changed = toy_study(one, spikes="spikes: true\n")
    assert not {t.key for t in first.trials()} & {t.key for t in changed.trials()}


def test_the_examples_mean_what_they_say() -> None:
    study = nb.load_study(ROOT / "examples" / "celegans_study.yaml")
    study.refuse_unfit()
    assert len(study.trials()) == 60
    text = (ROOT / "docs" / "studies.md").read_text(encoding="utf-8")
    block = text.split("```yaml\n")[1].split("```")[0]
    of_docs = nb.load_study(yaml.safe_load(block))
    assert len(of_docs.trials()) == 2 * 3 * 2 * 3 * 5


def test_a_saved_network_and_a_mapping(tmp_path: Path) -> None:
    write_study(tmp_path)
    network = load_experiment(tmp_path / "toy.yaml").network()
    nb.save(network, tmp_path / "saved")
    study = nb.load_study({
        "version": 1, "name": "s", "experiments": [str(tmp_path / "saved")],
        "backends": ["reference"], "run": {"duration": "20 ms"},
        "parameters": {"stimuli.drive.rate": [100, 400]}, "seeds": 3,
        "measures": ["mean_rate", "cv"],
    })  # fmt: skip
    assert [t.experiment for t in study.trials()] == ["saved"] * 6
    assert {t.key for t in study.trials()} == {t.key for t in toy_study(tmp_path).trials()}


@pytest.mark.parametrize(
    ("sections", "at", "message"),
    [
        ({"seeds": "seeds: 1.5\n"}, "seeds", "seeds: expected a list of whole numbers, or how"),
        ({"seeds": "seeds: [1.0, 2]\n"}, "seeds", "expected whole numbers, got 1.0"),
        ({"seeds": "seeds: [1, 2, 1]\n"}, "seeds", "1 occurs twice"),
        ({"seeds": "seeds: 0\n"}, "seeds", "expected at least 1, got 0; seeds: 3 means [0, 1, 2]"),
        ({"seeds": "sedes: 3\n"}, "sedes", "unknown key 'sedes'; did you mean 'seeds'?"),
        ({"parameters": "parameters:\n  stimuli.drive.rate: []\n"}, "rate", "the list is empty"),
        ({"backends": "backends: [refrence]\n"}, "backends", "did you mean 'reference'?"),
        ({"head": "version: 1\nname: a/b\nexperiments: [toy.yaml]\n"}, "name", "as a folder is"),
        ({"head": "version: 1\nname: a\nexperiments: []\n"}, "experiments", "at least one, got []"),
        ({"cluster": "cluster: {kind: slrum}\n"}, "cluster", "did you mean 'slurm'?"),
        (
            {"cluster": "cluster: {kind: slurm, jobs: 2, memory: 2 GB, walltime: 12:00:00}\n"},
            "cluster",
            "in quotes, got 43200",
        ),
        (
            {"cluster": "cluster: {kind: address, address: localhost}\n"},
            "cluster",
            "expected protocol, host and port, e.g. tcp://10.0.0.1:8786, got 'localhost'",
        ),
        (
            {"search": "search: {objective: cv, points: 3}\n"},
            "search",
            "say either direction: maximize (or minimize), or target",
        ),
    ],
)
def test_mistakes_are_named_with_their_line(
    tmp_path: Path, sections: dict[str, str], at: str, message: str
) -> None:
    path = write_study(tmp_path, **sections)
    with pytest.raises(NeurobridgeError) as caught:
        nb.load_study(path)
    assert message in str(caught.value)
    assert f"study.yaml, line {line_of(path, at)}: " in str(caught.value)


@pytest.mark.parametrize(
    ("sections", "at", "message"),
    [
        (
            {"parameters": "parameters:\n  stimuli.drive.rat: [1, 2]\n"},
            "drive.rat",
            "parameters.stimuli.drive.rat: unknown part of path 'stimuli.drive.rat' 'rat'",
        ),
        (
            {"parameters": "parameters:\n  stimuli.drive.rate: [100, 0.1 kHz]\n"},
            "drive.rate",
            "the value 100.0 occurs twice, as number 1 and 2",
        ),
        (
            {"zip": "zip:\n  run.dt: [0.1, 0.2, 0.1]\n  run.duration: [20, 20, 20]\n"},
            "zip",
            "the value (0.1, 20.0) occurs twice, as number 1 and 3",
        ),
        (
            {"parameters": "parameters:\n  stimuli.drive.rate: [1, -2]\n"},
            "drive.rate",
            "rates must be finite and >= 0 Hz, got -2.0",
        ),
        (
            {"zip": "zip:\n  run.dt: [0.1, 0.2]\n  projections.synapses.scale: [1, 2, 3]\n"},
            "synapses.scale",
            "all need the same number of values",
        ),
        (
            {"zip": "zip:\n  stimuli.drive.rate: [1, 2]\n"},
            "  stimuli.drive.rate",
            "'stimuli.drive.rate' stands in 'parameters' and in 'zip'",
        ),
        ({"measures": "measures:\n  - cv\n  - meen_rate\n"}, "meen", "did you mean 'mean_rate'?"),
        ({"measures": "measures:\n  - rates:colour\n"}, "colour", "unknown label of measure"),
        (
            {"head": "version: 1\nname: a\nexperiments:\n  - toi.yaml\n"},
            "toi.yaml",
            "unknown experiment 'toi.yaml'; did you mean 'toy.yaml'?",
        ),
        (
            {"head": "version: 1\nname: a\nexperiments: [toy.yaml]\n",
             "parameters": "parameters:\n  run.dt: [0.1, 0.3]\n"},
            "run.dt",
            "duration_rounding",
        ),
        ({"run": "run: {duration: 20.05 ms}\n"}, "run", "accept=['duration_rounding']"),
        (
            {"parameters": "parameters:\n  projections.synapses.delay: [1 ms, 1.25 ms]\n"},
            "backends",
            "accept=['delay_rounding']",
        ),
        (
            {"parameters": "parameters:\n  stimuli.drive.rate: {low: 1, high: 2}\n"},
            "drive.rate",
            "say how many values are drawn",
        ),
        (
            {"search": "search: {objective: rate, points: 3, direction: maximize}\n"},
            "search",
            "did you mean 'mean_rate'? Known: mean_rate, cv, spikes",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_network_is_found_before_anything_runs(
    tmp_path: Path, sections: dict[str, str], at: str, message: str
) -> None:
    path = write_study(tmp_path, **sections)
    with pytest.raises(NeurobridgeError) as caught:
        nb.load_study(path).refuse_unfit()
    assert message in str(caught.value)
    lines = [int(n) for n in re.findall(r"study.yaml, line (\d+)", str(caught.value))]
    text = path.read_text(encoding="utf-8").splitlines()
    assert any(at in text[n - 1] for n in lines), str(caught.value)


def test_networks_that_are_called_alike_are_told_apart(tmp_path: Path) -> None:
    sources = "experiments: [celegans.yaml, celegans, sub/celegans.yaml]"
    path = write_study(tmp_path, head=f"version: 1\nname: a\n{sources}\n")
    (tmp_path / "toy.yaml").rename(tmp_path / "celegans.yaml")
    (tmp_path / "sub").mkdir()
    other = write_experiment(tmp_path / "sub")
    other.rename(other.with_name("celegans.yaml"))
    labels = [s.label for s in nb.load_study(path).subjects]
    assert labels == ["celegans.yaml", "celegans", "sub/celegans.yaml"]


def test_the_same_network_twice_is_refused(tmp_path: Path) -> None:
    path = write_study(tmp_path, head="version: 1\nname: a\nexperiments: [toy.yaml, two.yaml]\n")
    (tmp_path / "two.yaml").write_bytes((tmp_path / "toy.yaml").read_bytes())
    with pytest.raises(NeurobridgeError, match=r"'two.yaml' is the same network as 'toy'"):
        nb.load_study(path).refuse_unfit()
