"""Parts of the chip, without sPyNNaker: memory, devices, images and links between chips."""

from __future__ import annotations

import struct

import pytest

from neurobridge.backends.spinnaker.softboard.aplx import read_image
from neurobridge.backends.spinnaker.softboard.communications import CommunicationsController
from neurobridge.backends.spinnaker.softboard.interrupts import (
    DMA,
    PACKET,
    TIMER,
    InterruptController,
)
from neurobridge.backends.spinnaker.softboard.memory import SDRAM, SYSRAM, Memory, vcpu
from neurobridge.backends.spinnaker.softboard.system import SystemController
from neurobridge.backends.spinnaker.softboard.timer import Timer
from neurobridge.backends.spinnaker.softboard.transfers import TransferController
from neurobridge.errors import BackendError
from tests.requirements import require
from tests.unit.backends.softboard.arm_programs import TICKS, write_image


@pytest.fixture
def memory():
    made = Memory(2, 3)
    yield made
    made.close()


@pytest.fixture
def vic():
    return InterruptController()


def test_memory_is_the_same_with_and_without_the_write_buffer(memory):
    memory.write(SDRAM + 16, b"abcd")
    assert memory.read(SDRAM + 0x10000016 - 6, 4) == b"abcd"
    memory.set_word(SYSRAM + 0x10000100, 0x12345678)
    assert memory.word(SYSRAM + 0x100) == 0x12345678


@pytest.mark.parametrize("address", [0x50000000, SDRAM + (128 << 20), SYSRAM - 4, SYSRAM + 0x8000])
def test_addresses_without_memory_are_refused(memory, address):
    with pytest.raises(BackendError, match=f"0x{address:08x} with 4 bytes"):
        memory.word(address)


def test_what_is_loaded_does_not_overlap_and_ends_where_the_memory_is_full(memory):
    first, second = memory.allocate(5), memory.allocate(16)
    assert second - first == 8
    with pytest.raises(BackendError, match=r"134,217,728 bytes were wanted and 126,\d+,\d+ are"):
        memory.allocate(128 << 20)


def test_system_variables_hold_the_place_of_the_chip_and_of_the_cores(memory):
    assert memory.read(SYSRAM + 0x7F00, 2) == struct.pack("<H", 0x0203)
    assert memory.word(SYSRAM + 0x7F00 + 0xCC) == vcpu(0)


def test_messages_are_taken_and_given_back(memory):
    taken = [memory.take_message() for _ in range(8)]
    assert len(set(taken)) == 8
    with pytest.raises(BackendError, match="no buffer"):
        memory.take_message()
    memory.set_word(vcpu(5) + 52, taken[3])
    memory.write(vcpu(5) + 57, b"\1")
    memory.set_word(SYSRAM + 0x7F00 + 0xEC, 1 << 5)
    memory.collect_messages()
    assert memory.take_message() == taken[3]


def test_the_first_vector_of_a_raised_line_counts(vic):
    for slot, (line, address) in enumerate([(12, 0xA0), (4, 0xB0)]):
        vic.write(0x100 + 4 * slot, address)
        vic.write(0x200 + 4 * slot, 0x20 | line)
    vic.write(0x34, 0xC0)
    vic.write(0x10, TIMER | DMA)
    assert vic.read(0x30) == 0xC0
    vic.lines |= TIMER
    assert vic.read(0x30) == 0xB0
    vic.lines |= DMA
    assert vic.read(0x30) == 0xA0
    vic.write(0x0C, DMA)  # fast ones have no vector
    assert vic.read(0x30) == 0xB0
    vic.write(0x14, TIMER)
    assert vic.read(0x30) == 0xC0


def test_software_clears_only_what_it_raised(vic):
    vic.lines |= TIMER
    vic.write(0x18, 2)
    vic.write(0x1C, 2 | TIMER)
    assert vic.lines & (2 | TIMER) == TIMER


def test_a_timer_ticks_only_while_it_is_on(vic):
    timer = Timer(vic)
    timer.tick()
    assert not vic.lines & TIMER
    timer.write(0x08, 0xE2)
    timer.tick()
    assert vic.lines & TIMER
    timer.write(0x0C, 1)
    assert not vic.lines & TIMER


def test_whoever_waits_for_the_counter_gets_on(vic):
    timer = Timer(vic)
    timer.write(0x00, 200_000)
    assert timer.read(0x04) > timer.read(0x04) > 0


def test_transfers_copy_both_ways_and_tell_when_they_are_done(vic):
    areas = {0x60000000: bytearray(b"12345678"), 0x400000: bytearray(8)}
    dma = TransferController(7, lambda at, n: memoryview(areas[at])[:n], vic)
    for offset, value in ((0x18, 0x400), (0x04, 0x60000000), (0x08, 0x400000), (0x0C, 8)):
        dma.write(offset, value)
    assert areas[0x400000] == b"12345678"
    assert vic.lines & DMA
    assert dma.read(0x14) == 7 << 24 | 0x400
    dma.write(0x10, 0x08)
    assert not vic.lines & DMA
    areas[0x400000][:] = b"abcdefgh"
    dma.write(0x0C, 1 << 19 | 4)
    assert areas[0x60000000] == b"abcd5678"


def test_packets_wait_and_leave_in_order(vic):
    cc = CommunicationsController(vic)
    cc.receive(0x10, None)
    cc.receive(0x20, 3)
    assert cc.read(0x0C) == 0x80000000
    assert cc.read(0x14) == 0x10
    assert vic.lines & PACKET
    assert (cc.read(0x0C), cc.read(0x10), cc.read(0x14)) == (0x80020000, 3, 0x20)
    assert not vic.lines & PACKET
    cc.write(0x04, 9)
    cc.write(0x08, 0x30)
    cc.write(0x08, 0x40)
    assert cc.sent == [(0x30, 9), (0x40, None)]


def test_a_lock_is_taken_once():
    system = SystemController(lambda mask, raised: None)
    assert system.read(0x104) == 0
    assert system.read(0x104) == 0x80000000
    system.read(0x184)
    assert system.read(0x104) == 0


def test_an_image_is_read_with_the_places_that_matter(tmp_path):
    image = read_image(write_image(tmp_path / "a.aplx", TICKS, fill=(0x400000, 8, 7)))
    code, filled = image.blocks
    assert code[0] == 0
    assert len(code[1]) == 4 * len(TICKS.split())
    assert filled == (0x400000, struct.pack("<2I", 7, 7))
    (sleep,) = image.sleeps
    # Of the two instructions that write the mask in the loop only the second lets through.
    assert image.unmasked == (sleep + 12,)


def test_what_is_no_image_is_refused(tmp_path):
    (tmp_path / "b.aplx").write_bytes(struct.pack("<8I", 9, 0, 0, 0, 4, 0, 0, 0))
    with pytest.raises(BackendError, match=r"b\.aplx at byte 0: 9 is not an APLX command"):
        read_image(str(tmp_path / "b.aplx"))
    (tmp_path / "c.aplx").write_bytes(b"")
    with pytest.raises(BackendError, match=r"c\.aplx is not an APLX file"):
        read_image(str(tmp_path / "c.aplx"))


def _board(**chips):
    """Chips by "x_y" with their routes (key, mask, cores, links); core 1 of each exists."""
    from neurobridge.backends.spinnaker.softboard.board import Board
    from neurobridge.backends.spinnaker.softboard.chip import Route

    board = Board(4, 4, (True, True))
    for name, routes in chips.items():
        chip = board.chip(*map(int, name[1:].split("_")))
        chip.core(1)
        chip.routes = tuple(Route(*route) for route in routes)
    return board


def _reached(board, x, y, key):
    return [(c.chip.x, c.chip.y, c.p) for c in board._find_targets(board.chip(x, y), key)]


def test_packets_follow_entries_and_go_straight_where_there_is_none():
    require("unicorn")
    board = _board(
        c0_0=[(0x10, ~15, (1,), (0,)), (0x00, 0, (), (2,))],
        c1_0=[],  # no entry: a packet from the west leaves to the east
        c2_0=[(0x10, ~15, (1,), (1,))],
        c3_1=[(0x10, ~15, (1,), (1,))],
        c0_2=[(0x10, ~15, (1,), ())],  # links wrap around
        c0_1=[(0x20, ~15, (1,), ())],
    )
    assert sorted(_reached(board, 0, 0, 0x13)) == [(0, 0, 1), (0, 2, 1), (2, 0, 1), (3, 1, 1)]
    assert _reached(board, 0, 0, 0x25) == [(0, 1, 1)]
    assert _reached(board, 1, 0, 0x13) == []  # of its own, without an entry: nowhere
    board.close()


def test_a_route_in_a_circle_is_an_error():
    require("unicorn")
    board = _board(c0_0=[(0, 0, (), (0,))], c1_0=[(0, 0, (), (3,))])
    with pytest.raises(BackendError, match="circle"):
        _reached(board, 0, 0, 1)
    board.close()


def test_a_route_off_the_machine_is_an_error():
    require("unicorn")
    board = _board(c3_0=[(0, 0, (), (0,))])
    board._wraps = (False, True)
    with pytest.raises(BackendError, match=r"leave the machine at \(3, 0\)"):
        _reached(board, 3, 0, 1)
    board.close()


def test_a_closed_board_may_be_closed_again():
    require("unicorn")
    board = _board(c0_0=[])
    board.close()
    board.close()
