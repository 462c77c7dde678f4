"""What NIR cannot say about a network: each finding, its size, and what it stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import neurobridge as nb
from neurobridge import FindingsError, Network, NetworkBuilder, Readout, models
from neurobridge.io.nir import nir_findings, to_nir
from neurobridge.io.nir.check_edges import LARGEST
from neurobridge.io.nir.findings import APPROXIMATIONS
from tests.requirements import require
from tests.unit.io.nir_networks import DT


@pytest.fixture(autouse=True)
def nir() -> None:
    require("nir")


def plain(model: nb.NeuronModel = models.lif_delta, **parameters: Any) -> NetworkBuilder:
    net = NetworkBuilder()
    net.population("input", 2, models.spike_source)
    net.population("cell", 3, model, **{"t_ref": 0, **parameters})
    net.connect("drive", "input", "cell", [(0, 0), (1, 2)], weight=2.0, delay=DT)
    return net


def found(network: Network) -> dict[str, nb.Finding]:
    return {f.code: f for f in nir_findings(network, dt=DT)}


def test_a_network_that_nir_can_say() -> None:
    notes = found(plain(replace(models.lif_delta, threshold="v > v_thresh")).build())
    assert list(notes) == ["importers_use_euler"]
    assert notes["importers_use_euler"].magnitude == pytest.approx(DT / 20 / 2, rel=0.01)
    assert "0.25%" in notes["importers_use_euler"].why


def leak(net: NetworkBuilder) -> None:
    net.add(nb.Current("dc", "cell", [0.0], [0.1]))


def deep(net: NetworkBuilder) -> None:
    net.population("next", 3, models.lif_delta, t_ref=0)
    net.connect("on", "cell", "next", [(0, 0)], weight=1.0, delay=DT)


def branching(net: NetworkBuilder) -> None:
    deep(net)
    net.connect("skip", "input", "next", [(0, 0)], weight=1.0, delay=DT)


def readout(**fields: Any) -> Callable[[NetworkBuilder], None]:
    bias = fields.pop("bias", [0.0])
    return lambda net: net.add(Readout("out", "cell", [0], np.ones((1, 1)), bias, **fields))


def edges(**fields: Any) -> Callable[[NetworkBuilder], None]:
    def add(net: NetworkBuilder) -> None:
        pairs = fields.pop("pairs", [(0, 0), (0, 1), (1, 1)])
        net.connect("more", "input", "cell", pairs, **{"weight": 1.0, "delay": DT, **fields})

    return add


E, D = models.lif_exp, models.lif_delta
ERROR, APPROXIMATION, NOTE = "error", "approximation", "note"
# code: severity, magnitude, model, parameters, what is added, part of the text
CASES: dict[str, tuple[Any, ...]] = {
    "refractory_dropped": (APPROXIMATION, 3.0, D, {"t_ref": [1, 2, 3]}, None, "up to 3 ms"),
    "tau_syn_differ": (ERROR, 3.0, E, {"tau_syn_inh": 8.0}, None,
                       "tau_syn_exc is 5 ms and tau_syn_inh 8 ms"),
    "initial_state": (APPROXIMATION, 0.2, E, {"i_offset": 0.2}, None,
                      "0 mV away from rest, with a current of up to 0.2 nA"),
    "initial_state ": (APPROXIMATION, 7.0, D, {"initial": {"v": [-65, -58, -65]}}, None,
                       "up to 7 mV away"),
    "reset_not_at_rest": (NOTE, 5.0, D, {"v_reset": -70.0}, None, "up to 5 mV"),
    "neurons_differ": (NOTE, None, D, {"tau_m": [10, 20, 30]}, None, "snnTorch 1.0 takes one"),
    "threshold_strict": (NOTE, 0.0, D, {}, None, "spikes above the threshold"),
    "importers_use_euler": (NOTE, 0.010084, E, {}, None, "one step earlier than here"),
    "delays_differ": (ERROR, 1.5, D, {}, edges(delay=[0.5, 1.4, 2.0]), "0.5 .. 2 ms"),
    "delay_below_dt": (ERROR, 0.05, D, {}, edges(delay=0.05), "0.05 ms, below dt = 0.1 ms"),
    "delay_node": (NOTE, 1.9, D, {}, edges(delay=[0.5, 0.5, 2.0]), "delays up to 2 ms"),
    "parallel_edges_merged": (NOTE, 2.0, D, {}, edges(pairs=[(0, 0)] * 3), "2 edges run beside"),
    "zero_edges_dropped": (NOTE, 1.0, D, {}, edges(weight=[1, 0, 2]), "1 edges have weight 0"),
    "forward_latency": (APPROXIMATION, DT, D, {}, deep, "0.1 ms earlier for each"),
    "branches": (NOTE, 1.0, D, {}, branching, "norse 1.1 walks a graph depth-first"),
    "several_outputs": (NOTE, 2.0, D, {}, lambda net: (deep(net), readout()(net)),
                        "never finishes"),
    "stimulus_dropped": (APPROXIMATION, None, D, {}, leak, "acts on population 'cell' itself"),
    "input_not_stored": (NOTE, 1.0, D, {},
                         lambda net: net.add(nb.Poisson("rate", "input", rate=5.0)), "to be fed"),
    "readout_of_states": (ERROR, None, D, {}, readout(source="v"), "this one reads 'v'"),
    "readout_bias": (APPROXIMATION, 2.0, D, {}, readout(bias=[-2.0]), "up to 2"),
    "readout_bias ": (APPROXIMATION, 1.0, D, {}, readout(bias=[1.0], pool="max", tau_m=5.0),
                      "which NIR cannot say"),
    "readout_pool": (NOTE, None, D, {}, readout(pool="mean"), "pooling ('mean')"),
    "readout_filter": (NOTE, None, D, {}, readout(tau_m=10.0), "LI or CubaLI"),
    "left_out": (NOTE, None, D, {}, lambda net: net.add(nb.SpikeProbe("s", "cell")),
                 "probes ['s']"),
    "left_out ": (NOTE, None, D, {},
                  lambda net: net.add(nb.Encoder("eye", "input", [0], np.ones((1, 1)), [0.0])),
                  "encoders ['eye']"),
    "trained_at_other_dt": (APPROXIMATION, 0.1, D, {},
                            lambda net: net.metadata(trained_dt=1.0), "trained at dt = 1 ms"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_finding(case: str) -> None:
    severity, magnitude, model, parameters, add, text = CASES[case]
    net = plain(model, **parameters)
    if add is not None:
        add(net)
    network = net.build()
    code = case.strip()
    finding = found(network)[code]
    assert (finding.severity, text in finding.why) == (severity, True), finding
    if magnitude is None:
        assert finding.magnitude is None
    else:
        assert finding.magnitude == pytest.approx(magnitude, rel=1e-3)
    _stops_if_it_should(network, code, severity)


def _stops_if_it_should(network: Network, code: str, severity: str) -> None:
    others = [name for name in APPROXIMATIONS if name != code]
    if severity == NOTE:
        to_nir(network, dt=DT, accept=APPROXIMATIONS)
        return
    with pytest.raises(FindingsError, match=code):
        to_nir(network, dt=DT, accept=others)
    if severity == APPROXIMATION:
        to_nir(network, dt=DT, accept=APPROXIMATIONS)
    else:
        with pytest.raises(FindingsError, match=code):
            to_nir(network, dt=DT, accept=APPROXIMATIONS)


def test_what_each_finding_does_not_say() -> None:
    """No finding without its cause."""
    codes = set(found(plain(E).build()))
    assert codes == {"importers_use_euler", "threshold_strict"}
    mean = plain(D)
    mean.add(Readout("out", "cell", [0], np.ones((1, 1)), [3.0], pool="mean"))
    assert "readout_bias" not in found(mean.build())  # an Affine says it


def test_the_approximations_are_those_of_the_table() -> None:
    named = {code.strip() for code, case in CASES.items() if case[0] == APPROXIMATION}
    of_importers = {"reset_ignored", "weights_to_integers"}  # tests/unit/io/test_nir_importer.py
    assert named | of_importers == set(APPROXIMATIONS)


def test_all_reasons_come_at_once() -> None:
    net = plain(E, t_ref=2.0, tau_syn_inh=8.0)
    net.population("mystery", 2, models.adex)
    net.connect("on", "cell", "mystery", [(0, 0)], weight=0.1, delay=[0.02])
    with pytest.raises(FindingsError) as caught:
        to_nir(net.build(), dt=DT)
    codes = {f.code for f in caught.value.findings}
    assert codes == {
        "model_unsupported", "refractory_dropped", "tau_syn_differ", "delay_below_dt",
        "forward_latency",
    }  # fmt: skip


def test_a_model_without_a_node_is_told_which_have_one() -> None:
    net = NetworkBuilder()
    net.population("fly", 2, models.shiu_lif)
    with pytest.raises(FindingsError, match=r"population 'fly': NIR has no node for model 'shiu_l"):
        to_nir(net.build(), dt=DT)
    with pytest.raises(FindingsError, match=r"lif_delta \(LIF\), lif_exp \(CubaLIF\), spike_sourc"):
        to_nir(net.build(), dt=DT)


def test_a_model_of_the_user_is_known_by_what_it_does() -> None:
    own = replace(models.lif_delta, name="my_neuron", reference="me")
    to_nir(plain(own).build(), dt=DT)
    other = replace(models.lif_delta, name="my_neuron", reset="v = v_rest")
    with pytest.raises(FindingsError, match="no node for model 'my_neuron'"):
        to_nir(plain(other).build(), dt=DT)


def test_everything_must_follow_from_a_source() -> None:
    net = plain()
    for name in ("ring", "round"):
        net.population(name, 1, models.lif_delta, t_ref=0)
    net.connect("there", "ring", "round", [(0, 0)], weight=1.0, delay=DT)
    net.connect("back", "round", "ring", [(0, 0)], weight=1.0, delay=DT)
    with pytest.raises(
        FindingsError, match=r"population_without_input at populations \['ring', 'r"
    ):
        to_nir(net.build(), dt=DT, accept=["forward_latency"])
    net.connect("silent", "input", "ring", [(0, 0)], weight=0.0, delay=DT)
    to_nir(net.build(), dt=DT, accept=["forward_latency"])
    sources = NetworkBuilder()
    sources.population("input", 2, models.spike_source)
    with pytest.raises(FindingsError, match="population_without_input at network"):
        to_nir(sources.build(), dt=DT)


def test_large_matrices_are_refused_with_their_memory() -> None:
    net = NetworkBuilder()
    net.population("input", 4_000, models.spike_source)
    net.population("more", 1_001, models.spike_source)
    net.population("cell", 5_000, models.lif_delta, t_ref=0)
    net.connect("drive", "input", "cell", [(0, 0)], weight=1.0, delay=DT)
    assert 4_000 * 5_000 < LARGEST < 5_001 * 5_000  # all sources share one Input
    with pytest.raises(
        FindingsError, match=r"1 edges would become 5,000 x 5,001 .* 0\.19 GiB"
    ) as e:
        to_nir(net.build(), dt=DT)
    assert e.value.findings[0].magnitude == 8 * 5_000 * 5_001


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dt": 0}, "dt must be a positive number of ms, got 0"),
        ({"dt": DT, "scaling": "si"}, "scaling must be 'torch' or 'physical', got 'si'"),
        ({"dt": DT, "accept": "forward_latency"}, r"write \['forward_latency'\]"),
        ({"dt": DT, "accept": ["refractory"]}, "did you mean 'refractory_dropped'"),
    ],
)
def test_arguments_that_cannot_be(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((nb.NetworkError, nb.UnknownNameError), match=message):
        to_nir(plain().build(), **arguments)


def test_something_else_than_a_network() -> None:
    with pytest.raises(nb.NetworkError, match="expected a Network, got NetworkBuilder"):
        to_nir(plain(), dt=DT)  # type: ignore[arg-type]
