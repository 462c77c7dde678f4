"""A segment backward: the steps in reverse, and in each what :mod:`.forward` does in reverse."""

from __future__ import annotations

__all__ = ["Backward", "Demand"]

from collections.abc import Mapping
from typing import Literal

import torch

from neurobridge.backends.torch.fused.dense_paths import Product
from neurobridge.backends.torch.fused.forward import sources
from neurobridge.backends.torch.fused.grid import Rows
from neurobridge.backends.torch.fused.names import Saved, Wanted
from neurobridge.backends.torch.fused.neurons import Key, Span
from neurobridge.backends.torch.fused.neurons_back import NeuronsBack
from neurobridge.backends.torch.fused.routes import Route, Routes
from neurobridge.backends.torch.inputs import Inputs

Tensor = torch.Tensor


class Demand:
    """Which gradients are asked for.

    Parameters
    ----------
    routes : Routes
    given : mapping of Key to tensor
        What a segment is given.
    """

    def __init__(self, routes: Routes, given: Mapping[Key, Tensor]) -> None:
        wanted = {k for k, v in given.items() if v.requires_grad}
        self.weights = {int(k[1]) for k in wanted if k[0] == "weight"}
        self.populations = {
            name: Wanted(
                constants=frozenset(k[2] for k in wanted if k[:2] == ("constant", name)),
                couplings=frozenset(
                    p.pathway.receptor
                    for p in routes.parts
                    if p.pathway.continuous and p.pathway.post == name
                ),
                receptors=frozenset(k[2] for k in given if k[:2] == ("pending", name)),
                current=_current(given.get(("current", name))),
            )
            for name in routes.cells
        }

    def saved(self, routes: Routes) -> dict[str, Saved]:
        """What has to be kept."""
        return {name: routes.cells[name].saved(w) for name, w in self.populations.items()}


def _current(given: Tensor | None) -> Literal["", "one", "each"]:
    if given is None or not given.requires_grad:
        return ""
    return "one" if given.shape[0] == 1 else "each"


class Backward:
    """Takes gradients back through a segment.

    Parameters
    ----------
    routes : Routes
    span : Span
    demand : Demand
    given : mapping of Key to tensor
        As the segment got it.
    kept : mapping of population to mapping of name to tensor
        See :meth:`.neurons.Neurons.kept`.
    grads : mapping of Key to tensor
        Gradients of the outputs.
    inputs : Inputs
    """

    def __init__(
        self,
        routes: Routes,
        span: Span,
        demand: Demand,
        given: Mapping[Key, Tensor],
        kept: Mapping[str, Mapping[str, Tensor]],
        grads: Mapping[Key, Tensor],
        inputs: Inputs,
    ) -> None:
        self.span, self.demand = span, demand
        weights = [given["weight", str(i)] for i in range(len(routes.program.pathways))]
        self.routes = routes.with_weights(weights)
        for route in self.routes:
            if route.part.index in demand.weights:
                route.path.want_weight_gradient()
        self.weights, self.detached = weights, routes.detached
        self.neurons = {
            name: NeuronsBack(
                cells, routes.grid(name, inputs.batch), span, kept[name], grads,
                demand.populations[name],
                {c: given["constant", name, c] for c in cells.constants},
                self._depths(name),
                self._longest(name),
            )
            for name, cells in routes.cells.items()
        }  # fmt: skip
        self.stages = max((c.stages for c in routes.cells.values()), default=0)
        self.sources = sources(routes, span, inputs)
        self.spikes = {
            name: [r for r in self.routes if r.pre == name and not r.part.pathway.continuous]
            for name in routes.sizes
        }
        signals = [r for r in self.routes if r.part.pathway.continuous]
        self.now = [r for r in signals if not r.part.longest]
        self.late = [r for r in signals if r.part.longest]
        self.sending = [n for n in self.neurons.values() if n.cells.sends]
        self.delayed = [n for n in self.neurons.values() if n.late]
        self.origin = max((n.origin for n in self.sending), default=0)

    def _into(self, population: str) -> list[Route]:
        return [r for r in self.routes if r.post == population]

    def _longest(self, population: str) -> dict[str, int]:
        """Longest delay by receptor and coupling."""
        found: dict[str, int] = {}
        for route in self._into(population):
            found[route.entry] = max(found.get(route.entry, 0), route.part.longest)
        return found

    def _depths(self, population: str) -> dict[str, int]:
        """Rows of gradients that the products need, by receptor and coupling."""
        found = {}
        for entry, longest in self._longest(population).items():
            parts = [r.part for r in self._into(population) if r.entry == entry]
            whole = any(p.dense and p.index in self.demand.weights for p in parts)
            found[entry] = longest + (self.span.n_steps if whole else parts[0].pathway.continuous)
        return found

    def run(self) -> dict[Key, Tensor]:
        """All steps; returns gradients of what was given."""
        for neurons in self.sending:
            neurons.begin_signal(self.span.n_steps)
        for t in reversed(range(self.span.n_steps)):
            self._step(t)
        for t in range(-1, -self.origin - 1, -1):
            self._signals(t)
        found = {k: v for n in self.neurons.values() for k, v in n.found().items()}
        return found | self._weight_gradients()

    def _step(self, t: int) -> None:
        for neurons in self.neurons.values():
            neurons.begin(t)
            if neurons.cells.spikes:
                self._spikes(neurons, t)
        for stage in reversed(range(self.stages)):
            for neurons in self.neurons.values():
                if stage < neurons.stages(t):
                    neurons.move(t, stage)
            if stage:
                self._stage_signals(t, stage)
        self._signals(t)
        for name, source in self.sources.items():
            where = source.at(t)
            for route in self.spikes[name] if where.size else ():
                if route.part.index in self.demand.weights:
                    route.path.backward(t, where, self._ring(route), None)

    def _spikes(self, neurons: NeuronsBack, t: int) -> None:
        """From what arrives later to the spikes of a step, and to the weights."""
        name = neurons.cells.name
        through = neurons.cells.differentiable and name not in self.detached
        own = [r for r in self.spikes[name] if through or r.part.index in self.demand.weights]
        if own:
            where, into = neurons.finder.at(t), neurons.spikes if through else None
            for route in own:
                route.path.backward(t, where, self._ring(route), into)

    def _ring(self, route: Route) -> Rows:
        return self.neurons[route.post].rows[f"grad_ring_{route.entry}"]

    def _stage_signals(self, t: int, stage: int) -> None:
        """From what arrives in a stage to the signals at its beginning."""
        for neurons in self.sending:
            if stage < neurons.stages(t):
                neurons.rows[f"grad_signal_{stage}"].tensor.zero_()
        for route in self.now:
            pre, post = self.neurons[route.pre], self.neurons[route.post]
            if stage < pre.stages(t):
                route.path.backward(
                    t, pre.rows[f"signal_{stage}"], t,
                    post.rows[f"grad_coupling_{stage}_{route.entry}"],
                    pre.rows[f"grad_signal_{stage}"],
                )  # fmt: skip

    def _signals(self, t: int) -> None:
        """From what arrives in step ``t`` and later to the signals at its beginning."""
        for neurons in self.delayed:
            neurons.begin_late(t)
        for neurons in self.sending:
            if -t <= neurons.origin:
                neurons.begin_signal(t)
        for route in self.now if t >= 0 else ():
            pre, post = self.neurons[route.pre], self.neurons[route.post]
            grad = post.rows[f"grad_coupling_0_{route.entry}"]
            route.path.backward(pre.origin + t, pre.signals, t, grad, pre.signal)
        for route in self.late:
            pre, post = self.neurons[route.pre], self.neurons[route.post]
            if t + route.part.longest >= 0:
                grad = post.late[route.entry]
                route.path.backward(pre.origin + t, pre.signals, t, grad, pre.signal)
        if t <= 0:
            for neurons in self.sending:
                neurons.end_signal(t)

    # -- weights --------------------------------------------------------------------------------

    def _weight_gradients(self) -> dict[Key, Tensor]:
        found: dict[Key, Tensor] = {}
        for i in self.demand.weights:
            total = torch.zeros_like(self.weights[i])
            for route in (r for r in self.routes if r.part.index == i):
                made = route.path.weight_gradient(self._products(route))
                if route.part.edges is None:
                    total += made
                else:
                    total[route.part.edges] += made
            found["weight", str(i)] = total
        return found

    def _products(self, route: Route) -> list[Product]:
        """Everything that was multiplied with a matrix, and what arrived."""
        n = self.span.n_steps
        if not route.part.dense:
            return []
        if not route.part.pathway.continuous:
            source = self.sources.get(route.pre)
            if route.pre in self.neurons:
                return [Product(self.neurons[route.pre].rows["spikes"], 0, self._ring(route), n)]
            return [Product(source.rows(), 0, self._ring(route), n)] if source else []
        pre, post = self.neurons[route.pre], self.neurons[route.post]
        if route.part.longest:
            return [Product(pre.signals, pre.origin, post.late[route.entry], n)]
        return [
            Product(
                pre.rows[f"signal_{stage}"] if stage else pre.signals,
                0 if stage else pre.origin,
                post.rows[f"grad_coupling_{stage}_{route.entry}"],
                self.span.rows(pre.cells, stage),
            )
            for stage in range(pre.cells.stages)
        ]
