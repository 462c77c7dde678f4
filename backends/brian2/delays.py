"""One delay for each pathway, as the GPU wants it.

brian2cuda has two ways to deliver spikes. With one delay it looks up the spikes of an earlier step;
with several it fills queues, in memory of a fixed size, with what the step before has left. In the
schedule of the contract the two differ by a step, and a group that has both loses spikes. So a
pathway with several delays becomes one for each.
"""

from __future__ import annotations

__all__ = ["Split", "split"]

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from neurobridge.backends.brian2.target import Target
from neurobridge.lowering.program import Int, Pathway, Program, Real


@dataclass(frozen=True)
class Split:
    """A program whose pathways have one delay each, and where their edges were before.

    ``origin[k]`` is the old index of pathway ``k`` and the place of each of its edges in the old
    pathway, None if they are all of them.
    """

    program: Program
    origin: tuple[tuple[int, Int | None], ...]

    def join(self, weights: Mapping[int, Real]) -> dict[int, Real]:
        """Weights by new pathway -> by old pathway, in the old order of edges."""
        sizes: dict[int, int] = {}
        for k, (old, _) in enumerate(self.origin):
            sizes[old] = sizes.get(old, 0) + weights[k].size
        found: dict[int, Real] = {}
        for k, (old, place) in enumerate(self.origin):
            if place is None:
                found[old] = weights[k]
            else:
                found.setdefault(old, np.empty(sizes[old]))[place] = weights[k]
        return found


def split(program: Program, target: Target) -> Split:
    """For a GPU give every delay of a spiking pathway a pathway of its own; else change nothing."""
    pathways: list[Pathway] = []
    origin: list[tuple[int, Int | None]] = []
    for index, path in enumerate(program.pathways):
        first, last = path.delay_range
        if not target.on_gpu or path.continuous or first == last:
            pathways.append(path)
            origin.append((index, None))
            continue
        for delay in np.unique(path.delay):
            place = np.flatnonzero(path.delay == delay)
            pathways.append(_part(path, place, int(delay)))
            origin.append((index, place))
    return Split(replace(program, pathways=tuple(pathways)), tuple(origin))


def _part(path: Pathway, place: Int, delay: int) -> Pathway:
    n_post = path.indptr.size - 1
    count = np.bincount(path.target[place], minlength=n_post)
    return replace(
        path,
        indptr=np.concatenate([[0], np.cumsum(count)]),
        source=path.source[place],
        weight=path.weight[place],
        delay=delay,
        edge=place if path.edge is None else path.edge[place],
    )
