"""sPyNNaker's simulator, with its steps on hardware done in the chip model.

sPyNNaker runs a network as a list of steps: map, write data, load, expand, run, extract. On a
virtual board it leaves out those that need a machine. They are put back here, one method each,
under sPyNNaker's own names; what it does between them stays as it is.
"""

from __future__ import annotations

__all__ = ["ChipSimulator"]

import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, ClassVar

from spinn_front_end_common.interface.buffer_management import BufferManager
from spinn_front_end_common.interface.interface_functions import (
    load_application_data_specs,
    reload_dsg_regions,
)
from spinn_utilities.config_holder import get_config_int, get_config_str, set_config
from spynnaker.pyNN.spinnaker import SpiNNaker
from spynnaker.pyNN.utilities.neo_buffer_database import NeoBufferDatabase

from neurobridge.backends.spinnaker.softboard.board import Board
from neurobridge.backends.spinnaker.softboard.chip import Route
from neurobridge.backends.spinnaker.softboard.execution import (
    load_programs,
    run_steps,
    set_run_time,
)
from neurobridge.backends.spinnaker.softboard.expanders import (
    run_neuron_expander,
    run_synapse_expander,
)
from neurobridge.backends.spinnaker.softboard.log import read_log
from neurobridge.backends.spinnaker.softboard.placed import Placed, find_placed
from neurobridge.backends.spinnaker.softboard.provenance import read_counts
from neurobridge.backends.spinnaker.softboard.report import ChipRun, CoreReport
from neurobridge.backends.spinnaker.softboard.transceiver import ChipTransceiver
from neurobridge.errors import BackendError

_ARRAY_SOURCE = "reverse_iptag_multicast_source.aplx"

_Base: Any = SpiNNaker


@contextmanager
def _own_interrupts() -> Iterator[None]:
    """Ctrl-C and uncaught exceptions are handled as before, once sPyNNaker's run is over.

    It leaves handlers behind that shut a machine down instead of raising ``KeyboardInterrupt``.
    """
    handler, hook = signal.getsignal(signal.SIGINT), sys.excepthook
    try:
        yield
    finally:
        sys.excepthook = hook
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, handler)


class ChipSimulator(_Base):  # type: ignore[misc]
    """What ``pyNN.spiNNaker.setup`` makes while the chip model is installed."""

    last_run: ClassVar[ChipRun | None] = None
    """The last run of any simulator, None if it failed."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._placed: tuple[Placed, ...] = ()
        self._seconds: dict[str, float] = {}
        self._n_since_load = 0
        """Steps that the programs did since they were loaded."""

    def _run(self, run_time: float | None, sync_time: float) -> None:
        if run_time is None or sync_time:
            raise BackendError(
                "the chip model runs for a given time, without stops in between: "
                "call run(t) with t in ms, as often as needed"
            )
        self._seconds, ChipSimulator.last_run = {}, None
        with _own_interrupts():
            super()._run(run_time, sync_time)
        for projection in self._data_writer.iterate_projections():
            # A projection on a virtual board answers get() with what the host made. Without that
            # it asks the machine, whose weights may have changed.
            projection._Projection__virtual_connection_list = None

    def stop(self) -> None:
        """End the simulation and free the memory of its chips."""
        try:
            super().stop()
        finally:
            if self._data_writer.has_transceiver():
                self._transceiver.close()

    def _recover_from_error(self, exception: Exception) -> None:
        """There is nothing to ask the machine for: errors of the model say it all."""

    # ---- mapping and loading --------------------------------------------------------------------

    def _execute_buffer_manager_creator(self) -> None:
        if not self._data_writer.has_transceiver():
            self._data_writer.set_transceiver(ChipTransceiver(self._new_board()))
        if not self._data_writer.has_buffer_manager():
            with _without_monitors():
                self._data_writer.set_buffer_manager(BufferManager())

    def _do_data_generation(self) -> None:
        self._transceiver.replace_board(self._new_board())
        self._placed = find_placed(self._board)
        self._n_since_load = 0
        super()._do_data_generation()

    def _execute_load_application_data_specification(self) -> None:
        with self._timed("load"), _without_monitors():
            load_application_data_specs()

    def _execute_neuron_expander(self) -> None:
        with self._timed("expand_neurons"):
            run_neuron_expander(self._placed)

    def _execute_synapse_expander(self) -> None:
        with self._timed("expand_synapses"):
            run_synapse_expander(self._placed)

    def _execute_load_routing_tables(self, compressed: Any) -> None:
        for table in compressed:
            self._board.chip(table.x, table.y).routes = tuple(
                Route(
                    entry.key,
                    entry.mask,
                    tuple(sorted(entry.processor_ids)),
                    tuple(sorted(entry.link_ids)),
                )
                for entry in table.multicast_routing_entries
            )
        super()._execute_load_routing_tables(compressed)

    def _execute_application_load_executables(self) -> None:
        with self._timed("start"):
            load_programs(self._board, self._placed)

    # ---- running --------------------------------------------------------------------------------

    def _execute_dsg_region_reloader(self) -> None:
        reload_dsg_regions()

    def _execute_runtime_update(self, n_sync_steps: int) -> None:
        first, until = self._steps()
        if first == 0:
            self._warn_of_colours()
        self._n_since_load += until - first
        set_run_time(self._placed, first, until)

    def _execute_runner(self, n_sync_steps: int, run_time: float | None) -> None:
        first, until = self._steps()
        if first == 0:
            self._board.packets.clear()
        self._data_writer.get_buffer_manager().load_initial_buffers()
        with self._timed("run"):
            run_steps(self._board, self._placed, first, until)

    def _execute_buffer_extractor(self) -> None:
        with self._timed("extract"):
            self._data_writer.get_buffer_manager().extract_data()
            with NeoBufferDatabase() as database:
                database.write_t_stop()

    def _execute_placements_provenance_gatherer(self) -> None:
        counts = read_counts(self._placed)
        cores = []
        for part in self._placed:
            core = part.core
            where = core.chip.x, core.chip.y, core.p
            log = read_log(core.chip.memory, core.p)
            cores.append(CoreReport(*where, part.program, counts.get(where, {}), log))
        ChipSimulator.last_run = ChipRun(
            self._data_writer.get_simulation_time_step_ms(),
            self._steps()[1],
            tuple(cores),
            tuple(self._board.packets),
            dict(self._seconds),
        )

    # ---- details --------------------------------------------------------------------------------

    @property
    def _transceiver(self) -> ChipTransceiver:
        transceiver: ChipTransceiver = self._data_writer.get_transceiver()
        return transceiver

    @property
    def _board(self) -> Board:
        return self._transceiver.board

    def _new_board(self) -> Board:
        machine = self._data_writer.get_machine()
        wraps = machine.wrap in ("Wrapped", "HorWrap"), machine.wrap in ("Wrapped", "VerWrap")
        return Board(machine.width, machine.height, wraps)

    def _steps(self) -> tuple[int, int]:
        """First step of this run, and the one before which it ends."""
        return (
            self._data_writer.get_first_machine_time_step(),
            self._data_writer.get_current_run_timesteps(),
        )

    def _warn_of_colours(self) -> None:
        """After a reset, programs that were not loaded anew disagree about the time.

        A spike carries the last bits of its step, its colour, so that a late one is seen. Sources
        of given spikes count it from the reset, neurons from when they were loaded.
        """
        n_colours = 1 << get_config_int("Simulation", "n_colour_bits")
        late = self._n_since_load % n_colours
        if late and any(part.program.binary == _ARRAY_SOURCE for part in self._placed):
            warnings.warn(
                f"after this reset() neurons take spikes of SpikeSourceArray for {late} steps "
                "late, and skip those whose delay is not longer: so do the programs of sPyNNaker "
                f"unless all steps before are a multiple of {n_colours}. Change the network after "
                "the reset or call setup() again, so that it is loaded anew",
                RuntimeWarning,
                stacklevel=2,
            )

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        start = perf_counter()
        yield
        self._seconds[part] = self._seconds.get(part, 0.0) + perf_counter() - start


@contextmanager
def _without_monitors() -> Iterator[None]:
    """Let the host tools use plain reads and writes.

    The fast ones go through monitor programs, which stay placed as on hardware, but do not run.
    """
    option = "Machine", "enable_advanced_monitor_support"
    before = get_config_str(*option)
    set_config(*option, "False")
    try:
        yield
    finally:
        set_config(*option, before)
