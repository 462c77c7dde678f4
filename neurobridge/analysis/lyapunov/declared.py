"""Systems that are declared as equations: networks of rate neurons, and equations of a user's."""

from __future__ import annotations

__all__ = ["Cells", "DeclaredSystem"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from neurobridge.analysis.lyapunov.linear_code import LinearCode
from neurobridge.analysis.lyapunov.system import (
    Meaning,
    Method,
    Precision,
    Propagator,
    Real,
    System,
)
from neurobridge.installed import refuse_without_numba

if TYPE_CHECKING:
    from neurobridge.analysis.lyapunov.compiled.coupling import CompiledCoupling
    from neurobridge.analysis.lyapunov.currents import Currents

DENSE_ABOVE = 0.1
"""Share of pairs that are connected from which on a dense product is the faster one."""


@dataclass(frozen=True)
class Cells:
    """Neurons of one kind.

    Parameters
    ----------
    name : str
    size : int
    code : LinearCode
    constants : mapping of str to float or float64 array (size,)
    """

    name: str
    size: int
    code: LinearCode
    constants: Mapping[str, float | Real]


@dataclass(frozen=True, eq=False, repr=False)
class DeclaredSystem(System):
    """Cells and what couples them.

    Parameters
    ----------
    meaning, unit, names
        See :class:`System`.
    cells : tuple of Cells
        The states are those of the cells in order: all neurons of the first state, then of the
        next.
    coupling : scipy.sparse.csr_array
        Rows: every coupling of every population, columns: every neuron that sends a signal.
    initial : function of a seed
        The initial state, float64 (N,).
    currents : Currents or None
        Injected currents over time.
    dt : float
        Default time step.
    labels : mapping of str to array (N,)
    """

    meaning: Meaning
    unit: str
    names: tuple[str, ...]
    cells: tuple[Cells, ...]
    coupling: csr_array[Any]
    initial: Callable[[int], Real]
    currents: Currents | None = None
    dt: float = 0.1
    method: Method | None = None
    labels: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __repr__(self) -> str:
        what = f"{self.coupling.nnz:,} couplings, " if self.coupling.nnz else ""
        return f"<{self.meaning} of {self.size:,} states, {what}time in {self.unit}>"

    @property
    def default_dt(self) -> float:
        """See :class:`System`."""
        return self.dt

    @property
    def default_method(self) -> Method:
        """See :class:`System`."""
        return self.method or super().default_method

    @property
    def autonomous(self) -> bool:
        """See :class:`System`."""
        return self.currents is None or self.currents.constant

    @property
    def coupled(self) -> bool:
        """See :class:`System`."""
        square = self.coupling.shape == (self.size, self.size)
        return square and self.coupling.nnz > 0 and not self.coupling.diagonal().any()

    @property
    def is_dense(self) -> bool:
        """Whether couplings are kept as a dense matrix."""
        rows, columns = self.coupling.shape
        return bool(self.coupling.nnz > DENSE_ABOVE * rows * columns)

    @cached_property
    def own_weights(self) -> Real:
        """Weight of each neuron onto itself, for each coupling, (n_couplings,)."""
        own = np.zeros(self.coupling.shape[0])
        coupling = signal = 0
        for cells in self.cells:
            n = cells.size
            for _ in cells.code.couplings:
                if cells.code.sends:
                    block = self.coupling[coupling : coupling + n][:, signal : signal + n]
                    own[coupling : coupling + n] = block.diagonal()
                coupling += n
            signal += n if cells.code.sends else 0
        return own

    @cached_property
    def compiled(self) -> CompiledCoupling:
        """What its compiled propagators share."""
        refuse_without_numba()
        from neurobridge.analysis.lyapunov.compiled.coupling import CompiledCoupling

        return CompiledCoupling(self)

    def start(self, seed: int) -> Real:
        """See :class:`System`."""
        return self.initial(seed)

    def propagator(self, k: int, dt: float, method: Method, precision: Precision) -> Propagator:
        """See :class:`System`."""
        refuse_without_numba()
        from neurobridge.analysis.lyapunov.compiled.propagator import CompiledPropagator

        return CompiledPropagator(self, k, dt, method, precision)

    def groups(self) -> Mapping[str, NDArray[Any]]:
        """See :class:`System`."""
        return self.labels
