"""What the NEST backend writes and chooses; NEST itself is not needed here."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from neurobridge.backends.nest import NestBackend
from neurobridge.backends.nest.catalogue import CATALOGUE, native_cell
from neurobridge.backends.nest.cells import choose_cells
from neurobridge.backends.nest.clock import tics_per_ms
from neurobridge.backends.nest.nestml import nestml_model, safe_name
from neurobridge.backends.nest.script import build_script
from neurobridge.errors import BackendError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.population import Population
from neurobridge.lowering.neurons import lower_population
from neurobridge.lowering.program import PopulationProgram, SignalPlan
from neurobridge.models import lif, shiu
from tests.program_examples import pathway, program


def lowered(model, dt=0.1, initial=None, **parameters) -> PopulationProgram:
    cell = Population("cell", 3, model, FrozenDict(parameters), FrozenDict(initial or {}))
    return lower_population(cell, dt)[0]


def test_nestml_of_the_fly_neuron_line_by_line():
    lines = nestml_model(lowered(shiu.shiu_lif)).text.splitlines()
    update = lines.index("    update:  # phase 1: integrate to the end of the step")
    assert lines[update + 1 : update + 8] == [
        "        free = refractory == 0",
        "        if refractory > 0:",
        "            refractory -= 1",
        "        v_next real = (free ? P_v_v * v + P_v_g * g_x + P_v : v)",
        "        g_next real = (free ? P_g_g * g_x : g_x)",
        "        v = v_next",
        "        g_x = g_next",
    ]
    receive = lines.index(
        "    onReceive(spikes_kick):  # phase 2: events that arrive at the end of the step"
    )
    assert lines[receive + 1 : receive + 3] == [
        "        if free:",
        "            v += spikes_kick * 1 s",
    ]
    spike = next(i for i, line in enumerate(lines) if "onCondition" in line)
    assert "may_spike and free and (v > v_thresh)" in lines[spike]
    assert lines[spike + 1 : spike + 5] == [
        "        v = v_reset",
        "        g_x = 0.0",
        "        refractory = refractory_steps",
        "        emit_spike()",
    ]


def test_no_constant_is_a_literal_so_that_no_digit_is_lost():
    text = nestml_model(lowered(lif.lif_exp, tau_m=12.3456789012345)).text
    assert text == nestml_model(lowered(lif.lif_exp, tau_m=7.0)).text


@pytest.mark.parametrize(
    ("name", "written"),
    [("v", "v"), ("g", "g_x"), ("mV", "mV_x"), ("e", "e_x"), ("refractory", "refractory_x"),
     ("g_x", "g_x_x"), ("double", "double_x"), ("tau_minus", "tau_minus_x"), ("i_exc", "i_exc")],
)  # fmt: skip
def test_names_that_mean_something_to_nest_are_changed_and_never_meet(name, written):
    assert safe_name(name) == written


def test_a_model_may_have_any_name():
    named = nestml_model(lowered(replace(lif.lif_exp, name="my.model")))
    assert named.name.startswith("nb_my_model_")
    assert f"model {named.name}:" in named.text


def test_crossing_compares_with_the_state_before_the_step():
    base = lowered(lif.lif_delta)
    crossing = replace(base, code=replace(base.code, crossing=True))
    lines = nestml_model(crossing).text.splitlines()
    update = next(i for i, line in enumerate(lines) if line.startswith("    update:"))
    assert lines[update + 1] == "        was_over = (v >= v_thresh)"
    assert (
        "may_spike and free and (not was_over) and (v >= v_thresh)" in nestml_model(crossing).text
    )


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.ours)
def test_parameter_maps_are_inverse(row, rng):
    ours = {name: rng.uniform(1, 9, 4) for name in row.parameters}
    back = row.from_nest(row.to_nest(ours))
    assert back.keys() == ours.keys()
    for name, value in ours.items():
        np.testing.assert_allclose(back[name], value, rtol=1e-15)


def test_built_in_parameters_are_in_the_units_of_nest():
    cell = lowered(lif.lif_exp, c_m=0.2, i_offset=0.5, t_ref=2.2, tau_syn_inh=8.0)
    native, reason = native_cell(cell, program([cell]))
    assert reason == ""
    assert native is not None
    assert native.native.theirs == "iaf_psc_exp"
    expected = {"E_L": -65.0, "C_m": 200.0, "I_e": 500.0, "t_ref": 2.2, "tau_syn_in": 8.0}
    assert {n: native.parameters[n] for n in expected} == pytest.approx(expected, rel=1e-15)


def test_a_population_that_starts_with_synaptic_current_is_not_built_in():
    cell = lowered(lif.lif_exp, initial={"i_exc": 0.1})
    assert (
        native_cell(cell, program([cell]))[1] == "iaf_psc_exp cannot start with i_exc other than 0"
    )


def test_a_reset_at_threshold_is_not_built_in():
    cell = lowered(lif.lif_delta, v_reset=-50.0)
    assert "needs v_reset below v_thresh" in native_cell(cell, program([cell]))[1]


def test_a_model_of_the_same_name_with_another_equation_is_not_built_in():
    other = replace(lif.lif_exp, threshold="v > v_thresh")
    cell = lowered(other)
    assert "no built-in cell equal to model 'lif_exp'" in native_cell(cell, program([cell]))[1]


def test_weights_of_the_other_sign_are_not_built_in():
    cell = lowered(lif.lif_exp)
    path = pathway("cell", "cell", "exc", [0, 1], [1, 2], [0.5, -0.5], 10, 3)
    assert (
        "'cell_cell' has weights of the other sign on 'exc'"
        in (native_cell(cell, program([cell], [path]))[1])
    )


def test_a_state_that_nest_does_not_record_is_not_built_in():
    cell = lowered(lif.lif_alpha)
    plan = SignalPlan("x", "cell", "x_exc", "nA/ms", np.array([0], np.int32), 1)
    chosen = choose_cells(program([cell], signals=[plan]), "auto")["cell"]
    assert chosen.nestml is not None
    assert chosen.reason == "iaf_psc_alpha does not record x_exc"


def test_builtin_refuses_what_is_not_built_in_and_says_why():
    cell = lowered(shiu.shiu_lif)
    with pytest.raises(BackendError, match=r"population 'cell'.*model 'shiu_lif'.*models='auto'"):
        choose_cells(program([cell]), "builtin")


def test_script_names_arrays_and_writes_numbers():
    cell = lowered(lif.lif_delta, v_thresh=np.array([-50.0, -51.0, -52.0]))
    path = pathway("cell", "cell", "syn", [0], [2], [0.5], 7, 3)
    script = build_script(program([cell], [path]), choose_cells(program([cell], [path]), "auto"))
    assert "'V_th': array('cell.V_th')," in script.text
    np.testing.assert_array_equal(script.arrays["cell.V_th"], [-50.0, -51.0, -52.0])
    assert "'tau_m': 20.0," in script.text
    assert "delays=(7, 7)" in script.text


@pytest.mark.parametrize(("dt", "tics"), [(0.1, 1000), (1 / 32, 1024), (0.0001, 10_000)])
def test_a_step_is_a_whole_number_of_tics(dt, tics):
    assert tics_per_ms(dt) == tics


def test_a_step_that_nest_cannot_count_is_a_finding():
    (finding,) = NestBackend().check(program([lowered(lif.lif_exp)], dt=np.pi / 30), {})
    assert finding.code == "nest_time_grid"
    assert "use a dt such as 0.1" in finding.why


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"models": "buitlin"}, "did you mean 'builtin'"), ({"threads": 0}, "at least 1, got 0"),
     ({"threads": 1.5}, "at least 1, got 1.5"), ({"threads": True}, "at least 1, got True")],
)  # fmt: skip
def test_wrong_settings_are_findings(settings, message):
    (finding,) = NestBackend().check(program([lowered(lif.lif_exp)]), settings)
    assert (finding.code, finding.severity) == ("nest_setting", "error")
    assert message in finding.why


def test_missing_nest_says_what_to_install(monkeypatch):
    monkeypatch.setattr("neurobridge.backends.nest.backend.find_spec", lambda name: None)
    here = NestBackend().availability()
    assert not here.available
    assert here.install == 'pip install "neurobridge-sim[nest]"'


def test_another_package_called_nest_is_not_taken_for_the_simulator(monkeypatch, tmp_path):
    fake = type("Spec", (), {"submodule_search_locations": [str(tmp_path)]})()
    monkeypatch.setattr("neurobridge.backends.nest.backend.find_spec", lambda name: fake)
    assert "is not NEST 3.10 or later" in NestBackend().availability().reason


def test_importing_the_backend_does_not_import_nest():
    code = "import sys, neurobridge.backends.nest; print('nest' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
