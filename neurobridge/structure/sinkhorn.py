"""Sinkhorn-Knopp scaling of excitation and of inhibition to given inputs and outputs."""

from __future__ import annotations

__all__ = ["Outputs", "Scaled", "scaled"]

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError
from neurobridge.graph.edges import Edges
from neurobridge.structure import checks
from neurobridge.structure.balance import one_sided_neurons, sums
from neurobridge.structure.equal_outputs import why_not

Real = NDArray[np.float64]
Index = NDArray[np.int32]
Outputs = Literal["shared", "equal"]

KINDS = {1: "excitatory", -1: "inhibitory"}


@dataclass(frozen=True)
class Scaled:
    """Weights after scaling.

    Parameters
    ----------
    values : float64 array, shape (E,)
    unbalanced : int32 array
        Neurons with input of one sign only, where the weights have both.
    misfit : float
        Largest deviation of a neuron's output from its target, relative to the target.
    """

    values: Real
    unbalanced: Index
    misfit: float


@dataclass(frozen=True)
class Block:
    """The weights of one sign, as magnitudes, and what they are to sum to.

    Parameters
    ----------
    sign : int
    edges : int64 array, shape (e,)
    pre, post : int32 array, shape (e,)
    n_pre, n_post : int
    size : float64 array, shape (e,)
    inputs : float64 array, shape (n_post,)
        Targets; 0 for neurons without such input.
    outputs : float64 array, shape (n_pre,)
    """

    sign: int
    edges: NDArray[np.int64]
    pre: Index
    post: Index
    n_pre: int
    n_post: int
    size: Real
    inputs: Real
    outputs: Real


def scaled(
    edges: Edges,
    values: Real,
    inputs: float,
    outputs: str,
    one_sided: str,
    approximate: bool,
    tolerance: float,
    iterations: int,
) -> Scaled:
    """Scale the weights of each sign; see :meth:`Weights.sinkhorn`."""
    inputs = checks.positive(inputs, "inputs")
    tolerance = checks.positive(tolerance, "tolerance")
    iterations = checks.whole(iterations, "iterations", 1)
    if outputs not in get_args(Outputs):
        raise NetworkError(f"outputs: expected one of {get_args(Outputs)}, got {outputs!r}")
    signs = [sign for sign in KINDS if (values * sign > 0).any()]
    left_out = np.zeros(0, dtype=np.int32)
    if len(signs) == 2:
        left_out = one_sided_neurons(edges, values, one_sided)
    made, misfit = values.copy(), 0.0
    for sign in signs:
        block = _block(edges, values, sign, inputs, outputs)
        size, found = _iterate(block, outputs, approximate, tolerance, iterations)
        made[block.edges] = sign * size
        misfit = max(misfit, found)
    return Scaled(made, left_out, misfit)


def _block(edges: Edges, values: Real, sign: int, inputs: float, outputs: str) -> Block:
    """One sign and its targets.

    All inputs add up to ``inputs`` times the number of neurons that have such input, and so must
    all outputs.
    """
    chosen = np.flatnonzero(values * sign > 0)
    pre, post = edges.pre[chosen], edges.post[chosen]
    degree = np.bincount(post, minlength=edges.n_post)
    wanted_in = np.where(degree > 0, inputs, 0.0)
    wanted_out = sums(pre, inputs / degree[post], edges.n_pre)
    if outputs == "equal":
        gives = wanted_out > 0
        wanted_out = np.where(gives, wanted_in.sum() / gives.sum(), 0.0)
    size = np.abs(values[chosen])
    return Block(
        sign, chosen, pre, post, edges.n_pre, edges.n_post, size, wanted_in, wanted_out
    )  # fmt: skip


def _iterate(
    block: Block, outputs: str, approximate: bool, tolerance: float, iterations: int
) -> tuple[Real, float]:
    """Outputs, then inputs, again and again; inputs are exact at the end.

    What is returned misses its outputs by no more than the tolerance, or, if that is asked for, its
    outputs stay where they are: from one time to the next, less than that share of them moves.
    """
    size, before, misfit = block.size / block.size.max(), np.zeros(block.n_pre), np.inf
    for _ in range(iterations):
        size = size * _factor(block.inputs, sums(block.post, size, block.n_post))[block.post]
        reached = sums(block.pre, size, block.n_pre)
        misfit = _misfit(block, reached)
        moved = float(np.abs(reached - before).sum() / block.outputs.sum())
        if misfit <= tolerance or (approximate and moved <= tolerance):
            return size, misfit
        before = reached
        size = size * _factor(block.outputs, reached)[block.pre]
    if approximate:
        reason = f"a share of {moved:.2g} of all outputs still moves each time"
    elif outputs == "equal":
        reason = why_not(block.pre, block.post, block.n_pre, block.n_post)
    else:
        reason = "weights on these edges can meet them, but come near slowly"
    raise NetworkError(
        f"sinkhorn: after {iterations} iterations the {KINDS[block.sign]} outputs of neurons miss "
        f"their targets by up to {misfit:.2g} times the target, and {tolerance:g} is asked for: "
        f"{reason}. " + _advice(outputs, approximate)
    )


def _advice(outputs: str, approximate: bool) -> str:
    more = "take more iterations or a larger tolerance"
    if outputs == "shared" or approximate:
        return more[0].upper() + more[1:]
    return (
        "Take outputs='shared', which every network can meet, or approximate=True for inputs that "
        f"are exact and outputs as near as these edges come, or {more}"
    )


def _misfit(block: Block, reached: Real) -> float:
    gives = block.outputs > 0
    return float(np.abs(reached[gives] / block.outputs[gives] - 1).max())


def _factor(wanted: Real, reached: Real) -> Real:
    """What sums are to be multiplied by; a sum that has gone down to 0 stays there."""
    return np.divide(wanted, reached, out=np.zeros_like(wanted), where=reached > 0)
