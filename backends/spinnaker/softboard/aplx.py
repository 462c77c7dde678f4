"""The APLX format of SpiNNaker's binaries, and what the model has to know of their code.

A file begins with commands of four words; an image is what they put into the memory of a core.
``sark_aplx.s`` and ``sark_alib.s`` of spinnaker_tools define them.
"""

from __future__ import annotations

__all__ = ["Image", "read_image"]

import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from neurobridge.errors import BackendError

_COPY, _FILL, _EXECUTE, _END = 2, 3, 4, 0xFF

_SLEEP = 0xEE070F90
"""``mcr p15, 0, r0, c7, c0, 4``: wait for an interrupt."""
_SET_STATUS, _SET_STATUS_MASK = 0xE120F000, 0xFFF0FFF0
"""``msr cpsr_*, rm``."""
_OR, _OR_MASK = 0xE3800000, 0xFFF00000
"""``orr rd, rn, #immediate``."""
_MASK_IRQ = 0x80


@dataclass(frozen=True)
class Image:
    """A program as it lies in the memory of a core.

    Parameters
    ----------
    blocks : tuple of (int, bytes)
        Addresses and what is there.
    sleeps : tuple of int
        Addresses of instructions that wait for an interrupt.
    unmasked : tuple of int
        Addresses just behind instructions that may let interrupts through.
    """

    blocks: tuple[tuple[int, bytes], ...]
    sleeps: tuple[int, ...]
    unmasked: tuple[int, ...]


@cache
def read_image(path: str) -> Image:
    """Read a file; the same one is read once."""
    data = Path(path).read_bytes()
    blocks = []
    for at in range(0, len(data) - 15, 16):
        command, address, source, size = struct.unpack_from("<4I", data, at)
        if command == _COPY:
            blocks.append((address, data[at + source : at + source + size]))
        elif command == _FILL:
            blocks.append((address, struct.pack("<I", size) * (source // 4)))
        elif command in (_EXECUTE, _END):
            code = next((block for address, block in blocks if address == 0), b"")
            return Image(tuple(blocks), *_notable(code))
        else:
            raise BackendError(f"{path} at byte {at}: {command} is not an APLX command")
    raise BackendError(f"{path} is not an APLX file: it has no command that starts it")


def _notable(code: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    words = struct.unpack(f"<{len(code) // 4}I", code[: len(code) // 4 * 4])
    sleeps = tuple(4 * i for i, word in enumerate(words) if word == _SLEEP)
    unmasked = tuple(
        4 * (i + 1)
        for i, word in enumerate(words)
        if word & _SET_STATUS_MASK == _SET_STATUS and not _only_masks(words[i - 1], word & 0xF)
    )
    return sleeps, unmasked


def _only_masks(before: int, register: int) -> bool:
    """Whether the instruction before sets the mask of interrupts in the register."""
    return (
        before & _OR_MASK == _OR
        and before >> 12 & 0xF == register
        and before & 0xF00 == 0
        and bool(before & _MASK_IRQ)
    )
