"""Options that several commands share, in one class; a command takes an object of it."""

from __future__ import annotations

__all__ = ["takes"]

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, get_type_hints


def takes(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the fields of its parameters' dataclasses as options of its own.

    Each parameter whose type is a dataclass is made from the options that its fields declare, with
    ``Annotated[..., typer.Option(...)]`` and a default.

    Parameters
    ----------
    function : function
        The command, as typer would take it, but for such parameters.

    Returns
    -------
    function
    """
    hints = get_type_hints(function, include_extras=True)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    parameters = [
        parameter
        for name in inspect.signature(function).parameters
        for parameter in (
            _options(groups[name]) if name in groups else [_typed(function, name, hints)]
        )
    ]

    @wraps(function)
    def command(**given: Any) -> None:
        made = {
            name: kind(**{f.name: given.pop(f.name) for f in fields(kind)})
            for name, kind in groups.items()
        }
        function(**given, **made)

    signature = inspect.Signature([p.replace(kind=p.KEYWORD_ONLY) for p in parameters])
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    return command


def _options(kind: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        inspect.Parameter(
            f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=hints[f.name]
        )
        for f in fields(kind)
    ]


def _typed(function: Callable[..., None], name: str, hints: dict[str, Any]) -> inspect.Parameter:
    return inspect.signature(function).parameters[name].replace(annotation=hints[name])
