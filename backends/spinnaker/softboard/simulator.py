"""sPyNNaker's simulator, with its steps on hardware done in the chip model.

sPyNNaker runs a network as a list of steps: map, write data, load, expand, run, extract. On a
virtual board it leaves out those that need a machine. They are put back here, one method each,
under sPyNNaker's own names; what it does between them stays as it is.
"""

from __future__ import annotations

__all__ = ["ChipSimulator"]

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from spinn_front_end_common.interface.buffer_management import BufferManager
from spinn_front_end_common.interface.interface_functions import (
    load_application_data_specs,
    reload_dsg_regions,
)
from spinn_utilities.config_holder import get_config_str, set_config
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
from neurobridge.backends.spinnaker.softboard.placed import Placed, find_placed
from neurobridge.backends.spinnaker.softboard.transceiver import ChipTransceiver
from neurobridge.errors import BackendError


class ChipSimulator(SpiNNaker):  # type: ignore[misc,unused-ignore]
    """What ``pyNN.spiNNaker.setup`` makes while the chip model is installed."""

    _placed: tuple[Placed, ...] = ()

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
        super()._do_data_generation()

    def _execute_load_application_data_specification(self) -> None:
        with _without_monitors():
            load_application_data_specs()

    def _execute_neuron_expander(self) -> None:
        run_neuron_expander(self._placed)

    def _execute_synapse_expander(self) -> None:
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
        load_programs(self._board, self._placed)

    # ---- running --------------------------------------------------------------------------------

    def _execute_dsg_region_reloader(self) -> None:
        reload_dsg_regions()

    def _execute_runtime_update(self, n_sync_steps: int) -> None:
        first, until = self._steps()
        set_run_time(self._placed, first, until)

    def _execute_runner(self, n_sync_steps: int, run_time: float | None) -> None:
        self._data_writer.get_buffer_manager().load_initial_buffers()
        run_steps(self._board, self._placed, *self._steps())

    def _execute_buffer_extractor(self) -> None:
        self._data_writer.get_buffer_manager().extract_data()
        with NeoBufferDatabase() as database:
            database.write_t_stop()

    # ---- details --------------------------------------------------------------------------------

    @property
    def _transceiver(self) -> ChipTransceiver:
        return self._data_writer.get_transceiver()

    @property
    def _board(self) -> Board:
        return self._transceiver.board

    def _new_board(self) -> Board:
        machine = self._data_writer.get_machine()
        return Board(machine.width, machine.height, wraps=machine.width >= 12)

    def _steps(self) -> tuple[int, int]:
        """First step of this run, and the one before which it ends."""
        return (
            self._data_writer.get_first_machine_time_step(),
            self._data_writer.get_current_run_timesteps(),
        )


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
