"""Products of a few rows with a matrix that stays the same, in compiled code.

BLAS copies both factors into its own order in every call, which for few rows takes as long as the
product itself. The matrix of a network does not change: it is put in order once, in panels of
columns of ``width`` that are read from one end to the other, and a tile of the result is kept in
registers over the whole sum. Each entry is one sum in a fixed order, so a row of the result has
the same bits whatever other rows there are.
"""

from __future__ import annotations

__all__ = ["pack", "padded", "times_packed"]

from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import njit, types
from numba.core import cgutils as builder_tools
from numba.core.errors import TypingError
from numba.extending import intrinsic
from numpy.typing import NDArray


def _registers() -> tuple[int, int]:
    """Bytes of a vector register, and rows of a tile: as many as fit with three vectors each."""
    features = binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 64, 8
    if features.get("avx"):
        return 32, 4
    return 16, 8 if binding.get_process_triple().startswith(("aarch64", "arm64")) else 4


VECTOR_BYTES, TILE_ROWS = _registers()
VECTORS = 3

cgutils: Any = builder_tools


def _width(itemsize: int) -> int:
    return VECTORS * VECTOR_BYTES // itemsize


def padded(n: int, dtype: Any) -> int:
    """Columns that the result of :func:`times_packed` must have for a matrix with ``n`` rows."""
    width = _width(np.dtype(dtype).itemsize)
    return -(-n // width) * width


def pack(matrix: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """A matrix (n, m) in panels (padded(n)/width, m, width): the transpose, zeros at the end."""
    n, m = matrix.shape
    width = _width(np.dtype(dtype).itemsize)
    panels = np.zeros((padded(n, dtype) // width, m, width), dtype)
    for j, panel in enumerate(panels):
        part = matrix[j * width : (j + 1) * width]
        panel[:, : len(part)] = part.T
    return panels


def _make_tile(
    typing: Any, n_rows: Any, rows: Any, first: Any, panels: Any, j: Any, out: Any
) -> Any:
    """``out[first : first + n_rows, panel j] = rows[first : ...] panels[j]``."""
    if not isinstance(n_rows, types.IntegerLiteral):
        raise TypingError("the number of rows of a tile is a constant")
    signature = types.void(n_rows, rows, first, panels, j, out)
    count, dtype = n_rows.literal_value, rows.dtype

    def generate(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        _, rows_, first_, panels_, j_, out_ = arguments
        made = [
            context.make_array(t)(context, b, v)
            for t, v in ((rows, rows_), (panels, panels_), (out, out_))
        ]
        real = context.get_value_type(dtype)
        itemsize = dtype.bitwidth // 8
        lanes = VECTOR_BYTES // itemsize
        vector, whole = ir.VectorType(real, lanes), made[0].itemsize.type
        fma = cgutils.get_or_insert_function(
            b.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fma.v{lanes}f{8 * itemsize}"
        )

        def number(value: int) -> Any:
            return ir.Constant(whole, value)

        shapes = [cgutils.unpack_tuple(b, a.shape) for a in made]
        n_terms, n_columns = shapes[0][1], shapes[2][1]
        sources = [
            b.gep(made[0].data, [b.mul(b.add(first_, number(r)), n_terms)]) for r in range(count)
        ]
        panel = b.gep(made[1].data, [b.mul(j_, b.mul(n_terms, number(VECTORS * lanes)))])
        targets = [
            b.gep(
                made[2].data,
                [
                    b.add(
                        b.mul(b.add(first_, number(r)), n_columns),
                        b.mul(j_, number(VECTORS * lanes)),
                    )
                ],
            )
            for r in range(count)
        ]

        def at(pointer: Any, offset: Any) -> Any:
            return b.bitcast(b.gep(pointer, [offset]), vector.as_pointer())

        entry, body, done = b.block, b.append_basic_block("term"), b.append_basic_block("done")
        b.branch(body)
        b.position_at_end(body)
        term = b.phi(whole)
        term.add_incoming(number(0), entry)
        sums = [[b.phi(vector) for _ in range(VECTORS)] for _ in range(count)]
        for row in sums:
            for one in row:
                one.add_incoming(ir.Constant(vector, [0.0] * lanes), entry)
        place = b.mul(term, number(VECTORS * lanes))
        weights = []
        for v in range(VECTORS):
            weights.append(b.load(at(panel, b.add(place, number(v * lanes)))))
            weights[-1].align = itemsize
        undefined = ir.Constant(vector, ir.Undefined)
        index = ir.IntType(32)
        everywhere = ir.Constant(ir.VectorType(index, lanes), [0] * lanes)
        new = []
        for source, row in zip(sources, sums, strict=True):
            value = b.insert_element(
                undefined, b.load(b.gep(source, [term])), ir.Constant(index, 0)
            )
            value = b.shuffle_vector(value, undefined, everywhere)
            new.append([b.call(fma, [value, w, s]) for w, s in zip(weights, row, strict=True)])
        following = b.add(term, number(1))
        term.add_incoming(following, body)
        for row, grown in zip(sums, new, strict=True):
            for one, other in zip(row, grown, strict=True):
                one.add_incoming(other, body)
        b.cbranch(b.icmp_signed("<", following, n_terms), body, done)
        b.position_at_end(done)
        for target, grown in zip(targets, new, strict=True):
            for v, value in enumerate(grown):
                b.store(value, at(target, number(v * lanes))).align = itemsize
        return context.get_dummy_value()

    return signature, generate


_tile: Any = intrinsic(prefer_literal=True)(_make_tile)


@njit(cache=True, nogil=True, error_model="numpy", boundscheck=False)
def times_packed(rows: Any, panels: Any, out: Any) -> None:
    """``out[:, :n] = rows matrix^T`` for a packed matrix (n, m).

    Parameters
    ----------
    rows : (k, m), C order
    panels : see :func:`pack`, of the same type
    out : (k, padded(n)), C order
    """
    k = rows.shape[0]
    for j in range(panels.shape[0]):
        r = 0
        while r + TILE_ROWS <= k:
            _tile(TILE_ROWS, rows, r, panels, j, out)
            r += TILE_ROWS
        left = k - r
        if left == 1:
            _tile(1, rows, r, panels, j, out)
        elif left == 2:
            _tile(2, rows, r, panels, j, out)
        elif left == 3:
            _tile(3, rows, r, panels, j, out)
        elif left == 4:
            _tile(4, rows, r, panels, j, out)
        elif left == 5:
            _tile(5, rows, r, panels, j, out)
        elif left == 6:
            _tile(6, rows, r, panels, j, out)
        elif left == 7:
            _tile(7, rows, r, panels, j, out)
