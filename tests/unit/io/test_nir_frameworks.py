"""The table of ``docs/nir.md``: what norse and snnTorch do with a file, and how it compares.

Each test fails if a version does something else, so that the document can be put right.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import neurobridge as nb
from neurobridge import Readout, models
from neurobridge.io.nir import from_nir, nir_findings, write_nir
from tests.requirements import require
from tests.unit.io.nir_frameworks import Norse, at_most, nirtorch, outputs, quiet, snntorch
from tests.unit.io.nir_networks import DELTA, DT, EXPONENTIAL, STEPS, Toy, raster

Real = NDArray[np.float64]
ACCEPT = ["forward_latency", "initial_state"]
MV = 2e-5
"""Tolerance of potentials: float32 there, float64 here."""


@pytest.fixture(autouse=True)
def frameworks() -> None:
    for package in ("nir", "norse", "snntorch", "nirtorch"):
        require(package)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "net.nir"


def write(toy: Toy, path: Path, scaling: str = "torch") -> Path:
    return write_nir(toy.network, path, dt=DT, scaling=scaling, accept=ACCEPT)  # type: ignore[arg-type]


def later(spikes: Real, steps: int) -> Real:
    return np.vstack([np.zeros((steps, spikes.shape[1])), spikes[: len(spikes) - steps]])


def semi_implicit(toy: Toy, *, loop_steps: int) -> Real:
    """The step of norse and snnTorch for ``CubaLIF``, by hand: the current moves first, then v."""
    p = {k: np.asarray(v) for k, v in toy.network.population("cell0").parameters.items()}
    n = toy.weights[0].shape[0]
    i, v, spikes = np.zeros(n), np.zeros(n), np.zeros((STEPS, n))
    for k in range(STEPS):
        i = i * (1 - DT / p["tau_syn_exc"]) + toy.weights[0] @ toy.x[k]
        if k >= loop_steps:
            i = i + toy.loops[0] @ spikes[k - loop_steps]
        v = v * (1 - DT / p["tau_m"]) + DT * i / p["c_m"]
        spikes[k] = v > p["v_thresh"] - p["v_rest"]
        v = np.where(spikes[k] > 0, 0.0, v)
    return spikes


# -- delta synapses: the same steps ---------------------------------------------------------------


@pytest.mark.parametrize("loops", [False, True])
def test_delta_synapses_in_norse_step_for_step(
    path: Path, rng: np.random.Generator, loops: bool
) -> None:
    toy = Toy(rng, DELTA, loops=loops)
    norse = Norse(write(toy, path), toy.x, DT)
    here = toy.spikes_here()["cell0"]
    assert here.sum() > 50
    np.testing.assert_array_equal(norse.spikes("cell0"), here)
    np.testing.assert_array_equal(norse.output, here)
    np.testing.assert_allclose(norse.v("cell0"), toy.v_here()["cell0"], rtol=0, atol=MV)


@pytest.mark.parametrize("scaling", ["torch", "physical"])
def test_delta_synapses_in_snntorch_step_for_step(
    path: Path, rng: np.random.Generator, scaling: str
) -> None:
    toy = Toy(rng, DELTA)
    found = outputs(snntorch(write(toy, path, scaling)), toy.x)
    assert found.sum() > 50
    np.testing.assert_array_equal(found, toy.spikes_here()["cell0"])


def test_delta_synapses_with_loops_through_nirtorch(path: Path, rng: np.random.Generator) -> None:
    toy = Toy(rng, DELTA, loops=True)
    found = outputs(nirtorch(write(toy, path), DT), toy.x)
    np.testing.assert_array_equal(found, toy.spikes_here()["cell0"])


def test_constant_current_is_a_bias(path: Path, rng: np.random.Generator) -> None:
    toy = Toy(rng, DELTA, i_offset=0.15)
    write(toy, path)
    here = toy.spikes_here()["cell0"]
    np.testing.assert_array_equal(Norse(path, toy.x, DT).output, here)
    np.testing.assert_array_equal(outputs(snntorch(path), toy.x), here)


@pytest.mark.parametrize("loops", [False, True])
def test_each_layer_is_one_step_later_here(
    path: Path, rng: np.random.Generator, loops: bool
) -> None:
    toy = Toy(rng, DELTA, layers=2, loops=loops)
    norse = Norse(write(toy, path), toy.x, DT)
    here = toy.spikes_here()
    assert here["cell1"].sum() > 50
    np.testing.assert_array_equal(here["cell0"], norse.spikes("cell0"))
    np.testing.assert_array_equal(here["cell1"], later(norse.spikes("cell1"), 1))
    np.testing.assert_array_equal(outputs(nirtorch(path, DT), toy.x), norse.spikes("cell1"))
    (finding,) = [f for f in nir_findings(toy.network, dt=DT) if f.code == "forward_latency"]
    assert finding.magnitude == DT
    assert "into_cell1" in finding.where


def test_a_readout_is_the_output(path: Path, rng: np.random.Generator) -> None:
    toy = Toy(rng, DELTA)
    weight, bias = rng.normal(size=(2, 5)), np.array([0.5, -1.0])
    readout = Readout("out", "cell0", np.arange(5), weight, bias, pool="none")
    toy.builder.add(readout)
    write(toy, path)
    expected = readout.apply(nb.run(toy.network, STEPS * DT, "reference", dt=DT))
    np.testing.assert_allclose(Norse(path, toy.x, DT).output, expected, atol=1e-5)
    np.testing.assert_allclose(outputs(snntorch(path), toy.x), expected, atol=1e-5)


# -- exponential synapses: the current moves first there ------------------------------------------


def test_exponential_synapses_act_one_step_earlier_there(
    path: Path, rng: np.random.Generator
) -> None:
    toy = Toy(rng, EXPONENTIAL)
    norse = Norse(write(toy, path), toy.x, DT)
    here = toy.spikes_here()["cell0"]
    assert here.sum() > 100
    np.testing.assert_array_equal(here, later(norse.output, 1))
    v = toy.v_here()["cell0"]
    np.testing.assert_allclose(v[1:], norse.v("cell0")[:-1], rtol=0, atol=MV)
    np.testing.assert_array_equal(outputs(snntorch(path), toy.x), norse.output)


def test_exponential_synapses_in_loops_take_one_step_there_and_two_here(
    path: Path, rng: np.random.Generator
) -> None:
    toy = Toy(rng, EXPONENTIAL, loops=True)
    norse = Norse(write(toy, path), toy.x, DT)
    assert norse.output.sum() > 100
    np.testing.assert_array_equal(norse.output, semi_implicit(toy, loop_steps=1))
    np.testing.assert_array_equal(outputs(nirtorch(path, DT), toy.x), norse.output)
    two = semi_implicit(toy, loop_steps=2)
    assert not np.array_equal(two, norse.output)
    np.testing.assert_array_equal(toy.spikes_here()["cell0"], later(two, 1))


def test_constant_current_builds_up_through_the_synapse(
    path: Path, rng: np.random.Generator
) -> None:
    """Here too, in the network that is read back: exactly so, by its initial current."""
    toy = Toy(rng, EXPONENTIAL, i_offset=0.2)
    norse = Norse(write(toy, path), np.zeros_like(toy.x), DT)
    back = from_nir(path).with_probe(nb.StateProbe("v", "cell0", "v"))
    here = nb.run(back, STEPS * DT, "reference", dt=DT).signals["v"].values + 65.0
    np.testing.assert_allclose(here[1:], norse.v("cell0")[:-1], rtol=0, atol=MV)
    at_once = toy.network.without_stimulus("spikes")
    away = nb.run(at_once, STEPS * DT, "reference", dt=DT).signals["v_cell0"].values + 65.0
    assert (away[1:-1] > here[1:-1]).all()
    (finding,) = [f for f in nir_findings(toy.network, dt=DT) if f.code == "initial_state"]
    assert finding.magnitude == 0.2


# -- Euler against the exact solution -------------------------------------------------------------


def test_what_euler_loses_is_what_the_finding_says(path: Path) -> None:
    """One input far below threshold, looked at after one time constant: 5 ms at dt = 0.1 ms."""
    net = nb.NetworkBuilder()
    net.population("input", 1, models.spike_source)
    net.population("cell", 1, models.lif_delta, t_ref=0, tau_m=5.0)
    net.connect("drive", "input", "cell", [(0, 0)], weight="8 mV", delay=DT)
    net.add(nb.SpikeTrains("one", "input", [0.0], [0]), nb.StateProbe("v", "cell", "v"))
    network = net.build()
    write_nir(network, path, dt=DT)
    x = np.zeros((51, 1))
    x[0] = 1
    there = Norse(path, x, DT).v("cell")[:, 0]
    here = nb.run(network, 5.1, "reference", dt=DT).signals["v"].values[:, 0] + 65.0
    np.testing.assert_allclose(here, 8 * np.exp(-np.arange(51) * DT / 5), rtol=1e-12)
    np.testing.assert_allclose(there, 8 * (1 - DT / 5) ** np.arange(51), rtol=1e-5)
    (finding,) = [f for f in nir_findings(network, dt=DT) if f.code == "importers_use_euler"]
    assert finding.magnitude == pytest.approx(1 - there[50] / here[50], rel=1e-3)
    assert finding.magnitude == pytest.approx(DT / 5 / 2, rel=0.02)


# -- what they ignore, refuse, or get wrong --------------------------------------------------------


def test_both_reset_to_rest(path: Path, rng: np.random.Generator) -> None:
    toy = Toy(rng, DELTA, v_reset=-60.0)
    norse = Norse(write(toy, path), toy.x, DT)
    assert norse.v("cell0")[norse.spikes("cell0") > 0].max() == 0.0
    np.testing.assert_array_equal(outputs(snntorch(path), toy.x), norse.output)
    assert toy.spikes_here()["cell0"].sum() > norse.output.sum()


def test_norse_ignores_r_of_an_lif(path: Path, rng: np.random.Generator) -> None:
    toy = Toy(rng, DELTA)
    norse = Norse(write(toy, path, "physical"), toy.x, DT)
    r = 20.0 / 0.25
    first = int(np.flatnonzero(toy.x.any(axis=1))[0])
    expected = toy.v_here()["cell0"][first] / r
    np.testing.assert_allclose(norse.v("cell0")[first], expected, atol=MV)


def test_norse_uses_r_of_a_cubalif(path: Path, rng: np.random.Generator) -> None:
    toy = Toy(rng, EXPONENTIAL)
    norse = Norse(write(toy, path, "physical"), toy.x, DT)
    np.testing.assert_array_equal(toy.spikes_here()["cell0"], later(norse.output, 1))


def test_snntorch_refuses_a_cubalif_in_physical_units(path: Path, rng: np.random.Generator) -> None:
    write(Toy(rng, EXPONENTIAL), path, "physical")
    with pytest.raises(AssertionError, match="r not supported in CubaLIF"):
        snntorch(path)


def test_snntorch_sends_input_through_the_loop(path: Path, rng: np.random.Generator) -> None:
    toy = Toy(rng, DELTA, loops=True)
    found = outputs(_snntorch_with_r(toy, path), toy.x)
    weights, loop = toy.weights[0], toy.loops[0]
    v, z, expected = np.zeros(5), np.zeros(5), []
    for row in toy.x:
        v = v * (1 - DT / 20) + loop @ (weights @ row + z)
        z = (v > 15).astype(float)
        v = np.where(z > 0, 0.0, v)
        expected.append(z)
    np.testing.assert_array_equal(found, expected)
    assert not np.array_equal(found, toy.spikes_here()["cell0"])


def _snntorch_with_r(toy: Toy, path: Path) -> object:
    """The file with r = tau/dt, which snnTorch wants of loops; weights in mV per step."""
    import nir

    graph = nir.read(write(toy, path))
    scale = 20.0 / DT
    graph.nodes["cell0"].r = np.full(5, scale)
    for name in ("into_cell0", "loop_cell0"):
        graph.nodes[name].weight = graph.nodes[name].weight / scale
    nir.write(path, graph)
    return snntorch(path)


def test_snntorch_cannot_build_two_loops(path: Path, rng: np.random.Generator) -> None:
    write(Toy(rng, EXPONENTIAL, layers=2, loops=True), path)
    with pytest.raises(AttributeError, match="'GraphModule' object has no attribute 'items'"):
        snntorch(path)


def test_snntorch_takes_one_threshold_and_one_scale(path: Path, rng: np.random.Generator) -> None:
    write(Toy(rng, DELTA, v_thresh=[-50, -51, -52, -53, -54]), path)
    with pytest.raises(AssertionError, match="v_threshold must be same"):
        snntorch(path)
    path.unlink()
    toy = Toy(rng, DELTA, tau_m=[5, 10, 15, 20, 25])
    here = toy.spikes_here()["cell0"]
    np.testing.assert_array_equal(Norse(write(toy, path), toy.x, DT).output, here)
    silently = outputs(snntorch(path), toy.x)  # the scale of the largest tau for all
    assert silently.sum() < here.sum()
    np.testing.assert_array_equal(silently[:, 4], here[:, 4])
    np.testing.assert_array_equal(outputs(nirtorch(path, DT), toy.x), here)


def test_snntorch_always_takes_a_tenth_of_a_millisecond(
    path: Path, rng: np.random.Generator
) -> None:
    write_nir(Toy(rng, DELTA, delay=1.0).network, path, dt=1.0)
    module = snntorch(path)
    assert module.cell0.beta.unique().item() == pytest.approx(1 - 0.1 / 20)


def test_norse_drops_delays_and_what_lies_before_them(path: Path, rng: np.random.Generator) -> None:
    toy = Toy(rng, DELTA, delay=3 * DT)
    norse = Norse(write(toy, path), toy.x, DT)
    assert norse.order == ["into_cell0", "cell0", "cell0_output"]
    np.testing.assert_array_equal(toy.spikes_here()["cell0"], later(norse.output, 2))
    for build in (snntorch, lambda p: nirtorch(p, DT)):
        with pytest.raises(ValueError, match=r"Unknown node type .*Delay"):
            build(path)


def test_norse_drops_the_filter_of_a_readout(path: Path, rng: np.random.Generator) -> None:
    toy = Toy(rng, DELTA)
    weight = rng.normal(size=(2, 5))
    toy.builder.add(Readout("out", "cell0", np.arange(5), weight, np.zeros(2), tau_m=10.0,
                            pool="none"))  # fmt: skip
    norse = Norse(write(toy, path), toy.x, DT)
    unfiltered = norse.spikes("cell0") @ weight.T
    np.testing.assert_allclose(norse.output, unfiltered, atol=1e-5)
    with pytest.raises(ValueError, match=r"Unknown node type .*LI"):
        snntorch(path)


def test_norse_is_late_where_a_graph_branches(path: Path, rng: np.random.Generator) -> None:
    """Two projections from the sources: the second acts a step late, and is what is returned."""
    toy = Toy(rng, DELTA)
    toy.connect("more", "input", "cell0", toy.weights[0])
    here = toy.spikes_here()["cell0"]
    norse = Norse(write(toy, path), toy.x, DT)
    assert norse.order == ["input", "into_cell0", "cell0", "cell0_output", "more"]
    assert not np.array_equal(norse.spikes("cell0"), here)
    assert norse.output.max() > 1
    np.testing.assert_array_equal(outputs(snntorch(path), toy.x), here)
    (finding,) = [f for f in nir_findings(toy.network, dt=DT) if f.code == "branches"]
    assert finding.where == "after ['input']"


def test_several_outputs(path: Path, rng: np.random.Generator) -> None:
    toy = Toy(rng, DELTA)
    toy.builder.population("other", 5, DELTA, t_ref=0)
    toy.connect("into_other", "input", "other", toy.weights[0])
    norse = Norse(write(toy, path), toy.x, DT)
    np.testing.assert_array_equal(norse.output, norse.spikes("other"))
    for build in (snntorch, lambda p: nirtorch(p, DT)):
        with at_most(1.0), pytest.raises(TimeoutError):
            build(path)
    codes = [f.code for f in nir_findings(toy.network, dt=DT)]
    assert "several_outputs" in codes


def test_both_want_potentials_from_rest(path: Path, rng: np.random.Generator) -> None:
    """In norse, v_leak = -1 moves the current of a CubaLIF to -1 as well, and v to -1 - r."""
    import nir

    write(Toy(rng, EXPONENTIAL), path, "physical")
    graph = nir.read(path)
    graph.nodes["cell0"].v_leak = np.full(5, -1.0)
    nir.write(path, graph)
    norse = Norse(path, np.zeros((5000, 4)), DT)
    np.testing.assert_allclose(norse.v("cell0")[-1], -1.0 - 80.0, rtol=1e-3)
    with pytest.raises(AssertionError, match="v_leak not supported"):
        snntorch(path)


def test_nirtorch_forgets_the_bias_of_an_affine() -> None:
    with quiet():
        import nir
        import nirtorch
        import torch

        affine = nir.Affine(np.eye(2), np.array([5.0, 6.0]))
        module = nirtorch.nir_to_torch(nir.NIRGraph.from_list(affine), {})
        bias, _ = module(torch.zeros(1, 2))
    assert bias.abs().max() < 1


# -- their files, here ----------------------------------------------------------------------------


def run_here(network: nb.Network, x: Real, population: str) -> Real:
    (source,) = [p.name for p in network.populations.values() if p.model.is_source]
    step, neuron = np.nonzero(x)
    driven = network.with_stimulus(nb.SpikeTrains("x", source, step * DT, neuron))
    return raster(nb.run(driven, len(x) * DT, "reference", dt=DT).spikes[population])


@pytest.mark.parametrize("kind", ["RLeaky", "Synaptic"])
def test_a_network_of_snntorch_runs_here(path: Path, rng: np.random.Generator, kind: str) -> None:
    with quiet():
        import nir
        import snntorch as snn
        import torch
        from snntorch.export_nir import export_to_nir

        def many(value: float) -> torch.Tensor:
            return torch.full((5,), value)

        common = {"reset_mechanism": "zero", "reset_delay": False, "init_hidden": True}
        layer = (
            snn.RLeaky(many(0.9), linear_features=5, threshold=many(1.0), **common)
            if kind == "RLeaky"
            else snn.Synaptic(many(0.8), many(0.9), many(1.0), **common)
        )
        net = torch.nn.Sequential(torch.nn.Linear(4, 5), layer)
        for parameter in net.parameters():
            parameter.data = torch.tensor(rng.uniform(-0.6, 0.7, parameter.shape)).float()
        x = (rng.random((STEPS, 4)) < 0.3).astype(np.float32)
        nir.write(path, export_to_nir(net, torch.zeros(4)))
        net[1].reset_mem()
        with torch.no_grad():
            there = np.array([net(row[None]).numpy()[0] for row in torch.from_numpy(x)])
    network = from_nir(path, dt=DT, integrator="euler")
    name = "n1_lif" if kind == "RLeaky" else "n1"
    here = run_here(network, x, name)
    assert 100 < there.sum() < 1400
    expected = there if kind == "RLeaky" else later(there, 1)
    np.testing.assert_array_equal(here, expected)


def test_norse_writes_time_constants_that_are_not_its_own(path: Path) -> None:
    """dt/(1/tau) instead of tau: 1000 times too small at its default of 1 ms."""
    with quiet():
        import nir
        import norse.torch as nt
        import torch

        p = nt.LIFBoxParameters(torch.full((3,), 50.0), torch.zeros(3), torch.ones(3))
        net = nt.SequentialState(torch.nn.Linear(2, 3), nt.LIFBoxCell(p))
        nir.write(path, nt.to_nir(net, torch.zeros(2)))
    network = from_nir(path, dt=1.0)
    assert network.population("n1").parameters["tau_m"] == pytest.approx(0.02)
