"""What is said before a run on PyNN's simulators."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest

import neurobridge.backends.pynn.check as checks
from neurobridge import models
from neurobridge.backends.pynn import PynnBackend, mechanisms
from neurobridge.backends.pynn.simulators import simulator
from neurobridge.errors import BackendError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.population import Population
from neurobridge.lowering.neurons import lower_population
from neurobridge.lowering.program import PopulationProgram, SignalPlan
from tests.program_examples import pathway, program
from tests.requirements import require


def lowered(model, initial=None, **parameters) -> PopulationProgram:
    cell = Population("cell", 3, model, FrozenDict(parameters), FrozenDict(initial or {}))
    return lower_population(cell, 0.1)[0]


@pytest.fixture(autouse=True)
def _ready(monkeypatch):
    """A simulator that is there: nothing here runs one."""
    monkeypatch.setattr("neurobridge.backends.pynn.simulators.find_spec", lambda name: object())
    monkeypatch.setattr(checks, "missing_tool", lambda: "")


def said(cells, **settings):
    found = PynnBackend().check(program(cells), settings)
    return {f.code: f for f in found}


def test_importing_the_backend_imports_neither_pynn_nor_a_simulator():
    code = (
        "import sys, neurobridge.backends.pynn as p; p.PynnBackend().availability(); "
        "print({'pyNN', 'neuron', 'nest', 'brian2', 'neo'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"simulator": 3}, "the name of a module, got 3"), ({"substeps": 0}, "at least 1, got 0"),
     ({"substeps": True}, "at least 1, got True"), ({"substeps": 1.5}, "at least 1, got 1.5")],
)  # fmt: skip
def test_wrong_settings_are_findings(settings, message):
    (finding,) = PynnBackend().check(program([lowered(models.lif_exp)]), settings)
    assert (finding.code, finding.severity) == ("pynn_setting", "error")
    assert message in finding.why
    with pytest.raises(BackendError, match="expected"):
        PynnBackend().emit(program([lowered(models.lif_exp)]), settings)


def test_a_model_without_a_cell_names_the_nearest_and_the_backends_that_have_it():
    finding = said([lowered(models.shiu_lif)])["no_pynn_cell"]
    assert finding.severity == "error"
    assert "no cell with the equations of model 'shiu_lif'; the nearest is IF_curr_" in finding.why
    assert finding.remedy.startswith("run it on reference or native or brian2 or nest or torch")


def test_a_cell_that_a_simulator_lacks_names_those_that_have_it():
    finding = said([lowered(models.lif_delta)])["no_pynn_cell"]
    assert "IF_curr_delta is not there, or was not measured, on simulator 'neuron'" in finding.why
    assert "simulator='nest'" in finding.remedy
    assert "no_pynn_cell" not in said([lowered(models.lif_delta)], simulator="nest")


@pytest.mark.parametrize("name", ["spiNNaker", "pyNN.spiNNaker", "spinnaker"])
def test_the_chip_is_another_backend(name):
    """Its module of PyNN writes a file into the home folder when it is imported."""
    finding = said([lowered(models.lif_exp)], simulator=name)["not_a_simulator"]
    assert finding.severity == "error"
    assert finding.remedy == "use the backend 'spinnaker'"


def test_what_neuron_integrates_by_itself_is_a_note_with_its_size():
    finding = said([lowered(models.adex)])["simulator_integration"]
    assert (finding.severity, finding.magnitude) == ("note", 0.5)
    assert "neuron's own method, not by rk4" in finding.why
    assert "simulator_integration" not in said([lowered(models.lif_exp)], simulator="nest")


def test_steps_between_steps_are_a_note():
    assert said([lowered(models.lif_exp)], substeps=4)["spikes_between_steps"].magnitude == 4
    assert "spikes_between_steps" not in said([lowered(models.hodgkin_huxley)], substeps=4)


def test_too_many_edges_are_refused(monkeypatch):
    monkeypatch.setattr(checks, "MAX_EDGES", 1)
    cell = lowered(models.lif_exp)
    path = pathway("cell", "cell", "exc", [0, 1], [1, 2], [0.5, 0.5], 10, 3)
    found = PynnBackend().check(program([cell], [path]), {})
    finding = next(f for f in found if f.code == "too_many_edges")
    assert (finding.severity, finding.magnitude) == ("error", 2.0)
    assert "run it on brian2 or nest" in finding.remedy


def test_a_state_that_pynn_does_not_record_is_refused():
    plan = SignalPlan("current", "cell", "i_exc", "nA", np.array([0], np.int32), 1)
    found = PynnBackend().check(program([lowered(models.lif_exp)], signals=[plan]), {})
    finding = next(f for f in found if f.code == "state_not_recorded")
    assert finding.where == "probe 'current'"
    assert "'i_exc' of IF_curr_exp on 'neuron', only ['spikes', 'v']" in finding.why


def test_an_initial_state_that_cannot_be_set_is_refused():
    assert "initial_state" in said([lowered(models.lif_alpha, initial={"x_exc": 0.1})])
    cell = lowered(models.lif_exp, initial={"i_exc": 0.1})
    assert "initial_state" not in said([cell])
    assert "'i_exc' of IF_curr_exp" in said([cell], simulator="nest")["initial_state"].why


@pytest.mark.parametrize(
    ("cell", "message"),
    [(lowered(models.lif_exp, initial={"v": -40.0}), "it starts at -40 mV"),
     (lowered(models.lif_exp, v_reset=-50.0), "it is reset at -50 mV"),
     (lowered(models.izhikevich, c=30.0, initial={"v": -65.0}), "it is reset at 30 mV"),
     (lowered(models.adex, v_reset=-41.0), "crosses -41.3")],
)  # fmt: skip
def test_neuron_needs_a_crossing(cell, message):
    finding = said([cell])["threshold_crossing"]
    assert finding.severity == "error"
    assert message in finding.why
    if cell.model == models.lif_exp:
        assert "threshold_crossing" not in said([cell], simulator="nest")


def test_numbers_that_are_fixed_in_the_cell_are_refused():
    finding = said([lowered(models.izhikevich, v_thresh=25.0)])["fixed_parameter"]
    assert "v_thresh of Izhikevich is 30.0 and cannot be changed" in finding.why


def test_a_simulator_that_is_not_installed_or_not_known(monkeypatch):
    note = said([lowered(models.lif_exp)], simulator="my.simulator")["simulator_not_measured"]
    assert note.severity == "note"
    monkeypatch.setattr("neurobridge.backends.pynn.simulators.find_spec", lambda name: None)
    finding = said([lowered(models.lif_exp)], simulator="neurn")["simulator_unavailable"]
    assert "'pyNN.neurn' is not installed; did you mean 'neuron'?" in finding.why
    assert simulator("nest").module == "pyNN.nest"


def test_a_missing_compiler_says_what_to_install(monkeypatch, tmp_path):
    require("neuron")
    require("pyNN")
    monkeypatch.setenv("NEUROBRIDGE_CACHE", str(tmp_path))
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert "no-such-compiler is not on the PATH" in mechanisms.missing_tool()
    monkeypatch.setattr(mechanisms, "_nrnivmodl", lambda: None)
    assert "nrnivmodl is neither beside" in mechanisms.missing_tool()
    monkeypatch.setattr(checks, "missing_tool", mechanisms.missing_tool)
    finding = said([lowered(models.lif_exp)])["simulator_unavailable"]
    assert finding.remedy == "install what is missing, or choose simulator='nest'"


def test_what_the_compiler_says_is_passed_on(monkeypatch, tmp_path):
    require("neuron")
    require("pyNN")
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    monkeypatch.setenv("NEUROBRIDGE_CACHE", str(tmp_path))
    broken = tmp_path / "broken.mod"
    broken.write_text("NEURON { this is not NMODL")
    monkeypatch.setattr(mechanisms, "_sources", lambda: [broken])
    with pytest.raises(BackendError, match="nrnivmodl cannot compile PyNN's mechanisms"):
        mechanisms.compiled_mechanisms()
    assert not list((tmp_path / "pynn").iterdir())
