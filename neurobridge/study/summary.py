"""Ensembles: the mean over seeds and trials at each point, with its confidence interval."""

from __future__ import annotations

__all__ = ["CONFIDENCE", "METHOD", "summarised", "varying"]

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

CONFIDENCE = 0.95
METHOD = "Student's t, 95 %"


def summarised(table: pd.DataFrame, paths: Sequence[str], measures: Sequence[str]) -> pd.DataFrame:
    r"""Mean and confidence interval of each measure at each point.

    The interval is :math:`\bar x \pm t_{n-1} s/\sqrt n` with the quantile of Student's t for 95 %.
    Each seed and trial counts as one independent value.

    Parameters
    ----------
    table : DataFrame
        Of results.
    paths, measures : sequence of str
        Columns that vary, and those that are summarised.

    Returns
    -------
    DataFrame
        One row for each experiment, backend, point and measure: ``measure``, ``n`` (values that
        are defined), ``mean``, ``low``, ``high``, ``sd``. NaN where there are too few values.
    """
    rows: list[dict[str, Any]] = []
    names = ["experiment", "backend", "point", *paths]
    for _, group in table.groupby(["experiment", "backend", "point"], sort=False):
        head = {name: group.iloc[0][name] for name in names}
        rows += [{**head, "measure": m, **_interval(group[m])} for m in measures]
    columns = [*names, "measure", "n", "mean", "low", "high", "sd"]
    return pd.DataFrame(rows, columns=columns)


def varying(summary: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Those columns that have more than one value."""
    return [name for name in columns if summary[name].nunique() > 1]


def _interval(values: Any) -> dict[str, float]:
    from scipy.stats import t  # takes longer to import than all the rest

    x = np.asarray(values, dtype=np.float64)
    x = x[np.isfinite(x)]
    n = x.size
    mean = float(x.mean()) if n else math.nan
    if n < 2:
        return {"n": n, "mean": mean, "low": math.nan, "high": math.nan, "sd": math.nan}
    sd = float(x.std(ddof=1))
    half = float(t.ppf(0.5 + CONFIDENCE / 2, n - 1)) * sd / math.sqrt(n)
    return {"n": n, "mean": mean, "low": mean - half, "high": mean + half, "sd": sd}
