"""NIR graphs of others, and files that cannot be read: every message."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurobridge as nb
from neurobridge import FileFormatError, NetworkBuilder, NetworkError, models
from neurobridge.graph.projection import TickDelays
from neurobridge.io.nir import from_nir, to_nir, write_nir
from tests.requirements import require
from tests.unit.io.nir_networks import DT


@pytest.fixture(autouse=True)
def nir() -> Any:
    require("nir")
    import nir

    return nir


def lif(nir: Any, n: int = 2, **fields: Any) -> Any:
    values = {"tau": 0.02, "r": 1.0, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0} | fields
    return nir.LIF(**{k: np.full(n, v, dtype=float) for k, v in values.items()})


def cuba(nir: Any, n: int = 2, **fields: Any) -> Any:
    values = {
        "tau_mem": 0.02, "tau_syn": 0.005, "r": 2.0, "v_leak": 0.0, "v_threshold": 1.0,
        "v_reset": 0.0, "w_in": 3.0,
    } | fields  # fmt: skip
    return nir.CubaLIF(**{k: np.full(n, v, dtype=float) for k, v in values.items()})


def chain(nir: Any, *nodes: Any, n_in: int = 3, n_out: int = 2) -> Any:
    """Input, the nodes in a row, Output; named a, b, c ..."""
    named = dict(zip("abcdefgh", nodes, strict=False))
    named = {"input": nir.Input(np.array([n_in])), **named, "output": nir.Output(np.array([n_out]))}
    edges = list(zip(named, list(named)[1:], strict=False))
    return nir.NIRGraph(named, edges, type_check=False)


WEIGHT = np.array([[1.0, 0.0, 2.0], [0.0, -3.0, 0.0]])


# -- graphs of others -----------------------------------------------------------------------------


def test_a_foreign_lif(nir: Any) -> None:
    """A weight W adds W r dt/tau: 2 * 4 * 0.5/20 = 0.2 mV. c_m = tau/r = 5 nF."""
    node = lif(nir, r=4.0, v_leak=-1.0, v_reset=-2.0)
    network = from_nir(chain(nir, nir.Linear(WEIGHT), node), dt=0.5)
    cell = network.population("b")
    assert {k: cell.parameters[k] for k in ("v_rest", "v_reset", "v_thresh", "tau_m", "c_m")} == {
        "v_rest": -1.0, "v_reset": -2.0, "v_thresh": 1.0, "tau_m": 20.0, "c_m": 5.0
    }  # fmt: skip
    assert cell.parameters["t_ref"] == 0
    assert cell.model.threshold == "v > v_thresh"
    edges = network.projections["a"].edges
    assert (edges.pre.tolist(), edges.post.tolist()) == ([0, 2, 1], [0, 0, 1])
    np.testing.assert_allclose(network.weights("a"), [0.1, 0.2, -0.3])
    assert network.projections["a"].delay == 0.5
    assert network.population("input").model == models.spike_source


def test_a_foreign_cubalif(nir: Any) -> None:
    """A weight W adds W w_in dt/tau_syn to the current: 2 * 3 * 0.5/5 = 0.6."""
    network = from_nir(chain(nir, nir.Linear(WEIGHT), cuba(nir)), dt=0.5)
    cell = network.population("b")
    assert (cell.parameters["tau_syn_exc"], cell.parameters["tau_syn_inh"]) == (5.0, 5.0)
    assert cell.parameters["c_m"] == 10.0  # then our nA are its unit of current
    np.testing.assert_allclose(network.weights("a"), [0.3, 0.6, -0.9])


def test_a_threshold_must_be_passed(nir: Any) -> None:
    """Two inputs of half the threshold do not make a spike; in a model with >= they would."""
    tau = 1e9  # no leak: 0.5 + 0.5 is exactly 1
    network = from_nir(
        chain(nir, nir.Linear(np.full((1, 1), 0.5)), lif(nir, 1, tau=tau, r=tau / 1e-3), n_in=1,
              n_out=1),
        dt=1.0, integrator="euler",
    )  # fmt: skip
    for times, spikes in (([0.0, 1.0], 0), ([0.0, 1.0, 2.0], 1)):
        driven = network.with_stimulus(nb.SpikeTrains("x", "input", times, [0] * len(times)))
        assert len(nb.run(driven, 10.0, "reference", dt=1.0).spikes["b"]) == spikes


def test_a_bias_is_a_constant_current(nir: Any) -> None:
    affine = nir.Affine(WEIGHT, np.array([0.5, 0.0]))
    network = from_nir(chain(nir, affine, lif(nir, r=4.0)), dt=DT)
    # r b = 2 mV of depolarisation, i_offset/c_m tau_m here
    cell = network.population("b")
    assert cell.parameters["c_m"] == 5.0
    np.testing.assert_array_equal(cell.parameters["i_offset"], [0.5, 0.0])
    cuba_cell = from_nir(chain(nir, affine, cuba(nir)), dt=DT).population("b")
    np.testing.assert_array_equal(cuba_cell.parameters["i_offset"], [1.5, 0.0])  # w_in b
    np.testing.assert_array_equal(cuba_cell.initial["i_exc"], [-1.5, 0.0])


def test_a_bias_after_two_sources_counts_once(nir: Any) -> None:
    """input -> w -> cell, and cell -> w too: one Affine, two ways through it."""
    nodes = {
        "input": nir.Input(np.array([2])), "w": nir.Affine(np.eye(2), np.array([0.5, 0.5])),
        "cell": lif(nir), "output": nir.Output(np.array([2])),
    }  # fmt: skip
    edges = [("input", "w"), ("w", "cell"), ("cell", "w"), ("cell", "output")]
    network = from_nir(nir.NIRGraph(nodes, edges), dt=DT)
    assert network.population("cell").parameters["i_offset"] == 0.5
    assert list(network.projections) == ["w", "w_cell_cell"]


def test_delays_add_to_one_step(nir: Any) -> None:
    before, after = nir.Delay(np.array([0.001, 0, 0.002])), nir.Delay(np.array([0.0, 0.0005]))
    network = from_nir(chain(nir, before, nir.Linear(WEIGHT), after, lif(nir)), dt=DT)
    delay = network.projections["b"].delay
    assert isinstance(delay, TickDelays)
    np.testing.assert_allclose(delay.ms, [1.1, 2.1, 0.6])  # edges 0->0, 2->0, 1->1


def test_an_edge_without_a_matrix_is_one_to_one(nir: Any) -> None:
    network = from_nir(chain(nir, lif(nir, r=200.0), n_in=2), dt=DT)
    edges = network.projections["input_a"].edges
    assert (edges.pre.tolist(), edges.post.tolist()) == ([0, 1], [0, 1])
    np.testing.assert_allclose(network.weights("input_a"), [1.0, 1.0])


def test_leaky_integrators_before_the_output_are_readouts(nir: Any) -> None:
    li = nir.LI(tau=np.full(2, 0.01), r=np.array([1.0, 2.0]), v_leak=np.array([0.0, 0.5]))
    graph = chain(nir, nir.Linear(WEIGHT), lif(nir), nir.Linear(np.eye(2)), li)
    readout = from_nir(graph, dt=DT).readouts["c"]
    assert (readout.tau_m, readout.tau_syn, readout.pool) == (10.0, None, "none")
    np.testing.assert_array_equal(readout.weight, [[1, 0], [0, 2]])
    np.testing.assert_array_equal(readout.bias, [0, 0.5])


def test_names_become_names(nir: Any) -> None:
    nodes = {
        "input": nir.Input(np.array([2])), "0.fc": nir.Linear(np.eye(2)), "lif": lif(nir),
        "1.lif": lif(nir), "n1_lif": nir.Linear(np.eye(2)), "output": nir.Output(np.array([2])),
    }  # fmt: skip
    edges = [("input", "0.fc"), ("0.fc", "lif"), ("lif", "n1_lif"), ("n1_lif", "1.lif"),
             ("1.lif", "output")]  # fmt: skip
    network = from_nir(nir.NIRGraph(nodes, edges), dt=DT)
    assert list(network.populations) == ["input", "lif", "n1_lif"]
    assert list(network.projections) == ["n0_fc", "n1_lif"]


def test_a_readout_reads_what_is_in_the_graph(nir: Any) -> None:
    graph = chain(nir, nir.Linear(WEIGHT), lif(nir), nir.Affine(np.eye(2), np.array([1.0, 2.0])))
    readout = from_nir(graph, dt=DT).readouts["c"]
    np.testing.assert_array_equal(readout.weight, np.eye(2))
    np.testing.assert_array_equal(readout.bias, [1, 2])


# -- the time step --------------------------------------------------------------------------------


def test_the_time_step_must_be_known_and_agree(nir: Any, tmp_path: Path) -> None:
    graph = chain(nir, nir.Linear(WEIGHT), lif(nir))
    with pytest.raises(NetworkError, match="does not say for which time step its weights were"):
        from_nir(graph)
    path = write_nir(own(), tmp_path / "own.nir", dt=DT)
    assert from_nir(path, dt=DT).id == from_nir(path).id
    with pytest.raises(NetworkError, match=r"made for dt = 0\.1 ms, got dt = 0\.2"):
        from_nir(path, dt=0.2)
    with pytest.raises(NetworkError, match="dt must be a positive number"):
        from_nir(graph, dt=-1)
    with pytest.raises(NetworkError, match="integrator must be 'exact' or 'euler', got 'rk4'"):
        from_nir(graph, dt=DT, integrator="rk4")  # type: ignore[arg-type]


def own() -> nb.Network:
    net = NetworkBuilder()
    net.population("input", 2, models.spike_source)
    net.population("cell", 2, models.lif_delta, t_ref=0)
    net.connect("drive", "input", "cell", [(0, 0), (1, 1)], weight=2.0, delay=DT)
    return net.build()


# -- what cannot be read --------------------------------------------------------------------------


def _edge(nodes: dict[str, Any], *edges: tuple[str, str]) -> Callable[[Any], Any]:
    return lambda nir: nir.NIRGraph(
        {k: v(nir) for k, v in nodes.items()}, list(edges), type_check=False
    )


INPUT = {"input": lambda nir: nir.Input(np.array([2]))}
CELL = {"cell": lif}
W = {"w": lambda nir: nir.Linear(np.eye(2))}
OUT = {"output": lambda nir: nir.Output(np.array([2]))}


def _delay(nir: Any) -> Any:
    return nir.Delay(np.full(2, 0.001))


def _li(nir: Any, *taus: float) -> Any:
    return nir.LI(tau=np.array(taus or (0.01, 0.01)), r=np.ones(2), v_leak=np.zeros(2))


def _with(value: Any, *place: Any) -> Any:
    array = np.ones((2, 3))
    array[place] = value
    return array


BAD: dict[str, tuple[Callable[[Any], Any], str]] = {
    "unsupported nodes": (
        lambda nir: chain(nir, nir.Scale(np.ones(3)), nir.Threshold(np.ones(3)), lif(nir)),
        "2 of 5 nodes have no counterpart here: 'a' (Scale), 'b' (Threshold). Read are LIF",
    ),
    "a subgraph": (
        lambda nir: chain(nir, nir.Linear(WEIGHT), chain(nir, lif(nir), n_in=2)),
        "1 of 4 nodes have no counterpart here: 'b' (NIRGraph)",
    ),
    "no input": (
        _edge({**CELL, **W}, ("cell", "w"), ("w", "cell")),
        "there is no Input node, so nothing could ever spike",
    ),
    "an edge to nowhere": (
        _edge({**INPUT, **CELL}, ("input", "cel")),
        "edge 'input' -> 'cel': there is no node 'cel'",
    ),
    "a loose node": (
        _edge({**INPUT, **CELL, **W, **OUT}, ("input", "cell"), ("w", "cell")),
        "no path from an Input or a neuron leads through 'w' (Linear), 'output' (Output)",
    ),
    "two matrices": (
        lambda nir: chain(nir, nir.Linear(WEIGHT), nir.Linear(np.eye(2)), lif(nir)),
        "'a' leads to 'b' without neurons between them; multiply the two matrices into one",
    ),
    "a wrong shape": (
        lambda nir: chain(nir, nir.Linear(WEIGHT.T), lif(nir)),
        "node 'a' (Linear): weight has shape (3, 2), but it leads from 'input' (3) to 'b' (2), so "
        "(2, 3) is expected",
    ),
    "a wrong bias": (
        lambda nir: chain(nir, nir.Affine(WEIGHT, np.ones(3)), lif(nir)),
        "node 'a' (Affine): 3 biases for 2 neurons",
    ),
    "no matrix where sizes differ": (
        lambda nir: chain(nir, lif(nir)),
        "an edge leads from 'input' (3) to 'a' (2), without a matrix between them",
    ),
    "a NaN": (
        lambda nir: chain(nir, nir.Linear(_with(np.nan, 1, 2)), lif(nir)),
        "node 'a' (Linear): weight[1, 2] = nan, but values must be finite; 1 of 6 are not",
    ),
    "an infinite threshold": (
        lambda nir: chain(nir, nir.Linear(WEIGHT), lif(nir, v_threshold=np.inf)),
        "node 'b' (LIF): v_threshold[0] = inf, but values must be finite; 2 of 2 are not",
    ),
    "a negative tau": (
        lambda nir: chain(nir, nir.Linear(WEIGHT), lif(nir, tau=-0.01)),
        "node 'b' (LIF): tau[0] = -0.01, but values must be above 0; 2 of 2 are not",
    ),
    "a negative delay": (
        lambda nir: chain(nir, nir.Delay(np.full(3, -1.0)), nir.Linear(WEIGHT), lif(nir)),
        "node 'a' (Delay): delay[0] = -1.0, but values must be at least 0; 3 of 3 are not",
    ),
    "a delay of another size": (
        lambda nir: chain(nir, nir.Delay(np.ones(2)), nir.Linear(WEIGHT), lif(nir)),
        "a Delay from 'input' (3) to 'c' (2) has 2 values, not 3",
    ),
    "a delay between ticks": (
        lambda nir: chain(nir, nir.Delay(np.array([0, 1, 1.23e-5])), nir.Linear(WEIGHT), lif(nir)),
        "is not a multiple of the tick",
    ),
    "a scalar": (
        lambda nir: chain(nir, nir.Linear(WEIGHT), nir.LIF(*(np.array(1.0) for _ in range(5)))),
        "node 'b' (LIF): tau has shape (), but one value for each neuron is expected",
    ),
    "a convolution's shape": (
        lambda nir: nir.NIRGraph({"input": nir.Input(np.array([1, 28, 28]))}, [], type_check=False),
        "node 'input' (Input): shape (1, 28, 28); populations are flat here, so flatten it first",
    ),
    "no numbers": (
        lambda nir: chain(nir, nir.Linear(np.array([["a", "b"]])), lif(nir)),
        "node 'a' (Linear): no numbers for weight",
    ),
    "delays in a circle": (
        _edge({**INPUT, "d": _delay, "e": _delay}, ("input", "d"), ("d", "e"), ("e", "d")),
        "node 'd' (Delay) leads back to itself, without neurons between",
    ),
    "into an input": (
        _edge({**INPUT, **CELL}, ("input", "cell"), ("cell", "input")),
        "'cell' leads to 'input' (Input), into which nothing can lead",
    ),
    "an input that is an output": (
        _edge({**INPUT, **W, **OUT}, ("input", "w"), ("w", "output")),
        "node 'w' leads from an Input to an Output, with no neurons between",
    ),
    "a leaky integrator inside": (
        _edge({**INPUT, **W, "li": _li, **CELL}, ("input", "w"), ("w", "li"), ("li", "cell")),
        "node 'li' (LI): a leaky integrator is read only between a Linear or Affine and an Output",
    ),
    "time constants that differ": (
        lambda nir: chain(nir, nir.Linear(WEIGHT), lif(nir), nir.Linear(np.eye(2)),
                          _li(nir, 0.01, 0.02)),
        "node 'd' (LI), tau: a readout has one time constant for all outputs, but the node has 2",
    ),
    "a bias before a filter": (
        lambda nir: chain(nir, nir.Linear(WEIGHT), lif(nir), nir.Affine(np.eye(2), np.ones(2)),
                          _li(nir)),
        "node 'c' (Affine): a bias before 'd' (LI) is filtered, which a readout cannot do",
    ),
    "a delayed readout": (
        lambda nir: chain(nir, nir.Linear(WEIGHT), lif(nir), _delay(nir), nir.Linear(np.eye(2))),
        "a Delay between 'b' and 'output': readouts have no delay",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_graphs_that_cannot_be_read(nir: Any, case: str) -> None:
    make, message = BAD[case]
    with pytest.raises(FileFormatError, match=re.escape(message)) as caught:
        from_nir(make(nir), dt=DT)
    assert str(caught.value).startswith("NIR graph: ")


def _text(path: Path) -> None:
    path.write_text("not HDF5")


def _other_hdf5(path: Path) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        file["x"] = 1


def _unknown_type(path: Path) -> None:
    import h5py

    write_nir(own(), path, dt=DT)
    with h5py.File(path, "a") as file:
        del file["node/nodes/cell/type"]
        file["node/nodes/cell/type"] = "Quantum"


def _cut(path: Path) -> None:
    write_nir(own(), path, dt=DT)
    path.write_bytes(path.read_bytes()[:3000])


def _single(path: Path) -> None:
    import nir

    nir.write(path, lif(nir))


FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing": (lambda path: None, r"there is no file .*net\.nir"),
    "a folder": (lambda path: path.mkdir(), r"there is no file .*net\.nir"),
    "text": (_text, r"net\.nir is no NIR file that nir [\d.]+ can read \(OSError: .*signature"),
    "other HDF5": (_other_hdf5, r"is no NIR file .* \(KeyError: .*node"),
    "cut off": (_cut, r"is no NIR file .* \(OSError: "),
    "unknown type": (_unknown_type, r"is no NIR file that nir [\d.]+ can read \(AssertionError\)"),
    "one node": (_single, r"is no NIR file .* \(TypeError: LIF"),
}


@pytest.mark.parametrize("case", FILES)
def test_files_that_cannot_be_read(tmp_path: Path, case: str) -> None:
    make, message = FILES[case]
    path = tmp_path / "net.nir"
    make(path)
    with pytest.raises(FileFormatError, match=message):
        from_nir(path, dt=DT)


def test_something_else_than_a_graph() -> None:
    with pytest.raises(FileFormatError, match=r"expected a path or a nir\.NIRGraph, got Network"):
        from_nir(own())


NOTES: dict[str, tuple[str, Any, str]] = {
    "not JSON": ("cell", "{", "node 'cell' (LIF): metadata 'neurobridge' is not JSON"),
    "no object": ("cell", "[1]", "metadata 'neurobridge' must be a JSON object, got '[1]'"),
    "too few ids": ("cell", {"ids": [1]}, "population 'cell': 1 ids for 2 neurons"),
    "c_m": ("cell", {"c_m": [1, 2, 3]}, "could not be broadcast"),
    "integrator": ("cell", {"integrator": "magic"}, "magic"),
    "sources": ("input", {"sources": [{"population": "a", "size": 3}]},
                "node 'input' (Input): 2 neurons, but its metadata count 3"),
    "labels": ("cell", {"labels": {"columns": {"x": {"codes": [0, 5], "categories": ["a"]}}}},
               "label code 5 has no category"),
}  # fmt: skip


@pytest.mark.parametrize("case", NOTES)
def test_metadata_that_do_not_fit(case: str) -> None:
    node, note, message = NOTES[case]
    graph = to_nir(own(), dt=DT)
    text = note if isinstance(note, str) else json.dumps(note)
    graph.nodes[node].metadata["neurobridge"] = text
    with pytest.raises(FileFormatError, match=re.escape(message)):
        from_nir(graph)


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nir", None)
    with pytest.raises(nb.BackendUnavailableError, match=r"pip install 'neurobridge-sim\[nir\]'"):
        to_nir(own(), dt=DT)
