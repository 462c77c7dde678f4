"""Standard networks of the field, with the rates that they are known for."""

from __future__ import annotations

__all__ = [
    "ExpectedRate",
    "MeasuredRate",
    "brunel",
    "draw_raster",
    "expected_rates",
    "measure_rates",
    "microcircuit",
    "rate_table",
    "vogels_abbott",
]

from neurobridge.models.networks.brunel import brunel
from neurobridge.models.networks.expected import (
    ExpectedRate,
    MeasuredRate,
    expected_rates,
    measure_rates,
    rate_table,
)
from neurobridge.models.networks.microcircuit import microcircuit
from neurobridge.models.networks.raster import draw_raster
from neurobridge.models.networks.vogels_abbott import vogels_abbott
