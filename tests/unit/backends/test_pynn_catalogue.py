"""Our models as cells of PyNN: names and units both ways."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from neurobridge import models
from neurobridge.backends.pynn.catalogue import CATALOGUE, cell_type, nearest_cell
from neurobridge.backends.pynn.fixed_step import early_threshold, step_mean
from tests.requirements import require


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.theirs)
def test_the_reverse_map_undoes_the_forward_map(row, rng):
    model = models.by_name(row.ours)
    ours = {name: rng.uniform(1, 9, 4) for name in model.parameters}
    back = row.from_pynn(row.to_pynn(ours))
    assert {*back, *row.fixed, row.threshold} - {""} == set(model.parameters)
    for name, value in back.items():
        np.testing.assert_allclose(value, ours[name], rtol=1e-14)


def test_every_parameter_and_state_is_one_of_pynn():
    """Names of PyNN's own declarations, which no simulator is needed for."""
    require("pyNN")
    cells = [row.theirs for row in CATALOGUE]
    code = (
        "import json, sys; from pyNN.standardmodels import cells; "
        "found = {n: (getattr(cells, n).default_parameters, getattr(cells, n).recordable, "
        "getattr(cells, n).default_initial_values) for n in sys.argv[1:]}; "
        "print(json.dumps({n: [sorted(x) for x in v] for n, v in found.items()}))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *cells],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    declared = json.loads(done.stdout)
    for row in CATALOGUE:
        parameters, recordable, initial = declared[row.theirs]
        ones = dict.fromkeys(models.by_name(row.ours).parameters, 1.0)
        assert sorted(row.to_pynn(ones)) == parameters
        assert {row.states[name] for name in row.recordable} <= set(recordable)
        assert set(row.states.values()) <= set(initial)


def test_units_of_the_adaptive_exponential_neuron():
    """nS for the adaptation below threshold, a time constant in place of the leak."""
    row = cell_type(models.adex)
    assert row is not None
    ours = {name: p.default for name, p in models.adex.parameters.items()}
    theirs = row.to_pynn(ours)
    assert theirs["a"] == pytest.approx(4.0)
    assert theirs["tau_m"] == pytest.approx(9.3667, abs=1e-4)
    assert (theirs["v_thresh"], theirs["v_spike"], theirs["b"]) == (-50.4, 0.0, 0.0805)


def test_a_model_is_known_by_its_declaration_and_not_by_name_or_integrator():
    assert cell_type(models.hodgkin_huxley.with_integrator("rk4")).theirs == "HH_cond_exp"
    assert cell_type(replace(models.lif_exp, name="mine")).theirs == "IF_curr_exp"
    assert cell_type(replace(models.lif_exp, threshold="v > v_thresh")) is None
    assert cell_type(models.shiu_lif) is None


def test_the_nearest_cell_shares_most_names():
    assert nearest_cell(replace(models.lif_cond_exp, reset="v = v_rest")) == "IF_cond_exp"
    assert nearest_cell(replace(models.adex, threshold="v > v_peak")) == "EIF_cond_exp_isfa_ista"


def test_the_mean_of_a_decay_over_a_step_is_that_of_many_parts():
    tau, h = np.array([0.5, 5.0, 1e6]), 0.1
    middles = (np.arange(10_000) + 0.5) * h / 10_000
    np.testing.assert_allclose(
        step_mean(tau, h), np.exp(-middles / tau[:, None]).mean(axis=1), rtol=1e-9
    )


def test_a_spike_is_found_where_the_exponential_is_as_fast_as_a_step():
    values = {"v_t": -50.0, "delta_t": 2.0, "v_peak": 0.0, "c_m": 0.3, "g_leak": 0.03}
    v = float(early_threshold(values, 0.1))
    slope = 0.03 * np.exp((v + 50.0) / 2.0) / 0.3  # of the exponential term, per ms
    assert slope == pytest.approx(1 / 0.1)
    assert float(early_threshold({**values, "v_peak": -45.0}, 0.1)) == -45.0
