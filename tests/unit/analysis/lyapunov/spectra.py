"""Spectra with made-up blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.analysis.lyapunov.result import Spectrum
from neurobridge.analysis.lyapunov.statistics import block_errors
from neurobridge.lowering.finding import Finding

FINDING = Finding("sum_rule", "note", "the sum of exponents", "-13.5, not -13.7", "smaller dt", 0.2)


def noisy(exponents: Any, rng: np.random.Generator, count: int = 32, noise: float = 0.05) -> Any:
    """Blocks (count, k) whose means are the exponents, and which scatter independently."""
    off = noise * rng.standard_normal((count, len(exponents)))
    return np.asarray(exponents) + off - off.mean(axis=0)


def spectrum(values: NDArray[np.float64], /, **changes: Any) -> Spectrum:
    """With these blocks, if nothing else is said."""
    blocks, size = values, changes.get("size", values.shape[1])
    fields: dict[str, Any] = {
        "exponents": blocks.mean(axis=0), "errors": block_errors(blocks), "blocks": blocks,
        "block_time": 2.5, "size": size, "meaning": "flow", "method": "ab4", "unit": "tau",
        "dt": 0.01, "time": 2.5 * len(blocks), "transient": 100.0, "warm_up": 10.0, "seed": 3,
        "status": "done", "findings": (FINDING,), "seconds": 1.25,
        "info": {"renormalisations": 40, "interval": 0.5, "precision": "float64"},
        "names": tuple(f"x{i}" for i in range(size)),
    }  # fmt: skip
    return Spectrum(**{**fields, **changes})
