"""The cells of the chip, by PyNN's names."""

from __future__ import annotations

__all__ = ["CELLS"]

from neurobridge.backends.fixedpoint.cells.cell import Cell
from neurobridge.backends.fixedpoint.cells.cond_exp import CondExp
from neurobridge.backends.fixedpoint.cells.curr_alpha import CurrAlpha
from neurobridge.backends.fixedpoint.cells.curr_delta import CurrDelta
from neurobridge.backends.fixedpoint.cells.curr_exp import CurrExp
from neurobridge.backends.fixedpoint.cells.izhikevich import Izhikevich

CELLS: dict[str, type[Cell]] = {
    "IF_curr_exp": CurrExp,
    "IF_cond_exp": CondExp,
    "IF_curr_alpha": CurrAlpha,
    "IF_curr_delta": CurrDelta,
    "Izhikevich": Izhikevich,
}
