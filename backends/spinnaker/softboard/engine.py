"""An ARM9 core as Unicorn (QEMU) runs it: registers, mapped memory, hooks, run and stop.

The functions of Unicorn's library are called directly. Its Python classes make every access to a
device about four times as expensive, and a spike is some twenty accesses.
"""

from __future__ import annotations

__all__ = ["CPSR", "LR", "PC", "R0", "SPSR", "Engine", "Fault", "HangError"]

import ctypes
from collections.abc import Callable
from typing import Any

from unicorn import arm_const, unicorn_const
from unicorn.unicorn_py3.unicorn import (
    HOOK_CODE_CFUNC,
    HOOK_INTR_CFUNC,
    MMIO_READ_CFUNC,
    MMIO_WRITE_CFUNC,
    uclib,
)

from neurobridge.backends.spinnaker.softboard.watchdog import Watchdog
from neurobridge.errors import BackendError

R0, PC, CPSR, SPSR, LR = (
    arm_const.UC_ARM_REG_R0,
    arm_const.UC_ARM_REG_PC,
    arm_const.UC_ARM_REG_CPSR,
    arm_const.UC_ARM_REG_SPSR,
    arm_const.UC_ARM_REG_LR,
)

_NOWHERE = 0xFFFFFFFE
"""Emulation would stop at this address, which no program gets to."""

_FLUSH = ctypes.c_int(unicorn_const.UC_CTL_IO_WRITE << 30 | unicorn_const.UC_CTL_TB_FLUSH)
_EVERYTHING = unicorn_const.UC_PROT_ALL
_EXCEPTION_UNDEFINED = 1
"""QEMU's number of the exception of an undefined instruction."""


class HangError(BackendError):
    """A core never waits for an interrupt."""


class Fault(Exception):  # noqa: N818 - what hardware calls a fault; a core handles it
    """The core did what real hardware answers with an exception.

    ``vector`` is the address that the core goes to, ``mode`` the processor mode there, and
    ``offset`` what the link register has beyond the faulting instruction.
    """

    def __init__(self, vector: int, mode: int, offset: int) -> None:
        super().__init__(f"exception 0x{vector:02x}")
        self.vector, self.mode, self.offset = vector, mode, offset


_UNDEFINED = (0x04, 0x1B, 4)
_FAULTS = {
    unicorn_const.UC_ERR_READ_UNMAPPED: (0x10, 0x17, 8),
    unicorn_const.UC_ERR_WRITE_UNMAPPED: (0x10, 0x17, 8),
    unicorn_const.UC_ERR_READ_UNALIGNED: (0x10, 0x17, 8),
    unicorn_const.UC_ERR_WRITE_UNALIGNED: (0x10, 0x17, 8),
    unicorn_const.UC_ERR_FETCH_UNMAPPED: (0x0C, 0x17, 4),
    unicorn_const.UC_ERR_INSN_INVALID: _UNDEFINED,
    unicorn_const.UC_ERR_EXCEPTION: _UNDEFINED,
}


class Engine:
    """A processor with nothing but what is mapped into it."""

    def __init__(self, watchdog: Watchdog) -> None:
        self._handle = ctypes.c_void_p()
        mode = unicorn_const.UC_MODE_ARM | unicorn_const.UC_MODE_ARM926
        _check(uclib.uc_open(unicorn_const.UC_ARCH_ARM, mode, ctypes.byref(self._handle)))
        self._watchdog = watchdog
        self._kept: list[object] = []
        """Callbacks that the library calls; Python must not collect them."""
        self._hooks: list[ctypes.c_size_t] = []
        self._error: BaseException | None = None
        self._register = ctypes.c_uint64()
        self._register_at = ctypes.byref(self._register)
        self._undefined = self._stopped = False
        self._hook(unicorn_const.UC_HOOK_INTR, HOOK_INTR_CFUNC(self._on_exception), 1, 0)

    def close(self) -> None:
        """Free the processor."""
        if self._handle:
            uclib.uc_close(self._handle)
            self._handle = ctypes.c_void_p()
        self._kept.clear()

    # ---- what it is made of ---------------------------------------------------------------------

    def map_memory(self, address: int, size: int, pointer: int) -> None:
        """Memory of this process at ``pointer`` becomes memory of the core."""
        _check(
            uclib.uc_mem_map_ptr(self._handle, address, size, _EVERYTHING, ctypes.c_void_p(pointer))
        )

    def map_device(
        self,
        addresses: tuple[int, ...],
        size: int,
        read: Callable[[int], int],
        write: Callable[[int, int], None],
    ) -> None:
        """Accesses beyond an address call ``read(offset)`` or ``write(offset, value)``."""

        def on_read(_engine: int, offset: int, _size: int, _key: int) -> int:
            try:
                return read(offset)
            except BaseException as err:
                self._fail(err)
                return 0

        def on_write(_engine: int, offset: int, _size: int, value: int, _key: int) -> None:
            try:
                write(offset, value)
            except BaseException as err:
                self._fail(err)

        calls = MMIO_READ_CFUNC(on_read), MMIO_WRITE_CFUNC(on_write)
        self._kept += calls
        reading, writing = (ctypes.cast(call, ctypes.c_void_p) for call in calls)
        for address in addresses:
            _check(uclib.uc_mmio_map(self._handle, address, size, reading, None, writing, None))

    def hook(self, address: int, reached: Callable[[], None]) -> None:
        """Call ``reached()`` before the instruction at ``address``."""

        def on_code(_engine: int, _address: int, _size: int, _key: int) -> None:
            try:
                reached()
            except BaseException as err:
                self._fail(err)

        self._hook(unicorn_const.UC_HOOK_CODE, HOOK_CODE_CFUNC(on_code), address, address)

    # ---- running --------------------------------------------------------------------------------

    def read(self, register: int) -> int:
        """Value of a register."""
        uclib.uc_reg_read(self._handle, register, self._register_at)
        return self._register.value & 0xFFFFFFFF

    def write(self, register: int, value: int) -> None:
        """Set a register."""
        self._register.value = value
        uclib.uc_reg_write(self._handle, register, self._register_at)

    def run(self, start: int) -> None:
        """Run from ``start`` (bit 0: Thumb) until :meth:`stop`.

        Raises
        ------
        Fault
            The core did what real hardware answers with an exception.
        HangError
            It ran for longer than the budget of instructions without stopping.
        """
        self._stopped = False
        self._watchdog.start(self._interrupt)
        status = uclib.uc_emu_start(self._handle, start, _NOWHERE, 0, 0)
        self._watchdog.end()
        if self._was_interrupted(status):
            status = self._run_counted()
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        if self._undefined or status in _FAULTS:
            self._undefined = False
            raise Fault(*_FAULTS.get(status, _UNDEFINED))
        _check(status)

    def stop(self) -> None:
        """Let :meth:`run` return after this instruction."""
        self._stopped = True
        uclib.uc_emu_stop(self._handle)

    # ---- details --------------------------------------------------------------------------------

    def _hook(self, kind: int, call: Any, first: int, last: int) -> None:
        self._kept.append(call)
        number = ctypes.c_size_t()
        _check(
            uclib.uc_hook_add(
                self._handle,
                ctypes.byref(number),
                kind,
                ctypes.cast(call, ctypes.c_void_p),
                None,
                first,
                last,
            )
        )

    def _run_counted(self) -> int:
        """Go on with a budget of instructions. Code is translated anew, to count and not to."""
        start, budget = self.read(PC) | self.read(CPSR) >> 5 & 1, self._watchdog.budget
        uclib.uc_ctl(self._handle, _FLUSH)
        status: int = uclib.uc_emu_start(self._handle, start, _NOWHERE, 0, budget)
        uclib.uc_ctl(self._handle, _FLUSH)
        if self._was_interrupted(status):
            raise HangError(
                f"the core ran for {budget:,} instructions without waiting for an interrupt, "
                f"and is at 0x{self.read(PC):08x}"
            )
        return status

    def _was_interrupted(self, status: int) -> bool:
        return not self._stopped and status == unicorn_const.UC_ERR_OK

    def _interrupt(self) -> None:
        uclib.uc_emu_stop(self._handle)

    def _on_exception(self, _engine: int, number: int, _key: int) -> None:
        self._undefined = number == _EXCEPTION_UNDEFINED
        if not self._undefined:
            self._fail(BackendError(f"the core raised exception {number} of the emulator"))
        self.stop()

    def _fail(self, error: BaseException) -> None:
        """Keep the first error of a callback for :meth:`run`, which is what can raise it."""
        if self._error is None:
            self._error = error
        self.stop()


def _check(status: int) -> None:
    if status != unicorn_const.UC_ERR_OK:
        raise BackendError(f"Unicorn: {uclib.uc_strerror(status).decode('ascii')}")
