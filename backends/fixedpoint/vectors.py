"""Vector files: a small network and every integer that the shipped binaries made of it.

A file has ``timestep_ms``, ``n_steps``, ``populations`` (``name``, ``model``, ``n``, and ``params``
or ``spike_times`` in ms), ``projections`` (``pre``, ``post``, ``receptor`` and ``connections`` as
rows of source, target, weight, delay in ms) and ``results``, from which shifts, initial values and
the neurons of each core are taken. A population may have ``initial`` (by PyNN's names). Currents
are entries of lists in the file or in a population, with ``times`` and ``amplitudes`` or
``start``, ``stop`` and ``amplitude`` (ms, nA), and ``neurons`` if not all; those of the file name
their ``population``. Other keys are not read: if they matter, the results differ.
Spikes of a ``SpikeSourcePoisson`` are those that the file recorded.
"""

from __future__ import annotations

__all__ = ["format_errors", "network_of", "read_vectors"]

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from neurobridge.backends.fixedpoint.cells import CELLS
from neurobridge.errors import FileFormatError, NeurobridgeError, suggest
from neurobridge.lowering.chip.network import (
    RECORDABLE,
    ChipCurrent,
    ChipNetwork,
    ChipPopulation,
    ChipProjection,
    ChipSource,
)

_KEYS = ("timestep_ms", "n_steps", "populations", "projections", "results")
_SOURCES = ("SpikeSourceArray", "SpikeSourcePoisson")
_INITIAL_KEYS = ("initial", "initial_values", "init")
_NEURON_KEYS = ("neurons", "indices", "ids", "cells")
_RAW_INITIAL = {
    "v_init": ("neuron_params_raw", "v"),
    "isyn_exc_init": ("synapse_type_params_raw", "isyn_exc"),
    "isyn_inh_init": ("synapse_type_params_raw", "isyn_inh"),
}


def read_vectors(path: Path) -> dict[str, Any]:
    """The content of a vector file.

    Raises
    ------
    FileFormatError
        If it is not JSON, or not a vector file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileFormatError(f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"is not JSON: {error}") from error
    if not isinstance(content, dict) or not any(key in content for key in _KEYS):
        raise FileFormatError(f"is not a vector file: expected an object with {', '.join(_KEYS)}")
    missing = [key for key in _KEYS if key not in content]
    if missing:
        raise FileFormatError(f"lacks {', '.join(missing)}")
    return content


def network_of(content: Mapping[str, Any]) -> ChipNetwork:
    """The network of a vector file, with every state and spike recorded.

    Raises
    ------
    FileFormatError
        If something is missing in the file, or is not known.
    """
    with format_errors():
        return _network(content)


@contextmanager
def format_errors() -> Iterator[None]:
    """What goes wrong with the content of a file is an error of the file.

    Raises
    ------
    FileFormatError
        Instead of the errors that Python raises for values of the wrong type.
    """
    try:
        yield
    except NeurobridgeError:
        raise
    except KeyError as error:
        raise FileFormatError(f"lacks the key {error.args[0]!r}") from error
    except MemoryError as error:
        raise FileFormatError("is too large for the memory of this machine") from error
    except (TypeError, ValueError, AttributeError, IndexError, ArithmeticError) as error:
        raise FileFormatError(f"is not a vector file: {error}") from error


def _network(content: Mapping[str, Any]) -> ChipNetwork:
    dt = float(content["timestep_ms"])
    listed = content["populations"]
    for population in listed:
        _check_population(population)
    results = content["results"]
    populations = tuple(
        _population(p, results[p["name"]]) for p in listed if p["model"] not in _SOURCES
    )
    sources = tuple(_source(p, results, dt) for p in listed if p["model"] in _SOURCES)
    by_name = {p.name: p for p in populations}
    projections = (
        _projection(number, p, by_name[p["post"]], dt)
        for number, p in enumerate(content["projections"])
    )
    sizes = {p["name"]: int(p["n"]) for p in listed}
    currents = [current for p in listed for current in _currents(p, sizes, dt)]
    currents += _currents(content, sizes, dt)
    return ChipNetwork(
        dt, int(content["n_steps"]), populations, sources, tuple(projections), tuple(currents)
    )


def _check_population(population: Mapping[str, Any]) -> None:
    name, model = population["name"], population["model"]
    known = (*CELLS, *_SOURCES)
    if model not in known:
        raise FileFormatError(
            f"population {name!r}: unknown model {model!r}{suggest(model, known)}"
        )


def _population(listed: Mapping[str, Any], results: Mapping[str, Any]) -> ChipPopulation:
    cores = results["cores"]
    held = [neuron for c in cores for neuron in range(c["neurons"][0], c["neurons"][1] + 1)]
    if held != list(range(int(listed["n"]))):
        raise FileFormatError(
            f"population {listed['name']!r}: cores hold {len(held)} neurons of {listed['n']}"
        )
    exc, inh = cores[0]["ring_buffer_left_shifts"]
    first, last = cores[0]["neurons"]
    return ChipPopulation(
        name=listed["name"],
        size=int(listed["n"]),
        cell=listed["model"],
        parameters={name: _number(value) for name, value in listed["params"].items()},
        initial=_initial(listed, cores),
        shifts=(int(exc), int(inh)),
        neurons_per_core=int(last) - int(first) + 1,
        record=(*RECORDABLE, "spikes"),
    )


def _number(value: Any) -> Any:
    return np.asarray(value, dtype=np.float64) if isinstance(value, list) else float(value)


def _initial(listed: Mapping[str, Any], cores: Any) -> dict[str, Any]:
    given: Any = next((listed[key] for key in _INITIAL_KEYS if key in listed), {})
    initial = {name: _number(value) for name, value in given.items()}
    for key, (table, name) in _RAW_INITIAL.items():
        rows = [row for core in cores for row in core.get(table, ())]
        if rows and all(key in row for row in rows):
            initial[name] = np.array([row[key] for row in rows]) / 2.0**15
    return initial


def _source(listed: Mapping[str, Any], results: Mapping[str, Any], dt: float) -> ChipSource:
    name, size = listed["name"], int(listed["n"])
    if listed["model"] == "SpikeSourcePoisson":
        steps = results[name]["spike_steps"]
    else:
        steps = [[_step(time, dt) for time in times] for times in listed["spike_times"]]
    if len(steps) != size:
        raise FileFormatError(f"population {name!r}: {len(steps)} trains for {size} neurons")
    pairs = sorted((step, neuron) for neuron, train in enumerate(steps) for step in train)
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return ChipSource(name, size, table[:, 0], table[:, 1].astype(np.int32))


def _step(time: float, dt: float) -> int:
    """The step in which a spike at ``time`` ms is sent: the host counts whole microseconds."""
    return math.ceil(math.floor(time * 1000.0) / round(dt * 1000.0))


def _projection(
    number: int, listed: Mapping[str, Any], post: ChipPopulation, dt: float
) -> ChipProjection:
    rows = np.array(listed["connections"], dtype=np.float64).reshape(-1, 4)
    scaled = np.abs(rows[:, 2]) / post.resolution(listed["receptor"])
    steps = np.rint(rows[:, 3] * (1000.0 / (dt * 1000.0)))
    return ChipProjection(
        name=f"{number}: {listed['pre']} -> {listed['post']}",
        pre=listed["pre"],
        post=listed["post"],
        receptor=listed["receptor"],
        source=rows[:, 0].astype(np.int32),
        target=rows[:, 1].astype(np.int32),
        word=(np.rint(scaled).astype(np.int64) & 0xFFFF).astype(np.uint16),
        delay=np.maximum(steps, 1).astype(np.int32),
    )


def _currents(
    holder: Mapping[str, Any], sizes: Mapping[str, int], dt: float
) -> Iterator[ChipCurrent]:
    """The currents that a population lists, or the whole file."""
    listed = [
        entry
        for value in holder.values()
        for entry in (value if isinstance(value, list) else [value])
        if isinstance(entry, Mapping) and ("amplitude" in entry or "amplitudes" in entry)
    ]
    for source in listed:
        name = source.get("population", holder.get("name"))
        if name not in sizes:
            raise FileFormatError(f"a current into an unknown population {name!r}")
        chosen = next((source[key] for key in _NEURON_KEYS if key in source), range(sizes[name]))
        if "times" in source:
            times, values = source["times"], source["amplitudes"]
        else:
            times, values = [source["start"], source["stop"]], [source["amplitude"], 0.0]
        start = np.array(
            [int(time * (1000.0 / round(dt * 1000.0))) for time in times], dtype=np.int64
        )
        value = np.array(values, dtype=np.float64)
        yield ChipCurrent(name, np.array(chosen, dtype=np.int32), start, value)
