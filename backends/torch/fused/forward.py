"""A segment forward: one step after the other, phase by phase, as ``docs/contract.md`` has it."""

from __future__ import annotations

__all__ = ["Forward"]

from collections.abc import Mapping, Sequence

import torch

from neurobridge.backends.torch.fused.grid import Rows
from neurobridge.backends.torch.fused.kernels import add_events
from neurobridge.backends.torch.fused.names import Saved
from neurobridge.backends.torch.fused.neurons import Key, Neurons, Span
from neurobridge.backends.torch.fused.routes import Route, Routes
from neurobridge.backends.torch.fused.sources import Source, Timed
from neurobridge.backends.torch.inputs import Inputs

Tensor = torch.Tensor


class Forward:
    """Runs a segment.

    Parameters
    ----------
    routes : Routes
    span : Span
    given : mapping of Key to tensor
        Constants, states, signals, what is under way, currents, and weights.
    inputs : Inputs
    record : sequence of (population, variable)
    saved : mapping of population to Saved, or None
        What is kept, if there is a way back.
    """

    def __init__(
        self,
        routes: Routes,
        span: Span,
        given: Mapping[Key, Tensor],
        inputs: Inputs,
        weights: Sequence[Tensor],
        record: Sequence[tuple[str, str]],
        saved: Mapping[str, Saved] | None,
    ) -> None:
        self.span = span
        self.neurons = {
            name: Neurons(
                cells, routes.grid(name, inputs.batch), span, given,
                [v for p, v in record if p == name], saved[name] if saved else None,
            )
            for name, cells in routes.cells.items()
        }  # fmt: skip
        self.stages = max((c.stages for c in routes.cells.values()), default=0)
        self.sources = sources(routes, span, inputs)
        found = routes.with_weights(weights)
        self.spikes = {
            name: [r for r in found if r.pre == name and not r.part.pathway.continuous]
            for name in routes.sizes
        }
        self.couplings = [_Coupling(self.neurons, name, c, found) for name, c in _entries(found)]
        self.events = [
            (Timed(events, self.neurons[name].grid, span), self._ring(name, receptor))
            for (name, receptor), several in inputs.events.items()
            for events in several
        ]

    def _ring(self, population: str, receptor: str) -> Rows:
        return self.neurons[population].rows[f"ring_{receptor}"]

    def run(self) -> dict[Key, Tensor]:
        """All steps; returns the outputs of all populations."""
        for t in range(self.span.n_steps):
            self._step(t)
        return {k: v for n in self.neurons.values() for k, v in n.outputs().items()}

    def _step(self, t: int) -> None:
        for name, source in self.sources.items():
            where = source.at(t)
            for route in self.spikes[name] if where.size else ():
                rows = source.rows() if route.part.dense else None
                route.path.forward(t, where, rows, self._ring(route.post, route.entry))
        for timed, ring in self.events:
            where = timed.at(t)
            if where.size:
                add_events(where, timed.values(t), ring.array[t % ring.depth])
        for stage in range(self.stages):
            for coupling in self.couplings:
                if stage < coupling.post.stages(t):
                    coupling.sum_up(t, stage)
            for neurons in self.neurons.values():
                if stage < neurons.stages(t):
                    neurons.move(t, stage)
        for name, neurons in self.neurons.items():
            if self.spikes[name]:
                where = neurons.finder.at(t)
                for route in self.spikes[name]:
                    ring = self._ring(route.post, route.entry)
                    route.path.forward(t, where, neurons.rows["spikes"], ring)


class _Coupling:
    """All that reaches one coupling."""

    def __init__(
        self, neurons: Mapping[str, Neurons], post: str, coupling: str, routes: list[Route]
    ) -> None:
        own = [r for r in routes if (r.post, r.entry) == (post, coupling)]
        self.post = neurons[post]
        self.now = [(r.path, neurons[r.pre]) for r in own if not r.part.longest]
        self.late = [(r.path, neurons[r.pre]) for r in own if r.part.longest]
        self.rows = [
            self.post.rows[f"coupling_{stage}_{coupling}"]
            for stage in range(self.post.cells.stages)
        ]
        self.arrived = self.rows[0].tensor.new_empty(self.post.grid.size) if self.late else None

    def sum_up(self, t: int, stage: int) -> None:
        """What arrives in a stage of step ``t``; what has a delay is the same in all of them."""
        out = self.rows[stage]
        row = out.each[t % out.depth]
        if stage and self.arrived is not None:
            row.copy_(self.arrived)
        else:
            row.zero_()
        if not stage and self.arrived is not None:
            for path, pre in self.late:
                path.forward(pre.origin + t, pre.signals, t, out)
            self.arrived.copy_(row)
        for path, pre in self.now:
            signals = pre.rows[f"signal_{stage}"] if stage else pre.signals
            path.forward(t if stage else pre.origin + t, signals, t, out)


def sources(routes: Routes, span: Span, inputs: Inputs) -> dict[str, Source]:
    """The source populations that spike."""
    return {
        name: Source(inputs.sources[name], routes.grid(name, inputs.batch), span)
        for name in routes.sources
        if name in inputs.sources
    }


def _entries(routes: Sequence[Route]) -> list[tuple[str, str]]:
    """Populations and couplings that something reaches."""
    return list(dict.fromkeys((r.post, r.entry) for r in routes if r.part.pathway.continuous))
