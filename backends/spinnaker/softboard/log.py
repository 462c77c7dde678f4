"""What programs write down on the chip, put into words.

Binaries hold only numbers of messages. sPyNNaker's wheels have the texts in a database.
"""

from __future__ import annotations

__all__ = ["decode_log", "read_log"]

import struct

from neurobridge.backends.spinnaker.softboard.memory import Memory, vcpu


def read_log(memory: Memory, p: int) -> str:
    """The log of core ``p`` as it stands in SDRAM: blocks of text, chained by their addresses."""
    block, text = memory.word(vcpu(p) + 88), b""
    while block:
        following, _seconds, _milliseconds, length = struct.unpack("<4I", memory.read(block, 16))
        text += memory.read(block + 16, length)
        block = following
    return text.decode("latin1")


def decode_log(text: str) -> tuple[str, ...]:
    """Lines of a log with their messages in words."""
    from spinn_utilities.make_tools.replacer import Replacer

    with Replacer() as replacer:
        return tuple(replacer.replace(line) for line in text.split("\n") if line)
