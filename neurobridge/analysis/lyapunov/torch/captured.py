"""Some steps as one CUDA graph, which a graphics card runs without waiting for Python."""

from __future__ import annotations

__all__ = ["Captured"]

from collections.abc import Callable, Sequence
from typing import Any

import torch

Tensors = list[torch.Tensor]


class Captured:
    """A function from tensors to tensors of the same shapes, recorded once and replayed.

    Parameters
    ----------
    function : callable
        Without side effects, and without anything that waits for the device.
    example : sequence of tensor
        Of the shapes that it takes.
    """

    def __init__(self, function: Callable[[Tensors], Sequence[torch.Tensor]], example: Tensors):
        self.held = [t.clone() for t in example]
        stream: Any = torch.cuda.Stream(self.held[0].device)  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):  # libraries set themselves up, which cannot be recorded
            function(self.held)
        torch.cuda.current_stream().wait_stream(stream)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self._keep(function(self.held))

    def _keep(self, tensors: Sequence[torch.Tensor]) -> None:
        torch._foreach_copy_(self.held, list(tensors))

    def repeated(self, times: int, tensors: Tensors) -> Tensors:
        """The function applied so many times."""
        self._keep(tensors)
        for _ in range(times):
            self.graph.replay()
        return [t.clone() for t in self.held]
