"""A state and its tangents in compiled code, on the CPU."""

from __future__ import annotations

__all__ = ["Arrays", "CompiledPropagator"]

from collections import namedtuple
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.analysis.lyapunov.compiled.frames import factorise, logs_of, right_solved
from neurobridge.analysis.lyapunov.compiled.gathering import columns_of_block
from neurobridge.analysis.lyapunov.compiled.layout import Lengths, lay_out
from neurobridge.analysis.lyapunov.compiled.packed import padded
from neurobridge.analysis.lyapunov.system import (
    Method,
    Precision,
    Propagator,
    Real,
    Renormalisation,
)
from neurobridge.lowering.integrate import ADAMS_BASHFORTH

if TYPE_CHECKING:
    from neurobridge.analysis.lyapunov.declared import DeclaredSystem

Arrays = namedtuple(
    "Arrays",
    "x y accumulated f slopes out c dout jac constants at currents own real "
    "jacs douts V Y A F B C BB CC panels tangent_panels indptr source weight tangent_weight",
)
"""Everything that a compiled loop works on; see :mod:`.loops`."""


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
        self.columns = system.compiled.columns
        self.kind = system.compiled.kind(self.dtype)
        self.module = system.compiled.module(self.kind)
        self.arrays = self._allocate()
        self.step, self.trace = 0, 0.0

    # -- memory ---------------------------------------------------------------------------------

    def _allocate(self) -> Any:
        system = self.system
        cells = system.cells
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
            **system.compiled.arrays(self.dtype),
            constants=np.concatenate([*constants, np.zeros(0)]),
            at=at,
            currents=np.zeros((1, lengths.currents)),
            real=np.array(
                [h, h / 2, h / 6, h / 3, *(h * w for w in ADAMS_BASHFORTH)], dtype=self.dtype
            ),
        )

    def _of_states(self, lengths: Lengths) -> dict[str, Any]:
        made = {name: np.zeros(lengths.states) for name in ("x", "y", "accumulated", "f")}
        slopes = np.zeros((4 if self.method == "ab4" else 0, lengths.states))
        dout, jac = (np.zeros(max(n, 1), self.dtype) for n in (lengths.signal_by, lengths.slope_by))
        kept = {"jacs": np.zeros((0, jac.size), self.dtype)}
        kept["douts"] = np.zeros((0, dout.size), self.dtype)
        return {**made, "slopes": slopes, "dout": dout, "jac": jac, **kept}

    def _of_tangents(self, lengths: Lengths) -> dict[str, Any]:
        """Frames and what goes through the coupling.

        ``dense`` has the signals as its first row. Edges have the frame in blocks of columns
        (blocks, N, width), and one block of everything that does not last.
        """
        n, staged = lengths.states, self.method in ("ab4", "rk4")
        copies = {"ab4": 4, "rk4": 1}.get(self.method, 0)
        signals, couplings = lengths.signals, lengths.couplings

        def array(*shape: int) -> NDArray[Any]:
            return np.zeros(shape, self.dtype)

        if self.columns:
            width = columns_of_block(self.k, self.dtype)
            blocks = max(-(-self.k // width), 1)
            made = {"V": array(blocks, n, width), "F": array(blocks, copies, n, width)}
            made |= {name: array(n if staged else 0, width) for name in "YA"}
            made |= {"B": array(signals, width), "C": array(couplings, width)}
            made |= {"BB": np.zeros((0, 0)), "CC": np.zeros((0, 0))}
            return made | {"out": np.zeros(signals), "c": np.zeros(couplings)}
        k = self.k
        made = {"V": array(k, n), "F": array(copies, k, n)}
        made |= {name: array(k, n if staged else 0) for name in "YA"}
        if self.kind == "dense":
            made |= {"BB": array(k + 1, signals)}
            made |= {"CC": array(k + 1, padded(couplings, self.dtype))}
            made |= {"B": made["BB"][1:], "C": made["CC"][1:]}
            return made | {"out": made["BB"][0], "c": made["CC"][0]}
        made |= {"BB": np.zeros((0, 0)), "CC": np.zeros((0, 0))}
        wide, tangents = couplings, couplings
        if self.kind == "dense_mixed":
            wide, tangents = padded(wide, np.float64), padded(tangents, self.dtype)
        made |= {"B": array(k, signals), "C": array(k, tangents)}
        return made | {"out": np.zeros(signals), "c": np.zeros(wide)}

    # -- see Propagator ------------------------------------------------------------------------

    def begin(self, state: Real, frame: Real | None) -> None:
        """See :class:`Propagator`."""
        a = self.arrays
        a.x[:] = state
        if frame is not None:
            self._put(a.V, np.ascontiguousarray(frame.T))
        self.step, self.trace = 0, 0.0
        self._prepare()

    def _prepare(self) -> None:
        if self.columns:  # blocks of the frame begin when they are played
            self.module.prepare(self._block(0), 0)
        else:
            self.module.prepare(self.arrays, self.k)

    def advance(self, n_steps: int) -> None:
        """See :class:`Propagator`."""
        a = self._with_currents(n_steps)
        extra: tuple[Any, ...] = () if self.method == "map" else (self.dt,)
        if self.method == "ab4":
            extra = (*extra, self.step)
        if self.columns:
            self.trace += self._advance_blocks(n_steps, a.currents, extra)
        else:
            loop = getattr(self.module, f"direct_{self.method}")
            self.trace += loop(a, self.k, n_steps, 0, *extra)
        self.step += n_steps

    def _advance_blocks(self, n_steps: int, currents: Any, extra: tuple[Any, ...]) -> float:
        """The state first, and each block of the frame after it."""
        if self.k:
            self._keep_evaluations(n_steps)
        alone = self._block(0)._replace(currents=currents)
        mode = "record" if self.k else "direct"
        total: float = getattr(self.module, f"{mode}_{self.method}")(alone, 0, n_steps, 0, *extra)
        play = getattr(self.module, f"play_{self.method}")
        for i in range(len(self.arrays.V)) if self.k else ():
            block = self._block(i)
            play(block, block.V.shape[1], n_steps, 0, *extra)
        return total

    def _keep_evaluations(self, n_steps: int) -> None:
        """Room for the derivatives of all evaluations of so many steps."""
        stages = {"rk4": 4 * n_steps, "ab4": n_steps + 9}.get(self.method, n_steps)
        a = self.arrays
        if len(a.jacs) < stages:
            self.arrays = a._replace(
                jacs=np.zeros((stages, a.jac.size), self.dtype),
                douts=np.zeros((stages + 1, a.dout.size), self.dtype),
            )

    def _block(self, i: int) -> Any:
        """The arrays with one block of the frame."""
        return self.arrays._replace(V=self.arrays.V[i], F=self.arrays.F[i])

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
        for slopes in self._slopes_of_frame():
            self._put(slopes, right_solved(self._rows(slopes), factor))
        self._prepare()
        return logs_of(factor), factor if kind == "householder" else None

    def _slopes_of_frame(self) -> Any:
        """Earlier slopes that a multistep method goes on from, each laid out like the frame."""
        if self.method != "ab4":
            return ()
        return self.arrays.F.swapaxes(0, 1) if self.columns else self.arrays.F

    def _rows(self, frame: NDArray[Any]) -> NDArray[Any]:
        """The vectors as rows, (k, N)."""
        if not self.columns:
            return frame
        return np.ascontiguousarray(frame.transpose(0, 2, 1)).reshape(-1, self.size)[: self.k]

    def _put(self, frame: NDArray[Any], rows: NDArray[Any]) -> None:
        if not self.columns:
            frame[:] = rows
            return
        width = frame.shape[2]
        for i, block in enumerate(frame):
            part = rows[i * width : (i + 1) * width]
            block[:, : len(part)] = part.T

    def state(self) -> Real:
        """See :class:`Propagator`."""
        copy: Real = self.arrays.x.copy()
        return copy

    def frame(self) -> Real:
        """See :class:`Propagator`."""
        return np.array(self._rows(self.arrays.V).T, dtype=np.float64)

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
