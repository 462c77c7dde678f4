"""``neurobridge new``: an experiment file to start from."""

from __future__ import annotations

__all__ = ["new"]

from importlib.resources import files
from pathlib import Path

from rich.console import Console
from rich.text import Text

from neurobridge.errors import ExperimentError
from neurobridge.experiment.experiment import SUFFIXES

TEMPLATE = "template.yaml"
PLACEHOLDER = "name: my_experiment"


def new(file: Path) -> None:
    """Write the commented template under a name of the user."""
    target = file if file.suffix else file.with_suffix(SUFFIXES[0])
    if target.suffix not in SUFFIXES:
        raise ExperimentError(f"{target}: an experiment is a YAML file, e.g. {target.stem}.yaml")
    if target.exists():
        raise ExperimentError(f"{target} exists already; choose another name")
    text = (files("neurobridge.experiment") / TEMPLATE).read_text(encoding="utf-8")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text.replace(PLACEHOLDER, f"name: {target.stem}"), encoding="utf-8")
    console = Console(highlight=False)
    console.print(Text.assemble("wrote  ", (str(target), "bold")))
    console.print(
        f"  neurobridge check {target}      what would differ or stop\n"
        f"  neurobridge run {target}        one run\n"
        f"  neurobridge compare {target}    all its backends, every spike compared",
        style="dim",
    )
