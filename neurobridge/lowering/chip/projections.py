"""Synapses on the chip: integer weights, chip delays, one list for each pair and receptor."""

from __future__ import annotations

__all__ = ["projections_of", "scaled_weights", "with_room"]

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurobridge.lowering.chip.magnitudes import Magnitudes
from neurobridge.lowering.chip.network import RECEPTORS, ChipPopulation, ChipProjection
from neurobridge.lowering.chip.plan import ChipPlan, Scaled
from neurobridge.lowering.chip.scale import LARGEST_SHIFT
from neurobridge.lowering.chip.timing import chip_delay
from neurobridge.lowering.chip.words import LARGEST_WORD, to_words


def scaled_weights(plan: ChipPlan, edges: Magnitudes) -> Scaled:
    """The weights of a pathway in the chip's unit, and as integers."""
    post = edges.pathway.post
    value = edges.value * plan.units[post]
    at = plan.resolutions(post, edges.receptor)
    same = len(plan.parts[post]) == 1
    resolution = np.broadcast_to(at[:1], value.shape) if same else at[edges.target]
    return Scaled(edges, value, to_words(value, resolution), resolution)


def with_room(plan: ChipPlan, told: Collection[str]) -> tuple[ChipPopulation, ...]:
    """One bit more where rounding lifts all weights of a neuron together above a full buffer.

    Populations whose scale a user ``told`` keep it.
    """
    sums = {name: np.zeros_like(s) for name, s in plan.summed.items()}
    for s in plan.scaled:
        row = sums[s.edges.pathway.post][RECEPTORS.index(s.edges.receptor)]
        row += np.bincount(s.edges.target, weights=s.word, minlength=row.size)
    shifts = {p.name: list(p.shifts) for p in plan.populations}
    for population, parts in plan.parts.items():
        if population not in plan.cells or population in told:
            continue
        for part in parts:
            full = sums[population][:, part.neurons].max(axis=1) > LARGEST_WORD
            shifts[part.name] = [
                min(s + int(more), LARGEST_SHIFT)
                for s, more in zip(shifts[part.name], full, strict=True)
            ]
    return tuple(
        replace(p, shifts=(shifts[p.name][0], shifts[p.name][1])) for p in plan.populations
    )


def projections_of(plan: ChipPlan) -> Iterator[ChipProjection]:
    """The lists of all synapses; weights were scaled before."""
    together: dict[tuple[str, str, str], list[Scaled]] = {}
    for s in plan.scaled:
        way = s.edges.pathway
        together.setdefault((way.pre, way.post, s.edges.receptor), []).append(s)
    for (pre, post, receptor), pieces in together.items():
        yield from _by_parts(plan, pre, post, receptor, *_joined(plan, pieces))


Synapses = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], int | NDArray[np.int32]]
"""Source, target, word, delay."""


def _joined(plan: ChipPlan, pieces: Sequence[Scaled]) -> Synapses:
    """Synapses of several pathways as one list, sorted by (target, source)."""
    source = np.concatenate([s.edges.source for s in pieces])
    target = np.concatenate([s.edges.target for s in pieces])
    word = np.concatenate([s.word for s in pieces])
    delay = _joined_delay(plan, pieces)
    if len(pieces) == 1:
        return source, target, word, delay
    order = np.lexsort((source, target))
    delay = delay if isinstance(delay, int) else delay[order]
    return source[order], target[order], word[order], delay


def _joined_delay(plan: ChipPlan, pieces: Sequence[Scaled]) -> int | NDArray[np.int32]:
    delays = [
        np.asarray(
            chip_delay(
                s.edges.delay,
                at_once=plan.cells[s.edges.pathway.post].at_once,
                sent_early=plan.leads.get(s.edges.pathway.pre, 1),
            ),
            dtype=np.int32,
        )
        for s in pieces
    ]
    if all(d.ndim == 0 and d == delays[0] for d in delays):
        return int(delays[0])
    sizes = [s.word.shape for s in pieces]
    return np.concatenate([np.broadcast_to(d, n) for d, n in zip(delays, sizes, strict=True)])


def _by_parts(
    plan: ChipPlan,
    pre: str,
    post: str,
    receptor: str,
    source: NDArray[np.int32],
    target: NDArray[np.int32],
    word: NDArray[np.int64],
    delay: int | NDArray[np.int32],
) -> Iterator[ChipProjection]:
    """A list cut into pairs of parts; the order within a pair is kept."""
    pre_part, pre_index = plan.place(pre)
    post_part, post_index = plan.place(post)
    n_pre = len(plan.parts[pre])
    pair = post_part[target] * n_pre + pre_part[source]
    order = np.argsort(pair, kind="stable")
    ends = np.flatnonzero(np.diff(pair[order], append=-1)) + 1
    for begin, end in zip([0, *ends[:-1]], ends, strict=True):
        chosen = slice(None) if end - begin == pair.size else order[begin:end]
        number = int(pair[order[begin]])
        sender, receiver = plan.parts[pre][number % n_pre], plan.parts[post][number // n_pre]
        yield ChipProjection(
            name=f"{sender.name}_to_{receiver.name}_{receptor}",
            pre=sender.name,
            post=receiver.name,
            receptor=receptor,
            source=pre_index[source[chosen]],
            target=post_index[target[chosen]],
            word=word[chosen].astype(np.uint16),
            delay=delay if isinstance(delay, int) else delay[chosen],
        )
