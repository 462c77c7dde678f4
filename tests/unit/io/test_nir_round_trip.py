"""Networks to NIR files and back: what NIR can say comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

import neurobridge as nb
from neurobridge import Network, NetworkBuilder, Readout, models
from neurobridge.graph.projection import TickDelays
from neurobridge.io.nir import Scaling, from_nir, to_nir, write_nir
from tests.requirements import require
from tests.unit.io.nir_networks import DT

ACCEPT = ["forward_latency", "readout_bias"]


@pytest.fixture(autouse=True)
def nir() -> Any:
    require("nir")
    import nir

    return nir


def rich(rng: np.random.Generator) -> Network:
    """All that has a place: two sources, both neurons, loops, delays of each kind, two readouts."""
    net = NetworkBuilder()
    net.population("left", 2, models.spike_source)
    net.population("right", 3, models.spike_source, ids=[2**60, 7, -3], sign=[1, -1, 0])
    net.population(
        "exp", 4, models.lif_exp, t_ref=0, tau_m=[9, 10.5, 11, 12.1], tau_syn_exc=[2, 3, 4, 5.5],
        tau_syn_inh=[2, 3, 4, 5.5], c_m=rng.uniform(0.1, 0.4, 4), v_rest=-61.3, v_reset=-63.7,
        v_thresh=rng.uniform(-50, -40, 4),
        labels={"type": ["KC", "", "µ", "KC"], "side": list("lrlr")},
    )  # fmt: skip
    net.population("delta", 3, models.lif_delta.with_integrator("euler"), t_ref=0, i_offset=0.07)
    net.connect("a", "left", "exp", [(0, 0), (1, 2), (1, 1)], weight=[0.3, 0.2, -0.1], delay=DT)
    net.connect(
        "b", "right", "exp", [(0, 0), (2, 3)], weight=rng.uniform(0.1, 0.3, 2), delay="0.5 ms"
    )
    net.connect("exp", "exp", "exp", [(0, 1), (1, 2), (1, 3), (3, 3)],
                weight=rng.normal(size=4), delay=[0.1, 0.3, 0.3, 1.5])  # fmt: skip
    net.connect(
        "on", "exp", "delta", [(0, 1), (1, 2), (3, 0)], weight=rng.uniform(1, 2, 3), delay=1.8
    )
    net.connect("back", "delta", "exp", [(0, 1)], weight=-0.3, delay=DT, receptor="inh")
    net.add(
        Readout("trace", "exp", [2, 0], rng.normal(size=(2, 2)), [0.5, -1], pool="mean"),
        Readout("choice", "delta", [0, 1, 2], rng.normal(size=(2, 3)), [1, 2], tau_m=20.0,
                tau_syn=5.0, pool="max", classes=("left", "right")),
    )  # fmt: skip
    net.metadata(dataset="by hand", tags=["a", {"b": None}])
    return net.build()


def through(network: Network, path: Path, scaling: Scaling, accept: list[str] = ACCEPT) -> Network:
    return from_nir(write_nir(network, path, dt=DT, scaling=scaling, accept=accept))


@pytest.mark.parametrize("scaling", ["torch", "physical"])
def test_everything_that_nir_can_say_comes_back(
    tmp_path: Path, rng: np.random.Generator, scaling: Scaling
) -> None:
    network = rich(rng)
    again = through(network, tmp_path / "net.nir", scaling)
    for part in ("populations", "projections", "readouts"):
        assert list(getattr(again, part)) == list(getattr(network, part))
    for name, p in network.populations.items():
        q = again.population(name)
        assert q.model == p.model
        assert (q.size, q.labels) == (p.size, p.labels)
        np.testing.assert_array_equal(q.ids, p.ids)
        for key, value in p.parameters.items():
            np.testing.assert_allclose(q.parameters[key], value, rtol=1e-15, err_msg=key)
    for name, p in network.projections.items():
        q = again.projections[name]
        assert (q.pre, q.post, q.receptor, q.edges) == (p.pre, p.post, p.receptor, p.edges)
        np.testing.assert_allclose(again.weights(name), network.weights(name), rtol=1e-15)
        if isinstance(p.delay, TickDelays):
            assert isinstance(q.delay, TickDelays)
            np.testing.assert_array_equal(q.delay.ms, p.delay.ms)
        else:
            assert q.delay == p.delay
    for name, r in network.readouts.items():
        s = again.readouts[name]
        np.testing.assert_allclose(s.weight, r.weight, rtol=1e-15)
        np.testing.assert_allclose(s.bias, r.bias, rtol=1e-15)
        assert (s.tau_m, s.tau_syn, s.pool, s.classes) == (r.tau_m, r.tau_syn, r.pool, r.classes)
        np.testing.assert_array_equal(s.neurons, r.neurons)
    assert again.metadata == network.metadata


@pytest.mark.parametrize("scaling", ["torch", "physical"])
def test_it_runs_the_same(tmp_path: Path, rng: np.random.Generator, scaling: Scaling) -> None:
    network = rich(rng)
    again = through(network, tmp_path / "net.nir", scaling)
    drive = [
        nb.Poisson("l", "left", rate=200.0), nb.Poisson("r", "right", rate=300.0)
    ]  # fmt: skip
    runs = []
    for n in (network, again):
        strong = n.scale("a", 20.0).scale("b", 20.0).scale("on", 60.0)
        for stimulus in drive:
            strong = strong.with_stimulus(stimulus)
        runs.append(nb.run(strong, 300.0, "reference", dt=DT, seed=3))
    assert len(runs[0].spikes["exp"]) > 20
    assert len(runs[0].spikes["delta"]) > 20
    for name in network.populations:
        assert runs[0].spikes[name].same_as(runs[1].spikes[name])


def test_a_second_trip_changes_nothing(tmp_path: Path, rng: np.random.Generator) -> None:
    once = through(rich(rng), tmp_path / "1.nir", "physical")
    assert through(once, tmp_path / "2.nir", "physical").id == once.id


def test_what_was_accepted_is_gone(tmp_path: Path) -> None:
    net = NetworkBuilder()
    net.population("input", 1, models.spike_source)
    net.population("cell", 2, models.lif_exp, t_ref=[1, 3], initial={"v": -60.0})
    net.connect("drive", "input", "cell", [(0, 0), (0, 1), (0, 1)], weight=[1, 0.25, 0.5], delay=DT)
    network = net.build()
    accept = ["refractory_dropped", "initial_state"]
    again = through(network, tmp_path / "net.nir", "physical", accept)
    assert again.population("cell").parameters["t_ref"] == 0
    assert not again.population("cell").initial
    assert again.weights("drive").tolist() == [1.0, 0.75]  # parallel edges are one


def test_zeros_are_no_edges(tmp_path: Path) -> None:
    net = NetworkBuilder()
    net.population("input", 2, models.spike_source)
    net.population("cell", 2, models.lif_delta, t_ref=0)
    net.connect("drive", "input", "cell", [(0, 0), (1, 1)], weight=[0, 2], delay=DT)
    net.connect("none", "input", "cell", [], weight=[], delay=0.7)
    again = through(net.build(), tmp_path / "net.nir", "torch")
    assert again.projections["drive"].edges.pre.tolist() == [1]
    assert again.projections["none"].edges.n_edges == 0
    assert again.projections["none"].delay == 0.7


@pytest.mark.parametrize("filters", [{}, {"tau_m": 20.0}, {"tau_syn": 5.0},
                                     {"tau_m": 20.0, "tau_syn": 5.0}])  # fmt: skip
@pytest.mark.parametrize("pool", ["count", "mean", "max", "last", "none"])
def test_readouts_of_every_kind(
    tmp_path: Path,
    rng: np.random.Generator,
    filters: dict[str, float],
    pool: Literal["count", "mean", "max", "last", "none"],
) -> None:
    net = NetworkBuilder()
    net.population("input", 2, models.spike_source)
    net.population("cell", 3, models.lif_delta, t_ref=0)
    net.connect("drive", "input", "cell", [(0, 0)], weight=2.0, delay=DT)
    readout = Readout("out", "cell", [1, 2], rng.normal(size=(4, 2)), rng.normal(size=4),
                      pool=pool, **filters)  # type: ignore[arg-type]  # fmt: skip
    net.add(readout)
    again = through(net.build(), tmp_path / "net.nir", "torch").readouts["out"]
    np.testing.assert_allclose(again.weight, readout.weight, rtol=1e-15)
    np.testing.assert_array_equal(again.bias, readout.bias)
    assert (again.tau_m, again.tau_syn, again.pool) == (readout.tau_m, readout.tau_syn, pool)


# -- the graph itself -----------------------------------------------------------------------------


def test_the_graph_by_hand(nir: Any) -> None:
    """One neuron of each kind in physical units; every number can be worked out on paper."""
    net = NetworkBuilder()
    net.population("input", 1, models.spike_source)
    net.population("d", 1, models.lif_delta, t_ref=0, i_offset=0.1)
    net.population("e", 1, models.lif_exp, t_ref=0, v_reset=-60.0)
    net.connect("into_d", "input", "d", [(0, 0)], weight="2 mV", delay=DT)
    net.connect("into_e", "d", "e", [(0, 0)], weight="-0.5 nA", delay=1.6)
    graph = to_nir(net.build(), dt=DT, scaling="physical", accept=ACCEPT)
    d, e = graph.nodes["d"], graph.nodes["e"]
    assert isinstance(d, nir.LIF)
    assert isinstance(e, nir.CubaLIF)
    assert (d.tau, d.r, d.v_leak, d.v_threshold, d.v_reset) == (0.02, 80.0, 0.0, 15.0, 0.0)
    assert (e.tau_mem, e.tau_syn, e.r, e.v_threshold, e.v_reset) == (0.02, 0.005, 80.0, 15.0, 5.0)
    assert e.w_in == 50.0  # tau_syn/dt
    # 2 mV onto 0.25 nF are 0.5 pC, in 0.1 ms: 5 nA
    assert graph.nodes["into_d"].weight.tolist() == [[5.0]]
    assert graph.nodes["into_d"].bias.tolist() == [0.1]
    assert graph.nodes["into_e"].weight.tolist() == [[-0.5]]
    assert graph.nodes["into_e_delay"].delay == pytest.approx(0.0015)
    assert graph.edges == [
        ("input", "into_d"), ("into_d", "d"), ("d", "into_e_delay"), ("into_e_delay", "into_e"),
        ("into_e", "e"), ("e", "e_output"),
    ]  # fmt: skip
    assert graph.metadata["dt_ms"] == DT
    assert "nA" in graph.metadata["units"]


def test_the_units_of_torch(nir: Any) -> None:
    net = NetworkBuilder()
    net.population("input", 1, models.spike_source)
    net.population("d", 1, models.lif_delta, t_ref=0)
    net.population("e", 1, models.lif_exp, t_ref=0)
    net.connect("into_d", "input", "d", [(0, 0)], weight="2 mV", delay=DT)
    net.connect("into_e", "input", "e", [(0, 0)], weight="0.5 nA", delay=DT)
    graph = to_nir(net.build(), dt=DT)
    assert graph.nodes["d"].r == 1.0
    assert graph.nodes["into_d"].weight == pytest.approx(2 * 20 / 0.1)
    assert graph.nodes["e"].r == pytest.approx(200.0)
    assert graph.nodes["into_e"].weight == pytest.approx(0.5 * 0.1 / 0.25)  # mV per step


def test_names_that_meet_stay_apart(tmp_path: Path) -> None:
    net = NetworkBuilder()
    net.population("source", 1, models.spike_source)
    for name in ("input", "output", "source_delay"):
        net.population(name, 1, models.lif_delta, t_ref=0)
        net.connect(name, "source", name, [(0, 0)], weight=1.0, delay=0.5)
    network = net.build()
    again = through(network, tmp_path / "net.nir", "physical")
    assert again.id == network.id


def test_loops_without_an_end_have_an_output() -> None:
    net = NetworkBuilder()
    net.population("input", 1, models.spike_source)
    for name in "ab":
        net.population(name, 1, models.lif_delta, t_ref=0)
    net.connect("in", "input", "a", [(0, 0)], weight=1.0, delay=DT)
    net.connect("ab", "a", "b", [(0, 0)], weight=1.0, delay=DT)
    net.connect("ba", "b", "a", [(0, 0)], weight=1.0, delay=DT)
    graph = to_nir(net.build(), dt=DT, accept=ACCEPT)
    assert ("b", "b_output") in graph.edges


def test_a_file_is_written_whole_and_not_over_another(tmp_path: Path) -> None:
    net = NetworkBuilder()
    net.population("input", 1, models.spike_source)
    net.population("cell", 1, models.lif_delta, t_ref=0)
    net.connect("drive", "input", "cell", [(0, 0)], weight=1.0, delay=DT)
    network = net.build()
    path = write_nir(network, tmp_path / "new" / "net.nir", dt=DT)
    assert [p.name for p in path.parent.iterdir()] == ["net.nir"]
    with pytest.raises(nb.FileFormatError, match=r"net\.nir exists; .* overwrite=True"):
        write_nir(network, path, dt=DT)
    write_nir(network.scale("drive", 2.0), path, dt=DT, overwrite=True)
    assert from_nir(path).weights("drive").tolist() == [2.0]
    with pytest.raises(nb.FileFormatError, match=r"new exists; choose another name$"):
        write_nir(network, tmp_path / "new", dt=DT, overwrite=True)
