"""Whether neurons can have equal inputs and equal outputs on given edges, by a maximum flow."""

from __future__ import annotations

__all__ = ["why_not"]

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int32]

LARGEST_FLOW = 2**31 - 1
"""SciPy's flows are int32."""


def why_not(pre: Index, post: Index, n_pre: int, n_post: int) -> str:
    """Why weights on these edges do not come to equal sums of rows and equal sums of columns.

    Neurons without edges do not count. In whole units, each of C presynaptic neurons gives R, and
    each of R postsynaptic ones takes C. Such weights exist if a flow can carry all, and they are
    positive on all edges if every edge lies on a cycle of what the flow leaves free (Rothblum &
    Schneider 1989, Linear Algebra Appl. 114/115:737).
    """
    givers, source = np.unique(pre, return_inverse=True)
    takers, target = np.unique(post, return_inverse=True)
    gives, takes = _units(givers.size, takers.size)
    if gives * givers.size > LARGEST_FLOW:
        return (
            f"whether weights on these {pre.size:,} edges can meet them is not known, for so large "
            "a network is not examined"
        )
    flow, free = _flow(source, target, givers.size, takers.size, gives, takes)
    if flow < gives * givers.size:
        return _bottleneck(free, givers, source, target, takers.size)
    vanishing = _vanishing(free, source, target, givers.size)
    if vanishing:
        return (
            f"only weights of which {vanishing:,} of {pre.size:,} are 0 can, so that these shrink "
            "for ever (the matrix has support, but no total support)"
        )
    return "weights on these edges can meet them, but come near slowly"


def _units(n_givers: int, n_takers: int) -> tuple[int, int]:
    """What each gives and what each takes, in whole numbers."""
    common = math.gcd(n_givers, n_takers)
    return n_takers // common, n_givers // common


def _flow(
    source: Any, target: Any, n_givers: int, n_takers: int, gives: int, takes: int
) -> tuple[int, Any]:
    """Size of a maximum flow, and the graph of what it leaves free.

    Nodes are the givers, the takers, where the flow begins, and where it ends; no edge gets full.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_flow

    n = n_givers + n_takers + 2
    begin, end = n - 2, n - 1
    pairs = np.unique(source.astype(np.int64) * n_takers + target)
    tails = [pairs // n_takers, np.full(n_givers, begin), n_givers + np.arange(n_takers)]
    heads = [n_givers + pairs % n_takers, np.arange(n_givers), np.full(n_takers, end)]
    room = [np.full(pairs.size, gives + takes), np.full(n_givers, gives), np.full(n_takers, takes)]
    capacity = csr_array(
        (np.concatenate(room).astype(np.int32), (np.concatenate(tails), np.concatenate(heads))),
        shape=(n, n),
    )
    found = maximum_flow(capacity, begin, end)
    free = csr_array(capacity - found.flow)
    free.eliminate_zeros()
    return int(found.flow_value), free


def _bottleneck(free: Any, givers: Any, source: Any, target: Any, n_takers: int) -> str:
    """The neurons that would give more than those that they reach take."""
    from scipy.sparse.csgraph import breadth_first_order

    reached = breadth_first_order(free, free.shape[0] - 2, return_predecessors=False)
    crowded = np.sort(reached[reached < givers.size])
    takers = np.unique(target[np.isin(source, crowded)]).size
    share = n_takers / givers.size
    return (
        f"no weights can. {crowded.size:,} of {givers.size:,} neurons, the first of them neuron "
        f"{givers[crowded[0]]}, reach no more than {takers:,}; with equal outputs they would give "
        f"what {crowded.size * share:.3g} neurons are to receive"
    )


def _vanishing(free: Any, source: Any, target: Any, n_givers: int) -> int:
    """Number of edges that are 0 in every flow of that size."""
    from scipy.sparse.csgraph import connected_components

    _, component = connected_components(free, directed=True, connection="strong")
    return int((component[source] != component[n_givers + target]).sum())
