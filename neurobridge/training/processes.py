"""Several processes: one script, started once more for each, that share batches."""

from __future__ import annotations

__all__ = ["is_helper", "refuse_together", "refuse_wrong_place", "sum_over_processes", "together"]

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import lightning.pytorch as lightning
import torch
from torch import distributed

from neurobridge.errors import TrainingError

RANK = "LOCAL_RANK"
"""Where Lightning (and torchrun) say which process this is."""

STARTED = "NEUROBRIDGE_FIT_SHARED"
"""Set from when a script shares its training with others on; they inherit it."""

PATIENCE_S = 20.0
"""How long processes may take to end after the training that they shared."""

PLACES = (RANK, "MASTER_ADDR", "MASTER_PORT", "NODE_RANK", "WORLD_SIZE", "OMP_NUM_THREADS")


def is_helper(processes: int) -> bool:
    """Whether this process was started to share the batches of another."""
    return processes > 1 and os.environ.get(RANK, "0") != "0"


def refuse_wrong_place(processes: int) -> None:
    """A helper runs the script from its beginning: training that is shared must come first.

    Raises
    ------
    TrainingError
    """
    if STARTED not in os.environ:
        return
    helps = os.environ.get(RANK, "0") != "0"
    if helps and processes == 1:
        raise TrainingError(
            "the other processes of fit(processes=...) run the script from its beginning, and came "
            "to a fit in one process first; train with several processes first, or in a script of "
            "its own"
        )
    if not helps and processes > 1:
        raise TrainingError(
            "a script can train with several processes once, since the others run it from its "
            "beginning and end with that training; use a script for each, or processes=1"
        )


@contextmanager
def together(trainer: lightning.Trainer) -> Iterator[None]:
    """Surroundings of training in several processes; afterwards they are as before."""
    if trainer.world_size == 1:
        yield
        return
    before = {name: os.environ.get(name) for name in PLACES}
    os.environ[STARTED] = "1"
    try:
        yield
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()
        _wait_for(getattr(trainer.strategy.launcher, "procs", []))
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _wait_for(helpers: list[subprocess.Popen[bytes]]) -> None:
    """Let helpers end; then Lightning need not watch them any more."""
    for helper in helpers:
        try:
            helper.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            helper.kill()
            helper.wait()
    helpers.clear()


def _is_shared() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def sum_over_processes(value: torch.Tensor) -> torch.Tensor:
    """The sum of a tensor over all processes."""
    if _is_shared():
        distributed.all_reduce(value)
    return value


def refuse_together(wrong: str | None) -> None:
    """Raise in all processes what is wrong in any, so that none waits for one that has ended.

    Raises
    ------
    TrainingError
    """
    found = [wrong]
    if _is_shared() and sum_over_processes(torch.tensor(float(wrong is not None))):
        found = [None] * distributed.get_world_size()
        distributed.all_gather_object(found, wrong)
    for message in found:
        if message is not None:
            raise TrainingError(message)
