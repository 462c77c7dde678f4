"""Projection: edges from one population to another, with weights and delays."""

from __future__ import annotations

__all__ = ["Projection", "TickDelays"]

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.content import ByContent
from neurobridge.errors import NetworkError
from neurobridge.frozen import frozen_array, owned
from neurobridge.graph.edges import Edges
from neurobridge.graph.population import check_name
from neurobridge.graph.weight import Weight, as_weight
from neurobridge.units import parse_quantity


@dataclass(frozen=True, eq=False)
class TickDelays(ByContent):
    """A delay for each edge, in whole ticks: ``ticks * tick`` ms.

    Parameters
    ----------
    ticks : uint16 array, shape (E,)
    tick : float
        In ms; default 0.01.
    """

    ticks: NDArray[np.uint16]
    tick: float = 0.01

    def __post_init__(self) -> None:
        ticks = np.asarray(self.ticks)
        if ticks.size and (ticks.dtype.kind not in "iu" or ticks.min() < 1 or ticks.max() >= 2**16):
            raise NetworkError(
                f"delays: ticks must be whole numbers in 1..65535, got {ticks.dtype} in "
                f"{ticks.min()}..{ticks.max()}"
            )
        if not self.tick > 0 or not np.isfinite(self.tick):
            raise NetworkError(f"delays: the tick must be a positive number of ms, got {self.tick}")
        object.__setattr__(self, "ticks", frozen_array(ticks, np.uint16))

    @classmethod
    def from_ms(cls, delays: NDArray[np.float64], tick: float = 0.01) -> TickDelays:
        """From delays in ms, float64 (E,); each must be a multiple of the tick."""
        delays = np.asarray(delays, dtype=np.float64)
        if not np.isfinite(delays).all() or (delays <= 0).any():
            bad = int(np.flatnonzero(~(delays > 0) | ~np.isfinite(delays))[0])
            raise NetworkError(f"delays: delay[{bad}] = {delays[bad]} ms; delays must be above 0")
        ticks = np.rint(delays / tick)
        off = np.abs(delays / tick - ticks)
        if (off > 1e-6).any():
            bad = int(off.argmax())
            raise NetworkError(
                f"delays: delay[{bad}] = {delays[bad]} ms is not a multiple of the tick of {tick} "
                "ms; choose a finer tick, or round the delays yourself"
            )
        if ticks.size and ticks.max() >= 2**16:
            raise NetworkError(
                f"delays: the longest, {delays.max()} ms, does not fit into 65535 ticks of {tick} "
                "ms; choose a coarser tick"
            )
        return cls(owned(ticks.astype(np.uint16)), tick)

    @property
    def ms(self) -> NDArray[np.float64]:
        """Delays in ms, float64 (E,)."""
        return self.ticks * np.float64(self.tick)


@dataclass(frozen=True, eq=False)
class Projection(ByContent):
    """Edges from population ``pre`` to population ``post``.

    Parameters
    ----------
    name, pre, post : str
    edges : Edges
    weight : Factorised, Explicit, LowRank, WeightSum, or array of shape (E,)
    delay : float, str, or TickDelays
        In ms, the same for all edges or one for each. At least one time step when it runs, for
        spikes; 0 is instantaneous, for the continuous output of rate models.
    receptor : str, optional
        Receptor of the postsynaptic model; None routes each edge by the sign of its weight.
    """

    name: str
    pre: str
    post: str
    edges: Edges
    weight: Weight
    delay: float | TickDelays
    receptor: str | None = None

    def __post_init__(self) -> None:
        check_name(self.name, "projection")
        where = f"projection {self.name!r}"
        object.__setattr__(self, "weight", as_weight(self.weight))
        try:
            self.weight.check(self.edges)
        except NetworkError as err:
            raise NetworkError(f"{where}: {err}") from err
        delay: Any = self.delay
        if isinstance(delay, TickDelays):
            if delay.ticks.shape != (self.edges.n_edges,):
                raise NetworkError(
                    f"{where}: {delay.ticks.size} delays for {self.edges.n_edges} edges"
                )
            return
        delay = parse_quantity(delay, "ms", f"{where}, delay")
        if isinstance(delay, np.ndarray) and delay.ndim:
            raise NetworkError(f"{where}: delays that differ per edge are given as TickDelays")
        if not np.isfinite(delay) or delay < 0:
            raise NetworkError(f"{where}: the delay must be finite and >= 0 ms, got {delay}")
        object.__setattr__(self, "delay", float(delay))

    def take(self, keep: NDArray[np.bool_]) -> Projection:
        """The projection with the edges where ``keep`` is True."""
        return self._with(self.edges.take(keep), self.weight.take(keep), keep)

    def restrict(self, pre: NDArray[np.int32], post: NDArray[np.int32]) -> Projection:
        """The projection among subsets of its neurons (ascending indices)."""
        edges, keep = self.edges.restrict(pre, post)
        return self._with(edges, self.weight.take(keep).restrict(pre, post), keep)

    def _with(self, edges: Edges, weight: Weight, keep: NDArray[np.bool_]) -> Projection:
        delay = self.delay
        if isinstance(delay, TickDelays):
            delay = TickDelays(owned(delay.ticks[keep]), delay.tick)
        return Projection(self.name, self.pre, self.post, edges, weight, delay, self.receptor)
