"""Every scenario on every backend."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike

from neurobridge.lowering.compiled import CompiledNetwork, compile
from neurobridge.recording import Recording
from tests.conformance.case import SCENARIOS, Case, Run
from tests.conformance.lists import (
    BACKENDS,
    ELSEWHERE,
    ON_ITS_OWN,
    SIMULATORS,
    TOLERANCE,
    UNSUPPORTED,
    WEIGHT_TOLERANCE,
)
from tests.requirements import require

HERE = Path(__file__).parent
CONTRACT = HERE.parents[1] / "docs" / "contract.md"

for module in sorted((HERE / "scenarios").glob("*.py")):
    import_module(f"tests.conformance.scenarios.{module.stem}")

CYTHON = ("psp_lif_exp_excitatory", "delays_differ_between_edges", "populations_in_both_directions")
"""Scenarios that also go through Brian2's compiled target: one for neurons, two for edges."""


def pairs_of(backends: Iterable[str]) -> list[object]:
    """(scenario, backend) pairs, excused ones marked as strict expected failures."""
    pairs: list[object] = []
    for backend in backends:
        for name in SCENARIOS:
            reason = UNSUPPORTED[backend].get(name)
            marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
            pairs.append(pytest.param(name, backend, marks=marks, id=f"{backend}-{name}"))
    return pairs


@pytest.mark.parametrize(("name", "backend"), pairs_of(b for b in BACKENDS if b not in ON_ITS_OWN))
def test_scenario(name: str, backend: str) -> None:
    if backend in SIMULATORS:
        require(SIMULATORS[backend])
    check_case(SCENARIOS[name].make(), backend, BACKENDS[backend], TOLERANCE[backend].get(name))


@pytest.mark.parametrize("name", CYTHON)
def test_scenario_through_compiled_brian2(name: str) -> None:
    require("brian2")
    case = SCENARIOS[name].make()
    check_case(case, "brian2", {"target": "cython"}, TOLERANCE["brian2"].get(name))


def check_case(case: Case, backend: str, settings: dict[str, str], atol: float | None) -> None:
    with compile(case.network, backend, dt=case.dt, **settings) as compiled:
        for projection, expected in case.weights.items():
            check_weights(compiled.weights(projection), expected, WEIGHT_TOLERANCE.get(backend))
        for number, run in enumerate(case.runs):
            check_run(perform(compiled, run), run, case.atol if atol is None else atol, number)


def check_weights(got: np.ndarray, expected: ArrayLike, tolerance: float | None) -> None:
    if tolerance is None:
        np.testing.assert_array_equal(got, expected)
    else:
        atol = tolerance * np.abs(np.asarray(expected)).max(initial=0.0)
        np.testing.assert_allclose(got, np.broadcast_to(expected, got.shape), rtol=0, atol=atol)


def perform(compiled: CompiledNetwork, run: Run) -> Recording:
    return compiled.run(
        run.duration,
        seed=run.seed,
        trial=run.trial,
        stimuli=run.stimuli,
        parameters=run.parameters or None,
    )


def check_run(recording: Recording, run: Run, atol: float, number: int) -> None:
    assert recording.status == "ok"
    assert not set(run.unrecorded) & set(recording.spikes)
    for name, expected in run.spikes.items():
        got = recording.spikes[name]
        pairs = list(zip(got.step.tolist(), got.neuron.tolist(), strict=True))
        assert pairs == [(int(s), int(n)) for s, n in expected], f"spikes of {name!r}, run {number}"
    for name, values in run.signals.items():
        expected = np.asarray(values, dtype=np.float64)
        got = recording.signals[name].values
        np.testing.assert_allclose(
            got,
            np.broadcast_to(expected[:, None] if expected.ndim == 1 else expected, got.shape),
            rtol=0,
            atol=atol,
            err_msg=f"signal {name!r}, run {number}",
        )


def test_every_line_of_the_contract_is_tested() -> None:
    written = set(re.findall(r"^\*\*(C\d+)\b", CONTRACT.read_text(), re.MULTILINE))
    tested = {line for s in SCENARIOS.values() for line in s.lines}
    assert tested - written == set(), "scenarios name lines that the contract does not have"
    assert written - tested - set(ELSEWHERE) == set(), "lines without a scenario"
    for path in ELSEWHERE.values():
        assert (HERE.parents[1] / path.partition("::")[0]).is_file(), path


def test_the_lists_name_scenarios_that_exist() -> None:
    listed = {
        n for entries in (UNSUPPORTED, TOLERANCE) for names in entries.values() for n in names
    }
    assert listed - set(SCENARIOS) == set()
    assert set(UNSUPPORTED) == set(TOLERANCE) == set(BACKENDS)


def test_a_wrong_expectation_fails() -> None:
    """The comparison itself can fail: one step, one neuron or one digit off."""
    case = SCENARIOS["psp_lif_delta"].make()
    run = case.runs[0]
    for wrong in (
        Run(run.duration, {"input": [(21, 0)]}),
        Run(run.duration, {"input": []}),
        Run(run.duration, {}, {"v": np.asarray(run.signals["v"]) + 2e-9}),
    ):
        with pytest.raises(AssertionError):
            check_case(Case(case.network, [wrong]), "reference", {}, None)
