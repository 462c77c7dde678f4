"""A core runs small programs: interrupts, packets, faults, and one that never sleeps."""

from __future__ import annotations

import struct

import pytest

from neurobridge.backends.spinnaker.softboard.aplx import read_image
from neurobridge.backends.spinnaker.softboard.program import Program
from tests.requirements import require
from tests.unit.backends.softboard.arm_programs import (
    FAULTS,
    LONG,
    PACKETS,
    SPIN,
    TICKS,
    write_image,
)

_PROGRAM = Program("hand.aplx", "someone", 0, 9)


@pytest.fixture
def load(tmp_path):
    """Load words into core 3 of chip (1, 2), started with a number."""
    require("unicorn")
    require("spynnaker")  # its texts of messages
    from neurobridge.backends.spinnaker.softboard.chip import Chip
    from neurobridge.backends.spinnaker.softboard.watchdog import Watchdog

    watchdog = Watchdog(budget=10_000_000, patience=0.002)
    chip = Chip(1, 2, watchdog)

    def load(words, number=30):
        core = chip.core(3)
        core.load(read_image(write_image(tmp_path / "image.aplx", words)), number, _PROGRAM)
        return core

    yield load
    chip.close()
    watchdog.close()


def _words(core, address, n):
    return struct.unpack(f"<{n}I", core._view(address, 4 * n))


def test_every_tick_interrupts_once(load):
    core = load(TICKS)
    assert _words(core, 0x400000, 1) == (0,)
    for _ in range(3):
        core.tick()
    assert _words(core, 0x400000, 1) == (3,)
    core.wake()
    assert _words(core, 0x400000, 1) == (3,)


@pytest.mark.parametrize("n", [1, 2, 60])
def test_packets_that_arrive_together_interrupt_one_after_another(load, n):
    core = load(PACKETS)
    keys = [0x1000 + 17 * i for i in range(n)]
    for key in keys:
        core.communications.receive(key, None)
    core.wake()
    assert _words(core, 0x400100, n) == tuple(keys)
    end, woken = _words(core, 0x400000, 2)
    assert end == 0x400100 + 4 * n
    assert woken == 1  # registers of the program are as they were, and it slept once
    core.communications.receive(5, None)
    core.wake()
    assert _words(core, 0x400100 + 4 * n, 1) == (5,)
    assert _words(core, 0x400004, 1) == (2,)


@pytest.mark.parametrize(
    ("number", "vector", "link"),
    [(0, 0x10, 0x5C + 8), (1, 0x04, 0x60 + 4), (2, 0x0C, 0x50000000 + 4)],
)
def test_faults_go_to_their_vectors(load, number, vector, link):
    """Link registers as in the ARM Architecture Reference Manual, A2.6."""
    core = load(FAULTS, number)
    assert _words(core, 0x400000, 2) == (vector, link)
    assert core.fault_pc == (0x50000000 if number == 2 else link - (8 if number == 0 else 4))


def test_a_program_that_never_sleeps_is_stopped(load):
    from neurobridge.backends.spinnaker.softboard import ChipError

    with pytest.raises(ChipError, match="10,000,000 instructions without waiting") as caught:
        load(SPIN)
    error = caught.value
    assert "'someone' neurons 0 to 9 (hand.aplx) on core 3 of chip (1, 2)" in str(error)
    assert (error.x, error.y, error.p, error.program) == (1, 2, 3, _PROGRAM)
    assert error.code == 0


def test_a_program_that_takes_long_is_waited_for(load):
    core = load(LONG)
    assert core.pc == 0x0C
    core.wake()
    assert core.pc == 0x0C


def test_a_core_can_be_loaded_again(load):
    load(TICKS).tick()
    core = load(TICKS)
    assert _words(core, 0x400000, 1) == (0,)
    core.tick()
    assert _words(core, 0x400000, 1) == (1,)
