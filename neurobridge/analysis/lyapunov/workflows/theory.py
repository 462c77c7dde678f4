"""Dynamic mean-field theory beside what is measured, where it applies."""

from __future__ import annotations

__all__ = ["mean_field_curve"]

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurobridge.analysis.lyapunov.workflows.ensemble import Ensemble
from neurobridge.analysis.lyapunov.workflows.measurement import Measurement
from neurobridge.analysis.lyapunov.workflows.varying import Varied
from neurobridge.errors import NeurobridgeError

BETWEEN = 13
"""Values from the first to the last at which theory is worked out, besides those measured."""


def mean_field_curve(
    ensemble: Ensemble,
    varied: Varied,
    grid: NDArray[np.float64],
    measurement: Measurement,
    unit: str,
) -> pd.DataFrame:
    """Largest exponents of large random networks over their strength.

    It is about flows of random networks whose neurons are all the same.

    Returns
    -------
    pandas.DataFrame
        ``value, exponent`` at the values of the grid and some between them; without rows where the
        theory does not apply, and without those values at which it has no solution.
    """
    from neurobridge.analysis.mean_field import dynamic_mean_field

    arguments = dict(ensemble.mean_field or {})
    same = all(s is None or s.sd == 0 for s in (ensemble.gain, ensemble.shift))
    applies = ensemble.mean_field is not None and same and unit == "tau"
    if not applies or varied.names != ("weights",) or measurement.meaning != "flow":
        return pd.DataFrame({"value": [], "exponent": []}, dtype=np.float64)
    if ensemble.gain is not None:
        arguments["gain"] = ensemble.gain.mean
    if ensemble.shift is not None:
        arguments["shift"] = ensemble.shift.mean
    rows = []
    for value in np.union1d(grid, np.linspace(grid[0], grid[-1], BETWEEN)):
        try:
            exponent = dynamic_mean_field(float(value), **arguments).lambda_max if value else -1.0
        except NeurobridgeError:
            continue
        rows.append((float(value), exponent))
    return pd.DataFrame(rows, columns=["value", "exponent"], dtype=np.float64)
