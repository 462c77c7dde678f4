"""What is known about a run besides its recordings."""

from __future__ import annotations

__all__ = ["ChipRun", "CoreReport"]

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from neurobridge.backends.spinnaker.softboard.board import Packet
from neurobridge.backends.spinnaker.softboard.log import decode_log
from neurobridge.backends.spinnaker.softboard.program import Program

_ITEMS = {
    "Total_pre_synaptic_events": "synaptic_events",
    "Times_synaptic_weights_have_saturated": "saturations",
    "Times_plastic_synaptic_weights_have_saturated": "plastic_saturations",
    "Late spikes": "late_spikes",
    "Number_of_late_spikes": "dropped_packets",
    "Skipped synapses": "skipped_synapses",
    "Times_the_input_buffer_lost_packets": "buffer_overflows",
    "Times_the_timer_tic_over_ran": "timer_overruns",
    "Times_the_transmission_of_spikes_overran": "blocked_sends",
    "Times_the_callback_queue_was_overloaded": "callback_overloads",
    "Times_the_dma_queue_was_overloaded": "transfer_overloads",
    "Times_the_user_queue_was_overloaded": "user_overloads",
    "saturation_count": "delay_saturations",
}
"""sPyNNaker's names of counts (``insert_core`` in its machine vertices), and ours."""


@dataclass(frozen=True)
class CoreReport:
    """A core at the end of a run.

    Parameters
    ----------
    x, y, p : int
        Chip and core.
    program : Program
        Binary, population and neurons.
    counts : mapping of str to number
        What the program counted, by the names that sPyNNaker's provenance has.
    raw_log : str
        What it wrote, as numbers of messages.
    """

    x: int
    y: int
    p: int
    program: Program
    counts: Mapping[str, float]
    raw_log: str

    @property
    def log(self) -> tuple[str, ...]:
        """What the program wrote, in words."""
        return decode_log(self.raw_log)

    @property
    def saturations(self) -> int:
        """How often a ring buffer was full when a weight was added."""
        return int(self.counts.get("Times_synaptic_weights_have_saturated", 0))


@dataclass(frozen=True)
class ChipRun:
    """A run in the chip model, from the last reset on.

    Parameters
    ----------
    dt : float
        Step in ms.
    n_steps : int
        Steps done since the last reset, in any number of calls of ``run()``.
    cores : tuple of CoreReport
        In the order in which their packets were delivered.
    packets : tuple of Packet
        Every packet that was sent, in the order of delivery.
    seconds : mapping of str to float
        Time that parts of the last ``run()`` took.
    """

    dt: float
    n_steps: int
    cores: tuple[CoreReport, ...]
    packets: tuple[Packet, ...]
    seconds: Mapping[str, float]

    @cached_property
    def provenance(self) -> dict[str, dict[str, int]]:
        """Sums of what programs counted since they were loaded, by population.

        All but ``synaptic_events`` should be 0 on hardware, and all but these and the saturations
        are 0 here by construction: the model loses no packet and has no late ones.
        """
        totals: dict[str, dict[str, int]] = {}
        for core in self.cores:
            population = totals.setdefault(core.program.population, {})
            for theirs, ours in _ITEMS.items():
                if theirs in core.counts:
                    population[ours] = population.get(ours, 0) + int(core.counts[theirs])
        return totals

    @property
    def saturations(self) -> dict[str, int]:
        """How often a ring buffer was full, by population."""
        return {
            name: items["saturations"]
            for name, items in self.provenance.items()
            if "saturations" in items
        }
