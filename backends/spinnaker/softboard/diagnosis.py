"""What went wrong on a core, and why that may be."""

from __future__ import annotations

__all__ = ["ChipError", "core_error"]

from typing import TYPE_CHECKING

from neurobridge.backends.spinnaker.softboard.log import decode_log, read_log
from neurobridge.backends.spinnaker.softboard.memory import vcpu
from neurobridge.backends.spinnaker.softboard.program import Program
from neurobridge.backends.spinnaker.softboard.state import State
from neurobridge.errors import BackendError

if TYPE_CHECKING:
    from neurobridge.backends.spinnaker.softboard.core import Core

_CODES = {
    1: "it went to address 0",
    2: "it came to an undefined instruction",
    3: "it made a system call that nobody handles",
    4: "it left its code",
    5: "it used memory that does not exist",
    6: "an interrupt came that nobody handles",
    7: "a fast interrupt came that nobody handles",
    8: "an interrupt came that has no handler",
    9: "it gave up by itself",
    10: "it got no memory",
    11: "it divided by zero",
    12: "its events could not start",
    13: "it gave up because of what its log says",
    14: "it got no memory for its log",
    15: "it enabled an event that does not exist",
    16: "it used a pointer to nothing",
    17: "its packets could not start",
    18: "its timer could not start",
    19: "its runtime system failed",
    20: "its runtime system is of another version",
}
"""Run-time error codes of ``sark.h`` (``enum rte_code_e``), in words."""

_UNDEFINED, _DIVISION = 2, 11

_CAUSES = (
    (
        "failed to allocate memory for bitfield",
        "the memory of the core (64 KB) has no room for the delay extension: neurons times the "
        "longest delay are too many. Shorten delays to the slots of the ring buffers (32 steps "
        "with 256 neurons per core), or put fewer neurons of the sending population on a core",
    ),
    (
        "DTCM",
        "the memory of the core (64 KB) is full. Put fewer neurons on a core "
        "(set_number_of_neurons_per_core), shorten delays, or record less",
    ),
    (
        "allocate",
        "a memory is full. Put fewer neurons on a core (set_number_of_neurons_per_core), shorten "
        "delays, or record less",
    ),
)
"""What stands in a log, and what it means; the first that fits counts."""


class ChipError(BackendError):
    """A program died on a core of the chip model, or does not do what it should.

    Attributes
    ----------
    x, y, p : int
        Chip and core.
    program : Program or None
        What ran there: binary, population, neurons.
    state : State
    code : int
        SARK's run-time error code, 0 if there was none.
    log : tuple of str
        What the program wrote, in words.
    cause : str
        A guess, empty if there is none.
    """

    def __init__(
        self,
        message: str,
        where: tuple[int, int, int],
        program: Program | None,
        state: State,
        code: int,
        log: tuple[str, ...],
        cause: str,
    ) -> None:
        super().__init__(message)
        self.x, self.y, self.p = where
        self.program, self.state, self.code = program, state, code
        self.log, self.cause = log, cause


def core_error(core: Core, reason: str = "") -> ChipError:
    """The error of a core that died, or that did not do what was expected (``reason``)."""
    memory, block = core.chip.memory, vcpu(core.p)
    state = core.state
    code = memory.view(block + 44, 1)[0] if state == State.RUN_TIME_EXCEPTION else 0
    log = decode_log(read_log(memory, core.p))
    cause = _guess(code, log, core.program)
    what = reason or _CODES.get(code, f"it stopped with code {code}")
    where = f"core {core.p} of chip ({core.chip.x}, {core.chip.y})"
    lines = [
        f"{core.program or 'a program'} on {where}: {what}",
        f"likely cause: {cause}" if cause else "",
        f"state {state.name}, pc 0x{core.fault_pc or core.pc:08x}, "
        f"lr 0x{memory.word(block + 40):08x}",
        *(f"log: {line}" for line in log if line.startswith(("[ERROR]", "[WARNING]"))),
    ]
    message = "\n  ".join(line for line in lines if line)
    return ChipError(
        message, (core.chip.x, core.chip.y, core.p), core.program, state, code, log, cause
    )


def _guess(code: int, log: tuple[str, ...], program: Program | None) -> str:
    if code in (_UNDEFINED, _DIVISION):
        zeros = program.zeros() if program else ()
        found = f" Here {', '.join(zeros)} is 0." if zeros else ""
        return (
            "a division by zero. The chip holds parameters as multiples of 2**-15 = 0.0000305 "
            "(s16.15), so a time constant (tau_m, tau_syn) or capacitance (cm) below half of that "
            f"is 0 there.{found} Choose larger values, or scale capacitance and currents together"
        )
    errors = [line for line in log if line.startswith("[ERROR]")]
    return next((cause for text, cause in _CAUSES if any(text in line for line in errors)), "")
