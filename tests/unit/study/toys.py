"""Small studies on three neurons, and running them without a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from neurobridge.study.result import StudyResult, read_study
from neurobridge.study.store import Store
from neurobridge.study.study import Study, load_study
from neurobridge.study.trial import Trial
from neurobridge.study.versions import versions_here
from neurobridge.study.work import Outcome, run_trial
from tests.unit.experiment.files import write as write_experiment

DRIVE = """stimuli:
  drive: {kind: poisson, neurons: [A], rate: 300 Hz, weight: 5 nA, receptor: exc}
probes:
  all: {kind: spikes}
  v: {kind: state, variable: v, interval: 1 ms}
"""

SECTIONS = {
    "head": "version: 1\nname: toy_study\nexperiments: [toy.yaml]\n",
    "backends": "backends: [reference]\n",
    "run": "run: {duration: 20 ms}\n",
    "parameters": "parameters:\n  stimuli.drive.rate: [100, 400 Hz]\n",
    "seeds": "seeds: 3\n",
    "measures": "measures: [mean_rate, cv]\n",
}


def write_study(folder: Path, **sections: str) -> Path:
    """A study file beside its experiment; a section given here replaces or follows the usual."""
    write_experiment(folder, drive=DRIVE)
    path = folder / "study.yaml"
    path.write_text("".join({**SECTIONS, **sections}.values()), encoding="utf-8")
    return path


def toy_study(folder: Path, **sections: str) -> Study:
    """The study of :func:`write_study`."""
    return load_study(write_study(folder, **sections))


def outcomes(store: Store, trials: Sequence[Trial]) -> dict[str, Outcome]:
    """Run trials one after the other in this process, as a worker would."""
    versions = versions_here()
    return {t.key: run_trial(dict(t.job), str(store.folder), versions) for t in trials}


def run_here(study: Study, folder: Path) -> StudyResult:
    """Run a whole study in this process."""
    study.refuse_unfit()
    with Store.held(folder, study) as store:
        found = outcomes(store, study.trials())
        rows: dict[str, Any] = {key: o["row"] for key, o in found.items() if "row" in o}
        errors = [{"key": k, "where": "", **o["error"]} for k, o in found.items() if "error" in o]
        store.conclude(study.trials(), rows, errors)
    return read_study(study, folder)
