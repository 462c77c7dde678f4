"""Every scenario on the binaries of sPyNNaker in the chip model, with the twin's own integers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from neurobridge.backends.spinnaker import child
from neurobridge.lowering.compiled import compile
from tests.conformance.case import SCENARIOS
from tests.conformance.lists import BACKENDS, SIMULATORS, TOLERANCE, WEIGHT_TOLERANCE
from tests.conformance.test_scenarios import check_run, check_weights, pairs_of, perform
from tests.requirements import require
from tests.warm_spinnaker import WarmProcess


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmProcess]:
    """One process for all runs of this file."""
    process = WarmProcess()
    yield process
    process.close()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "backend"), pairs_of(["spinnaker"]))
def test_scenario_as_the_twin(
    name: str, backend: str, warm: WarmProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    require(SIMULATORS[backend])
    monkeypatch.setattr(child, "start_python", warm.start_python)
    case, settings = SCENARIOS[name].make(), BACKENDS[backend]
    atol = TOLERANCE[backend].get(name, case.atol)
    with (
        compile(case.network, backend, dt=case.dt, **settings) as chip,
        compile(case.network, "fixedpoint", dt=case.dt) as twin,
    ):
        for projection, expected in case.weights.items():
            check_weights(chip.weights(projection), expected, WEIGHT_TOLERANCE[backend])
        for number, run in enumerate(case.runs):
            got, same = perform(chip, run), perform(twin, run)
            check_run(got, run, atol, number)
            for probe, spikes in same.spikes.items():
                assert got.spikes[probe].same_as(spikes)
            for probe, signal in same.signals.items():
                np.testing.assert_array_equal(got.signals[probe].values, signal.values)
