"""Compiling NESTML models: what is cached, and what is said when it cannot be done."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge.backends.nest import NestBackend
from neurobridge.backends.nest.cells import choose_cells
from neurobridge.backends.nest.modules import cache_folder, compiled_modules
from neurobridge.backends.nest.nestml_build import (
    BuildError,
    _drop_round_trip,
    _key,
    _publish,
    build_module,
)
from neurobridge.errors import BackendUnavailableError
from neurobridge.graph.population import Population
from neurobridge.lowering.neurons import lower_population
from neurobridge.models import shiu
from tests.program_examples import program
from tests.requirements import require


@pytest.fixture
def fly():
    return program([lower_population(Population("fly", 2, shiu.shiu_lif), 0.1)[0]])


def test_a_missing_compiler_is_a_finding_and_an_error(fly, monkeypatch):
    require("pynestml")
    monkeypatch.setenv("CXX", "no-such-compiler")
    (finding,) = NestBackend().check(fly, {})
    assert finding.code == "nestml_unavailable"
    assert finding.where == "populations fly"
    with pytest.raises(
        BackendUnavailableError, match=r"'no-such-compiler' is not on the PATH.*apt"
    ):
        compiled_modules(choose_cells(fly, "auto").values())


def test_missing_nestml_says_what_to_install(fly, monkeypatch):
    monkeypatch.setattr("neurobridge.backends.nest.nestml_build._version", lambda name: "none")
    with pytest.raises(BackendUnavailableError, match=r"pip install 'nestml>=9,<9\.1'"):
        compiled_modules(choose_cells(fly, "auto").values())


def test_a_model_that_nestml_refuses_is_shown_with_its_message(tmp_path):
    require("nest")
    with pytest.raises(BuildError, match="NESTML refused model broken"):
        build_module("broken", "model broken:\n    state:\n        v nonsense = 0\n", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_key_changes_with_the_text_and_with_the_flags():
    keys = {
        _key("a", ["g++", "-O3"]),
        _key("b", ["g++", "-O3"]),
        _key("a", ["g++", "-O2"]),
    }
    assert len(keys) == 3
    assert _key("a", ["g++", "-O3"]) in keys


def test_the_slower_of_two_builders_keeps_the_folder_of_the_faster(tmp_path):
    for name in ("done", "mine"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    _publish(tmp_path / "mine", tmp_path / "done")
    assert (tmp_path / "done" / "file").read_text() == "done"


def test_the_two_roundings_of_spike_input_are_taken_out(tmp_path, rng):
    weights = rng.uniform(0, 1, 1000)
    assert np.any(0.001 * weights * 1000 != weights)  # why it matters
    path = tmp_path / "model.cpp"
    path.write_text("S_.g += (0.001 * B_.spike_inputs_grid_sum_[A - MIN_SPIKE_RECEPTOR]) * 1000.;")
    _drop_round_trip(path, n_ports=1)
    assert path.read_text() == "S_.g += B_.spike_inputs_grid_sum_[A - MIN_SPIKE_RECEPTOR];"


def test_another_form_of_spike_input_is_refused(tmp_path):
    path = tmp_path / "model.cpp"
    path.write_text("S_.g += spikes;")
    with pytest.raises(BuildError, match=r"0 of 1 ports recognised.*nestml>=9,<9.1"):
        _drop_round_trip(path, n_ports=1)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [({"NEUROBRIDGE_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, "/a/nest"),
     ({"XDG_CACHE_HOME": "/b"}, "/b/neurobridge/nest")],
)  # fmt: skip
def test_where_compiled_models_are_kept(monkeypatch, variables, expected):
    monkeypatch.delenv("NEUROBRIDGE_CACHE", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(cache_folder()) == expected
