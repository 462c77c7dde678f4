"""Runs on disk are found again, and what is none is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import neurobridge as nb
from neurobridge.training import list_runs, load_run
from neurobridge.training.run_folder import RunFolder


def written(path: Path, **content) -> Path:
    place = RunFolder(path)
    place.begin(resume=False)
    place.write(content)
    return path


def test_runs_are_listed(tmp_path: Path) -> None:
    for name in ("b/second", "a", "b/first"):
        written(tmp_path / name, name=name, status="done", metrics={"validation/loss": 0.5})
    (tmp_path / "b/first/checkpoints").mkdir()
    (tmp_path / "other").mkdir()
    found = list_runs(tmp_path)
    assert [path for path, _ in found] == [tmp_path / n for n in ("a", "b/first", "b/second")]
    assert [run["name"] for _, run in found] == ["a", "b/first", "b/second"]
    assert found[0][1] == load_run(tmp_path / "a")
    assert found[0][1]["metrics"] == {"validation/loss": 0.5}
    assert list_runs(tmp_path / "other") == []


def test_a_run_is_written_in_one_go(tmp_path: Path) -> None:
    place = RunFolder(written(tmp_path / "run", status="running"))
    place.write({"status": "done"})
    assert load_run(place.path)["status"] == "done"
    assert [f.name for f in place.path.iterdir()] == ["run.json"]


def test_it_says_its_schema(tmp_path: Path) -> None:
    path = written(tmp_path / "run")
    assert json.loads((path / "run.json").read_text())["schema"] == "neurobridge-run/1"


BAD = {
    "nothing": (None, "is no run of training: it has no run.json"),
    "no JSON": ("{", "is not JSON"),
    "a list": ("[1]", "expected schema neurobridge-run/1, got None"),
    "another version": ('{"schema": "neurobridge-run/9"}', "got 'neurobridge-run/9'; was it"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_run(case: str, tmp_path: Path) -> None:
    text, message = BAD[case]
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    with pytest.raises(nb.FileFormatError, match=message):
        load_run(tmp_path)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(nb.FileFormatError, match="there is no folder"):
        list_runs(tmp_path / "nowhere")


def test_an_empty_folder_may_be_used(tmp_path: Path) -> None:
    RunFolder(tmp_path).begin(resume=False)
    (tmp_path / "note").touch()
    with pytest.raises(nb.FileFormatError, match="is not empty"):
        RunFolder(tmp_path).begin(resume=False)
