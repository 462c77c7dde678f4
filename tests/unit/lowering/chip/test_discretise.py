"""The chip's difference equations in real numbers, against the twin and against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.backends.fixedpoint.findings import chip_findings
from neurobridge.backends.fixedpoint.simulate import simulate
from neurobridge.backends.reference.engine import ReferenceEngine
from neurobridge.errors import BackendError, ModelError
from neurobridge.lowering.chip.discretise import discretise, discretise_drive
from neurobridge.lowering.chip.load import load_drive
from neurobridge.lowering.chip.unload import unload
from neurobridge.lowering.chip.weights_back import held_weights
from neurobridge.lowering.drive import lower_drive
from neurobridge.lowering.lower import lower

N, SOURCES = 24, 12


def layered(model, weight, rng, *, recurrent=0.0, **parameters):
    """Sources of both signs onto neurons with time constants of their own."""
    b = nb.NetworkBuilder()
    b.population("src", SOURCES, nb.models.spike_source)
    b.population("cell", N, model, tau_m=rng.uniform(10, 30, N), **parameters)
    b.add(nb.Poisson("in", "src", rate=80.0))
    pairs = np.argwhere(rng.random((SOURCES, N)) < 0.5)
    sign = np.where(pairs[:, 0] < 8, 1.0, -1.0)
    weights = weight * sign * rng.uniform(0.3, 1.7, len(pairs))
    b.connect("ff", "src", "cell", pairs, weight=weights, delay="2 ms")
    if recurrent:
        pairs = np.argwhere(rng.random((N, N)) < 0.2)
        weights = recurrent * rng.uniform(0.3, 1.7, len(pairs))
        b.connect("rec", "cell", "cell", pairs, weight=weights, delay="2 ms")
    b.add(nb.StateProbe("v", "cell", "v"))
    return b.build()


def planned(network, dt, **settings):
    plan, _ = chip_findings(lower(network, dt), settings)
    return plan


def runs(network, dt, duration=200.0, **flags):
    """Spikes and potentials of a discretised program, and of the twin."""
    plan = planned(network, dt)
    drive, _ = lower_drive(network, dt, round(duration / dt), 0, 0)
    twin = unload(plan, drive, simulate(load_drive(plan, drive), saturate=False), drive.n_steps)
    flags = {"discretisation": True, "weights": True, "decays": True} | flags
    given = discretise_drive(plan, drive, weights=flags["weights"], decays=flags["decays"])
    return ReferenceEngine(discretise(plan, **flags)).run(given), twin


def largest_difference(a, b):
    return float(np.abs(a.signals["v"] - b.signals["v"]).max())


def same_spikes(a, b):
    return sorted(zip(*map(list, a.spikes["cell"]), strict=True)) == sorted(
        zip(*map(list, b.spikes["cell"]), strict=True)
    )


def flooring(plan, dt):
    """The most that flooring can do to V (mV): one raw unit at each product, in every step."""
    cell, unit = plan.program.population("cell"), plan.units["cell"]
    p = {name: np.max(value) for name, value in cell.parameters.items()}
    leak = -np.expm1(-dt / p["tau_m"])
    resistance = p["tau_m"] / np.min(cell.parameters["c_m"]) / unit
    raw = 2.0**-15
    voltage = raw * (1 + 1 / leak)
    if cell.model == nb.models.lif_delta:
        return voltage + raw * resistance * 2 / dt
    lost = [-np.expm1(-dt / p[tau]) for tau in ("tau_syn_exc", "tau_syn_inh")]
    if cell.model == nb.models.lif_exp:
        return voltage + raw * resistance * sum(2 / x for x in lost)
    drive = 65.0 + 20.0 + 2.0  # from the reversal potentials
    return voltage + raw * resistance * drive * (1 + sum(2 / x for x in lost) / 1024)


MODELS = [(nb.models.lif_exp, 0.2), (nb.models.lif_delta, 2.0), (nb.models.lif_cond_exp, 0.004)]


@pytest.mark.parametrize(("model", "weight"), MODELS, ids=[m.name for m, _ in MODELS])
@pytest.mark.parametrize("dt", [1.0, 0.1])
def test_all_errors_together_are_the_twin_up_to_flooring(model, weight, dt, rng):
    network = layered(model, weight, rng, v_thresh=100.0)
    real, twin = runs(network, dt)
    assert np.ptp(twin.signals["v"]) > 5.0
    assert largest_difference(real, twin) < flooring(planned(network, dt), dt)
    without, _ = runs(network, dt, decays=False, weights=False, discretisation=False)
    assert largest_difference(without, twin) > 1.5 * largest_difference(real, twin)


def test_flooring_is_a_few_thousandths_of_a_millivolt_where_currents_are_fine(rng):
    network = layered(nb.models.lif_exp, 0.8, rng, v_thresh=100.0, c_m=1.0)
    real, twin = runs(network, 1.0)
    assert largest_difference(real, twin) < 0.004


@pytest.mark.parametrize(
    ("model", "weight", "c_m"), [(nb.models.lif_exp, 4.0, 2.0), (nb.models.lif_delta, 3.0, 1.0)],
    ids=["lif_exp", "lif_delta"],
)  # fmt: skip
def test_same_spikes_as_the_twin_on_a_small_recurrent_network(model, weight, c_m, rng):
    network = layered(model, weight, rng, recurrent=weight / 5, c_m=c_m)
    real, twin = runs(network, 1.0)
    assert twin.spikes["cell"][0].size > 40
    assert same_spikes(real, twin)


def test_the_psp_of_the_chip_is_its_closed_form():
    tau, tau_m, c_m, w, dt = 5.0, 20.0, 0.25, 0.3, 1.0
    b = nb.NetworkBuilder()
    b.population("cell", 1, nb.models.lif_exp, tau_m=tau_m, c_m=c_m, tau_syn_exc=tau)
    b.add(nb.SpikeTrains("kick", "cell", time=[0.0], neuron=[0], weight=w, receptor="exc"))
    b.add(nb.StateProbe("v", "cell", "v"))
    network = b.build()
    plan = planned(network, dt)
    drive, _ = lower_drive(network, dt, 30, 0, 0)
    found = ReferenceEngine(discretise(plan, weights=False, decays=False)).run(drive)
    # the event is felt at time 0; V_n sums the current of each step, held in it
    n = np.arange(30)
    e, d = np.exp(-dt / tau_m), np.exp(-dt / tau)
    first = w * tau / dt * (1 - d)
    v = tau_m / c_m * (1 - e) * first * (e**n - d**n) / (e - d)
    np.testing.assert_allclose(found.signals["v"][:, 0] + 65.0, v, atol=1e-12)


def test_each_error_changes_what_it_is_about_and_nothing_else(rng):
    network = layered(nb.models.lif_exp, 0.2, rng, i_offset=0.1)
    plan = planned(network, 0.1)
    nothing = discretise(plan, discretisation=False, weights=False, decays=False)
    assert nothing is plan.program
    rounded = discretise(plan, discretisation=False, decays=False)
    assert rounded.populations == plan.program.populations
    held = held_weights(plan)
    for i, way in enumerate(rounded.pathways):
        np.testing.assert_array_equal(way.weight, held[i])
        assert np.abs(way.weight - plan.program.pathways[i].weight).max() > 0
    step = discretise(plan, weights=False, decays=False)
    assert step.pathways == plan.program.pathways
    before, after = plan.program.population("cell"), step.population("cell")
    assert after.code.stages == before.code.stages
    np.testing.assert_allclose(after.constants["P_v_v"], before.constants["P_v_v"], rtol=1e-14)
    np.testing.assert_allclose(after.constants["P_v"], before.constants["P_v"], rtol=1e-12)
    assert after.constants["gain_exc"] == pytest.approx(50 * (1 - np.exp(-0.02)))
    decays = discretise(plan, discretisation=False, weights=False).population("cell")
    assert decays.code == before.code
    ratio = (1 - decays.constants["P_v_v"]) / (1 - before.constants["P_v_v"])
    assert 1e-4 < np.abs(ratio - 1).max() < 0.01  # 15 fractional bits
    np.testing.assert_array_equal(decays.constants["P_v_v"] * 2**15 % 1, 0)


def test_stimuli_and_currents_are_rounded_as_on_the_chip(rng):
    b = nb.NetworkBuilder()
    b.population("cell", 2, nb.models.lif_exp)
    b.add(nb.Poisson("kick", "cell", rate=100.0, weight="0.123 nA", receptor="exc"))
    b.add(nb.Current("dc", "cell", 0.12345, 1.0))
    network = b.build()
    plan = planned(network, 1.0)
    drive, _ = lower_drive(network, 1.0, 50, 0, 0)
    given = discretise_drive(plan, drive, weights=True, decays=True)
    unit, resolution = plan.units["cell"], plan.resolutions("cell", "excitatory")[0]
    loaded = load_drive(plan, drive)
    word = loaded.projections[-1].word[0]
    np.testing.assert_allclose(given.events[0].weight, word * resolution / unit, rtol=1e-15)
    assert 0 < abs(given.events[0].weight[0] - 0.123) <= resolution / unit / 2
    assert 0 < abs(given.currents[0].value[0, 0] - 0.12345) < 2**-16
    too_much = nb.Poisson("kick", "cell", rate=100.0, weight="70 nA", receptor="exc")
    drive, _ = lower_drive(network.with_stimulus(too_much), 1.0, 50, 0, 0)
    with pytest.raises(BackendError, match="a weight of 70 does not fit into the scale of 'cell'"):
        discretise_drive(plan, drive, weights=True, decays=False)


def test_cells_without_such_equations_are_named():
    b = nb.NetworkBuilder()
    b.population("cell", 1, nb.models.lif_alpha)
    plan = planned(b.build(), 1.0)
    with pytest.raises(ModelError, match="population 'cell': the chip's IF_curr_alpha has no"):
        discretise(plan)
    assert discretise(plan, discretisation=False, decays=False).populations
