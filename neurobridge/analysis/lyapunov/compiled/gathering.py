"""Sums over edges of a few columns, kept in registers.

The sum over all edges of a target is taken in one go, for as many columns as fit into the vector
registers, in the order of the edges: so a column has the same bits whatever other columns there
are.
"""

from __future__ import annotations

__all__ = ["columns_of_block", "edges_times_columns"]

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils as builder_tools
from numba.core.errors import TypingError
from numba.extending import intrinsic

from neurobridge.analysis.lyapunov.compiled.packed import VECTOR_BYTES

MOST = 8
"""Vector registers of a sum."""

cgutils: Any = builder_tools


def columns_of_block(k: int, dtype: Any) -> int:
    """Columns that are carried together: as many as registers hold, or whole vectors of fewer."""
    lanes: int = VECTOR_BYTES // np.dtype(dtype).itemsize
    return min(MOST, -(-max(k, 1) // lanes)) * lanes


def _make_gather(
    typing: Any, n_vectors: Any, first: Any, last: Any, source: Any, weight: Any, columns: Any,
    out: Any, row: Any,
) -> Any:  # fmt: skip
    """``out[row, :] = sum over edges of weight * columns[source, :]``."""
    if not isinstance(n_vectors, types.IntegerLiteral):
        raise TypingError("the number of vectors is a constant")
    signature = types.void(n_vectors, first, last, source, weight, columns, out, row)
    count, itemsize = n_vectors.literal_value, columns.dtype.bitwidth // 8
    lanes = VECTOR_BYTES // itemsize

    def generate(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        _, first_, last_, source_, weight_, columns_, out_, row_ = arguments
        sources, weights, signals, result = (
            context.make_array(kind)(context, b, value)
            for kind, value in (
                (source, source_), (weight, weight_), (columns, columns_), (out, out_)
            )
        )  # fmt: skip
        real, whole = context.get_value_type(columns.dtype), first_.type
        vector, index = ir.VectorType(real, lanes), ir.IntType(32)
        fma = cgutils.get_or_insert_function(
            b.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fma.v{lanes}f{8 * itemsize}"
        )
        width = cgutils.unpack_tuple(b, signals.shape)[1]

        def at(pointer: Any, place: int) -> Any:
            moved = b.gep(pointer, [ir.Constant(whole, place * lanes)])
            return b.bitcast(moved, vector.as_pointer())

        entry = b.block
        head, body, done = (b.append_basic_block(name) for name in ("head", "edge", "done"))
        b.branch(head)
        b.position_at_end(head)
        edge = b.phi(whole)
        edge.add_incoming(first_, entry)
        sums = [b.phi(vector) for _ in range(count)]
        for one in sums:
            one.add_incoming(ir.Constant(vector, [0.0] * lanes), entry)
        b.cbranch(b.icmp_signed("<", edge, last_), body, done)
        b.position_at_end(body)
        undefined = ir.Constant(vector, ir.Undefined)
        everywhere = ir.Constant(ir.VectorType(index, lanes), [0] * lanes)
        value = b.load(b.gep(weights.data, [edge]))
        value = b.insert_element(undefined, value, ir.Constant(index, 0))
        value = b.shuffle_vector(value, undefined, everywhere)
        place = b.sext(b.load(b.gep(sources.data, [edge])), whole)
        start = b.gep(signals.data, [b.mul(place, width)])
        grown = []
        for v, one in enumerate(sums):
            loaded = b.load(at(start, v))
            loaded.align = itemsize
            grown.append(b.call(fma, [value, loaded, one]))
        following = b.add(edge, ir.Constant(whole, 1))
        edge.add_incoming(following, b.block)
        for one, new in zip(sums, grown, strict=True):
            one.add_incoming(new, b.block)
        b.branch(head)
        b.position_at_end(done)
        target = b.gep(result.data, [b.mul(row_, width)])
        for v, one in enumerate(sums):
            b.store(one, at(target, v)).align = itemsize
        return context.get_dummy_value()

    return signature, generate


_gather: Any = intrinsic(prefer_literal=True)(_make_gather)


@njit(cache=True, nogil=True, error_model="numpy", boundscheck=False)
def edges_times_columns(indptr: Any, source: Any, weight: Any, columns: Any, out: Any) -> None:
    """``out = W columns`` over edges by target.

    Parameters
    ----------
    indptr : int64 array (n_post + 1,)
    source : int32 array (E,)
    weight : array (E,), of the type of the columns
    columns : (n_pre, width), C order
        The width is that of :func:`columns_of_block`.
    out : (n_post, width), C order
    """
    vectors = columns.shape[1] * columns.itemsize // VECTOR_BYTES
    for target in range(out.shape[0]):
        first, last = indptr[target], indptr[target + 1]
        if vectors == 8:
            _gather(8, first, last, source, weight, columns, out, target)
        elif vectors == 1:
            _gather(1, first, last, source, weight, columns, out, target)
        elif vectors == 2:
            _gather(2, first, last, source, weight, columns, out, target)
        elif vectors == 3:
            _gather(3, first, last, source, weight, columns, out, target)
        elif vectors == 4:
            _gather(4, first, last, source, weight, columns, out, target)
        elif vectors == 5:
            _gather(5, first, last, source, weight, columns, out, target)
        elif vectors == 6:
            _gather(6, first, last, source, weight, columns, out, target)
        else:
            _gather(7, first, last, source, weight, columns, out, target)
