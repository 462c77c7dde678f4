"""The processes of a run under ``mpirun``: who owns what, and how all get the same.

This file stands alone: it needs ``numpy``, and under ``mpirun`` also ``nest`` and ``mpi4py``. An
exported project carries a copy of it under the name ``nest_ranks.py``.

Every process describes the same network and makes the same calls in the same order. NEST gives node
``i`` to process ``i`` modulo their number; edges and recorded data lie with the neuron.
"""

from __future__ import annotations

__all__ = [
    "RankError",
    "joined",
    "n_processes",
    "once",
    "own_rank",
    "owned",
    "refuse_wheel",
    "started",
    "world",
]

import os
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Made = TypeVar("Made")

SIZES = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE")
"""Where Open MPI, MPICH (and its relatives) and MVAPICH tell how many processes they started."""


class RankError(RuntimeError):
    """Processes were started together that cannot work together."""


def started() -> int:
    """How many processes ``mpirun`` started; 1 without it."""
    return max(int(os.environ.get(name) or 1) for name in SIZES)


@cache
def world() -> Any:
    """The communicator of all processes, or None if there is one only.

    Raises
    ------
    RankError
        If NEST has no MPI, mpi4py is missing, or it speaks to another MPI than NEST does.
    """
    import nest

    if nest.num_processes == 1:
        _refuse_copies(started())
        return None
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as err:  # RuntimeError if it finds no MPI library
        first = str(err).partition("\n")[0]
        raise RankError(
            f"NEST runs on {nest.num_processes} processes, and what they record is joined by "
            f"mpi4py, which cannot be imported ({first}): pip install mpi4py"
        ) from err
    if MPI.COMM_WORLD.size != nest.num_processes:
        raise RankError(
            f"NEST runs on {nest.num_processes} processes and mpi4py sees {MPI.COMM_WORLD.size}: "
            "they use different MPI libraries. Build mpi4py with the MPI of NEST: MPICC=mpicc pip "
            "install --no-binary mpi4py mpi4py"
        )
    return MPI.COMM_WORLD


def n_processes() -> int:
    """How many processes run this network together."""
    everyone = world()
    return 1 if everyone is None else int(everyone.size)


def own_rank() -> int:
    """Which of them this process is, from 0 on."""
    everyone = world()
    return 0 if everyone is None else int(everyone.rank)


def refuse_wheel() -> None:
    """Before NEST is imported: the wheel has no MPI, and would end this process without a word.

    Raises
    ------
    RankError
    """
    spec = find_spec("nest")
    if spec is not None and spec.origin and (Path(spec.origin).parent / "include/nest").is_dir():
        _refuse_copies(started())


def _refuse_copies(count: int) -> None:
    if count > 1:
        raise RankError(
            f"{count} processes were started together, and this NEST has no MPI, so each would "
            "run the whole network. Start one process (threads=... uses its cores), or use a NEST "
            "with MPI, which tools/nest_with_mpi.sh builds. For independent runs, start each with "
            f"'env {' '.join(f'-u {name}' for name in SIZES)}'"
        )


def owned(target: Array) -> Array | slice:
    """Which of the nodes ``target`` (global ids) belong to this process, as indices or a slice.

    At least one is returned, which NEST passes over if it is another's: every process must
    connect when one of them does.
    """
    everyone = world()
    if everyone is None:
        return slice(None)
    mine = np.flatnonzero(target % everyone.size == everyone.rank)
    return mine if mine.size else np.zeros(1, np.int64)


def joined(column: Array) -> Array:
    """Join what the processes hold, in their order; each of them gets all of it."""
    everyone = world()
    if everyone is None:
        return column
    sizes = everyone.allgather(len(column))
    whole = np.empty(sum(sizes), column.dtype)
    everyone.Allgatherv(np.ascontiguousarray(column), [whole, sizes])
    return whole


def once(make: Callable[[], Made]) -> Made:
    """What the first process makes, for all of them; an error there is raised by each."""
    everyone = world()
    if everyone is None:
        return make()
    made: tuple[Made | None, Exception | None] = (None, None)
    if everyone.rank == 0:
        try:
            made = make(), None
        except Exception as err:
            made = None, err
    result, error = everyone.bcast(made)
    if error is not None:
        raise error
    done: Made = result
    return done
