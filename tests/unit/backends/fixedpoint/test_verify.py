"""The command that verifies vector files: what it prints, its exit code, and files that are bad."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neurobridge.backends.fixedpoint.verify import main

FROZEN = Path(__file__).parent / "frozen"
Change = Callable[[dict[str, Any]], object]


def changed(folder: Path, change: Change, name: str = "alpha") -> Path:
    content = json.loads((FROZEN / f"{name}.json").read_text())
    change(content)
    path = folder / "changed.json"
    path.write_text(json.dumps(content))
    return path


def lines(capsys: pytest.CaptureFixture[str], *files: Path) -> tuple[int, list[str]]:
    code = main([str(path) for path in files])
    return code, capsys.readouterr().out.splitlines()


def test_good_files(capsys: pytest.CaptureFixture[str]) -> None:
    files = [FROZEN / "alpha.json", FROZEN / "saturation.json"]
    code, said = lines(capsys, *files)
    assert code == 0
    assert said == [
        f"passed {files[0]}: 1262 integers compared, 0 mismatches",
        f"passed {files[1]}: 680 integers compared, 0 mismatches",
        "2 passed, 0 failed",
    ]


def cells(content: dict[str, Any]) -> dict[str, Any]:
    return content["results"]["cells"]


def add(table: list[Any], at: int, by: int) -> None:
    table[at] += by


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda c: add(cells(c)["v_raw"][2], 7, 1),
            r"1 mismatches; first: population 'cells', v of neuron 2 in step 7: expected -\d+, got",
        ),
        (
            lambda c: add(cells(c)["gsyn_inh_raw"][0], 59, -3),
            "1 mismatches; first: population 'cells', gsyn_inh of neuron 0 in step 59",
        ),
        (
            lambda c: cells(c)["spike_steps"][0].append(0),
            "1 mismatches; first: population 'cells', spikes of neuron 0 in step 0: expected 1",
        ),
        (
            lambda c: add(cells(c)["cores"][0]["ring_buffer_left_shifts"], 1, 1),
            r"\d+ mismatches; first: population 'cells', v of neuron \d in step \d+: expected",
        ),
        (
            lambda c: cells(c)["cores"][0]["provenance"].update(n_synaptic_weight_saturations=5),
            "core 0, n_synaptic_weight_saturations: expected 5, got 0",
        ),
        (
            lambda c: cells(c)["cores"][0].update(derived_neuron_raw=[{"exp_TC": 1}] * 5),
            "core 0, derived_neuron_raw exp_TC of neuron 0: expected 1, got",
        ),
        (lambda c: c["packets"].pop(), "1 mismatches; first: packets with key .*: expected 0 more"),
        (
            lambda c: c["packets"].append([5, "0x00000777"]),
            "1 mismatches; first: packets with key 0x00000777 in step 5: expected 1 more, got 0",
        ),
    ],
)
def test_one_changed_integer(
    change: Change, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = changed(tmp_path, change)
    code, said = lines(capsys, FROZEN / "delta.json", path)
    assert code == 1
    assert said[-1] == "1 passed, 1 failed"
    assert said[1].startswith(f"FAILED {path}: ")
    assert re.search(message, said[1]), said[1]


def rename(content: dict[str, Any]) -> None:
    content["populations"][1]["model"] = "IF_curr_exb"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("populations"), "lacks populations"),
        (lambda c: c["populations"][1].pop("params"), "lacks the key 'params'"),
        (lambda c: c["results"].pop("cells"), "lacks the key 'cells'"),
        (lambda c: cells(c).pop("cores"), "lacks the key 'cores'"),
        (rename, "population 'cells': unknown model 'IF_curr_exb'; did you mean 'IF_curr_exp'"),
        (lambda c: c["populations"][1]["params"].update(cm=0.0), "cm must be at least 1"),
        (lambda c: c["populations"][1]["params"].update(cm="x"), "is not a vector file: could not"),
        (lambda c: c.update(n_steps=59), r"expected numbers of shape \(5, 59\), got \(5, 60\)"),
        (lambda c: cells(c)["v_raw"][0].pop(), "v of neuron .*: rows differ in length"),
        (lambda c: add(cells(c)["v_raw"][0], 0, 0.5), "v of neuron .*: expected integers"),
        (lambda c: cells(c)["spike_steps"].pop(), "4 spike trains for 5 neurons"),
        (lambda c: cells(c)["spike_steps"][0].append(60), "a spike of neuron 0 is outside the run"),
        (lambda c: c["populations"][0]["spike_times"].pop(), "3 trains for 4 neurons"),
        (lambda c: c["currents"][0].update(population="x"), "a current into an unknown population"),
        (lambda c: c.update(projections=[[1]]), "is not a vector file: "),
        (lambda c: c["packets"].append([1, 2]), "is not a vector file: "),
        (lambda c: cells(c)["cores"][0].update(neurons=[0, 9]), "cores hold 10 neurons of 5"),
        (lambda c: cells(c)["cores"].clear(), "'cells': cores hold 0 neurons of 5"),
        (lambda c: c.update(timestep_ms=0), "is not a vector file: division by zero"),
        (lambda c: c.update(n_steps=10**12), "is too large for the memory"),
    ],
)
def test_bad_files(
    change: Change, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = changed(tmp_path, change)
    code, said = lines(capsys, path)
    assert code == 1
    assert said[1:] == ["0 passed, 1 failed"]
    assert said[0].startswith(f"FAILED {path}: ")
    assert re.search(message, said[0]), said[0]


def test_files_of_another_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = {
        "list.json": "[1]",
        "other.json": '{"a": 1}',
        "cut.json": '{"a": ',
        "empty.json": "",
        "deep.json": "[" * 100000,
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    missing, folder = tmp_path / "missing.json", tmp_path
    paths = [*(tmp_path / name for name in texts), tmp_path / "bytes.json", missing, folder]
    code, said = lines(capsys, *paths)
    assert code == 1
    for line, path, message in zip(
        said,
        paths,
        (
            "is not a vector file: expected an object with timestep_ms",
            "is not a vector file",
            "is not JSON: Expecting value",
            "is not JSON: Expecting value",
            "is not JSON: ",
            "is not JSON: 'utf-8' codec",
            "cannot be read: No such file",
            "cannot be read: Is a directory",
        ),
        strict=False,
    ):
        assert line.startswith(f"FAILED {path}: {message}"), line
    assert said[-1] == "0 passed, 8 failed"


def test_a_file_without_results_to_compare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def empty(content: dict[str, Any]) -> None:
        content.update(populations=[], projections=[], results={}, packets=[], currents=[])

    code, said = lines(capsys, changed(tmp_path, empty))
    assert (code, said[0].endswith("it holds nothing to compare")) == (1, True)


def test_as_a_command() -> None:
    command = [sys.executable, "-m", "neurobridge.backends.fixedpoint.verify"]
    done = subprocess.run(
        [*command, FROZEN / "delta.json"], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "1 passed, 0 failed"
    usage = subprocess.run([*command, "-h"], capture_output=True, text=True, check=True)
    assert usage.stdout.startswith("usage: python -m neurobridge.backends.fixedpoint.verify")
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2
