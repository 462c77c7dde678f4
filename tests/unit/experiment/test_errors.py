"""Every mistake in an experiment file is answered with file, line, key, and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurobridge import ExperimentError, FileFormatError, UnknownNameError, load_experiment
from tests.unit.experiment.files import line_of, write

POISSON = "stimuli:\n  drive:\n    kind: poisson\n    weight: 1 nA\n    receptor: exc\n"


def problem(path: Path) -> str:
    """The message of loading the file and building its network."""
    with pytest.raises(ExperimentError) as caught:
        load_experiment(path).network()
    return str(caught.value)


def test_a_typo_is_told_with_line_and_nearest_key(tmp_path: Path) -> None:
    path = write(tmp_path, stimuli=f"{POISSON}    rat: 15 Hz\n")
    line = line_of(path, "rat:")
    assert f"toy.yaml, line {line}: unknown key 'rat' in 'stimuli.drive'; did you mean 'rate'?" in (
        problem(path)
    )


def test_a_typo_at_the_top_level(tmp_path: Path) -> None:
    path = write(tmp_path, probs="probs: {}\n")
    line = line_of(path, "probs")
    assert f"line {line}: unknown key 'probs'; did you mean 'probes'?" in problem(path)


def test_all_errors_are_listed_at_once_in_order_of_lines(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        synapses="synapses: {weight: 2 nA, dely: 1 ms}\n",
        run="run: {duration: fast}\n",
    )
    text = problem(path)
    assert text.splitlines()[0] == "the experiment toy.yaml is not valid:"
    wanted = ["missing key 'delay' in 'synapses'", "unknown key 'dely'", "run.duration: 'fast'"]
    assert [any(w in line for line in text.splitlines()) for w in wanted] == [True] * 3
    numbers = [int(line.split("line ")[1].split(":")[0]) for line in text.splitlines()[1:]]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize(
    ("section", "key", "message"),
    [
        (
            {"stimuli": "stimuli:\n  drive:\n    kind: poison\n"},
            "poison",
            "stimuli.drive: unknown kind 'poison'; did you mean 'poisson'?",
        ),
        (
            {"stimuli": "stimuli:\n  drive:\n    rate: 3\n"},
            "drive",
            "missing key 'kind' in 'stimuli.drive'",
        ),
        (
            {"synapses": "synapses:\n  weight: 2 nA\n  delay: 1 mV\n"},
            "1 mV",
            "synapses.delay: expected a quantity in ms, got '1 mV', which is in mV",
        ),
        (
            {"synapses": "synapses:\n  weight: 2 mV\n  delay: 1\n"},
            "2 mV",
            "synapses.weight: weight of one synapse: expected a quantity in nA, got '2 mV'",
        ),
        (
            {"synapses": "synapses:\n  weight: 2 nA\n  delay: 1 msec\n"},
            "msec",
            "synapses.delay: unknown unit 'msec'",
        ),
        (
            {"synapses": "synapses:\n  weight: 2 nA\n  delay: yes\n"},
            "yes",
            "synapses.delay: 'yes' is not a number with a unit, such as '20 ms'",
        ),
        (
            {"model": "model:\n  name: lif_epx\n"},
            "lif_epx",
            "model.name: unknown neuron model 'lif_epx'; did you mean 'lif_exp'?",
        ),
        (
            {"model": "model:\n  name: lif_exp\n  parameters:\n    tau_n: 10 ms\n"},
            "tau_n",
            "unknown parameter of model 'lif_exp' 'tau_n'; did you mean 'tau_m'?",
        ),
        (
            {"model": "model:\n  name: lif_exp\n  parameters:\n    tau_m: -10 ms\n"},
            "tau_m",
            "model.parameters.tau_m: tau_m must be above 0 ms, got -10",
        ),
        (
            {"model": "model:\n  name: lif_exp\n  initial:\n    w: 3\n"},
            "w: 3",
            "unknown state of model 'lif_exp' 'w'",
        ),
        (
            {"connectome": "connectome:\n  source: tabel\n"},
            "tabel",
            "connectome.source: unknown connectome source 'tabel'; did you mean 'table'?",
        ),
        (
            {"connectome": "connectome:\n  source: celegans\n  options:\n    cels: all\n"},
            "cels",
            "unknown option of source 'celegans' 'cels'; did you mean 'cells'?",
        ),
        (
            {"connectome": "connectome:\n  source: table\n  path: nowhere.yaml\n"},
            "nowhere",
            "connectome.path: nowhere.yaml cannot be read: ",
        ),
        (
            {
                "connectome": "connectome:\n  source: table\n  path: mapping.yaml\n"
                "  select: rolle == 'motor'\n"
            },
            "rolle",
            "connectome.select: unknown label 'rolle'; did you mean 'role'?",
        ),
        (
            {
                "connectome": "connectome:\n  source: table\n  path: mapping.yaml\n"
                "  select: role == 'moto'\n"
            },
            "select",
            "unknown value of label 'role' 'moto'; did you mean 'motor'?",
        ),
        (
            {"signs": "signs:\n  policy: argmx\n"},
            "signs",
            "signs: unknown sign policy 'argmx'; did you mean 'argmax'?",
        ),
        (
            {"signs": "signs:\n  policy: argmax\n  table: celegans\n  unknown: dropp\n"},
            "dropp",
            "signs.unknown: unknown value 'dropp'; did you mean 'drop'?",
        ),
        (
            {"signs": "signs:\n  policy: argmax\n  table: {acetylcholine: 1}\n"},
            "signs",
            "signs: unknown transmitter 'gaba'",
        ),
        ({"signs": ""}, "connectome", "the synapses have no signs; add a section 'signs:'"),
        (
            {"run": "run:\n  duration: 1\n  backends: [reference, nst]\n"},
            "nst",
            "run.backends: unknown backend 'nst'; did you mean 'nest'?",
        ),
        (
            {"run": "run:\n  duration: -5 ms\n"},
            "-5 ms",
            "run.duration: expected a time above 0 ms, got '-5 ms'",
        ),
        (
            {"run": "run:\n  duration: .inf\n"},
            ".inf",
            "run.duration: expected a time above 0 ms, got inf",
        ),
        (
            {"run": "run:\n  duration: 1\n  dt: 0\n"},
            "dt",
            "run.dt: expected a time above 0 ms, got 0",
        ),
        (
            {"run": "run:\n  duration: 1\n  seed: 1.5\n"},
            "seed",
            "run.seed: Input should be a valid integer",
        ),
        (
            {"probes": "probes:\n  v:\n    kind: state\n    variable: x\n"},
            "v:",
            "probes.v: unknown state of model 'lif_exp' (probe 'v') 'x'",
        ),
        (
            {"probes": "probes:\n  v:\n    kind: state\n    variable: v\n    neurons: [A, D]\n"},
            "neurons:",
            "probes.v.neurons: unknown neuron 'D'",
        ),
        (
            {"probes": "probes:\n  v:\n    kind: state\n    variable: v\n    neurons: [7]\n"},
            "neurons:",
            "probes.v.neurons: unknown neuron 7",
        ),
        (
            {"probes": "probes:\n  v:\n    kind: spikes\n    neurons: id > 9\n"},
            "neurons:",
            "probes.v.neurons: no neuron fulfils 'id > 9'",
        ),
        (
            {"probes": "probes:\n  v:\n    kind: spikes\n    neurons: 3\n"},
            "neurons:",
            "probes.v.neurons: expected 'all', an expression such as",
        ),
        (
            {"stimuli": f"{POISSON}    rate: [1, 2]\n"},
            "drive",
            "stimuli.drive: 2 rates need rate_interval",
        ),
        (
            {"stimuli": POISSON.replace("exc", "ex") + "    rate: 1\n"},
            "receptor",
            "stimuli.drive.receptor: unknown receptor of model 'lif_exp' 'ex'; did you mean 'exc'?",
        ),
        (
            {"stimuli": POISSON.replace("    receptor: exc\n", "") + "    rate: 1\n"},
            "drive",
            "say which receptor of model 'lif_exp': exc, inh",
        ),
        (
            {"stimuli": POISSON.replace("1 nA", "1 mV") + "    rate: 1\n"},
            "1 mV",
            "stimuli.drive.weight: weight: expected a quantity in nA, got '1 mV'",
        ),
        (
            {"stimuli": f"{POISSON}    rate: -3 Hz\n"},
            "drive",
            "stimuli.drive: stimulus 'drive': rates must be finite and >= 0 Hz",
        ),
        ({"head": "version: 2\nname: toy\n"}, "version", "version: unknown value 2"),
    ],
)
def test_the_line_and_the_remedy(
    tmp_path: Path, section: dict[str, str], key: str, message: str
) -> None:
    path = write(tmp_path, **section)
    text = problem(path)
    assert message in text
    assert f"toy.yaml, line {line_of(path, key)}: " in text


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, run="run:\n  duration: 1\n  seed: 1\n  seed: 2\n")
    second = line_of(path, "seed: 2")
    assert problem(path) == (
        f"toy.yaml, line {second}: key 'seed' stands here for the second time, after line "
        f"{second - 1}; keep one of them"
    )


def test_what_is_not_yaml_or_no_mapping(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("a: [1\n", encoding="utf-8")
    with pytest.raises(
        FileFormatError, match=r"bad\.yaml, line 2: cannot be read as YAML: expected"
    ):
        load_experiment(path)
    path.write_text("- 1\n", encoding="utf-8")
    with pytest.raises(ExperimentError, match=r"bad\.yaml: expected 'version: 1'.*got \[1\]"):
        load_experiment(path)


def test_a_file_that_is_not_there_suggests_what_is(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(UnknownNameError, match="unknown experiment 'celegan'; did you mean 'cel"):
        load_experiment("celegan")
    with pytest.raises(
        UnknownNameError,
        match=r"known: celegans, celegans_patterns, mapping\.yaml, toy\.yaml\. There",
    ):
        load_experiment(tmp_path / "other.yaml")
