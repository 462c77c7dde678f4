"""A run of the twin against the integers of a vector file."""

from __future__ import annotations

__all__ = ["Tally", "compare"]

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.fixedpoint.packets import explain_packets
from neurobridge.backends.fixedpoint.simulate import Twin
from neurobridge.backends.fixedpoint.vectors import format_errors
from neurobridge.errors import FileFormatError

_STATES = {"v_raw": "v", "gsyn_exc_raw": "gsyn_exc", "gsyn_inh_raw": "gsyn_inh"}
_PARAMETERS = {
    "v_init": "v",
    "v_rest": "v_rest",
    "c_m": "cm",
    "tau_m": "tau_m",
    "i_offset": "i_offset",
    "v_reset": "v_reset",
    "tau_refrac": "tau_refrac",
    "tau_syn_E": "tau_syn_E",
    "tau_syn_I": "tau_syn_I",
    "isyn_exc_init": "isyn_exc",
    "isyn_inh_init": "isyn_inh",
}
_TABLES = (
    "neuron_params_raw",
    "synapse_type_params_raw",
    "derived_neuron_raw",
    "derived_synapse_u032",
)


class Tally:
    """How many integers were compared, how many differ, and the first that does."""

    def __init__(self) -> None:
        self.compared = self.mismatches = 0
        self.first = ""

    def check(self, expected: Any, got: Any, where: str) -> None:
        """Compare arrays of the same shape; ``where`` names the place, with ``{}`` for indices."""
        expected = _integers(expected, where)
        got = np.asarray(got)
        if expected.shape != got.shape:
            raise FileFormatError(
                f"{where.replace('{}', '*')}: expected numbers of shape {got.shape}, "
                f"got {expected.shape}"
            )
        self.compared += expected.size
        wrong = np.argwhere(expected != got)
        self.mismatches += len(wrong)
        if len(wrong) and not self.first:
            at = tuple(wrong[0])
            place = where.format(*at)
            self.first = f"{place}: expected {int(expected[at])}, got {int(got[at])}"


def compare(content: Mapping[str, Any], twin: Twin) -> Tally:
    """Compare all results in a vector file with a twin that has run to its end.

    Raises
    ------
    FileFormatError
        If results have the wrong shape, or are not integers.
    """
    tally = Tally()
    with format_errors():
        for population in twin.network.populations:
            results = content["results"][population.name]
            _compare_states(tally, results, twin, population.name)
            _compare_spikes(tally, results, twin, population.name)
            _compare_cores(tally, results["cores"], twin, population.name)
        if "packets" in content:
            _compare_packets(tally, content, twin)
    return tally


def _integers(values: Any, where: str) -> NDArray[np.int64]:
    try:
        array = np.array(values)
    except ValueError as error:
        raise FileFormatError(f"{where.replace('{}', '*')}: rows differ in length") from error
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise FileFormatError(f"{where.replace('{}', '*')}: expected integers")
    return array.astype(np.int64)


def _compare_states(tally: Tally, results: Mapping[str, Any], twin: Twin, name: str) -> None:
    for key, variable in _STATES.items():
        if key in results:
            got = twin.recorder.states[name, variable].T
            where = f"population {name!r}, {variable} of neuron {{}} in step {{}}"
            tally.check(results[key], got, where)


def _compare_spikes(tally: Tally, results: Mapping[str, Any], twin: Twin, name: str) -> None:
    if "spike_steps" not in results:
        return
    step, neuron = twin.recorder.spikes()[name]
    trains = results["spike_steps"]
    size = twin.network.population(name).size
    if len(trains) != size:
        raise FileFormatError(f"population {name!r}: {len(trains)} spike trains for {size} neurons")
    expected = np.zeros((size, twin.network.n_steps), dtype=np.int64)
    for i, train in enumerate(trains):
        steps = _integers(train, f"population {name!r}, spike steps of neuron {i}")
        if steps.size and (steps.min() < 0 or steps.max() >= twin.network.n_steps):
            raise FileFormatError(f"population {name!r}: a spike of neuron {i} is outside the run")
        np.add.at(expected[i], steps, 1)
    got = np.zeros_like(expected)
    got[neuron, step] = 1
    tally.check(expected, got, f"population {name!r}, spikes of neuron {{}} in step {{}}")


def _compare_cores(tally: Tally, cores: Any, twin: Twin, name: str) -> None:
    population = twin.network.population(name)
    result = twin.result()
    held = dict(twin.raw[name])
    raw = {key: held[own] for key, own in _PARAMETERS.items() if own in held}
    raw |= twin.of_population(name, "constants") | twin.of_population(name, "registers")
    raw["refract_timer_init"] = np.zeros(population.size, dtype=np.int64)
    raw["time_step"] = np.full(population.size, twin.dt)
    for number, core in enumerate(cores):
        where = f"population {name!r}, core {number}, "
        tally.check(core["ring_buffer_left_shifts"], population.shifts, where + "shift {}")
        first, last = core["neurons"]
        part = slice(first, last + 1)
        for table in _TABLES:
            rows = core.get(table, [])
            for key in rows[0] if rows else ():
                values = [row[key] for row in rows]
                tally.check(values, raw[key][part], f"{where}{table} {key} of neuron {{}}")
        if "threshold_raw" in core:
            tally.check(
                core["threshold_raw"], held["v_thresh"][part], where + "threshold of neuron {}"
            )
        counts = core.get("provenance", {})
        for key, what in (
            ("n_synaptic_weight_saturations", "saturations_by_core"),
            ("n_pre_synaptic_events", "synaptic_events_by_core"),
        ):
            if key in counts:
                tally.check(counts[key], result.provenance[what][name][number], where + key)


def _compare_packets(tally: Tally, content: Mapping[str, Any], twin: Twin) -> None:
    packets, populations = content["packets"], content["populations"]
    merged = [p["name"] for p in populations if p["model"] == "SpikeSourcePoisson"]
    listed = [(int(step), int(key, 16)) for step, key in packets]
    tally.compared += 2 * len(listed)
    wrong = explain_packets(listed, twin, merged)
    tally.mismatches += len(wrong)
    if wrong and not tally.first:
        tally.first = wrong[0]
