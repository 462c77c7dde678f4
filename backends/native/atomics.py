"""What threads of compiled code need to wait for each other, and a hint to load memory early."""

from __future__ import annotations

__all__ = ["prefetch", "wait_for_all"]

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic as numba_intrinsic

intrinsic: Callable[[Any], Any] = numba_intrinsic

SPINS = 2000
"""Looks at the counter before the processor is offered to others."""

_yield = types.ExternalFunction("sched_yield", types.int32())


@intrinsic
def _add(typing: Any, array: Any, value: Any) -> Any:
    """Atomic ``array[0] += value``; the value before."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.atomic_rmw("add", data, args[1], "seq_cst")

    return types.int64(array, types.int64), generate


@intrinsic
def _load(typing: Any, array: Any) -> Any:
    """Atomic ``array[0]``."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.load_atomic(data, "seq_cst", 8)

    return types.int64(array), generate


@njit(cache=True, nogil=True)
def wait_for_all(counter: Any, threads: Any) -> None:
    """Returns when all threads have called it as often as this one; ``counter`` is int64 (8,)."""
    if threads == 1:
        return
    target = (_add(counter, 1) // threads + 1) * threads
    looks = 0
    while _load(counter) < target:
        looks += 1
        if looks > SPINS:
            _yield()


@intrinsic
def prefetch(typing: Any, array: Any, index: Any) -> Any:
    """Ask for the cache line of ``array[index]``; nothing else happens."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        at = builder.bitcast(builder.gep(data, [args[1]]), cgutils.voidptr_t)
        word = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, word, word, word])
        insert: Any = cgutils.get_or_insert_function
        function = insert(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [at, word(1), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(array, index), generate
