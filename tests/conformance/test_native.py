"""Every scenario on every path of the native backend, with one thread and with two."""

from __future__ import annotations

import pytest

from neurobridge.graph.network import Network
from neurobridge.lowering.compiled import check
from tests.conformance.case import SCENARIOS
from tests.conformance.lists import SIMULATORS, TOLERANCE, UNSUPPORTED
from tests.conformance.test_scenarios import check_case
from tests.requirements import require


def test_nothing_is_excused() -> None:
    assert not UNSUPPORTED["native"]
    assert not TOLERANCE["native"]


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario_on_every_path(name: str) -> None:
    require(SIMULATORS["native"])
    case = SCENARIOS[name].make()
    check_case(case, "native", {}, None)
    check_case(case, "native", {"mode": "dense", "threads": 2}, None)
    found = check(case.network, "native", dt=case.dt, mode="event")
    refused = [f.why for f in found if f.code == "no_event_path"]
    if refused:
        assert not is_linear(case.network) or any("die away" in why for why in refused), refused
    else:
        check_case(case, "native", {"mode": "event", "threads": 2}, None)


def is_linear(network: Network) -> bool:
    """Whether all neurons are linear with a plain threshold, and hear of each other by spikes."""
    models = [p.model for p in network.populations.values() if not p.model.is_source]
    return all(
        m.integrator == "exact"
        and m.threshold_policy == "level"
        and not m.coupling_names
        and not m.output
        for m in models
    )
