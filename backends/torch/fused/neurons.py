"""One population in a segment: its arrays, and the compiled functions that run on them."""

from __future__ import annotations

__all__ = ["Compute", "Finder", "Key", "Neurons", "Span"]

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from neurobridge.backends.torch.fused.cells import Cells, Compiled
from neurobridge.backends.torch.fused.grid import Grid, Rows, numbers, unset
from neurobridge.backends.torch.fused.kernels import spiking
from neurobridge.backends.torch.fused.names import Saved

Tensor = torch.Tensor
Key = tuple[str, ...]
"""What a tensor is, of which population, and its name there: ``("state", "cells", "v")``."""


@dataclass(frozen=True)
class Span:
    """Steps ``first`` to ``first + n_steps - 1``; inside, they are counted from 0."""

    first: int
    n_steps: int

    def rows(self, cells: Cells, stage: int) -> int:
        """Steps in which a population has that stage."""
        if stage < len(cells.code.stages):
            return self.n_steps
        return min(max(cells.code.start_steps - self.first, 0), self.n_steps)


class Compute:
    """Compiled functions, bound to arrays."""

    def __init__(self, cells: Cells, grid: Grid, span: Span) -> None:
        self.cells, self.grid, self.span = cells, grid, span
        self.rows: dict[str, Rows] = {}
        self.bound: list[list[tuple[Any, tuple[Any, ...]]]] = []

    def keep(self, name: str, tensor: Tensor) -> Rows:
        """Give an array of the compiled functions its place."""
        self.rows[name] = rows = Rows(tensor, self.grid)
        return rows

    def bind(self, forms: list[list[Compiled]], scalars: Tensor, vectors: Tensor) -> None:
        """Take the arrays to the functions."""
        fixed = (self.grid.size, numbers(scalars), numbers(vectors))
        for _, arrays in (compiled for stages in forms for compiled in stages):
            for name in arrays:
                if name not in self.rows:  # what crosses from stage to stage
                    self.keep(name, scalars.new_zeros((1, self.grid.size)))
        self.bound = [
            [(f, (*fixed, *(self.rows[n].array for n in names))) for f, names in stages]
            for stages in forms
        ]

    def stages(self, t: int) -> int:
        """Stages of a step."""
        return len(self.bound[self.cells.form(self.span.first + t)])

    def move(self, t: int, stage: int) -> None:
        """Run a stage, forward or back."""
        function, arguments = self.bound[self.cells.form(self.span.first + t)][stage]
        function(t, *arguments)


class Neurons(Compute):
    """A population on its way forward.

    Parameters
    ----------
    cells : Cells
    grid : Grid
    span : Span
    given : mapping of Key to tensor
        All that the segment is given.
    recorded : collection of str
        States that are an output.
    saved : Saved or None
        What is kept for the way back, if there is one.
    """

    def __init__(
        self,
        cells: Cells,
        grid: Grid,
        span: Span,
        given: Mapping[Key, Tensor],
        recorded: Iterable[str],
        saved: Saved | None,
    ) -> None:
        super().__init__(cells, grid, span)
        self.saved = saved or Saved()
        self.every = span.n_steps if saved is not None else 1
        self.recorded = frozenset(recorded)
        self._states(given)
        self._couplings(given)
        self._receptors(given)
        if cells.spikes:
            self._spikes(given)
        constants = {c: given["constant", cells.name, c] for c in cells.constants}
        layout = cells.layout(constants, self.dtype)
        one, each = ([constants[c] for c in layout.of_kind(k)] for k in ("scalars", "vectors"))
        like = self.rows[f"state_{cells.code.states[0]}"].tensor
        self.scalars = torch.stack(one) if one else like.new_zeros(0)
        spread = [grid.spread(c) for c in each]
        self.vectors = torch.stack(spread) if spread else like.new_zeros((0, grid.size))
        self.bind(cells.forward(layout, self.saved), self.scalars, self.vectors)

    def _states(self, given: Mapping[Key, Tensor]) -> None:
        for name in self.cells.forms[-1].lasting:
            first = self.grid.inside(given["state", self.cells.name, name])
            self.dtype = first.dtype
            every = name in self.saved.states or name in self.recorded
            # two rows, not one: a loop whose input and output are apart becomes vector instructions
            rows = unset(self.span.n_steps + 1 if every else 2, first, self.grid.size)
            rows[0] = first[0]
            self.keep(f"state_{name}", rows)

    def _couplings(self, given: Mapping[Key, Tensor]) -> None:
        name, cells, like = self.cells.name, self.cells, self.rows_like()
        for stage in range(cells.stages):
            n = self.span.rows(cells, stage)
            for coupling in cells.code.couplings:
                every = (stage, coupling) in self.saved.couplings
                self.keep(f"coupling_{stage}_{coupling}", like(n if every else 1).zero_())
            if cells.sends and stage:
                self.keep(f"signal_{stage}", like(n if self.every > 1 else 1))
        if cells.code.takes_current:
            current = given.get(("current", name))
            self.keep("currents", like(1).zero_() if current is None else self.grid.inside(current))
        self.origin = 0
        if cells.sends:
            past = given.get(("past", name))
            self.origin = 0 if past is None else past.shape[0]
            signals = like(self.origin + self.span.n_steps + 1)
            if past is not None:
                signals[: self.origin] = self.grid.inside(past)
            signals[self.origin] = self.grid.inside(given["signal", name])[0]
            self.signals = Rows(signals, self.grid)
            self.keep("signal_0", signals[self.origin :])

    def rows_like(self) -> Any:
        """A maker of rows."""
        some = self.rows[f"state_{self.cells.code.states[0]}"].tensor
        return lambda n: unset(max(n, 1), some, self.grid.size)

    def _receptors(self, given: Mapping[Key, Tensor]) -> None:
        like = self.rows_like()
        for name in (r.name for r in self.cells.code.receptors):
            pending = given.get(("pending", self.cells.name, name))
            ring = like(1).zero_() if pending is None else self.grid.inside(pending).clone()
            self.keep(f"ring_{name}", ring)
            if name in self.saved.receptors:
                self.keep(f"arrived_{name}", like(self.span.n_steps))
        for state in self.saved.before_reset:
            self.keep(f"before_{state}", like(self.span.n_steps))

    def _spikes(self, given: Mapping[Key, Tensor]) -> None:
        name, grid = self.cells.name, self.grid
        self.keep("spikes", self.rows_like()(self.span.n_steps))
        flags = torch.zeros((self.every, -(-grid.size // 8) * 8), dtype=torch.uint8)
        self.keep("flags", flags)
        self.finder = Finder(flags, grid.size)
        self.keep("clamp", grid.inside(given["clamped", name]).clone())
        if self.cells.code.crossing:
            self.keep("was_above", grid.inside(given["above", name]).to(torch.uint8))
        steps = torch.as_tensor(np.array(self.cells.program.refractory_steps, dtype=np.int32))
        self.keep("refractory", (grid.spread(steps) if steps.ndim else steps.view(1))[None])

    def kept(self) -> dict[str, Tensor]:
        """What the way back may read."""
        scratch = ("ring_", "crossing_", "clamp", "was_above", "refractory")
        found = {n: r.tensor for n, r in self.rows.items() if not n.startswith(scratch)}
        if self.cells.sends:
            found["signal_0"] = self.signals.tensor
        return {**found, "scalars": self.scalars, "vectors": self.vectors}

    def outputs(self) -> dict[Key, Tensor]:
        """What is recorded, and what the next segment is given."""
        name, grid, n = self.cells.name, self.grid, self.span.n_steps
        found: dict[Key, Tensor] = {}
        if self.cells.spikes:
            found["spikes", name] = grid.outside(self.rows["spikes"].tensor)
            found["clamped", name] = grid.outside(self.rows["clamp"].tensor)[0]
            if self.cells.code.crossing:
                found["above", name] = grid.outside(self.rows["was_above"].tensor)[0].bool()
        for state in self.cells.forms[-1].lasting:
            rows = self.rows[f"state_{state}"].tensor
            if state in self.recorded:
                found["states", name, state] = grid.outside(rows[1:])
            found["state", name, state] = grid.outside(rows[n % rows.shape[0]].clone())[0]
        if self.cells.sends:
            signals = self.signals.tensor
            found["rates", name] = grid.outside(signals[self.origin + 1 :])
            if self.origin:
                found["past", name] = grid.outside(signals[n : n + self.origin].clone())
        for receptor in self.cells.code.receptors:
            ring = self.rows[f"ring_{receptor.name}"].tensor
            rolled = torch.roll(ring, -(n % ring.shape[0]), 0)
            found["pending", name, receptor.name] = grid.outside(rolled)
        return found


class Finder:
    """Finds the spikes in flags.

    Parameters
    ----------
    flags : uint8 tensor, shape (rows, a multiple of 8)
    size : int
        Neurons times runs.
    """

    def __init__(self, flags: Tensor, size: int) -> None:
        self.flags = numbers(flags)
        self.words = self.flags.view(np.uint64)
        self.found = np.empty(size, dtype=np.int64)

    def at(self, t: int) -> NDArray[np.int64]:
        """Positions of the spikes of a step; overwritten by the next call."""
        row = t % self.flags.shape[0]
        return self.found[: spiking(self.flags[row], self.words[row], self.found)]
