"""The store: nothing that is finished is lost or run again, and nothing is mixed."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import neurobridge as nb
from neurobridge.errors import FileFormatError, StudyError
from neurobridge.study import read_study, running
from neurobridge.study.files import write_whole
from neurobridge.study.store import FAILURES, MANIFEST, RESULTS, TIMINGS, Store
from neurobridge.study.versions import versions_here
from tests.unit.study.toys import outcomes, run_here, toy_study


def test_what_a_finished_store_holds(tmp_path: Path) -> None:
    study = toy_study(tmp_path, spikes="spikes: true\n")
    result = run_here(study, tmp_path / "store")
    assert result.complete
    assert result.done == result.total == 6
    table = pd.read_parquet(tmp_path / "store" / RESULTS)
    pd.testing.assert_frame_equal(table, result.table)
    assert list(table.columns) == [
        "key", "experiment", "backend", "point", "stimuli.drive.rate", "duration", "dt", "seed",
        "trial", "status", "message", "approximations", "spikes", "spike_hash", "mean_rate", "cv",
    ]  # fmt: skip
    last = table.iloc[5]
    network = study.subjects[0].network
    drive: Any = network.stimuli["drive"]
    own = network.with_stimulus(nb.Poisson(**{**vars_of(drive), "rate": 400.0}))
    alone = nb.run(own, 20.0, "reference", dt=0.1, seed=2)
    assert last["spike_hash"] == alone.spike_hash
    assert last["spikes"] == alone.n_spikes > 0
    kept = result.spikes(last["key"])
    assert list(kept["step"]) == list(alone.spikes["all"].step)
    assert list(kept["neuron"]) == list(alone.spikes["all"].neuron)
    timings = pd.read_parquet(tmp_path / "store" / TIMINGS)
    assert (timings["run_s"] > 0).all()
    assert set(timings["version of neurobridge"]) == {nb.__version__}
    assert json.loads((tmp_path / "store" / FAILURES).read_text(encoding="utf-8")) == []


def vars_of(stimulus: Any) -> dict[str, Any]:
    return {f: getattr(stimulus, f) for f in stimulus.__dataclass_fields__}


def test_tables_do_not_depend_on_the_order_in_which_trials_finish(tmp_path: Path) -> None:
    study = toy_study(tmp_path)
    run_here(study, tmp_path / "one")
    with Store.held(tmp_path / "two", study) as store:
        found = outcomes(store, study.trials()[::-1])
        store.conclude(study.trials(), {k: o["row"] for k, o in found.items()}, [])
    assert (tmp_path / "one" / RESULTS).read_bytes() == (tmp_path / "two" / RESULTS).read_bytes()


def test_finished_trials_are_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = toy_study(tmp_path)
    run_here(study, tmp_path / "store")

    def refuse(*arguments: Any, **named: Any) -> None:
        raise AssertionError("a cluster was started")

    monkeypatch.setattr(running, "connected", refuse)
    assert nb.run_study(study, tmp_path / "store").complete
    key = study.trials()[0].key
    torn = tmp_path / "store" / "trials" / key[:2] / f"{key}.json"
    torn.write_bytes(torn.read_bytes()[:100])
    assert read_study(study, tmp_path / "store").done == 5
    with pytest.raises(AssertionError, match="a cluster was started"):
        nb.run_study(study, tmp_path / "store")


def test_a_study_that_changed_is_refused_or_extended(tmp_path: Path) -> None:
    run_here(toy_study(tmp_path), tmp_path / "store")
    more = toy_study(
        tmp_path, seeds="seeds: 4\n",
        parameters="parameters:\n  stimuli.drive.rate: [100, 400, 500]\n",
    )  # fmt: skip
    with (
        pytest.raises(StudyError) as caught,
        Store.held(tmp_path / "store", more),
    ):
        pass
    said = str(caught.value)
    assert "the study changed since" in said
    assert "study.yaml, line 7: parameters.stimuli.drive.rate is [100.0, 400.0, 500.0]" in said
    assert "study.yaml, line 8: seeds is [0, 1, 2, 3], the store has [0, 1, 2]" in said
    assert "--extend" in said
    with Store.held(tmp_path / "store", more, extend=True) as store:
        assert len(store.finished(more.trials())) == 6
        assert len(more.trials()) == 12
    with Store.held(tmp_path / "store", more):
        pass


def test_a_network_that_changed_is_refused(tmp_path: Path) -> None:
    study = toy_study(tmp_path)
    run_here(study, tmp_path / "store")
    text = (tmp_path / "toy.yaml").read_text(encoding="utf-8").replace("weight: 2 nA", "weight: 3")
    (tmp_path / "toy.yaml").write_text(text, encoding="utf-8")
    other = nb.load_study(tmp_path / "study.yaml")
    ids = [s.subjects[0].network.id[:8] for s in (other, study)]
    with (
        pytest.raises(StudyError, match=rf"experiments is toy \({ids[0]}.*has toy \({ids[1]}"),
        Store.held(tmp_path / "store", other),
    ):
        pass


def test_other_versions_are_refused(tmp_path: Path) -> None:
    study = toy_study(tmp_path)
    run_here(study, tmp_path / "store")
    manifest = tmp_path / "store" / MANIFEST
    document = json.loads(manifest.read_text(encoding="utf-8"))
    document["versions"]["numpy"] = "1.0"
    manifest.write_text(json.dumps(document), encoding="utf-8")
    here = versions_here()["numpy"]
    with (
        pytest.raises(StudyError, match=f"other versions .numpy {here} here, 1.0 there"),
        Store.held(tmp_path / "store", study),
    ):
        pass


def test_one_store_is_run_by_one_process(tmp_path: Path) -> None:
    study = toy_study(tmp_path)
    with (
        Store.held(tmp_path / "store", study),
        pytest.raises(StudyError, match=rf"is in use: process {os.getpid()} on"),
        Store.held(tmp_path / "store", study),
    ):
        pass


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    study = toy_study(tmp_path)
    with (
        pytest.raises(FileFormatError, match=r"holds 'edges.csv', but no study"),
        Store.held(tmp_path, study),
    ):
        pass
    with pytest.raises(FileFormatError, match="holds no study"):
        read_study(study, tmp_path / "nowhere")


def test_a_full_disk_loses_nothing_that_was_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, folder = toy_study(tmp_path), tmp_path / "store"
    trials = study.trials()
    with Store.held(folder, study) as store:
        outcomes(store, trials[:2])

        def full(*arguments: Any) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            (outcome,) = outcomes(store, trials[2:3]).values()
            assert (
                "No space left on device. The trials that were finished are kept"
                in (outcome["stop"])
            )
            rows = store.finished(trials)
            with pytest.raises(StudyError, match="make room, and start the same command again"):
                store.conclude(trials, rows, [])
        assert list(rows) == [t.key for t in trials[:2]]
        assert not list(folder.glob("**/*.part"))
    assert run_here(study, folder).complete
    run_here(study, tmp_path / "calm")
    assert (folder / RESULTS).read_bytes() == (tmp_path / "calm" / RESULTS).read_bytes()


def test_a_file_that_is_replaced_is_the_old_one_until_the_new_one_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "folder" / "file"
    write_whole(path, b"old")

    def full(*arguments: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in path.parent.iterdir()] == ["file"]
