"""Several processes do what one does, and end together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pandas as pd
import pytest

import neurobridge as nb
from neurobridge.training import load_run
from tests.requirements import require

require("torch")
require("lightning")

import torch  # noqa: E402

from neurobridge.training.processes import refuse_wrong_place  # noqa: E402
from tests.unit.training import runs  # noqa: E402

ROOT = Path(__file__).parents[3]

SCRIPT = """
    import json
    import os
    import sys
    from dataclasses import replace
    from pathlib import Path

    import torch

    import neurobridge as nb
    from neurobridge.training import Loss, Objective
    from tests.unit.training import runs

    FOLDER = Path(sys.argv[1])


    class Odd(Loss):
        def __call__(self, seen):
            value = seen.readout("choice").square().mean()
            elsewhere = os.environ.get("LOCAL_RANK") == "1" and seen.model.training
            return value * float("nan") if elsewhere else value


    def main():
    {body}


    if __name__ == "__main__":
        main()
"""


def script(tmp_path: Path, body: str) -> subprocess.CompletedProcess[str]:
    """Run a script that trains."""
    file = tmp_path / "script.py"
    text = textwrap.dedent(SCRIPT).replace("{body}", textwrap.indent(textwrap.dedent(body), "    "))
    file.write_text(text)
    return subprocess.run(
        [sys.executable, "-W", "error", str(file), str(tmp_path)], cwd=tmp_path, text=True,
        capture_output=True, timeout=300, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


@pytest.mark.slow
def test_two_processes_give_what_one_gives(tmp_path: Path) -> None:
    """Batches of 5 and 2 trials, shared unequally; and afterwards one process goes on."""
    made = script(tmp_path, """
        done = runs.rates().fit(FOLDER / "rates", processes=2, clip=0.5)
        after = runs.rates().fit(FOLDER / "after")
        own = [n for n in ("LOCAL_RANK", "WORLD_SIZE", "MASTER_PORT") if n in os.environ]
        print(json.dumps([done.status, done.best_epoch, after.status, own]))
    """)  # fmt: skip
    assert made.returncode == 0, made.stderr
    one = runs.rates().fit(tmp_path / "one", clip=0.5)
    assert json.loads(made.stdout) == ["done", one.best_epoch, "done", []]
    two = pd.read_csv(tmp_path / "rates/metrics.csv")
    pd.testing.assert_frame_equal(runs.numbers(two), runs.numbers(one.history), rtol=1e-9)
    states = [
        torch.load(tmp_path / name / "checkpoints/last.ckpt", weights_only=True)["state_dict"]
        for name in ("rates", "one")
    ]
    for name, value in states[1].items():
        torch.testing.assert_close(states[0][name], value, rtol=1e-9, atol=1e-12)
    assert load_run(tmp_path / "rates")["processes"] == 2


@pytest.mark.slow
def test_spiking_in_float32_and_going_on_in_one_process(tmp_path: Path) -> None:
    made = script(tmp_path, """
        problem = runs.spikes()
        problem.fit(FOLDER / "run", problem.model("float32"), epochs=2, processes=2, batch=6)
    """)  # fmt: skip
    assert made.returncode == 0, made.stderr
    problem = runs.spikes()
    options = {"epochs": 3, "batch": 6}
    done = problem.fit(tmp_path / "run", problem.model("float32"), resume=True, **options)
    one = problem.fit(tmp_path / "one", problem.model("float32"), **options)
    pd.testing.assert_frame_equal(runs.numbers(done.history), runs.numbers(one.history), rtol=1e-5)


@pytest.mark.slow
def test_what_goes_wrong_in_another_process_is_told(tmp_path: Path) -> None:
    """All end, and the script may go on."""
    made = script(tmp_path, """
        problem = replace(runs.rates(), objective=Objective({"odd": Odd()}))
        try:
            problem.fit(FOLDER / "run", processes=2)
        except nb.TrainingError as err:
            print(err)
        try:
            problem.fit(FOLDER / "again", processes=2)
        except nb.TrainingError as err:
            print(err)
    """)  # fmt: skip
    assert made.returncode == 0, made.stderr
    first, second = made.stdout.strip().splitlines()
    assert first.startswith("epoch 0, batch 0: term 'odd' is nan")
    assert second.startswith("a script can train with several processes once")
    assert load_run(tmp_path / "run")["status"] == "failed"
    assert not (tmp_path / "again").exists()


def test_a_helper_that_comes_to_another_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROBRIDGE_FIT_SHARED", "1")
    monkeypatch.setenv("LOCAL_RANK", "1")
    refuse_wrong_place(2)
    with pytest.raises(nb.TrainingError, match="came to a fit in one process first"):
        refuse_wrong_place(1)
    monkeypatch.delenv("LOCAL_RANK")
    refuse_wrong_place(1)
    with pytest.raises(nb.TrainingError, match="can train with several processes once"):
        refuse_wrong_place(2)
