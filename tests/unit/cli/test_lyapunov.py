"""neurobridge lyapunov: what commands print, write and return."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import neurobridge as nb
from neurobridge.analysis import lyapunov
from neurobridge.analysis.lyapunov import workflows
from tests.data import reference_data
from tests.requirements import require
from tests.unit.cli.calling import call
from tests.unit.experiment.files import write

Capture = pytest.CaptureFixture[str]

SHORT = ("--time", "20", "--transient", "20", "--warm-up", "10")
RANDOM = ("--network", "random", "--n", "20")


def test_a_spectrum_as_json_is_one_object(capfd: Capture) -> None:
    called = call(
        capfd, "lyapunov", "spectrum", *RANDOM, "--g", "3", "--activation", "tanh", "--meaning",
        "flow", "--k", "all", "--time", "50", "--seed", "2", "--json",
    )  # fmt: skip
    found = called.json
    assert called.code == (4 if found["status"] == "transient" else 0)
    exponents = np.array(found["exponents"])
    assert exponents.shape == np.shape(found["errors"]) == (20,)
    assert (np.diff(exponents) <= 0).all()
    assert found["sum"] == pytest.approx(-20, abs=0.02)
    assert {"kaplan_yorke", "entropy", "seconds", "status"} <= set(found)
    assert (found["unit"], found["meaning"], found["seed"]) == ("tau", "flow", 2)
    assert found["networks"]["strength"] == 3.0
    system = lyapunov.of_network(lyapunov.random_network(20, 3.0, seed=2), seed=2)
    expected = lyapunov.spectrum(system, time=50.0, seed=2, progress=False)
    np.testing.assert_array_equal(exponents, expected.exponents)


def test_a_spectrum_for_people(capfd: Capture) -> None:
    called = call(capfd, "lyapunov", "spectrum", *RANDOM, "--g", "0.5", *SHORT, "--time", "100")
    assert called.code == 0
    for words in ("Kaplan-Yorke dimension", "95 % interval", "sum of the 20", "two_trajectories"):
        assert words in called.out
    assert "random, N = 20, strength 0.5" in called.err


def test_the_map_is_another_system(capfd: Capture) -> None:
    both = [
        call(
            capfd, "lyapunov", "spectrum", *RANDOM, "--g", "0.5", "--dt", "0.1", "--meaning", m,
            "--time", "100", "--json",
        ).json
        for m in ("flow", "map")
    ]  # fmt: skip
    assert [found["method"] for found in both] == ["ab4", "euler"]
    assert both[0]["sum"] == pytest.approx(-20, abs=0.01)
    assert both[1]["sum"] < -20.5  # log(0.9)/0.1 = -1.05 for each neuron


def test_several_networks_and_what_is_saved(capfd: Capture, tmp_path: Path) -> None:
    called = call(
        capfd, "lyapunov", "spectrum", *RANDOM, "--g", "2", "--samples", "2", "--k", "3", *SHORT,
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert "2 networks" in called.out
    assert "saved" in called.out
    document = json.loads((tmp_path / "out" / "result.json").read_text())
    assert [s["seed"] for s in document["spectra"]] == [0, 1]
    assert document["settings"]["versions"]["neurobridge"] == nb.__version__
    table = pd.read_parquet(tmp_path / "out" / "table.parquet")
    assert len(table) == 6
    assert (tmp_path / "out" / "figures" / "spectra.png").stat().st_size > 1000
    refused = call(capfd, "lyapunov", "spectrum", *RANDOM, *SHORT, "--out", tmp_path / "out")
    assert refused.code == 2
    assert "is not empty" in refused.err


def test_a_matrix_from_a_file(capfd: Capture, tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.array([[0.0, -0.9], [0.5, 0.0]]))
    called = call(
        capfd, "lyapunov", "spectrum", "--matrix", tmp_path / "w.npy", "--activation", "linear",
        "--transient", "5", "--time", "100", "--json",
    )  # fmt: skip
    np.testing.assert_allclose(called.json["exponents"], [-1, -1], atol=0.02)  # both are -1 +- i...


def test_a_sweep(capfd: Capture, tmp_path: Path) -> None:
    called = call(
        capfd, "lyapunov", "spectrum", *RANDOM, "--sweep", "0.5:2:2x", "--samples", "2", *SHORT,
        "--json", "--out", tmp_path / "out",
    )  # fmt: skip
    assert called.json["settings"]["values"] == [0.5, 1.0, 2.0]
    assert set(called.json["table"]["value"]) == {0.5, 1.0, 2.0}
    assert (tmp_path / "out" / "figures" / "sweep.png").is_file()
    text = call(capfd, "lyapunov", "spectrum", *RANDOM, "--sweep", "0.5,1", *SHORT,
                "--parameter", "gains", "--parameter", "shifts").out  # fmt: skip
    assert "sd of gains = sd of shifts" in text
    assert "dimension / N" in text


def test_a_transition(capfd: Capture, tmp_path: Path) -> None:
    called = call(
        capfd, "lyapunov", "transition", *RANDOM, "--values", "0.3,0.6", "--samples", "3", "--out",
        tmp_path / "out", "--time", "100", "--seed", "1",
    )  # fmt: skip
    assert called.code == 0
    assert "beyond the range (0 of 3 networks within it)" in called.out
    document = json.loads((tmp_path / "out" / "result.json").read_text())
    assert document["edge"]["value"] is None
    theory = document["mean_field"]
    assert theory["exponent"] == pytest.approx(np.array(theory["value"]) - 1)  # below the edge
    assert {0.3, 0.6} < set(theory["value"])
    assert set(document["table"]["state"]) == {"stable"}


def test_convergence(capfd: Capture, tmp_path: Path) -> None:
    called = call(
        capfd, "lyapunov", "convergence", *RANDOM, "--g", "3", "--k", "4", "--starts", "2",
        "--intervals", "auto,0.5", "--kinds", "lu,householder", *SHORT, "--out", tmp_path / "out",
    )  # fmt: skip
    assert called.code == 0
    assert "over 2 initial states" in called.out
    assert "largest difference from the first way" in called.out
    table = pd.read_parquet(tmp_path / "out" / "table.parquet")
    assert set(table["renormalise"]) == {"lu", "householder"}


def test_benchmark(capfd: Capture) -> None:
    called = call(
        capfd, "lyapunov", "benchmark", *RANDOM, "--tests", "exponents,size", "--shares", "0.1,1",
        "--sizes", "10:20:10", *SHORT, "--json",
    )  # fmt: skip
    assert called.code == 0
    assert called.json["table"]["n"] == [20, 20, 10, 20]
    text = call(capfd, "lyapunov", "benchmark", *RANDOM, "--tests", "time", "--times", "10", *SHORT)
    assert "CPU time, one thread" in text.out


def test_a_connectome_of_the_worm(capfd: Capture) -> None:
    called = call(
        capfd, "lyapunov", "spectrum", "--network", "celegans", "--g", "2", "--k", "2",
        "--gain-sd", "0.2", "--by", "cell_type", "--time", "20", "--json",
    )  # fmt: skip
    assert called.json["size"] == 246
    codes = {f["code"] for f in called.json["networks"]["findings"]}
    assert {"gap_junctions_dropped", "unknown_transmitter", "largest_component"} <= codes
    assert called.json["networks"]["normalise"] == "sinkhorn"
    assert called.json["networks"]["by"] == "cell_type"


def test_a_part_of_the_fly(capfd: Capture, tmp_path: Path) -> None:
    folder = reference_data("flywire783_olfactory")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "dataset: flywire783_olfactory\n"
        f"nodes: {{file: {folder}/nodes.csv.gz, id: root_id, labels: {{cell_type: cell_type, "
        "nt: nt_filled, group: seed_group}}\n"
        f"edges: {{file: {folder}/edges.csv.gz, pre: pre_root_id, post: post_root_id, "
        "count: syn_count}\n"
    )
    called = call(
        capfd, "lyapunov", "spectrum", "--network", "table", "--path", mapping, "--select",
        "group in ('ALLN', 'ALPN')", "--g", "2", "--k", "3", "--time", "30", "--json",
    )  # fmt: skip
    assert called.json["size"] == 457
    assert called.json["networks"]["couplings"] == "flywire783_olfactory"


def test_what_flystability_gives_is_labelled_everywhere(capfd: Capture, tmp_path: Path) -> None:
    require("torch")
    arguments = (*RANDOM, "--g", "3", "--compat", "flystability", "--time", "20")
    called = call(capfd, "lyapunov", "spectrum", *arguments, "--json", "--out", tmp_path / "out")
    assert called.code == 0
    assert called.json["label"].startswith("flystability compatibility: known to be wrong")
    for name in ("table", "results"):
        assert pd.read_parquet(tmp_path / "out" / f"{name}.parquet")["label"].nunique() == 1
    document = json.loads((tmp_path / "out" / "result.json").read_text())
    assert document["warning"] == document["label"]
    arguments = (*RANDOM, "--compat", "flystability", "--time", "20")
    text = call(capfd, "lyapunov", "transition", *arguments, "--values", "1,2", "--samples", "1",
                "--activation", "tanh_stretched").out  # fmt: skip
    assert "known to be wrong" in text


def test_an_error_that_is_not_reached_has_a_code_of_its_own(capfd: Capture) -> None:
    called = call(capfd, "lyapunov", "spectrum", *RANDOM, "--g", "3", "--k", "1", "--error", "1e-9",
                  "--time", "20")  # fmt: skip
    assert called.code == 4
    assert "not_converged" in called.out
    reached = call(capfd, "lyapunov", "spectrum", *RANDOM, "--g", "0.5", "--k", "1", "--error",
                   "0.1", "--json")  # fmt: skip
    assert (reached.code, reached.json["status"]) == (0, "converged")


def test_ctrl_c_keeps_what_was_measured(capfd: Capture, monkeypatch, tmp_path: Path) -> None:
    measure, calls = workflows.Measurement.spectrum, []

    def stopping(self, network, seed=0):
        calls.append(seed)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return measure(self, network, seed)

    monkeypatch.setattr(workflows.Measurement, "spectrum", stopping)
    called = call(capfd, "lyapunov", "spectrum", *RANDOM, "--samples", "4", "--k", "1", *SHORT,
                  "--out", tmp_path / "out")  # fmt: skip
    assert called.code == 130
    assert len(pd.read_parquet(tmp_path / "out" / "table.parquet")) == 2
    assert "warning  interrupted: 2 of 4 networks" in called.out
    assert json.loads((tmp_path / "out" / "result.json").read_text())["interrupted"]


def test_ctrl_c_before_anything_was_measured_is_said(
    capfd: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stopping(self: object, network: object, seed: int = 0) -> None:
        assert (tmp_path / "out").is_dir(), "made before anything is measured"
        raise KeyboardInterrupt

    monkeypatch.setattr(workflows.Measurement, "spectrum", stopping)
    options = (*RANDOM, *SHORT, "--out", tmp_path / "out")
    called = call(capfd, "lyapunov", "spectrum", *options)
    assert called.code == 130
    assert "interrupted, nothing was measured" in called.err
    assert not (tmp_path / "out").exists()
    document = call(capfd, "lyapunov", "transition", *options, "--json")
    assert document.code == 130
    assert document.json["status"] == "interrupted"


def test_a_folder_that_cannot_be_written_to_is_found_first(
    capfd: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setattr(workflows.Measurement, "spectrum", None)
    called = call(capfd, "lyapunov", "spectrum", *RANDOM, "--out", tmp_path / "file" / "out")
    assert called.code == 2
    assert "cannot be written to (Not a directory); choose another folder" in called.err


def test_the_mapping_of_a_table_is_not_an_experiment(capfd: Capture, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("dataset: mine\nedges: {file: edges.csv, pre: a, post: b}\n")
    called = call(capfd, "lyapunov", "spectrum", "--network", mapping)
    assert called.code == 2
    assert "is the mapping of a table and not an experiment" in called.err
    assert f"--network table --path {mapping}" in called.err


def test_networks_that_diverge_are_counted(capfd: Capture, tmp_path: Path) -> None:
    arguments = (*RANDOM, "--activation", "relu", "--samples", "2", "--time", "50")
    called = call(capfd, "lyapunov", "transition", *arguments, "--values", "0.5,1,6", "--out",
                  tmp_path / "out")  # fmt: skip
    assert called.code == 0
    assert "of 6 networks: diverged" in called.out
    table = pd.read_parquet(tmp_path / "out" / "table.parquet").set_index("value")
    assert set(table.loc[6.0, "state"]) == {"diverged"}
    assert table.loc[6.0, "exponent"].isna().all()
    assert set(table.loc[0.5, "state"]) == {"stable"}
    document = json.loads((tmp_path / "out" / "result.json").read_text())
    assert document["edge"]["each"] == [3.5, 3.5]  # halfway
    assert document["chaos"]["networks"] == 0
    assert not (tmp_path / "out" / "mean_field.parquet").exists() or len(
        pd.read_parquet(tmp_path / "out" / "mean_field.parquet")
    )
    swept = call(capfd, "lyapunov", "spectrum", *arguments, "--sweep", "0.5,6", "--json")
    assert swept.json["table"]["status"] == ["done", "done", "diverged", "diverged"]
    assert swept.json["medians"]["n"][1] == 0
    alone = call(capfd, "lyapunov", "spectrum", *RANDOM, "--activation", "relu", "--g", "6")
    assert alone.code == 2
    assert "grows without bound" in alone.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("spectrum", "--samples", "2"), "2 networks: flow, exponents per tau"),
        (("spectrum", "--sweep", "0.5,1", "--meaning", "map"), "g: map, exponents per tau"),
        (("transition", "--values", "0.5,1"), "87.5 % interval of the median"),
        (("convergence", "--unit", "ms", "--starts", "2"), "flow, exponents per ms: over 2"),
        (("benchmark", "--tests", "time", "--times", "5"), "flow, exponents per tau"),
    ],
)
def test_tables_say_meaning_unit_and_coverage(
    capfd: Capture, arguments: tuple[str, ...], words: str
) -> None:
    samples = ("--samples", "4") if arguments[0] == "transition" else ()
    called = call(capfd, "lyapunov", *arguments, *RANDOM, *SHORT, *samples)
    assert words in called.out


@pytest.fixture
def spiking(tmp_path: Path) -> Path:
    return nb.save(nb.load_experiment(write(tmp_path)).network(), tmp_path / "net")


def test_spiking_networks_are_refused(capfd: Capture, spiking: Path) -> None:
    for network in ("celegans_patterns", spiking):
        called = call(capfd, "lyapunov", "spectrum", "--network", network)
        assert called.code == 2
        assert "neurons of model 'lif_exp' spike, and a spike is a jump" in called.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give a network or a matrix: --network random"),
        (("--network", "randm"), "unknown network 'randm'; did you mean 'random'?"),
        ((*RANDOM, "--k", "21"), "a system of 20 states has 20 exponents, and 21 were asked for"),
        ((*RANDOM, "--k", "many"), "--k 'many': expected a whole number, 'all' or 'adaptive'"),
        (("--network", "random", "--n", "1"), "n must be a whole number >= 2, got 1"),
        ((*RANDOM, "--g", "-1"), "strength of the couplings (g): expected a number >= 0"),
        ((*RANDOM, "--activation", "tan"), "unknown activation 'tan'; did you mean 'tanh'?"),
        ((*RANDOM, "--dt", "5"), "dt = 5 is too large for method 'ab4'"),
        ((*RANDOM, "--meaning", "flo"), "'flo'"),
        ((*RANDOM, "--method", "rk5"), "unknown method of a flow 'rk5'; did you mean 'rk4'?"),
        ((*RANDOM, "--renormalise", "qr"), "unknown renormalisation 'qr'"),
        ((*RANDOM, "--precision", "single"), "unknown precision 'single'"),
        ((*RANDOM, "--time", "-5"), "time: expected a positive number of units of time, got -5"),
        ((*RANDOM, "--samples", "0"), "samples: expected a whole number, at least 1"),
        ((*RANDOM, "--seed", "-1"), "--seed: expected a whole number, at least 0, got -1"),
        ((*RANDOM, "--initial", "-1"), "--initial: expected the standard deviation of initial"),
        ((*RANDOM, "--error", "0"), "--error: expected the standard error of an exponent"),
        ((*RANDOM, "--method", "euler"), "leave out the method and say --meaning='map'"),
        ((*RANDOM, "--activation", "RELU"), "unknown activation 'RELU'; did you mean 'relu'?"),
        ((*RANDOM, "--path", "x"), "--path: means nothing for random networks"),
        ((*RANDOM, "--set", "a=1"), "--set: means nothing for random networks"),
        ((*RANDOM, "--matrix", "w.npy"), "give a network or a matrix, not both"),
        ((*RANDOM, "--g", "2", "--sweep", "1,2"), "--g: the strength of the couplings is what is"),
        (("--matrix", "w.txt"), "w.txt: expected a matrix in .npy, .npz, .csv, got '.txt'"),
        (("--network", "celegans_patterns", "--path", "x"), "--path: means nothing for an exp"),
        ((*RANDOM, "--by", "nt"), "the neurons of a random network have no labels"),
        ((*RANDOM, "--normalise", "none"), "--normalise: means nothing for random networks"),
        ((*RANDOM, "--gain-sd", "-1"), "standard deviation: expected a number >= 0"),
        ((*RANDOM, "--parameter", "gains"), "say what --sweep varies; give --sweep"),
        ((*RANDOM, "--sweep", "a,b"), "--sweep 'a,b': 'a' is no number; write 0.5,1,2 or"),
        ((*RANDOM, "--sweep", "2,1"), "that ascend"),
        ((*RANDOM, "--sweep", "1,2", "--parameter", "gain"), "unknown parameter to vary 'gain'"),
        ((*RANDOM, "--compat", "fly"), "unknown program to compare with 'fly'"),
        ((*RANDOM, "--compat", "flystability", "--error", "1"), "FlyStability has no such option"),
        (("--network", "celegans", "--n", "5"), "--n: means nothing for 'celegans'"),
        (("--network", "celegans", "--select", "rol == 'x'"), "unknown label 'rol'; did you mean"),
        (("--network", "celegans", "--gain-sd", "1", "--by", "cell"), "unknown label of pop"),
        (("--network", "celegans", "--normalise", "sink"), "unknown normalisation 'sink'"),
        (("--network", "celegans", "--set", "gaps=no"), "unknown option of source 'celegans'"),
    ],
)  # fmt: skip
def test_mistakes_give_code_2_and_a_message(
    capfd: Capture, arguments: tuple[str, ...], message: str
) -> None:
    called = call(capfd, "lyapunov", "spectrum", *arguments)
    assert called.code == 2
    assert message in called.err
    assert called.out == ""


def test_neurons_without_a_label_are_refused(capfd: Capture) -> None:
    called = call(capfd, "lyapunov", "spectrum", "--network", "celegans", "--unknown",
                  "excitatory", "--gain-sd", "0.1", "--by", "nt", "--k", "1")  # fmt: skip
    assert called.code == 2
    assert "label 'nt':" in called.err
    assert "neurons have none" in called.err


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[0, 1.0, 2.0], [0, 0, 1.0]], "expected a square matrix, post x pre, got shape (2, 3)"),
        ([[0, np.nan], [1.0, 0]], "the weight from neuron 1 to 0 is nan"),
        ([[0, 2.0, 1], [-1, 0, -3], [1, 1, 0]], "every row has one sign"),
    ],
)
def test_matrices_that_are_refused(
    capfd: Capture, tmp_path: Path, matrix: list[list[float]], message: str
) -> None:
    np.save(tmp_path / "w.npy", np.array(matrix))
    called = call(capfd, "lyapunov", "spectrum", "--matrix", tmp_path / "w.npy")
    assert called.code == 2
    assert message in called.err


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("transition", ("--values", "1"), "expected at least 2 numbers >= 0 that ascend"),
        ("transition", ("--values", "0:1:-1"), "no steps of -1 lead from there to there"),
        ("convergence", ("--intervals", "often"), "--intervals 'often': 'often' is no number"),
        ("convergence", ("--kinds", "qr"), "unknown renormalisation 'qr'"),
        ("convergence", ("--starts", "0"), "expected a whole number, at least 1"),
        ("benchmark", ("--tests", "speed"), "unknown test of the benchmark 'speed'"),
        ("benchmark", ("--threads", "2"), "CPU time is taken on one thread"),
        ("benchmark", ("--share", "2"), "share of the exponents"),
    ],
)
def test_mistakes_in_the_other_commands(
    capfd: Capture, command: str, arguments: tuple[str, ...], message: str
) -> None:
    called = call(capfd, "lyapunov", command, *RANDOM, *arguments)
    assert called.code == 2
    assert message in called.err
