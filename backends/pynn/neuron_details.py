"""What NEURON needs beyond PyNN 0.13's interface. Imported only where NEURON is.

* PyNN's handler sets initial states before the mechanisms' own INITIAL blocks, which put all but
  the potential back to 0. Here they are set after them.
* ``HH_cond_exp`` counts a spike at 10 mV, whatever the model says, and looks up its rates in a
  table of 1 mV.
* In every ``run`` PyNN plays the values of a step current from their beginning, which leaves the
  current wrong from the second ``run`` of a simulation on. Here they are played once.
"""

from __future__ import annotations

__all__ = ["NeuronDetails", "load_mechanisms"]

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from neurobridge.backends.pynn.job import Cells, Job
from neurobridge.backends.pynn.simulation import Details

PLACES = {
    "w": ("adexp", "w", 1.0),
    "u": ("izh", "u", 1.0),
    "m": ("seg.hh_traub", "m", 1.0),
    "h": ("seg.hh_traub", "h", 1.0),
    "n": ("seg.hh_traub", "n", 1.0),
    "gsyn_exc": ("esyn", "g", 1.0),
    "gsyn_inh": ("isyn", "g", 1.0),
    "isyn_exc": ("esyn", "i", -1.0),
    "isyn_inh": ("isyn", "i", -1.0),
}
"""State of PyNN -> where it is in PyNN's cell for NEURON, and its sign there."""


def load_mechanisms(library: str) -> None:
    """Load PyNN's compiled mechanisms, and let PyNN know that it need not look for them."""
    import neuron
    import pyNN

    neuron.h.nrn_load_dll(library)
    neuron.nrn_dll_loaded.append(str(Path(pyNN.__file__).parent / "neuron" / "nmodl"))


class NeuronDetails(Details):
    """Second order, initial states, thresholds and currents in NEURON."""

    def __init__(self) -> None:
        self._handlers: list[Any] = []

    def prepare(self, job: Job) -> None:
        """See :class:`Details`."""
        from neuron import h

        h.secondorder = 2
        h.usetable_hh_traub = 0

    def finish(self, population: Any, cells: Cells) -> None:
        """See :class:`Details`."""
        from neuron import h

        own = [cell._cell for cell in population]
        for name, value in cells.initial.items():
            if name in PLACES:
                put = partial(_put, own, name, np.broadcast_to(value, cells.size).tolist())
                self._handlers.append(h.FInitializeHandler(1, put))
        if cells.threshold is not None:
            _count_spikes_at(population, np.broadcast_to(cells.threshold, cells.size))

    def begin(self, until: float) -> None:
        """See :class:`Details`."""
        from pyNN.neuron import simulator

        state: Any = simulator.state
        state._update_current_sources(until)
        state._update_current_sources = lambda tstop: None


def _put(cells: list[Any], name: str, values: list[float]) -> None:
    place, attribute, sign = PLACES[name]
    for cell, value in zip(cells, values, strict=True):
        mechanism = cell
        for part in place.split("."):
            mechanism = getattr(mechanism, part)
        setattr(mechanism, attribute, sign * value)


def _count_spikes_at(population: Any, threshold: Any) -> None:
    from pyNN.neuron import simulator

    for cell, value in zip(population, threshold.tolist(), strict=True):
        cell._cell.rec.threshold = value
        simulator.state.parallel_context.threshold(int(cell), value)
