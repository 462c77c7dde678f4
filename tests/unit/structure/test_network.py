"""Networks of structures: parts, receptors by sign, and runs against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge import Current, StateProbe, TickDelays, load, models, run, save
from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.structure import MultiArea, MultiAreaEI, Normal

EI = MultiAreaEI({"V1": 40, "V2": 20}, (0.2, 0.1, 0.5), inputs=["V1"], seed=1)


def test_it_has_exactly_these_edges_weights_and_labels() -> None:
    weights = Normal(0.8).weights(EI)
    network = EI.network(models.lif_exp, weights, delay="1.5 ms", unit="pA", tau_m="15 ms")
    projection = network.projections["recurrent"]
    assert projection.edges is EI.edges
    assert projection.delay == 1.5
    assert np.allclose(network.weights("recurrent"), 1e-3 * weights.values, rtol=1e-15)
    cells = network.population("neurons")
    assert cells.parameters["tau_m"] == 15.0
    assert np.array_equal(cells.labels.sign, EI.sign)
    assert cells.where(area="V2", cell_class="I").tolist() == [56, 57, 58, 59]
    assert cells.where(input="yes").tolist() == list(range(40))


def test_names_initial_values_and_delays_are_passed_on() -> None:
    ticks = TickDelays(np.full(EI.edges.n_edges, 7))
    network = EI.network(
        models.lif_exp, Normal(), delay=ticks, name="cortex", projection="local",
        initial={"v": np.linspace(-65, -55, 60)},
    )  # fmt: skip
    assert network.projections["local"].delay == ticks
    assert network.population("cortex").initial["v"][0] == -65


def test_its_history_holds_the_request() -> None:
    made = EI.network(models.lif_exp, Normal(), delay=1.0).history[0]
    assert made.name == "structure"
    assert made.arguments["kind"] == "MultiAreaEI"
    assert made.arguments["groups"] == ("V1.E", "V1.I", "V2.E", "V2.I")
    assert np.array_equal(made.arguments["probability"], EI.plan.probability)


def test_it_can_be_saved(tmp_path: object) -> None:
    network = EI.network(models.lif_exp, Normal(), delay=1.0)
    path = f"{tmp_path}/net.nb"
    save(network, path)
    assert load(path) == network


def test_receptors_are_chosen_by_sign() -> None:
    """Both neurons spike in the first step; each feels the other at a receptor of its own."""
    two = MultiAreaEI([2], (0, 0, 1), fraction_excitatory=0.5, seed=1)
    network = two.network(
        models.lif_cond_exp, np.array([[0, -0.3], [0.2, 0]]), delay=0.1, initial={"v": -49.0}
    )
    for state in ("g_exc", "g_inh"):
        network = network.with_probe(StateProbe(state, "neurons", state))
    signals = run(network, 0.2, "reference", dt=0.1).signals
    assert signals["g_exc"].values.tolist() == [[0, 0], [0, 0.2]]
    assert signals["g_inh"].values.tolist() == [[0, 0], [0.3, 0]]


def test_a_receptor_can_be_named() -> None:
    only = MultiAreaEI([4], (0, 0, 1), fraction_excitatory=1, seed=1)
    network = only.network(models.lif_cond_exp, Normal(), delay=1.0, receptor="exc")
    assert network.projections["recurrent"].receptor == "exc"
    with pytest.raises(UnknownNameError, match="receptor"):
        only.network(models.lif_cond_exp, Normal(), delay=1.0, receptor="ampa")


def test_a_rate_network_is_the_euler_scheme_in_numpy(rng: np.random.Generator) -> None:
    """The matrix is post x pre: tau dx/dt = -x + W tanh(x) + I."""
    structure = MultiArea({"A": 15, "B": 10}, (0.5, 0.2, 0.6), seed=2)
    weights = Normal(1.5).with_spectral_radius(1.4).weights(structure)
    start, drive = rng.normal(size=25), rng.normal(size=25)
    network = structure.network(
        models.rate, weights, delay=0.0, initial={"x": start}, tau="8 ms"
    ).with_stimulus(Current("drive", "neurons", drive[None], neurons=np.arange(25)))
    network = network.with_probe(StateProbe("x", "neurons", "x"))
    recorded = run(network, 20.0, "reference", dt=0.5).signals["x"].values
    x, matrix = start, weights.matrix
    for sample in recorded:
        x = x + 0.5 / 8 * (-x + matrix @ np.tanh(x) + drive)
        assert np.allclose(sample, x, rtol=1e-11, atol=1e-12)


def test_weights_of_another_orientation_do_not_become_a_network() -> None:
    matrix = Normal().weights(EI).matrix.T
    with pytest.raises(NetworkError, match=r"matrix\.T fits: rows are postsynaptic"):
        EI.network(models.lif_exp, matrix, delay=1.0)
