"""Networks of the reference vectors give the same integers again."""

from __future__ import annotations

import pytest

from tests.data import reference_data
from tests.requirements import require
from tests.unit.backends.softboard.vectors import load_vector, run_network


@pytest.mark.parametrize(
    "name",
    [
        "01_const_i_offset",
        "02_exc_spike_train",
        "06_ring_buffer_saturation",
        "08_various_tau",
        "10_recurrent_60",
        "13_if_cond_exp",
        "14_izhikevich",
        "15_poisson_source",
    ],
)
def test_a_vector_is_reproduced(name):
    require("spynnaker")
    require("unicorn")
    vector = load_vector(reference_data("spinnaker_vectors", f"{name}.json"))
    got = run_network(vector)
    assert sorted(got["packets"]) == sorted(vector["packets"])
    assert got["results"].keys() == vector["results"].keys()
    for population, expected in vector["results"].items():
        result = got["results"][population]
        for cores, known in zip(result.pop("cores", []), expected.pop("cores", []), strict=True):
            assert cores == {key: known[key] for key in cores}
        assert result == expected
