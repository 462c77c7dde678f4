"""A core: processor, own memory, devices, and how interrupts reach it.

Nothing happens while a core sleeps. :meth:`Core.wake` runs it until it sleeps again with no
interrupt to come. Interrupts are looked for where the program lets them through and where it
sleeps, so where exactly they interrupt it depends on the program alone.
"""

from __future__ import annotations

__all__ = ["Core"]

import ctypes
import mmap
import struct
from functools import partial
from typing import TYPE_CHECKING

from neurobridge.backends.spinnaker.softboard.aplx import Image
from neurobridge.backends.spinnaker.softboard.communications import CommunicationsController
from neurobridge.backends.spinnaker.softboard.diagnosis import core_error
from neurobridge.backends.spinnaker.softboard.engine import (
    CPSR,
    LR,
    PC,
    R0,
    SPSR,
    Engine,
    Fault,
    HangError,
)
from neurobridge.backends.spinnaker.softboard.interrupts import MAILBOX, PACKET, InterruptController
from neurobridge.backends.spinnaker.softboard.memory import SDRAM, SDRAM_SIZE, SYSRAM, SYSRAM_SIZE
from neurobridge.backends.spinnaker.softboard.memory import vcpu as vcpu_address
from neurobridge.backends.spinnaker.softboard.program import Program
from neurobridge.backends.spinnaker.softboard.state import State
from neurobridge.backends.spinnaker.softboard.timer import Timer
from neurobridge.backends.spinnaker.softboard.transfers import TransferController

if TYPE_CHECKING:
    from neurobridge.backends.spinnaker.softboard.chip import Chip

_ITCM_SIZE = 0x8000
_DTCM, _DTCM_SIZE = 0x400000, 0x10000
_PAGE = 0x1000
_DTCM_OFFSET = _ITCM_SIZE + 2 * _PAGE
"""Where it is in the memory that the model keeps for a core, after two pages for the stub."""

_MODE, _THUMB, _NO_FIQ, _NO_IRQ = 0x1F, 0x20, 0x40, 0x80
_FIQ, _IRQ = 0x11, 0x12
_FIQ_VECTOR, _IRQ_VECTOR = 0x1C, 0x18
_SUPERVISOR = 0xD3
"""Mode in which a program starts, with interrupts masked."""

_STUB, _STUB_DATA = 0x8000, 0x9000
_STUB_CODE = struct.pack(
    "<10I",
    0xE321F0D1,  # msr   cpsr_c, #0xd1      back into the mode of fast interrupts
    0xE59F8014,  # ldr   r8, [pc, #20]      the data: number of interrupts to come, way back
    0xE5989000,  # ldr   r9, [r8]
    0xE2599001,  # subs  r9, r9, #1
    0xE5889000,  # str   r9, [r8]
    0x159FE008,  # ldrne lr, [pc, #8]       not the last: come back to this stub
    0x0598E004,  # ldreq lr, [r8, #4]       the last: go back to the program
    0xE3A0F01C,  # mov   pc, #0x1c          the vector of fast interrupts
    _STUB_DATA,
    _STUB + 4,
)
"""What a core does between two packets that arrive together. Real hardware interrupts it again; the
emulator cannot do so by itself, and leaving it for each packet takes longer than all the rest. No
chip has memory at these addresses. Registers r8 to r14 are those of fast interrupts alone, and the
flags come back with the status that the handler restores."""

_MAX_INTERRUPTS = 200_000
"""Stops that a core may make before it sleeps; more never end."""


class Core:
    """Core ``p`` of a chip."""

    def __init__(self, chip: Chip, p: int) -> None:
        self.chip, self.p = chip, p
        self._own = mmap.mmap(-1, _DTCM_OFFSET + _DTCM_SIZE)
        self._memory = memoryview(self._own)
        self._stub_data = self._memory[_STUB_DATA : _STUB_DATA + 8]
        self._processor = Engine(chip.watchdog)
        self._pc = 0
        self._asleep = True
        self.program: Program | None = None
        self.fault_pc = 0
        """Where the last fault was."""
        self.interrupts = InterruptController()
        self.communications = CommunicationsController(self.interrupts)
        self.timer = Timer(self.interrupts)

    def close(self) -> None:
        """Free the processor and its memory."""
        self._processor.close()
        self._stub_data.release()
        self._memory.release()
        self._own.close()

    @property
    def state(self) -> State:
        """What SARK says of it."""
        return State(self.chip.memory.view(vcpu_address(self.p) + 46, 1)[0])

    def set_user(self, number: int, value: int) -> None:
        """Set one of the words by which the host talks to a program before it starts."""
        self.chip.memory.set_word(vcpu_address(self.p) + 112 + 4 * number, value)

    @property
    def pc(self) -> int:
        """Where the program is."""
        return self._pc

    def load(self, image: Image, application: int, program: Program) -> None:
        """Put a program into the core and run it until it sleeps.

        Parameters
        ----------
        image : Image
        application : int
            Number by which SARK knows what belongs together.
        program : Program
            What errors say of it.
        """
        self.program, self.fault_pc = program, 0
        self._build(image)
        self._processor.write(R0, application)
        self._processor.write(CPSR, _SUPERVISOR)
        self._pc, self._asleep = 0, False
        self.wake()

    def nudge(self) -> None:
        """Wake the core to look around, by an interrupt without a message."""
        self.interrupts.lines |= MAILBOX
        self.wake()

    def tick(self) -> None:
        """Begin a step."""
        self.timer.tick()
        self.wake()

    def wake(self) -> None:
        """Run until the core sleeps and no interrupt is due.

        Raises
        ------
        ChipError
            The program died, or does not sleep.
        """
        try:
            for _ in range(_MAX_INTERRUPTS):
                if self._asleep:
                    if not self.interrupts.lines & self.interrupts.enabled:
                        break
                    self._pc += 4
                self._resume()
            else:
                raise HangError(f"it answered {_MAX_INTERRUPTS:,} interrupts and did not sleep")
        except HangError as err:
            raise core_error(self, str(err)) from None
        if self.state in (State.RUN_TIME_EXCEPTION, State.WATCHDOG):
            raise core_error(self)

    # ---- running --------------------------------------------------------------------------------

    def _resume(self) -> None:
        """Go on, with an interrupt if one is due and let through, until the next stop."""
        raised = self.interrupts.lines & self.interrupts.enabled
        if not raised:
            self._run(self._pc)
            return
        status, fast = self._processor.read(CPSR), raised & self.interrupts.fast
        if fast and not status & _NO_FIQ:
            self._answer_fast(status, fast)
        elif raised != fast and not status & _NO_IRQ:
            self._enter(_IRQ, self._pc, status)
            self._run(_IRQ_VECTOR)
        else:
            self._run(self._pc)

    def _answer_fast(self, status: int, raised: int) -> None:
        """Answer fast interrupts: one for each packet that waits, without stopping in between."""
        n = self.communications.n_received if raised & PACKET else 1
        self._stub_data[:] = struct.pack("<2I", n, self._pc + 4)
        self._enter(_FIQ, self._pc, status)
        self._run(_STUB + 4)

    def _enter(self, mode: int, back: int, status: int) -> None:
        """What the processor does at an interrupt; the handler returns to ``back``."""
        masks = _NO_IRQ | _NO_FIQ if mode == _FIQ else _NO_IRQ
        self._processor.write(CPSR, status & ~(_MODE | _THUMB) | masks | mode)
        self._processor.write(SPSR, status)
        self._processor.write(LR, back + 4)

    def _run(self, start: int) -> None:
        self._asleep = False
        try:
            self._processor.run(start)
        except Fault as fault:
            self._enter_fault(fault)
            return
        self._pc = self._processor.read(PC)

    def _enter_fault(self, fault: Fault) -> None:
        """What the processor does at a fault; SARK's handler writes down what happened."""
        status, pc = self._processor.read(CPSR), self._processor.read(PC)
        self._processor.write(CPSR, status & ~(_MODE | _THUMB) | _NO_IRQ | fault.mode)
        self._processor.write(SPSR, status)
        self._processor.write(LR, pc + fault.offset)
        self._pc, self.fault_pc = fault.vector, pc

    def _sleep(self) -> None:
        self._asleep = True
        self._processor.stop()

    def _unmask(self, address: int) -> None:
        """Stop where an interrupt that waits is let through."""
        raised = self.interrupts.lines & self.interrupts.enabled
        if not raised:
            return
        status, fast = self._processor.read(CPSR), raised & self.interrupts.fast
        if fast and not status & _NO_FIQ:
            self._processor.stop()
        elif raised != fast and not status & _NO_IRQ:
            self._enter(_IRQ, address, status)
            self._processor.write(PC, _IRQ_VECTOR)

    # ---- building -------------------------------------------------------------------------------

    def _build(self, image: Image) -> None:
        """A new processor with the image in its memory, and devices as after a reset."""
        self._processor.close()
        self._processor = Engine(self.chip.watchdog)
        self._memory[:] = bytes(len(self._memory))
        self._memory[_STUB : _STUB + len(_STUB_CODE)] = _STUB_CODE
        for address, block in image.blocks:
            self._view(address, len(block))[:] = block
        self._map_memory()
        self._map_devices()
        for address in image.sleeps:
            self._processor.hook(address, self._sleep)
        for address in image.unmasked:
            self._processor.hook(address, partial(self._unmask, address))

    def _map_memory(self) -> None:
        own = ctypes.addressof(ctypes.c_char.from_buffer(self._own))
        self._processor.map_memory(0, _DTCM_OFFSET, own)
        self._processor.map_memory(_DTCM, _DTCM_SIZE, own + _DTCM_OFFSET)
        sdram, sysram = self.chip.memory.pointers
        for uncached in (0, 0x10000000):
            self._processor.map_memory(SDRAM + uncached, SDRAM_SIZE, sdram)
            self._processor.map_memory(SYSRAM + uncached, SYSRAM_SIZE, sysram)

    def _map_devices(self) -> None:
        self.interrupts = vic = InterruptController()
        self.communications = CommunicationsController(vic)
        self.timer = Timer(vic)
        transfers = TransferController(self.p, self._view, vic)
        system = self.chip.system
        for addresses, size, device in (
            ((0x10000000, 0x20000000), _PAGE, self.communications),
            ((0x11000000, 0x21000000), _PAGE, self.timer),
            ((0x1F000000, 0x2F000000, 0xFFFFF000), _PAGE, vic),
            ((0x30000000, 0x40000000), _PAGE, transfers),
            ((0xE1000000, 0xF1000000), 0x20000, _ROUTER),
            ((0xE2000000, 0xF2000000), _PAGE, system),
        ):
            self._processor.map_device(addresses, size, device.read, device.write)

    def _view(self, address: int, n_bytes: int) -> memoryview:
        """Memory of the core or of the chip."""
        if address + n_bytes <= _ITCM_SIZE:
            return self._memory[address : address + n_bytes]
        offset = address - _DTCM
        if 0 <= offset <= _DTCM_SIZE - n_bytes:
            start = _DTCM_OFFSET + offset
            return self._memory[start : start + n_bytes]
        return self.chip.memory.view(address, n_bytes)


class _Router:
    """The router as a core sees it: its counters are 0, and what is written is ignored."""

    def read(self, _offset: int) -> int:
        return 0

    def write(self, _offset: int, _value: int) -> None:
        pass


_ROUTER = _Router()
