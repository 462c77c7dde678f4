"""What py-spinnaker2 cannot take of a file: each finding, by hand, and what it stops."""

from __future__ import annotations

import numpy as np
import pytest

import neurobridge as nb
from neurobridge import FindingsError, NetworkBuilder, models
from neurobridge.errors import UnknownNameError
from neurobridge.io.nir import nir_findings, to_nir, write_nir
from neurobridge.io.nir.findings import APPROXIMATIONS
from tests.requirements import require

DT = 1.0
ONLY_THERE = ("node_unsupported", "weights_to_integers", "reset_ignored", "importer_settings")


@pytest.fixture(autouse=True)
def nir() -> None:
    require("nir")


def toy(weights=(127.0, -3.0), *, model=models.lif_delta, delay=DT, readout=False, **parameters):
    net = NetworkBuilder()
    net.population("input", 2, models.spike_source)
    net.population("cell", 2, model, **{"t_ref": 0, **parameters})
    net.connect("drive", "input", "cell", [(0, 0), (1, 1)], weight=list(weights), delay=delay)
    if readout:
        net.add(nb.Readout("out", "cell", [0], np.ones((1, 1)), [0.0]))
    return net.build()


def found(network):
    findings = nir_findings(network, dt=DT, importer="py-spinnaker2")
    return {f.code: f for f in findings if f.code in ONLY_THERE}


def test_integers_that_fit_are_only_told_the_settings():
    notes = found(toy())
    assert list(notes) == ["importer_settings"]
    assert "dt=0.001, in s" in notes["importer_settings"].why
    assert not {f.code for f in nir_findings(toy(), dt=DT)} & {*ONLY_THERE}
    graph = to_nir(toy(), dt=DT, importer="py-spinnaker2")
    assert {type(node).__name__ for node in graph.nodes.values()} == {
        "Input", "Linear", "LIF", "Output"
    }  # fmt: skip


def test_weights_become_integers():
    """The largest is 127, so the resolution is 1: 0.4 vanishes, 2.6 becomes 3."""
    network = toy((127.0, 0.4))
    finding = found(network)["weights_to_integers"]
    assert finding.severity == "approximation"
    assert finding.magnitude == pytest.approx(0.4 / 127.4)
    assert "1 of 2 become 0" in finding.why
    assert found(toy((127.0, -2.6)))["weights_to_integers"].magnitude == pytest.approx(0.4 / 129.6)
    others = [name for name in APPROXIMATIONS if name != "weights_to_integers"]
    with pytest.raises(FindingsError, match="weights_to_integers at population 'cell'"):
        to_nir(network, dt=DT, importer="py-spinnaker2", accept=others)
    to_nir(network, dt=DT, importer="py-spinnaker2", accept=["weights_to_integers"])
    to_nir(network, dt=DT)
    assert "weights_to_integers" not in found(toy((0.0, 0.0)))


def test_the_scale_is_that_of_the_numbers_in_the_file():
    """NIR's weight for a jump grows with tau: 10 to 25.4 ms is 50 to 127, 10 to 20 is 63.5."""
    assert "weights_to_integers" not in found(toy((1.0, 1.0), tau_m=[10.0, 25.4]))
    half = found(toy((1.0, 1.0), tau_m=[10.0, 20.0]))["weights_to_integers"]
    assert half.magnitude == pytest.approx(0.5 / (63.5 + 127))


def test_delays_and_readouts_have_no_node(tmp_path):
    late = found(toy(delay=3.0))["node_unsupported"]
    assert (late.severity, late.magnitude) == ("error", 2.0)
    assert "need a Delay node" in late.why
    read = found(toy(readout=True))["node_unsupported"]
    assert (read.severity, read.where) == ("error", "readouts ['out']")
    for network in (toy(delay=3.0), toy(readout=True)):
        with pytest.raises(FindingsError, match="node_unsupported"):
            write_nir(network, tmp_path / "net.nir", dt=DT, importer="py-spinnaker2")
        assert not list(tmp_path.iterdir())
        write_nir(network, tmp_path / "net.nir", dt=DT).unlink()


def test_a_reset_elsewhere_is_ignored():
    network = toy(v_reset=-70.0)
    finding = found(network)["reset_ignored"]
    assert (finding.severity, finding.magnitude) == ("approximation", 5.0)
    with pytest.raises(FindingsError, match="reset_ignored"):
        to_nir(network, dt=DT, importer="py-spinnaker2")
    to_nir(network, dt=DT, importer="py-spinnaker2", accept=["reset_ignored"])


def test_unknown_importers_are_named():
    with pytest.raises(UnknownNameError, match="unknown importer of NIR 'spinnaker2'; did you me"):
        nir_findings(toy(), dt=DT, importer="spinnaker2")
