"""What SARK, the runtime of SpiNNaker's programs, says of a core."""

from __future__ import annotations

__all__ = ["State"]

from enum import IntEnum


class State(IntEnum):
    """States of a core by their numbers in ``sark.h`` of spinnaker_tools."""

    DEAD = 0
    POWERED_DOWN = 1
    RUN_TIME_EXCEPTION = 2
    WATCHDOG = 3
    INITIALISING = 4
    READY = 5
    IN_MAIN = 6
    RUNNING = 7
    SYNC0 = 8
    SYNC1 = 9
    PAUSED = 10
    FINISHED = 11
    IDLE = 15
