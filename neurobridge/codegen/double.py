"""The functions of the expression language, for compiled code in float64."""

from __future__ import annotations

__all__ = [
    "abs", "cos", "cosh", "erf", "erfc", "exp", "expm1", "exprel", "floor", "log", "log1p", "sin",
    "sinh", "sqrt", "tan", "tanh",
]  # fmt: skip

import math
from math import cos, cosh, erf, erfc, exp, expm1, log, log1p, sin, sinh, sqrt, tan, tanh
from typing import Any

import numpy as np
from numba import njit

abs = abs  # noqa: PLW0127
floor = np.floor


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def exprel(x: Any) -> Any:
    """``(exp(x) - 1)/x``, 1 at 0."""
    return math.expm1(x) / x if x != 0 else math.exp(x)
