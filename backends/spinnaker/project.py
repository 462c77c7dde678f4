"""The project folder: what is on the chip for one run, and the script that runs it.

The script is plain PyNN and NumPy and knows nothing of neurobridge: what is shipped is what is run.
"""

from __future__ import annotations

__all__ = ["FORMAT", "read_results", "write_project"]

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import BackendError
from neurobridge.lowering.chip.network import (
    ChipNetwork,
    ChipPopulation,
    ChipProjection,
    ChipResult,
    ChipSource,
)
from neurobridge.lowering.chip.scale import told_maximum

FORMAT = "neurobridge-spinnaker 1"

Arrays = dict[str, NDArray[Any]]


def write_project(
    folder: Path,
    network: ChipNetwork,
    *,
    time_scale_factor: int,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Write ``run.py``, ``manifest.json`` and ``arrays.npz``.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.
    network : ChipNetwork
    time_scale_factor : int
        How many times slower than real time the chip runs.
    extra : mapping, optional
        Goes into the manifest.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays: Arrays = {}
    connected = {p.pre for p in network.projections if p.n_edges}
    manifest = {
        "format": FORMAT,
        **(extra or {}),
        "dt": network.dt,
        "n_steps": network.n_steps,
        "time_scale_factor": time_scale_factor,
        "longest_delay": max(
            (int(np.max(p.delay)) for p in network.projections if p.n_edges), default=1
        ),
        "populations": [
            _population(p, f"populations/{i}", arrays) for i, p in enumerate(network.populations)
        ],
        # A source that reaches nobody changes nothing, and sPyNNaker gives it no key.
        "sources": [
            _source(s, f"sources/{i}", arrays)
            for i, s in enumerate(network.sources)
            if s.name in connected
        ],
        "projections": [
            _projection(p, network, f"projections/{i}", arrays)
            for i, p in enumerate(network.projections)
            if p.n_edges
        ],
        "currents": [
            {
                "population": c.population,
                "neurons": _kept(f"currents/{i}/neurons", c.neurons, arrays),
                "start": _kept(f"currents/{i}/start", c.start, arrays),
                "value": _kept(f"currents/{i}/value", c.value, arrays),
            }
            for i, c in enumerate(network.currents)
            if c.start.size and c.neurons.size
        ],
    }
    np.savez(folder / "arrays.npz", **arrays)  # type: ignore[arg-type]
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    shutil.copyfile(Path(__file__).with_name("run_script.py"), folder / "run.py")


def _population(p: ChipPopulation, at: str, arrays: Arrays) -> dict[str, Any]:
    return {
        "name": p.name,
        "size": p.size,
        "cell": p.cell,
        "parameters": {k: _value(f"{at}/{k}", v, arrays) for k, v in p.parameters.items()},
        "initial": {k: _value(f"{at}/initial_{k}", v, arrays) for k, v in p.initial.items()},
        "shifts": list(p.shifts),
        "gain": p.gain,
        "max_expected_summed_weight": [told_maximum(s, p.gain) for s in p.shifts],
        "neurons_per_core": p.neurons_per_core,
        "record": {
            name: None
            if (chosen := p.recorded.get(name)) is None
            else _kept(f"{at}/recorded_{name}", chosen, arrays)
            for name in p.record
        },
    }


def _source(s: ChipSource, at: str, arrays: Arrays) -> dict[str, Any]:
    return {
        "name": s.name,
        "size": s.size,
        "neurons_per_core": s.neurons_per_core,
        "step": _kept(f"{at}/step", s.step, arrays),
        "neuron": _kept(f"{at}/neuron", s.neuron, arrays),
    }


def _projection(p: ChipProjection, network: ChipNetwork, at: str, arrays: Arrays) -> dict[str, Any]:
    """A list sorted by source: sPyNNaker measures the rows of a core's synapses right only so.

    Source: ``FromListConnector.__numpy_group`` (sPyNNaker 1!7.4.1) cuts the list as it was given
    where the sorted list would have to be cut.
    """
    order = np.lexsort((p.target, p.source))
    delay: Any = p.delay
    if isinstance(delay, np.ndarray):
        same = bool((delay == delay[0]).all())
        delay = int(delay[0]) if same else _kept(f"{at}/delay", delay[order], arrays)
    return {
        "name": p.name,
        "pre": p.pre,
        "post": p.post,
        "receptor": p.receptor,
        "resolution": network.population(p.post).resolution(p.receptor),
        "source": _kept(f"{at}/source", p.source[order], arrays),
        "target": _kept(f"{at}/target", p.target[order], arrays),
        "word": _kept(f"{at}/word", p.word[order], arrays),
        "delay": delay if isinstance(delay, str) else int(delay),
    }


def _value(key: str, value: Any, arrays: Arrays) -> float | str:
    """A number as it is; an array under its key, or as a number if all are equal."""
    if np.ndim(value) == 0:
        return float(value)
    values = np.asarray(value, dtype=np.float64)
    if values.size and (values == values[0]).all():
        return float(values[0])
    return _kept(key, values, arrays)


def _kept(key: str, value: NDArray[Any], arrays: Arrays) -> str:
    arrays[key] = value
    return key


def read_results(folder: Path, network: ChipNetwork) -> tuple[ChipResult, dict[str, Any]]:
    """What a run on the chip wrote, and what it says about itself.

    Returns
    -------
    result : ChipResult
    info : dict
        ``evidence``, ``lost`` (counts by sPyNNaker's names), ``saturations`` ...

    Raises
    ------
    BackendError
        If there are no results, or not those of this network.
    """
    path = folder / "results.npz"
    if not path.exists():
        raise BackendError(f"the run left no {path.name} in {folder}")
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    info: dict[str, Any] = json.loads(str(arrays.pop("info")))
    spikes, states = {}, {}
    for p in network.populations:
        if "spikes" in p.record:
            step, neuron = arrays[f"{p.name}.spikes.step"], arrays[f"{p.name}.spikes.neuron"]
            spikes[p.name] = step, neuron
        for variable in p.record:
            if variable == "spikes":
                continue
            held = arrays.get(f"{p.name}.{variable}", np.zeros((0, 0)))
            expected = network.n_steps, p.neurons(variable).size
            if held.shape != expected:
                raise BackendError(
                    f"{variable} of {p.name!r}: expected {expected[0]:,} steps of {expected[1]:,} "
                    f"neurons, the run recorded {held.shape}"
                )
            states[p.name, variable] = held
    result = ChipResult(spikes, states, info.get("saturations", {}), {"chip": info})
    return result, info
