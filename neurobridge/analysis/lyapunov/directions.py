"""Directions in which tangent vectors begin."""

from __future__ import annotations

__all__ = ["initial_frame"]

import numpy as np
from numpy.typing import NDArray

from neurobridge.rng import generator


def initial_frame(size: int, k: int, seed: int) -> NDArray[np.float64]:
    """Random orthonormal vectors (N, k); those of a smaller k are the first of a larger one."""
    rows = generator(seed, "lyapunov.frame", f"{size}").standard_normal((k, size))
    q, r = np.linalg.qr(rows.T)
    frame: NDArray[np.float64] = q * np.where(np.diag(r) < 0, -1.0, 1.0)
    return frame
