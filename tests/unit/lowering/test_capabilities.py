"""What a backend says that it cannot do is found before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from neurobridge import NetworkBuilder, StateProbe, UnknownNameError, models
from neurobridge.backends.reference import ReferenceBackend
from neurobridge.lowering.check import check_program
from neurobridge.lowering.finding import raise_if_errors
from neurobridge.lowering.lower import lower
from neurobridge.lowering.program import Program


def program() -> Program:
    net = NetworkBuilder()
    net.population("cell", 2, models.adex)
    net.connect("rec", "cell", "cell", [(0, 1), (1, 0)], weight=0.1, delay=[1.0, 2.0])
    net.add(StateProbe("v", "cell", "v"))
    return lower(net.build(), 0.1)


@pytest.mark.parametrize(
    ("less", "code", "why"),
    [
        ({"state_probes": False}, "states_unsupported", "reference records spikes only"),
        ({"heterogeneous_delays": False}, "delays_differ", "one delay for all edges"),
        ({"max_delay_steps": 19}, "delay_too_long", "20 steps, reference can do 19"),
        ({"functions": frozenset()}, "function_unsupported", "'adex' calls ['exp']"),
    ],
)
def test_what_is_missing_is_an_error(
    less: Mapping[str, Any], code: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = ReferenceBackend()
    assert [f for f in check_program(program(), backend, {}) if f.severity == "error"] == []
    able = replace(backend.capabilities(), **less)
    monkeypatch.setattr(backend, "capabilities", lambda: able)
    (finding,) = [f for f in check_program(program(), backend, {}) if f.severity == "error"]
    assert finding.code == code
    assert why in finding.why
    able = "run on reference or native or brian2 or nest"
    elsewhere = able if "functions" in less else "another backend"
    assert elsewhere in finding.remedy


def test_rates_on_a_backend_that_carries_spikes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    backend, net = ReferenceBackend(), NetworkBuilder()
    net.population("units", 2, models.rate)
    able = replace(backend.capabilities(), continuous_coupling=False)
    monkeypatch.setattr(backend, "capabilities", lambda: able)
    rates = lower(net.build(), 0.1)
    (finding,) = [f for f in check_program(rates, backend, {}) if f.severity == "error"]
    assert finding.code == "continuous_unsupported"
    assert "populations ['units']" in finding.where
    assert "run it on reference or native or brian2" in finding.remedy


def test_an_approximation_to_accept_must_exist() -> None:
    with pytest.raises(UnknownNameError, match=r"'delay_roundin'; did you mean 'delay_rounding'"):
        raise_if_errors([], ["delay_roundin"])
    raise_if_errors([], ["delay_rounding"])


def test_a_model_that_does_not_exist() -> None:
    with pytest.raises(AttributeError, match=r"no model 'lif_expp'; did you mean 'lif_exp'"):
        _ = models.lif_expp
