"""The board as sPyNNaker's host tools see it: memory that they read and write.

The tools then load data, extract recordings and gather provenance as they would from hardware.
"""

from __future__ import annotations

__all__ = ["ChipTransceiver"]

from typing import Any

from spinnman.model.enums import UserRegister
from spinnman.transceiver.mockable_transceiver import MockableTransceiver

from neurobridge.backends.spinnaker.softboard.board import Board
from neurobridge.backends.spinnaker.softboard.memory import vcpu

_Base: Any = MockableTransceiver


class ChipTransceiver(_Base):  # type: ignore[misc]
    """A transceiver whose machine is a :class:`Board`.

    Parameters
    ----------
    board : Board
        Closed with the transceiver.
    """

    def __init__(self, board: Board) -> None:
        super().__init__()
        self.board = board

    def replace_board(self, board: Board) -> None:
        """Everything is loaded anew; the old board is closed."""
        self.board.close()
        self.board = board

    def close(self) -> None:
        """Free the memory of the board."""
        self.board.close()

    def read_memory(self, x: int, y: int, base_address: int, length: int, cpu: int = 0) -> bytes:
        """Bytes of a chip."""
        return self.board.chip(x, y).memory.read(base_address, length)

    def read_word(self, x: int, y: int, base_address: int, cpu: int = 0) -> int:
        """A word of a chip."""
        return self.board.chip(x, y).memory.word(base_address)

    def write_memory(
        self, x: int, y: int, base_address: int, data: Any, *_: Any, **__: Any
    ) -> tuple[int, int]:
        """Put bytes, or an integer as a word, into a chip."""
        block = data.to_bytes(4, "little") if isinstance(data, int) else bytes(data)
        self.board.chip(x, y).memory.write(base_address, block)
        return len(block), 0

    def write_user(self, x: int, y: int, p: int, user: UserRegister, value: int) -> None:
        """Set a word by which the host talks to a program before it starts."""
        self.board.chip(x, y).core(p).set_user(user.value, value)

    def malloc_sdram(self, x: int, y: int, size: int, app_id: int, tag: int = 0) -> int:
        """Memory for what is loaded."""
        return self.board.chip(x, y).memory.allocate(size)

    def malloc_sdram_multi(self, allocations: list[tuple[int, int, int, int, int]]) -> list[int]:
        """Memory for several things that are loaded: (x, y, size, application, tag) each."""
        return [self.malloc_sdram(*allocation) for allocation in allocations]

    def get_region_base_address(self, x: int, y: int, p: int) -> int:
        """Address of the table of a core's data regions, which is in its first user word."""
        return self.board.chip(x, y).memory.word(vcpu(p) + 112)
