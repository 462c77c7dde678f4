"""The functions of the expression language, for compiled code in float32.

``exp`` and ``tanh`` are written out, so that loops over them become vector instructions: they are
several times faster than those of the C library, and within two units of the last place.
"""

from __future__ import annotations

__all__ = [
    "abs", "cos", "cosh", "erf", "erfc", "exp", "expm1", "exprel", "floor", "log", "log1p", "sin",
    "sinh", "sqrt", "tan", "tanh",
]  # fmt: skip

from math import cos, cosh, erf, erfc, expm1, log, log1p, sin, sinh, sqrt, tan
from typing import Any

import numpy as np
from numba import njit

from neurobridge.codegen.double import exprel

abs = abs  # noqa: PLW0127
floor = np.floor

_real, _int = np.float32, np.int32
_LOG2_E, _LN2_HIGH, _LN2_LOW = _real(1.4426950408889634), _real(0.693359375), _real(-2.12194440e-4)
_LOWEST, _HIGHEST, _NEAR = _real(-104.5), _real(88.8), _real(0.6)
_HALF, _ONE, _TWO = _real(0.5), _real(1.0), _real(2.0)
_E2, _E3, _E4, _E5, _E6, _E7 = (_real(1 / k) for k in (2, 6, 24, 120, 720, 5040))
_T3, _T5, _T7, _T9, _T11 = (
    _real(v) for v in (-0.33333330333, 0.13332915367, -0.053873948898, 0.02111095921, -0.0062691199)
)
"""Of ``tanh(x) = x + x**3 (T3 + T5 x**2 + ...)``, interpolated at Chebyshev points of 0 .. 0.36."""


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def exp(x: Any) -> Any:
    """``2**k`` times the exponential of the rest, by its series."""
    x = min(max(x, _LOWEST), _HIGHEST)
    k = np.floor(x * _LOG2_E + _HALF)
    f = (x - k * _LN2_HIGH) - k * _LN2_LOW
    tail = _E2 + f * (_E3 + f * (_E4 + f * (_E5 + f * (_E6 + f * _E7))))
    first = _int(k) // _int(2)
    second = _int(k) - first
    low = _int((first + _int(127)) << _int(23)).view(np.float32)
    high = _int((second + _int(127)) << _int(23)).view(np.float32)
    return (_ONE + f * (_ONE + f * tail)) * low * high


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def tanh(x: Any) -> Any:
    """By a polynomial near 0, by ``exp`` elsewhere."""
    size = abs(x)
    far = _ONE - _TWO / (exp(_TWO * size) + _ONE)
    s = x * x
    near = x + x * s * (_T3 + s * (_T5 + s * (_T7 + s * (_T9 + s * _T11))))
    return near if size < _NEAR else (far if x > 0 else -far)
