"""What the page on Lyapunov exponents tells a reader to type works as typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from neurobridge.analysis.lyapunov.workflows.spectral_losses import LOSSES
from neurobridge.cli.lyapunov import lyapunov_app
from tests.packaging.tree import ROOT
from tests.requirements import require
from tests.unit.cli.calling import call

PAGE = (ROOT / "docs" / "lyapunov.md").read_text(encoding="utf-8")
OF_FLYSTABILITY = {
    "--tons", "--nle", "--n_samples", "--gmin", "--gmax", "--m_g", "--save", "--variance_max",
    "--n_epochs", "--lr", "--tsim", "--train_weights", "--train_shifts", "--train_gains",
    "--number_param", "--roi", "--subpopulation",
}  # fmt: skip


def options() -> set[str]:
    group: Any = typer.main.get_command(lyapunov_app)
    return {o for c in group.commands.values() for p in c.params for o in p.opts}


def test_every_option_of_the_page_exists() -> None:
    mentioned = set(re.findall(r"--[a-z][a-z_-]*[a-z]|--[a-z]\b", PAGE))
    assert mentioned - OF_FLYSTABILITY <= options()
    assert mentioned >= OF_FLYSTABILITY, "every option of the original has its row"
    assert all(f"`{name}`" in PAGE for name in LOSSES)


def test_the_code_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    first, second = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    exec(first.replace("random_network(200", "random_network(30").replace("500.0", "60.0"), names)
    assert (tmp_path / "spectrum" / "figures" / "spectrum.png").is_file()
    shorter = second.replace("random_networks(100)", "random_networks(20)")
    exec(shorter.replace("time=200.0", "time=30.0").replace("time=100.0", "time=30.0"), names)
    assert (tmp_path / "transition" / "result.json").is_file()


@pytest.mark.parametrize("line", re.findall(r"^    (neurobridge lyapunov .*)$", PAGE, re.MULTILINE))
def test_the_commands_of_the_page_run(
    line: str, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    smaller = {"--n": "20", "--time": "30", "--values": "0.5,2"}
    words = shlex.split(line)[1:]
    for name, value in smaller.items():
        if name in words:
            words[words.index(name) + 1] = value
    words += ["--transient", "20", "--warm-up", "10"]
    if "train" in words:
        require("torch")
        require("lightning")
        words += ["--epochs", "1", "--windows", "1", "--check-time", "30"]
    elif "--time" not in words:
        words += ["--time", "30"]
    assert call(capfd, *words).code in (0, 3, 4)
