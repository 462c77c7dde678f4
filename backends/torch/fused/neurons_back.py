"""One population in a segment on the way back: gradients, and the functions that make them."""

from __future__ import annotations

__all__ = ["NeuronsBack"]

from collections.abc import Mapping
from dataclasses import replace

import torch

from neurobridge.backends.torch.fused.cells import Cells
from neurobridge.backends.torch.fused.grid import Grid, Rows, unset
from neurobridge.backends.torch.fused.names import Wanted
from neurobridge.backends.torch.fused.neurons import Compute, Finder, Key, Span

Tensor = torch.Tensor


class NeuronsBack(Compute):
    """A population on its way back.

    Parameters
    ----------
    cells : Cells
    grid : Grid
    span : Span
    kept : mapping of str to tensor
        See :meth:`Neurons.kept`.
    grads : mapping of Key to tensor
        Gradients of what :meth:`Neurons.outputs` gave, where there are any.
    wanted : Wanted
    constants : mapping of str to tensor
    depths : mapping of str to int
        Rows that the gradients of couplings and receptors need, by the names of these.
    longest : mapping of str to int
        Longest delay of what reaches a coupling or a receptor.
    """

    def __init__(
        self,
        cells: Cells,
        grid: Grid,
        span: Span,
        kept: Mapping[str, Tensor],
        grads: Mapping[Key, Tensor],
        wanted: Wanted,
        constants: Mapping[str, Tensor],
        depths: Mapping[str, int],
        longest: Mapping[str, int],
    ) -> None:
        super().__init__(cells, grid, span)
        self.current = cells.current_as(wanted) if wanted.current == "each" else ""
        if self.current:
            wanted = replace(wanted, current="")
            depths = {**depths, self.current: span.n_steps + longest[self.current]}
        self.wanted, self.constants = wanted, constants
        self.some = kept["vectors"]
        for name, tensor in kept.items():
            self.keep(name, tensor)
        if cells.sends:
            self.signals = self.rows["signal_0"]
            self.origin = self.signals.depth - span.n_steps - 1
            self.keep("signal_0", self.signals.tensor[self.origin :])
        if cells.spikes:
            self.finder = Finder(kept["flags"], grid.size)
        self._outer(grads)
        self.longest = longest
        self._couplings(depths)
        self._receptors(depths, grads)
        layout = cells.layout(constants, self.some.dtype)
        self.bind(cells.backward(layout, wanted), kept["scalars"], kept["vectors"])

    def zeros(self, n: int) -> Tensor:
        """Rows of zeros."""
        return self.some.new_zeros((max(n, 1), self.grid.size))

    def written(self, n: int, longest: int = 0) -> Tensor:
        """Rows that are written step by step, or else are 0, as those beyond the last step are."""
        n_steps = self.span.n_steps
        rows = unset(max(n, 1), self.some, self.grid.size)
        rows[n_steps if n >= n_steps + longest else 0 :] = 0
        return rows

    def _outer(self, grads: Mapping[Key, Tensor]) -> None:
        """Gradients that come from outside."""
        cells, name = self.cells, self.cells.name
        for state in cells.forms[-1].lasting:
            given = grads.get(("state", name, state))
            row = self.zeros(1) if given is None else self.grid.inside(given).clone()
            self.keep(f"grad_state_{state}", row)
        self.recorded = {
            key[2]: self._steps(g)
            for key, g in grads.items()
            if key[0] == "states" and key[1] == name
        }
        outer = {
            kind: self._steps(grads[kind, name])
            for kind in ("spikes", "rates", "past")
            if (kind, name) in grads
        }
        self.of_spikes, self.of_rates, self.of_past = (
            outer.get(kind) for kind in ("spikes", "rates", "past")
        )

    def _steps(self, grad: Tensor) -> list[Tensor]:
        """Rows of the steps; the gradient of a mean over time is the same row in all of them."""
        if grad.stride(0) == 0:
            return [self.grid.inside(grad[0])[0]] * grad.shape[0]
        return list(self.grid.inside(grad).unbind(0))

    def _couplings(self, depths: Mapping[str, int]) -> None:
        cells = self.cells
        if cells.sends:
            self.past = self.zeros(self.origin)[: self.origin]
            self.signal = self.keep("grad_signal_0", self.zeros(1))
            for stage in range(1, cells.stages):
                self.keep(f"grad_signal_{stage}", self.zeros(1))
        self.late: dict[str, Rows] = {}
        for coupling in self.wanted.couplings:
            depth = depths[coupling]
            for stage in range(cells.stages):
                n = depth if cells.stages == 1 else min(self.span.rows(cells, stage), depth)
                self.keep(
                    f"grad_coupling_{stage}_{coupling}", self.written(n, self.longest[coupling])
                )
            if self.longest[coupling]:
                only = self.rows[f"grad_coupling_0_{coupling}"]
                several = cells.stages > 1
                self.late[coupling] = Rows(self.zeros(depth), self.grid) if several else only

    def _receptors(self, depths: Mapping[str, int], grads: Mapping[Key, Tensor]) -> None:
        cells, wanted = self.cells, self.wanted
        if cells.differentiable:
            self.spikes = self.keep("grad_spikes", self.zeros(1))
        for receptor in wanted.receptors:
            ring = self.written(depths[receptor], self.longest[receptor])
            given = grads.get(("pending", cells.name, receptor))
            if given is not None:
                rows = torch.arange(self.span.n_steps, self.span.n_steps + given.shape[0])
                ring[rows % ring.shape[0]] = self.grid.inside(given)
            self.keep(f"grad_ring_{receptor}", ring)
        if wanted.current:
            depth = self.rows["currents"].depth
            every = wanted.current == "each"
            self.keep("grad_current", self.written(depth) if every else self.zeros(depth))
        for constant in wanted.constants:
            self.keep(f"grad_constant_{constant}", self.zeros(1))

    # -- steps ----------------------------------------------------------------------------------

    def begin(self, t: int) -> None:
        """What comes from outside at the end of a step."""
        if self.cells.differentiable:
            row = self.spikes.each[0]
            if self.of_spikes is None:
                row.zero_()
            else:
                row.copy_(self.of_spikes[t])
        for state, grad in self.recorded.items():
            self.rows[f"grad_state_{state}"].each[0].add_(grad[t])

    def begin_signal(self, t: int) -> None:
        """What comes from outside to the signal at the beginning of step ``t``."""
        row = self.signal.each[0]
        if self.of_rates is not None and t >= 1:
            row.copy_(self.of_rates[t - 1])
        else:
            row.zero_()
        sent = self.origin + t - self.span.n_steps
        if self.of_past is not None and 0 <= sent < self.origin:
            row.add_(self.of_past[sent])

    def begin_late(self, t: int) -> None:
        """Sum up what the stages of step ``t`` made; before the first step, nothing arrives."""
        for coupling, late in self.late.items():
            row = late.each[t % late.depth]
            if -self.longest[coupling] <= t < 0:
                row.zero_()
            elif t >= 0 and self.cells.stages > 1:
                row.zero_()
                for stage in range(self.stages(t)):
                    made = self.rows[f"grad_coupling_{stage}_{coupling}"]
                    row.add_(made.each[t % made.depth])

    def end_signal(self, t: int) -> None:
        """Keep the gradient of the first signal, and of those before it."""
        if t == 0:
            self.first_signal = self.signal.tensor.clone()
        elif -t <= self.origin:
            self.past[self.origin + t] = self.signal.tensor[0]

    def found(self) -> dict[Key, Tensor]:
        """Gradients of what the segment was given."""
        name, grid = self.cells.name, self.grid
        gradients: dict[Key, Tensor] = {
            ("state", name, s): grid.outside(self.rows[f"grad_state_{s}"].tensor)[0]
            for s in self.cells.forms[-1].lasting
        }
        for constant in self.wanted.constants:
            each = grid.summed(self.rows[f"grad_constant_{constant}"].tensor[0])
            scalar = not self.constants[constant].ndim
            gradients["constant", name, constant] = each.sum() if scalar else each
        for receptor in self.wanted.receptors:
            ring = self.rows[f"grad_ring_{receptor}"].tensor[: self.longest[receptor]]
            gradients["pending", name, receptor] = grid.outside(ring)
        if self.wanted.current:
            gradients["current", name] = grid.outside(self.rows["grad_current"].tensor)
        elif self.current:
            rows = self.rows[f"grad_coupling_0_{self.current}"].tensor[: self.span.n_steps]
            gradients["current", name] = grid.outside(rows)
        if self.cells.sends:
            gradients["signal", name] = grid.outside(self.first_signal)[0]
            gradients["past", name] = grid.outside(self.past)
        return gradients
