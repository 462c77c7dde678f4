"""A state and its tangents in compiled code, on the CPU."""

from __future__ import annotations

__all__ = ["Arrays", "CompiledPropagator"]

from collections import namedtuple
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.analysis.lyapunov.compiled import packed, products
from neurobridge.analysis.lyapunov.compiled.frames import factorise, logs_of, right_solved
from neurobridge.analysis.lyapunov.compiled.layout import Lengths, lay_out
from neurobridge.analysis.lyapunov.compiled.packed import pack, padded
from neurobridge.analysis.lyapunov.compiled.text import Plan, module_text
from neurobridge.analysis.lyapunov.system import (
    Method,
    Precision,
    Propagator,
    Real,
    Renormalisation,
)
from neurobridge.codegen.modules import load_module

if TYPE_CHECKING:
    from neurobridge.analysis.lyapunov.compiled.loops import Coupling
    from neurobridge.analysis.lyapunov.declared import DeclaredSystem

Arrays = namedtuple(
    "Arrays",
    "x y accumulated f slopes out c dout jac constants at currents own real "
    "V Y A F B C BB CC panels tangent_panels indptr source weight tangent_weight",
)
"""Everything that a compiled loop works on; see :mod:`.loops`."""

ADAMS = (55 / 24, -59 / 24, 37 / 24, -9 / 24)


def _dense_kind(precision: Precision) -> Coupling:
    return "dense_mixed" if precision == "mixed" else "dense"


class CompiledPropagator(Propagator):
    """Carries a :class:`DeclaredSystem` on.

    Parameters
    ----------
    system : DeclaredSystem
    k : int
        Tangent vectors.
    dt : float
    method : {"ab4", "rk4", "euler", "map"}
    precision : {"float64", "mixed"}
        Of the tangents; ``mixed`` is float32 for them and float64 for everything else.
    """

    def __init__(
        self, system: DeclaredSystem, k: int, dt: float, method: Method, precision: Precision
    ) -> None:
        self.system, self.k, self.dt, self.method = system, k, dt, method
        self.size = system.size
        self.dtype = np.dtype(np.float32 if precision == "mixed" else np.float64)
        coupled = system.coupling.nnz > 0
        self.columns = coupled and not system.is_dense
        self.kind: Coupling = "none"
        if coupled:
            self.kind = "edges" if self.columns else _dense_kind(precision)
        plan = Plan(tuple(c.code for c in system.cells), "columns" if self.columns else "rows")
        self.module = load_module(module_text(plan, self.kind), packed, products)
        self.arrays = self._allocate()
        self.step, self.trace = 0, 0.0

    # -- memory ---------------------------------------------------------------------------------

    def _allocate(self) -> Any:
        cells = self.system.cells
        at, lengths = lay_out([c.code for c in cells], [c.size for c in cells])
        constants = [
            np.broadcast_to(np.float64(1) * c.constants[name], (c.size,))
            for c in cells
            for name in c.code.constants
        ]
        h = self.dt
        return Arrays(
            **self._of_states(lengths),
            **self._of_tangents(lengths),
            **self._of_couplings(),
            constants=np.concatenate([*constants, np.zeros(0)]),
            at=at,
            currents=np.zeros((1, lengths.currents)),
            real=np.array([h, h / 2, h / 6, h / 3, *(h * w for w in ADAMS)], dtype=self.dtype),
        )

    def _of_states(self, lengths: Lengths) -> dict[str, Any]:
        made = {name: np.zeros(lengths.states) for name in ("x", "y", "accumulated", "f")}
        slopes = np.zeros((4 if self.method == "ab4" else 0, lengths.states))
        dout, jac = (np.zeros(max(n, 1), self.dtype) for n in (lengths.signal_by, lengths.slope_by))
        return {**made, "slopes": slopes, "dout": dout, "jac": jac}

    def _of_tangents(self, lengths: Lengths) -> dict[str, Any]:
        """Frames and what goes through the coupling; ``dense`` has the signals as its first row."""

        def frames(n: int, copies: tuple[int, ...] = ()) -> NDArray[Any]:
            shape = (n, self.k) if self.columns else (self.k, n)
            return np.zeros((*copies, *shape), self.dtype)

        n = lengths.states
        staged = self.method in ("ab4", "rk4")
        made = {"V": frames(n), "Y": frames(n if staged else 0), "A": frames(n if staged else 0)}
        made["F"] = frames(n, ({"ab4": 4, "rk4": 1}.get(self.method, 0),))
        if self.kind == "dense":
            joint = {"BB": lengths.signals, "CC": padded(lengths.couplings, self.dtype)}
            made |= {name: np.zeros((self.k + 1, m)) for name, m in joint.items()}
            made |= {"B": made["BB"][1:], "C": made["CC"][1:]}
            made |= {"out": made["BB"][0], "c": made["CC"][0]}
            return made
        made |= {"BB": np.zeros((0, 0)), "CC": np.zeros((0, 0))}
        wide, tangents = lengths.couplings, lengths.couplings
        if self.kind == "dense_mixed":
            wide, tangents = padded(wide, np.float64), padded(tangents, self.dtype)
        made |= {"B": frames(lengths.signals), "C": frames(tangents)}
        return made | {"out": np.zeros(lengths.signals), "c": np.zeros(wide)}

    def _of_couplings(self) -> dict[str, Any]:
        matrix = self.system.coupling
        own = np.zeros(matrix.shape[0])
        made: dict[str, Any] = {
            "panels": np.zeros((0, 0, 0)), "tangent_panels": np.zeros((0, 0, 0), self.dtype),
            "indptr": np.zeros(0, np.int64), "source": np.zeros(0, np.int32),
            "weight": np.zeros(0), "tangent_weight": np.zeros(0, self.dtype),
        }  # fmt: skip
        if self.kind == "edges":
            made["indptr"] = matrix.indptr.astype(np.int64)
            made["source"] = matrix.indices.astype(np.int32)
            made["weight"] = matrix.data.astype(np.float64)
            made["tangent_weight"] = matrix.data.astype(self.dtype)
        elif self.kind != "none":
            dense = matrix.toarray()
            made["panels"] = pack(dense, np.float64)
            if self.kind == "dense_mixed":
                made["tangent_panels"] = pack(dense, self.dtype)
        signal = 0
        coupling = 0
        for cells in self.system.cells:
            n = cells.size
            for _ in cells.code.couplings:
                if cells.code.sends:
                    block = matrix[coupling : coupling + n][:, signal : signal + n]
                    own[coupling : coupling + n] = block.diagonal()
                coupling += n
            signal += n if cells.code.sends else 0
        return {**made, "own": own}

    # -- see Propagator ------------------------------------------------------------------------

    def begin(self, state: Real, frame: Real | None) -> None:
        """See :class:`Propagator`."""
        a = self.arrays
        a.x[:] = state
        if frame is not None:
            a.V[:] = frame if self.columns else frame.T
        self.step, self.trace = 0, 0.0
        self._prepare()

    def _prepare(self) -> None:
        self.module.prepare(self.arrays, self.k)

    def advance(self, n_steps: int) -> None:
        """See :class:`Propagator`."""
        a = self._with_currents(n_steps)
        extra = () if self.method == "map" else (self.dt,)
        if self.method == "ab4":
            extra = (*extra, self.step)
        loop = getattr(self.module, f"advance_{self.method}")
        self.trace += loop(a, self.k, n_steps, 0, *extra)
        self.step += n_steps

    def _with_currents(self, n_steps: int) -> Any:
        currents = self.system.currents
        if currents is None or not self.arrays.currents.size:
            return self.arrays
        return self.arrays._replace(currents=currents.of(self.step, n_steps, self.dt))

    def renormalise(self, kind: Renormalisation) -> tuple[Real, Real | None]:
        """See :class:`Propagator`."""
        a = self.arrays
        new, factor, found = factorise(self._rows(a.V), kind)
        if not found:
            return np.full(self.k, np.nan), None
        self._put(a.V, new)
        for slopes in a.F if self.method == "ab4" else ():
            self._put(slopes, right_solved(self._rows(slopes), factor))
        self._prepare()
        return logs_of(factor), factor if kind == "householder" else None

    def _rows(self, frame: NDArray[Any]) -> NDArray[Any]:
        return np.ascontiguousarray(frame.T) if self.columns else frame

    def _put(self, frame: NDArray[Any], rows: NDArray[Any]) -> None:
        frame[:] = rows.T if self.columns else rows

    def state(self) -> Real:
        """See :class:`Propagator`."""
        copy: Real = self.arrays.x.copy()
        return copy

    def frame(self) -> Real:
        """See :class:`Propagator`."""
        frame = self.arrays.V if self.columns else self.arrays.V.T
        return np.array(frame, dtype=np.float64)

    def snapshot(self) -> Any:
        """See :class:`Propagator`."""
        a = self.arrays
        return self.step, self.trace, a.x.copy(), a.slopes.copy(), a.V.copy(), a.F.copy()

    def restore(self, snapshot: Any) -> None:
        """See :class:`Propagator`."""
        a = self.arrays
        self.step, self.trace, a.x[:], a.slopes[:], a.V[:], a.F[:] = snapshot
        self._prepare()

    @property
    def divergence(self) -> float:
        """See :class:`Propagator`."""
        return self.trace
