"""Memory of a chip that all its cores share: SDRAM and system RAM.

System RAM holds what the monitor core prepares for the others: the system variables ``sv`` and a
block of 128 bytes for each core, ``vcpu`` (``sark.h`` of spinnaker_tools names their fields).
"""

from __future__ import annotations

__all__ = ["SDRAM", "SDRAM_SIZE", "SYSRAM", "SYSRAM_SIZE", "Memory", "vcpu"]

import ctypes
import mmap
import struct
from itertools import pairwise

from neurobridge.errors import BackendError

SDRAM, SDRAM_SIZE = 0x60000000, 128 << 20
"""Cached address and size; the same memory is at ``SDRAM + 0x10000000`` without the buffer."""

SYSRAM, SYSRAM_SIZE = 0xE5000000, 0x8000

_SV = SYSRAM + 0x7F00
_VCPU = SYSRAM + 0x7000
_MESSAGES, _N_MESSAGES, _MESSAGE_SIZE = SYSRAM + 0x6000, 8, 296

_LOADED = SDRAM + 0x100
"""What the host loads starts here, and the heap of the application after it ..."""
_USER_TOP = SDRAM + 0x07900000
"""... up to here, where the copy of the routing table is."""
_TAGS = SDRAM + 0x07A00000
_SYSTEM_HEAP = (SDRAM + 0x07B00000, SDRAM + 0x07FF0000)


def vcpu(p: int) -> int:
    """Address of the block of core ``p``."""
    return _VCPU + 128 * p


class Memory:
    """SDRAM and system RAM of chip (x, y), as the monitor leaves them after booting."""

    def __init__(self, x: int, y: int) -> None:
        self._maps = [mmap.mmap(-1, size) for size in (SDRAM_SIZE, SYSRAM_SIZE)]
        self.sdram, self.sysram = (memoryview(m) for m in self._maps)
        self.pointers = tuple(ctypes.addressof(ctypes.c_char.from_buffer(m)) for m in self._maps)
        """Where SDRAM and system RAM lie in this process; valid until :meth:`close`."""
        self._next = _LOADED
        self._fill_system_variables(x, y)

    def close(self) -> None:
        """Give the memory back. No core may run afterwards."""
        self.sdram.release()
        self.sysram.release()
        for m in self._maps:
            m.close()

    # ---- access ---------------------------------------------------------------------------------

    def view(self, address: int, n_bytes: int) -> memoryview:
        """``n_bytes`` at ``address``, to read or write."""
        offset = (address & 0xEFFFFFFF) - SDRAM
        if 0 <= offset <= SDRAM_SIZE - n_bytes:
            return self.sdram[offset : offset + n_bytes]
        offset = (address | 0x10000000) - SYSRAM - 0x10000000
        if 0 <= offset <= SYSRAM_SIZE - n_bytes:
            return self.sysram[offset : offset + n_bytes]
        raise BackendError(
            f"address 0x{address:08x} with {n_bytes} bytes is neither in SDRAM nor in system RAM"
        )

    def read(self, address: int, n_bytes: int) -> bytes:
        """A copy of ``n_bytes``."""
        return bytes(self.view(address, n_bytes))

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        """Put bytes at ``address``."""
        self.view(address, len(data))[:] = data

    def word(self, address: int) -> int:
        """The word of 32 bits at ``address``."""
        return int.from_bytes(self.view(address, 4), "little")

    def set_word(self, address: int, value: int) -> None:
        """Write a word of 32 bits."""
        self.view(address, 4)[:] = (value & 0xFFFFFFFF).to_bytes(4, "little")

    # ---- what the monitor core does -------------------------------------------------------------

    def allocate(self, n_bytes: int) -> int:
        """Address of ``n_bytes`` of SDRAM for what the host loads."""
        address = self._next
        if address + n_bytes > _USER_TOP:
            raise BackendError(
                f"SDRAM of a chip is full: {n_bytes:,} bytes were wanted and "
                f"{_USER_TOP - address:,} are left. Use fewer neurons per core or a larger machine"
            )
        self._next += (n_bytes + 7) & ~7
        return address

    def open_user_heap(self) -> None:
        """Make a heap of what the host left; call it after everything was loaded."""
        base = (self._next + 63) & ~63
        self.set_word(_SV + 0x4C, self._make_heap(base, _USER_TOP - 64))

    def take_message(self) -> int:
        """Address of a free buffer for a message between monitor and cores."""
        address = self.word(_SV + 0x68)
        if not address:
            raise BackendError("no buffer for a message to a core is free: it answered none")
        self.set_word(_SV + 0x68, self.word(address))
        return address

    def collect_messages(self) -> None:
        """Take messages from cores to the monitor, and drop them: nobody is there to read them."""
        flags = self.word(_SV + 0xEC)
        for p in range(18):
            if not flags >> p & 1:
                continue
            mailbox = vcpu(p)
            if self.view(mailbox + 57, 1)[0] == 1:
                self._free_message(self.word(mailbox + 52))
            self.write(mailbox + 57, b"\0")
        self.set_word(_SV + 0xEC, 0)

    def _free_message(self, address: int) -> None:
        self.set_word(address, self.word(_SV + 0x68))
        self.set_word(_SV + 0x68, address)

    def _make_heap(self, base: int, top: int) -> int:
        """An empty heap as SARK keeps it: a root, one free block, and a last block of no size."""
        first, last = base + 16, top - 8
        self.write(base, struct.pack("<4I", first, first, last, last - first - 8))
        self.write(first, struct.pack("<2I", last, 0))
        self.write(last, struct.pack("<2I", 0, 0))
        return base

    def _fill_system_variables(self, x: int, y: int) -> None:
        words = {
            0x1C: 1_000_000,  # network time-out
            0x3C: 12345,  # random seed
            0x48: self._make_heap(SYSRAM + 0x100, SYSRAM + 0x4000),
            0x50: 16384,  # size of the log of a core in bytes
            0x54: _USER_TOP,  # copy of the routing table
            0x58: 32,  # size of a block of system RAM
            0x68: _MESSAGES,  # first free message
            0xCC: _VCPU,
            0xD0: self._make_heap(*_SYSTEM_HEAP),  # logs are allocated here
            0xDC: _TAGS,  # addresses by tag
            0xE4: SYSRAM + 0x4000,  # data by application id
            0xFC: 0x04FF00,  # version of the software
        }
        self.write(_SV, struct.pack("<H", x << 8 | y))
        self.write(_SV + 0x24, struct.pack("<HH", 200, 130))  # MHz of cores and SDRAM
        for offset, value in words.items():
            self.set_word(_SV + offset, value)
        for table in (0x94, 0xA8):  # physical to virtual cores, and back
            self.write(_SV + table, bytes(range(20)))
        self.write(_SV + 0xBC, bytes([18]))  # number of cores
        chain = [_MESSAGES + i * _MESSAGE_SIZE for i in range(_N_MESSAGES)] + [0]
        for message, following in pairwise(chain):
            self.set_word(message, following)
