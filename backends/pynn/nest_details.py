"""What NEST needs beyond PyNN 0.13's interface. Imported only where NEST is.

PyNN speaks of ``v`` of ``IF_curr_delta``, which NEST calls ``V_m``: it is neither set nor recorded.
"""

from __future__ import annotations

__all__ = ["NestDetails"]

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurobridge.backends.pynn.job import Cells
from neurobridge.backends.pynn.simulation import Details


class NestDetails(Details):
    """The potential of delta neurons in NEST."""

    def initialize(self, population: Any, cells: Cells, values: Mapping[str, Any]) -> None:
        """See :class:`Details`."""
        if cells.cell == "IF_curr_delta":
            v = np.broadcast_to(values["v"], cells.size)
            population.node_collection.set([{"V_m": float(x)} for x in v])
        else:
            super().initialize(population, cells, values)
