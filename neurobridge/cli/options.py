"""Arguments and options that several commands share."""

from __future__ import annotations

__all__ = [
    "Accept",
    "Backends",
    "Debug",
    "Dt",
    "Duration",
    "Json",
    "Seed",
    "Set",
    "Source",
    "Trial",
]

from typing import Annotated

import typer

Source = Annotated[
    str,
    typer.Argument(
        metavar="EXPERIMENT", help="An experiment file, a built-in name, or a network folder."
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="JSON alone on stdout; everything else on stderr.")
]
Duration = Annotated[
    str | None, typer.Option(metavar="MS", help="Overrides the file; a number, or '2 s'.")
]
Dt = Annotated[str | None, typer.Option(metavar="MS", help="Time step; overrides the file.")]
Seed = Annotated[int | None, typer.Option(help="Overrides the file.")]
Trial = Annotated[int | None, typer.Option(help="Overrides the file.")]
Accept = Annotated[
    str | None,
    typer.Option(metavar="NAMES", help="Approximations to accept, by name, with commas."),
]
Backends = Annotated[
    str | None,
    typer.Option(
        metavar="NAMES",
        help="With commas; settings after colons, e.g. nest:threads=2.",
    ),
]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting; repeatable.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
