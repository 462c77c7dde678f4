"""Run the network of this folder: python run.py SIMULATOR, where SIMULATOR is spiNNaker.

manifest.json says what there is, arrays.npz has the numbers, results.npz gets what was recorded.
The script needs PyNN and NumPy only. Any other simulator of PyNN (nest, neuron) runs the network
too, with its own cells and arithmetic; what differs there is said on stderr.

Times are steps of the chip: input of step t is added, states are recorded, then they move and the
threshold is tested. Weights are whole multiples of the resolution 2**(shift - 15) / gain, so that
the host tools store exactly the 16-bit integers of arrays.npz.
"""

from __future__ import annotations

import importlib
import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
RAW = 2**15  # raw units of one in s16.15
CHIP = "spiNNaker"
LATE = 1  # steps by which other simulators stamp a spike later than the chip
FIRST = 2  # step of the first spike that all of them can send
SETUP = {"nest": {"spike_precision": "on_grid"}}  # else cells of another kind, between steps

# What must not happen in a run, as sPyNNaker's provenance calls it, and in words.
LOSSES = {
    "Times_synaptic_weights_have_saturated": "saturated sums of weights",
    "Number_of_late_spikes": "late packets",
    "Late spikes": "late spikes",
    "Skipped synapses": "synapses skipped because their spike was late",
    "Times_the_input_buffer_lost_packets": "times that the input buffer lost packets",
    "Times_the_background_queue_overloaded": "overloads of the background queue",
    "Times_the_transmission_of_spikes_overran": "times that sending was blocked",
    "Times_the_callback_queue_was_overloaded": "overloads of the callback queue",
    "Times_the_dma_queue_was_overloaded": "overloads of the DMA queue",
    "Times_the_user_queue_was_overloaded": "overloads of the user queue",
    "Times_the_timer_tic_over_ran": "overruns of the timer",
    "Dropped_Multicast_Packets": "packets dropped by routers",
    "Dropped_Multicast_Packets_via_local_transmission": "packets without a route",
}


def main() -> None:
    """Build, run, and write results.npz."""
    if len(sys.argv) < 2:
        sys.exit("usage: python run.py SIMULATOR, where SIMULATOR is spiNNaker, nest, neuron ...")
    network = Network(sys.argv[1])
    (HERE / "results.npz").unlink(missing_ok=True)
    network.build()
    network.run()
    arrays, info = network.collect()
    np.savez(HERE / "results.npz", info=np.array(json.dumps(info)), **arrays)
    network.sim.end()
    sys.stdout.write(summary(arrays, info) + "\n")


def pynn_module(simulator: str) -> Any:
    """The interface of PyNN to a simulator."""
    try:
        return importlib.import_module(f"pyNN.{simulator}")
    except ModuleNotFoundError as err:
        sys.exit(
            f"{simulator!r} cannot be used here: {err}. Expected a simulator of PyNN by its name "
            "there, spiNNaker, nest, neuron ...; 'pip install -r requirements.txt' brings spiNNaker"
        )


class Network:
    """The network of this folder in a simulator of PyNN."""

    def __init__(self, simulator: str) -> None:
        self.simulator = simulator.removeprefix("pyNN.")
        self.sim = pynn_module(self.simulator)
        self.on_chip = self.simulator == CHIP
        self.manifest = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))
        self.arrays = np.load(HERE / "arrays.npz")
        self.dt = self.manifest["dt"]
        self.n_steps = self.manifest["n_steps"]
        self.populations: dict[str, Any] = {}
        self.sources: dict[str, Any] = {}
        self.cells = {p["name"]: p for p in self.manifest["populations"]}
        self.told: set[str] = set()

    def build(self) -> None:
        """Everything but the run."""
        self.setup()
        for cell in self.manifest["populations"]:
            self.populations[cell["name"]] = self.population(cell)
        for source in self.manifest["sources"]:
            self.sources[source["name"]] = self.source(source)
        for projection in self.manifest["projections"]:
            self.project(projection)
        for current in self.manifest["currents"]:
            self.inject(current)
        if self.on_chip:
            self.check_shifts()
        for cell in self.manifest["populations"]:
            self.record(cell)

    def run(self) -> None:
        """All steps."""
        self.sim.run(self.n_steps * self.dt)

    # ---- building -------------------------------------------------------------------------------

    def setup(self) -> None:
        """The time step; the chip runs slower than real time where the step is short."""
        arguments: dict[str, Any] = {"timestep": self.dt, "min_delay": self.dt}
        if self.on_chip:
            arguments["time_scale_factor"] = self.manifest["time_scale_factor"]
        else:
            self.tell(
                f"{self.simulator} has its own arithmetic and order of events within a step: "
                "spikes differ from the chip's by design"
            )
            arguments["max_delay"] = (self.manifest["longest_delay"] + 1) * self.dt
            arguments |= SETUP.get(self.simulator, {})
        self.sim.setup(**arguments)
        if self.on_chip:
            keep_provenance()

    def population(self, cell: dict[str, Any]) -> Any:
        """Neurons with all parameters and initial values."""
        kind = getattr(self.sim, cell["cell"], None)
        if kind is None:
            sys.exit(f"{self.simulator} has no cell {cell['cell']}")
        parameters = {name: self.values(v) for name, v in cell["parameters"].items()}
        initial = {name: self.values(v) for name, v in cell["initial"].items()}
        if not self.on_chip:
            parameters = self.known(kind, "default_parameters", parameters)
            initial = self.known(kind, "default_initial_values", initial)
        population = self.sim.Population(
            cell["size"], kind(**parameters), label=cell["name"], **self.extras(cell)
        )
        population.initialize(**initial)
        return population

    def extras(self, cell: dict[str, Any]) -> dict[str, Any]:
        """What only sPyNNaker takes: the scale of weights, and cores that are not split."""
        if not self.on_chip:
            return {}
        components = importlib.import_module("spynnaker.pyNN.extra_algorithms.splitter_components")
        return {
            "additional_parameters": {
                "max_expected_summed_weight": cell["max_expected_summed_weight"],
                "neurons_per_core": cell["neurons_per_core"],
                "splitter": components.SplitterPopulationVertexFixed(),
                "allow_delay_extensions": False,
            }
        }

    def known(self, kind: Any, what: str, values: dict[str, Any]) -> dict[str, Any]:
        """Those values that the cell of another simulator has."""
        known = getattr(kind, what)
        for name in values.keys() - known.keys():
            self.tell(f"{kind.__name__} of {self.simulator} has no {name}: it is left out")
        return {name: value for name, value in values.items() if name in known}

    def source(self, source: dict[str, Any]) -> Any:
        """Neurons that send given spikes; one that spikes twice in a step has two equal times."""
        step, neuron = self.array(source["step"]), self.array(source["neuron"])
        if not self.on_chip and (step < FIRST).any():
            self.tell(f"spikes of sources before step {FIRST} are sent in step {FIRST}")
            step = np.maximum(step, FIRST)
        order = np.argsort(neuron, kind="stable")
        ends = np.searchsorted(neuron[order], np.arange(source["size"]), side="right")
        times = [t.tolist() for t in np.split(step[order] * self.dt, ends[:-1])]
        extras: dict[str, Any] = {}
        if self.on_chip:
            extras["additional_parameters"] = {"neurons_per_core": source["neurons_per_core"]}
            times = times if step.size else []  # sPyNNaker fails on a list of empty lists
        kind = self.sim.SpikeSourceArray(spike_times=times)
        return self.sim.Population(source["size"], kind, label=source["name"], **extras)

    def project(self, projection: dict[str, Any]) -> None:
        """Synapses of two populations onto one receptor, from a list."""
        post = self.cells[projection["post"]]
        arguments: dict[str, Any] = {"delay": self.delays(projection)}
        columns = [self.array(projection["source"]), self.array(projection["target"])]
        columns.append(self.weights(projection, post))
        if np.ndim(arguments["delay"]):
            columns.append(arguments.pop("delay"))
        names = ["weight", "delay"][: len(columns) - 2]
        pre = (self.populations | self.sources)[projection["pre"]]
        connector = self.sim.FromListConnector(np.column_stack(columns), column_names=names)
        self.sim.Projection(
            pre, self.populations[projection["post"]], connector,
            synapse_type=self.sim.StaticSynapse(**arguments),
            receptor_type=projection["receptor"], label=projection["name"],
        )  # fmt: skip

    def delays(self, projection: dict[str, Any]) -> Any:
        """In ms, one for all or one for each synapse."""
        steps = self.values(projection["delay"])
        if not self.on_chip:
            at_once = self.cells[projection["post"]]["cell"] == "IF_curr_delta"
            shift = int(at_once) - (LATE if projection["pre"] in self.populations else 0)
            steps = np.maximum(np.asarray(steps) + shift, 1)
        return steps * self.dt

    def weights(self, projection: dict[str, Any], post: dict[str, Any]) -> Any:
        """In nA or uS; other simulators want the sign of inhibitory currents."""
        word = self.array(projection["word"]).astype(np.float64)
        weight = word * projection["resolution"]
        if self.on_chip:
            return weight
        if projection["receptor"] == "inhibitory" and "_cond_" not in post["cell"]:
            weight = -weight
        target = self.array(projection["target"])
        if post["cell"] == "IF_curr_delta":
            tau, capacitance = (self.each(post, name)[target] for name in ("tau_m", "cm"))
            return weight / self.dt * (tau / capacitance) * -np.expm1(-self.dt / tau)
        if post["cell"] == "Izhikevich":
            self.tell("synapses of Izhikevich cells move the membrane at once, by their integral")
            tau = "tau_syn_E" if projection["receptor"] == "excitatory" else "tau_syn_I"
            return weight * self.each(post, tau)[target]
        return weight

    def inject(self, current: dict[str, Any]) -> None:
        """A current that is constant between steps at which it changes."""
        start, value = self.array(current["start"]), self.array(current["value"])
        # sPyNNaker cuts a time down to a whole step: the middle of a step is safe from rounding.
        times = (start + 0.5 if self.on_chip else start) * self.dt
        source = self.sim.StepCurrentSource(times=times.tolist(), amplitudes=value.tolist())
        self.part(current["population"], current["neurons"]).inject(source)

    def check_shifts(self) -> None:
        """Stop if the host tools chose another scale of weights than the one planned."""
        for name, cell in self.cells.items():
            found = [int(s) for s in self.populations[name]._vertex.get_ring_buffer_shifts()]
            if found != cell["shifts"]:
                sys.exit(
                    f"population {name!r}: the scale of weights was planned with shifts "
                    f"{cell['shifts']}, sPyNNaker chose {found}: this is not the version of "
                    "sPyNNaker that requirements.txt names"
                )

    def record(self, cell: dict[str, Any]) -> None:
        """Spikes and states of the neurons that are asked for."""
        for variable, neurons in self.recorded(cell).items():
            self.part(cell["name"], neurons).record(variable)

    def recorded(self, cell: dict[str, Any]) -> dict[str, Any]:
        """What is recorded, and of which neurons."""
        if self.on_chip:
            return dict(cell["record"])
        able = self.populations[cell["name"]].can_record
        for name in cell["record"]:
            if not able(name):
                self.tell(f"{cell['cell']} of {self.simulator} does not record {name}")
        return {name: neurons for name, neurons in cell["record"].items() if able(name)}

    # ---- results --------------------------------------------------------------------------------

    def collect(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Arrays by "population.variable", and what else is known about the run."""
        arrays: dict[str, Any] = {}
        for name, cell in self.cells.items():
            for variable, neurons in self.recorded(cell).items():
                segment = self.part(name, neurons).get_data(variable).segments[-1]
                if variable == "spikes":
                    arrays |= self.spikes(name, segment)
                elif segment.analogsignals:
                    arrays[f"{name}.{variable}"] = self.states(segment.analogsignals[0])
        info: dict[str, Any] = {"simulator": self.simulator, "evidence": self.simulator}
        if self.on_chip:
            info |= chip_info(self.cells)
        return arrays, info

    def spikes(self, name: str, segment: Any) -> dict[str, Any]:
        """Step and neuron of every spike, sorted."""
        step, neuron = [np.zeros(0)], [np.zeros(0)]
        for train in segment.spiketrains:
            times = np.asarray(train.magnitude) / self.dt
            step.append(np.rint(times) if self.on_chip else np.ceil(times - 1e-6) - LATE)
            neuron.append(np.full(times.size, train.annotations["source_index"]))
        steps = np.concatenate(step).astype(np.int64)
        neurons = np.concatenate(neuron).astype(np.int32)
        order = np.lexsort((neurons, steps))
        order = order[steps[order] < self.n_steps]
        return {f"{name}.spikes.step": steps[order], f"{name}.spikes.neuron": neurons[order]}

    def states(self, signal: Any) -> Any:
        """(n_steps, n) with neurons ascending; raw integers from the chip."""
        values = np.asarray(signal.magnitude)
        if not self.on_chip:
            index = signal.array_annotations["channel_index"]
            return values[: self.n_steps, np.argsort(index, kind="stable")]
        if values.ndim == 2:
            values = values[: self.n_steps, np.argsort(signal.annotations["channel_names"])]
        return np.rint(values * RAW).astype(np.int32)

    # ---- details --------------------------------------------------------------------------------

    def array(self, key: str) -> Any:
        """An array by its name in arrays.npz."""
        return self.arrays[key]

    def values(self, value: Any) -> Any:
        """A number, or the array that a name stands for."""
        return self.array(value) if isinstance(value, str) else value

    def each(self, cell: dict[str, Any], parameter: str) -> Any:
        """A parameter of every neuron."""
        return np.broadcast_to(self.values(cell["parameters"][parameter]), cell["size"])

    def part(self, population: str, neurons: str | None) -> Any:
        """A population, or those neurons of it whose array is named."""
        whole = self.populations[population]
        return whole if neurons is None else self.sim.PopulationView(whole, self.array(neurons))

    def tell(self, text: str) -> None:
        """Say once what differs from the chip."""
        if text not in self.told:
            self.told.add(text)
            sys.stderr.write(f"note: {text}\n")


def keep_provenance() -> None:
    """Let sPyNNaker write down what was lost in a run; by default it does not."""
    from spinn_utilities.config_holder import set_config

    for option in ("read_router_provenance_data", "read_placements_provenance_data"):
        set_config("Reports", option, "True")
    set_config("Reports", "write_provenance", "True")


def chip_info(cells: dict[str, Any]) -> dict[str, Any]:
    """Where the network ran, and what sPyNNaker's provenance says was lost."""
    from spinn_front_end_common.interface.provenance import ProvenanceReader
    from spinn_utilities.config_holder import get_config_bool
    from spynnaker.pyNN.data import SpynnakerDataView

    # A long run is done in pieces; programs and routers go on counting, so the largest is the last.
    with ProvenanceReader() as reader:
        by_core: list[Any] = reader.run_query(
            "SELECT x, y, p, description, max(the_value) FROM core_provenance_view "
            "GROUP BY x, y, p, description"
        )
        routers: list[Any] = reader.run_query(
            "SELECT description, max(the_value) FROM router_provenance GROUP BY x, y, description"
        )
    placed: dict[Any, Any] = {
        (place.x, place.y, place.p): place.vertex.app_vertex.label
        for place in SpynnakerDataView.iterate_placemements()
        if place.vertex.app_vertex is not None
    }
    lost = dict.fromkeys(LOSSES, 0)
    saturations = dict.fromkeys(cells, 0)
    for x, y, p, what, count in by_core:
        if what in lost:
            lost[what] += int(count)
        if what == "Times_synaptic_weights_have_saturated" and placed.get((x, y, p)) in cells:
            saturations[placed[x, y, p]] += int(count)
    for what, count in routers:
        if what in lost:
            lost[what] += int(count)
    virtual = get_config_bool("Machine", "virtual_board")
    evidence = "hardware" if not virtual else "chip model" if by_core else "virtual board"
    return {
        "evidence": evidence,
        "spynnaker": version("spynnaker"),
        "lost": {what: count for what, count in lost.items() if count},
        "saturations": saturations,
        "n_cores": len(placed),
        "shifts": {name: cell["shifts"] for name, cell in cells.items()},
    }


def summary(arrays: dict[str, Any], info: dict[str, Any]) -> str:
    """One line."""
    if info["evidence"] == "virtual board":
        return f"mapped onto {info['n_cores']} cores; a virtual board computes nothing"
    spikes = sum(a.size for name, a in arrays.items() if name.endswith(".spikes.step"))
    lost = [f"{count:,} {LOSSES[what]}" for what, count in info.get("lost", {}).items()]
    doubt = f"; NOT TO BE TRUSTED: {', '.join(lost)}" if lost else ""
    return f"{spikes:,} spikes in results.npz, by {info['evidence']}{doubt}"


if __name__ == "__main__":
    main()
