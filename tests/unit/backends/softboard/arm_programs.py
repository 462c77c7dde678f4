"""Small programs for one core, assembled by hand (``arm-none-eabi-as``), with their source."""

from __future__ import annotations

import struct
from pathlib import Path


def write_image(path: Path, words: str, fill: tuple[int, int, int] | None = None) -> str:
    """An APLX file with code at 0, and ``fill`` (address, bytes, word); returns its path."""
    code = struct.pack(f"<{len(words.split())}I", *(int(w, 16) for w in words.split()))
    commands = [(2, 0, 16 * (3 if fill else 2), len(code))]
    if fill:
        commands.append((3, *fill))
    commands.append((4, 0, 0, 0))
    # A block's place is counted from its command, which is the first here.
    path.write_bytes(b"".join(struct.pack("<4I", *command) for command in commands) + code)
    return str(path)


SPIN = "eafffffe"
"""``b .``"""

LONG = "e3a01603 e2511001 1afffffd ee070f90 eafffffe"
"""Counts down from 0x300000, which is 6 million instructions, and sleeps."""

TICKS = """
ea00000f eafffffe eafffffe eafffffe eafffffe eafffffe ea000000 eafffffe e24ee004 e92d4003
e3a00501 e5901000 e2811001 e5801000 e3a00411 e580100c e8fd8003 e321f0d2 e3a0d501 e28dda01
e321f0df e3a0041f e3a01010 e5801010 e3a00411 e3a010e2 e5801008 e10f2000 e38230c0 e121f003
ee070f90 e3c230c0 e121f003 eafffff8
"""
"""Counts ticks of the timer at 0x400000 and sleeps in between.

The handler at 0x18 pushes registers, adds 1, clears the timer (0x1100000c) and returns; the program
enables line 4 (0x1f000010), turns the timer on (0x11000008) and sleeps with interrupts masked."""

PACKETS = """
ea00000e eafffffe eafffffe eafffffe eafffffe eafffffe eafffffe e24ee004 e92d4007 e3a00201
e5901014 e3a00501 e5902000 e4821004 e5802000 e8fd8007 e321f0d1 e3a0d501 e28dda01 e321f0df
e3a00501 e2801c01 e5801000 e3a0041f e3a01401 e580100c e5801010 e3a04000 e10f2000 e38230c0
e121f003 ee070f90 e3c230c0 e121f003 e2844001 e3a00501 e5804004 eafffff5
"""
"""Writes keys of packets from 0x400100 on, in order, and how often it was woken at 0x400004.

The fast handler at 0x1c reads the key (0x10000014) and stores it where 0x400000 points to."""

FAULTS = """
ea000010 ea000005 eafffffe ea000005 ea000006 eafffffe eafffffe eafffffe e3a01004 ea000002
e3a0100c ea000000 e3a01010 e3a02501 e5821000 e582e004 ee070f90 eafffffe e3500001 0a000003
e3500002 0a000002 e3a03205 e5933000 e7f000f0 e3a0f205
"""
"""Does something wrong, by the number that it is started with: 0 reads at 0x50000000, 1 comes to an
undefined instruction, 2 jumps to 0x50000000. Handlers store the vector at 0x400000 and the link
register at 0x400004, and sleep."""
