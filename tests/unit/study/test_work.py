"""What a worker does with a trial."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import neurobridge as nb
from neurobridge.lowering.compiled import compile as build
from neurobridge.study import work
from neurobridge.study.store import Store
from neurobridge.study.study import Study
from neurobridge.study.versions import versions_here
from tests.unit.study.toys import outcomes, toy_study

SEVERAL = """parameters:
  stimuli.drive.rate: [100, 400]
  populations.neurons.tau_m: [10 ms, 20 ms]
  populations.neurons.t_ref: [2 ms, 4 ms]
  projections.synapses.scale: [1, 1.5]
"""


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The networks that are built meanwhile."""
    made: list[Any] = []

    def counted(network: Any, *arguments: Any, **settings: Any) -> Any:
        made.append(network)
        return build(network, *arguments, **settings)

    monkeypatch.setattr(work, "build", counted)
    work._built.clear()
    return made


def run_all(study: Study, folder: Path) -> dict[str, Any]:
    with Store.held(folder, study) as store:
        return {key: o["row"] for key, o in outcomes(store, study.trials()).items()}


def test_every_trial_is_what_a_run_of_its_own_gives(tmp_path: Path) -> None:
    study = toy_study(tmp_path, parameters=SEVERAL, seeds="seeds: [5]\n")
    rows = run_all(study, tmp_path / "store")
    base = study.subjects[0].network
    drive: Any = base.stimuli["drive"]
    for trial in study.trials():
        rate, tau_m, t_ref, scale = trial.values.values()
        network = base.with_parameters("neurons", tau_m=tau_m, t_ref=t_ref)
        network = network.scale("synapses", scale)
        arguments = {f: getattr(drive, f) for f in drive.__dataclass_fields__}
        network = network.with_stimulus(nb.Poisson(**{**arguments, "rate": rate}))
        alone = nb.run(network, 20.0, "reference", dt=0.1, seed=5)
        assert rows[trial.key]["spike_hash"] == alone.spike_hash
    assert len({row["spike_hash"] for row in rows.values()}) > 8


def test_one_build_serves_all_seeds_stimuli_and_parameters(
    tmp_path: Path, builds: list[Any]
) -> None:
    parameters = SEVERAL.replace("  populations.neurons.t_ref: [2 ms, 4 ms]\n", "")
    study = toy_study(tmp_path, parameters=parameters)
    assert len(run_all(study, tmp_path / "store")) == 24
    assert len(builds) == 2  # one for each scale


def test_only_the_last_builds_are_kept(tmp_path: Path, builds: list[Any]) -> None:
    parameters = "parameters:\n  projections.synapses.scale: {from: 1, to: 2, steps: 6}\n"
    run_all(toy_study(tmp_path, parameters=parameters, seeds="seeds: 1\n"), tmp_path / "store")
    assert len(builds) == 6
    assert len(work._built) == work.KEPT


def test_a_failure_comes_with_its_traceback(tmp_path: Path) -> None:
    parameters = "parameters:\n  populations.neurons.t_ref: [2 ms, 2.05 ms]\n"
    study = toy_study(tmp_path, parameters=parameters, seeds="seeds: 1\n")
    study.refuse_unfit()
    with Store.held(tmp_path / "store", study) as store:
        good, bad = outcomes(store, study.trials()).values()
    assert "row" in good
    assert bad["error"]["type"] == "FindingsError"
    assert "refractory_rounding" in bad["error"]["message"]
    assert "Traceback (most recent call last)" in bad["error"]["traceback"]


def test_a_worker_of_other_versions_refuses(tmp_path: Path) -> None:
    study = toy_study(tmp_path)
    job = dict(study.trials()[0].job)
    expected = {**versions_here(), "neurobridge": "9.9"}
    outcome = work.run_trial(job, str(tmp_path), expected)
    assert f"neurobridge 9.9 here, {nb.__version__} there" in outcome["stop"]


def test_a_worker_that_does_not_see_the_store_says_so(tmp_path: Path) -> None:
    job = dict(toy_study(tmp_path).trials()[0].job)
    outcome = work.run_trial(job, "/elsewhere", versions_here())
    assert "cannot see /elsewhere; put the study on a file system that all" in outcome["stop"]
