"""Delays and parameters as the chip has them, worked out by hand."""

from __future__ import annotations

import math

import pytest

from neurobridge import NetworkBuilder, SpikeTrains, models
from neurobridge.deployment.changes import Change
from tests.unit.deployment.networks import planned, without_tools

pytestmark = pytest.mark.usefixtures("without_tools")
__all__ = ["without_tools"]


def changes_of(model, delay=2.0, dt=1.0, **parameters) -> dict[tuple[str, str], Change]:  # type: ignore[no-untyped-def]
    b = NetworkBuilder()
    b.population("input", 1, models.spike_source)
    b.population("cell", 1, model, **parameters)
    receptor = model.receptor_names[0]
    weight = 0.004 if model is not models.lif_delta else 1.0
    for pre in ("input", "cell"):
        b.connect(f"of_{pre}", pre, "cell", [(0, 0)], weight=weight, delay=delay, receptor=receptor)
    b.add(SpikeTrains("given", "input", time=[10.0], neuron=[0]))
    return {(c.where, c.what): c for c in planned(b.build(), dt=dt).changes}


def test_delays_onto_currents_are_one_step_longer_from_neurons() -> None:
    found = changes_of(models.lif_exp)
    assert found["projection 'of_cell'", "delay"].described == "2 ms"
    assert found["projection 'of_cell'", "delay"].chip == "3 steps"
    assert found["projection 'of_input'", "delay"].chip == "2 steps"


def test_delays_onto_delta_synapses_are_the_same() -> None:
    found = changes_of(models.lif_delta)
    assert found["projection 'of_cell'", "delay"].chip == "2 steps"
    assert found["projection 'of_input'", "delay"].chip == "2 steps"


def test_the_leak_has_15_bits() -> None:
    """exp(-0.1/20) is 0.995012...: 32604.6 of 32768ths, and the chip has 32605 - 1 or so."""
    change = changes_of(models.lif_exp, dt=0.1, tau_m=20.0)["population 'cell'", "tau_m"]
    exponent = math.floor(math.floor(0.1 * 2**15 + 0.5) * 2**15 / (20 * 2**15)) / 2**15
    leak = math.floor(math.exp(-exponent) * 2**15) / 2**15
    tau = -0.1 / math.log(leak)
    assert change.chip == f"{tau:.6g} ms"
    assert change.relative == pytest.approx(abs(tau - 20) / 20, rel=1e-6)


def test_refractoriness_is_whole_steps() -> None:
    change = changes_of(models.lif_exp, t_ref=3.0)["population 'cell'", "t_ref"]
    assert (change.described, change.chip, change.relative) == ("3 ms", "3 steps", 0.0)


def test_currents_and_capacitance_are_in_the_unit_of_the_population() -> None:
    """0.008 nA in all: 128 times finer is as fine as 16 bits take it to."""
    found = changes_of(models.lif_exp, i_offset=0.01, c_m=0.25)
    cm, offset = found["population 'cell'", "c_m"], found["population 'cell'", "i_offset"]
    unit = float(cm.chip) / 0.25
    assert unit > 1
    assert math.log2(unit) == round(math.log2(unit))
    assert float(offset.chip) == pytest.approx(0.01 * unit, rel=1e-3)
    assert f"{unit:g} times" in cm.why


def test_izhikevich_has_no_refractoriness_and_no_capacitance_on_the_chip() -> None:
    found = changes_of(models.izhikevich_exp)
    assert ("population 'cell'", "t_ref") not in found
    assert ("population 'cell'", "c_m") not in found
    assert ("population 'cell'", "tau_syn_exc") in found
