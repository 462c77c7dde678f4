"""Quantities and selections as experiment files write them."""

from __future__ import annotations

__all__ = [
    "Duration",
    "Hertz",
    "Milliseconds",
    "Neurons",
    "Quantity",
    "SeveralHertz",
    "SeveralMilliseconds",
    "SeveralQuantities",
    "known_backends",
]

import math
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo

from neurobridge.errors import NeurobridgeError
from neurobridge.units import parse_quantity


def _one(unit: str) -> Callable[[Any, ValidationInfo], float]:
    """A validator that takes one number, or a text with a unit."""

    def convert(value: Any, info: ValidationInfo) -> float:
        number = value
        if isinstance(value, str):
            number = parse_quantity(value, unit, str(info.field_name))
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise ValueError(
                f"expected a number in {unit}, or a text such as '20 {unit}', got {value!r}"
            )
        return float(number)

    return convert


def _duration(value: Any, info: ValidationInfo) -> float:
    """A time that is longer than nothing, and ends."""
    number = _one("ms")(value, info)
    if not 0 < number < math.inf:
        raise ValueError(f"expected a time above 0 ms, got {value!r}")
    return number


def _several(unit: str) -> Callable[[Any, ValidationInfo], list[float]]:
    """A validator that takes one quantity or a list of them."""
    one = _one(unit)
    return lambda value, info: [
        one(v, info) for v in (value if isinstance(value, list) else [value])
    ]


def _selection(value: Any) -> str | list[int] | list[str]:
    """``all``, an expression, or a list of ids or names."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value:
        for kind in (int, str):
            if all(isinstance(v, kind) and not isinstance(v, bool) for v in value):
                return value
    raise ValueError(
        "expected 'all', an expression such as \"role == 'sensory'\", or a list of ids or of "
        f"names, got {value!r}"
    )


def known_backends(value: Any) -> Any:
    """A list of backends, as they are typed."""
    from neurobridge.comparison.execute import parse_backends

    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise ValueError(f"expected a list such as [reference, nest], got {value!r}")
    try:
        parse_backends(value)
    except NeurobridgeError as err:
        raise ValueError(str(err)) from err
    return value


Milliseconds = Annotated[float, BeforeValidator(_one("ms"))]
Duration = Annotated[float, BeforeValidator(_duration)]
Hertz = Annotated[float, BeforeValidator(_one("Hz"))]
SeveralMilliseconds = Annotated[list[float], BeforeValidator(_several("ms"))]
SeveralHertz = Annotated[list[float], BeforeValidator(_several("Hz"))]
Neurons = Annotated[Any, BeforeValidator(_selection)]
Quantity = Annotated[Any, Field(description="a number, or a text with a unit")]
SeveralQuantities = Annotated[
    list[Quantity], BeforeValidator(lambda value: value if isinstance(value, list) else [value])
]
