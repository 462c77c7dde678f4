"""Options that several commands share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from neurobridge.cli.grouping import takes


@dataclass(frozen=True)
class Point:
    """Two numbers."""

    x: Annotated[float, typer.Option(help="Abscissa.")] = 0.0
    y: Annotated[float, typer.Option("--ordinate", help="Ordinate.")] = 1.0


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()

    @made.command()
    @takes
    def show(word: str, point: Point, times: int = 1) -> None:
        """Show a point."""
        typer.echo(f"{word * times} {point}")

    return made


def test_fields_are_options_of_the_command(app: typer.Typer) -> None:
    run = CliRunner().invoke(app, ["at", "--x", "2", "--ordinate", "3.5", "--times", "2"])
    assert run.output == "atat Point(x=2.0, y=3.5)\n"
    assert CliRunner().invoke(app, ["at"]).output == "at Point(x=0.0, y=1.0)\n"


def test_they_are_described_as_declared(app: typer.Typer) -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    assert "Show a point." in shown
    assert "--ordinate" in shown
    assert "Abscissa." in shown
    assert CliRunner().invoke(app, ["at", "--y", "1"]).exit_code == 2
