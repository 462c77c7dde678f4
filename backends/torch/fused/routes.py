"""A program's populations and pathways, as the compiled way needs them."""

from __future__ import annotations

__all__ = ["Route", "Routes"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from neurobridge.backends.torch.fused.cells import Cells
from neurobridge.backends.torch.fused.dense_paths import DenseSignal, DenseSpikes
from neurobridge.backends.torch.fused.grid import Grid
from neurobridge.backends.torch.fused.parts import Part, parts_of
from neurobridge.backends.torch.fused.sparse_paths import SparseSignal, SparseSpikes
from neurobridge.backends.torch.surrogate import Surrogate
from neurobridge.lowering.program import Program


@dataclass(frozen=True)
class Route:
    """A part of a pathway with its weights.

    Parameters
    ----------
    part : Part
    path : SparseSpikes, DenseSpikes, SparseSignal or DenseSignal
    """

    part: Part
    path: Any

    @property
    def pre(self) -> str:
        """Where it comes from."""
        return self.part.pathway.pre

    @property
    def post(self) -> str:
        """Where it goes."""
        return self.part.pathway.post

    @property
    def entry(self) -> str:
        """The receptor or coupling that it reaches."""
        return self.part.pathway.receptor


class Routes:
    """What does not change from run to run.

    Parameters
    ----------
    program : Program
    surrogates : mapping of population to Surrogate
    """

    def __init__(self, program: Program, surrogates: Mapping[str, Surrogate]) -> None:
        self.program = program
        self.sizes = {p.name: p.size for p in program.populations}
        self.sources = [p.name for p in program.populations if p.is_source]
        self.cells = {
            p.name: Cells(p, surrogates.get(p.name)) for p in program.populations if not p.is_source
        }
        self.parts = [
            part
            for i, path in enumerate(program.pathways)
            for part in parts_of(path, i, self.sizes[path.pre])
        ]
        self.runs_first = all(part.dense for part in self.parts)
        self.detached = {n for n, s in surrogates.items() if s.detach_recurrent}
        self._last: tuple[list[tuple[torch.Tensor, int]], list[Route]] = ([], [])

    def grid(self, population: str, batch: int) -> Grid:
        """How values of a population lie in memory."""
        return Grid(self.sizes[population], batch, self.runs_first)

    def with_weights(self, weights: Sequence[torch.Tensor]) -> list[Route]:
        """The parts with their weights; those of the last call, if weights are still the same."""
        fixed = not any(w.requires_grad or w.is_inference() for w in weights)
        key = [(w, w._version) for w in weights] if fixed else []
        known, routes = self._last
        same = len(known) == len(key) and all(
            a is b and v == w for (a, v), (b, w) in zip(known, key, strict=True)
        )
        if not (key and same):
            routes = [self._route(part, weights[part.index].detach()) for part in self.parts]
            self._last = (key, routes)
        return routes

    def _route(self, part: Part, weight: torch.Tensor) -> Route:
        if part.pathway.continuous:
            return Route(part, (DenseSignal if part.dense else SparseSignal)(part, weight))
        lead = 1 if part.pathway.pre in self.sources else 0
        return Route(part, (DenseSpikes if part.dense else SparseSpikes)(part, weight, lead))
