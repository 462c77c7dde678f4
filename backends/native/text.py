"""Source of the compiled functions of a program: one module for each set of kinds."""

from __future__ import annotations

__all__ = ["Shape", "module_text"]

from collections.abc import Sequence
from dataclasses import dataclass

from neurobridge.backends.native.dense_text import dense_functions
from neurobridge.backends.native.driver_text import driver
from neurobridge.backends.native.event_text import event_functions
from neurobridge.backends.native.kind import Kind

HEADER = '''"""Written by neurobridge; changes are lost."""

import numpy as np
from numba import njit

from neurobridge.backends.native.atomics import prefetch, wait_for_all
from neurobridge.backends.native.kernels import *
from neurobridge.codegen.double import *

inner = njit(
    nogil=True, error_model="numpy", boundscheck=False, no_cpython_wrapper=True,
    no_cfunc_wrapper=True, _nrt=False,
)
'''


@dataclass(frozen=True)
class Shape:
    """What the source is written for.

    Parameters
    ----------
    kinds : tuple of Kind
    alone : bool
        Whether all neurons are of one population and one class, so that nothing is looked up.
    may_sleep : bool
        Whether neurons can be left alone.
    """

    kinds: tuple[Kind, ...]
    alone: bool
    may_sleep: bool

    @property
    def n_slots(self) -> int:
        """Slots of a block."""
        return max((len(k.slots) for k in self.kinds), default=1)

    @property
    def width(self) -> int:
        """Numbers in a row: states and current, the step of the row, the first free step."""
        own = max((len(k.code.states) + k.code.takes_current for k in self.kinds), default=0) + 2
        return next((w for w in (4, 8) if own <= w), own)


def module_text(shape: Shape) -> str:
    """The source."""
    constants = [
        f"STRIDE = {shape.n_slots * 64}",
        f"WIDTH = np.uint64({shape.width})",
        f"LAST, FIRST = np.uint64({shape.width - 2}), np.uint64({shape.width - 1})",
        *(f"U{i} = np.uint64({i})" for i in range((shape.width + 1) ** 2)),
    ]
    parts: list[Sequence[str]] = [constants]
    for i, kind in enumerate(shape.kinds):
        parts += dense_functions(kind, i)
    if shape.may_sleep:
        entry = 0
        for i, kind in enumerate(shape.kinds):
            parts += event_functions(kind, i, entry, shape.alone)
            entry += len(kind.code.receptors)
    parts.append(driver(shape.kinds, shape.may_sleep))
    return "\n\n\n".join([HEADER, *("\n".join(p) for p in parts)]) + "\n"
