"""Names and inputs of the Brian2 backend, without running Brian2."""

from __future__ import annotations

import keyword

import numpy as np
import pytest

from neurobridge.backends.brian2.inputs import current_table, event_table, source_table
from neurobridge.backends.brian2.script import write_script
from neurobridge.backends.brian2.target import Target
from neurobridge.backends.brian2.translate import Names, identifier, is_reserved
from neurobridge.lowering.program import CurrentInput
from tests.program_examples import events, lif_delta, lif_exp, pathway, program, source_spikes
from tests.requirements import require


def test_every_name_that_brian2_knows_is_reserved() -> None:
    require("brian2")
    from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, DEFAULT_UNITS

    known = {*DEFAULT_CONSTANTS, *DEFAULT_FUNCTIONS, *DEFAULT_UNITS} - {"-inf"}
    assert [name for name in sorted(known) if not is_reserved(name)] == []


@pytest.mark.parametrize("name", "i j t dt N e int double free current ms x_pre _x class".split())
def test_reserved_names_get_another(name: str) -> None:
    names = Names.choose(["v", name, "n"])
    assert names["v"] == "v"
    assert names["n"] == "n"
    assert names[name] != name
    assert names[name].isidentifier()
    assert not is_reserved(names[name])


@pytest.mark.parametrize("name", "v g m h n w u a b tau_m V_T delta_t i_exc E_L".split())
def test_names_of_common_models_stay(name: str) -> None:
    assert Names.choose([name])[name] == name


def test_a_new_name_never_meets_an_old_one() -> None:
    names = Names.choose(["i", "i_", "i_2", "t"])
    assert len(set(names.of.values())) == 4
    assert names["i_"] == "i_"
    assert names["i_2"] == "i_2"


@pytest.mark.parametrize("wish", ["E/I cells", "3rd", "größe", "", "__x", "lambda", "net"])
def test_any_population_name_becomes_an_identifier(wish: str) -> None:
    made = identifier(wish, {"net"})
    assert made.isidentifier()
    assert made.isascii()
    assert not keyword.iskeyword(made)
    assert made != "net"


def test_expressions_inside_a_group_and_in_synapses() -> None:
    names = Names.choose(["v", "i", "e"])
    inside = names.code("where(free and v > e, exp(i)**2 - 1, v)")
    assert inside == f"where((free and (v > {names['e']})), exp({names['i']})**2.0 - 1.0, v)"
    assert names.synaptic("v*(e - v)") == f"v_post * ({names['e']}_post - v_post)"


def test_the_script_has_one_delay_less_than_the_contract() -> None:
    edges = pathway("n", "n", "kick", [0, 1], [1, 0], [1.0, 2.0], 18, 2)
    text = write_script(program([lif_delta("n", 2)], [edges]), Target("numpy")).network
    assert "delay=17 * grid.dt" in text
    assert "on_pre='v_post += w * int(free_post)'" in text


def test_equal_delays_are_one_number_for_brian2() -> None:
    edges = pathway("n", "n", "exc", [0, 1], [1, 0], [1.0, 2.0], np.array([3, 3]), 2)
    script = write_script(program([lif_exp("n", 2)], [edges]), Target("numpy"))
    assert "delay=2 * grid.dt" in script.network
    assert not [name for name in script.arrays if name.endswith("delay")]


def test_objects_of_the_script_have_names_of_their_own() -> None:
    wishes = ["net", "step", "grid", "a b", "a-b", "table"]
    script = write_script(program([lif_exp(name, 1) for name in wishes]), Target("numpy"))
    assert len(set(script.groups.values())) == len(wishes)
    assert not {"net", "step", "grid", "table"} & set(script.groups.values())
    compile(script.network, "script", "exec")


def test_events_of_one_step_and_neuron_are_summed() -> None:
    first = events("n", "exc", [(3, 0, 2), (3, 1, 1), (7, 0, 1)], [4, 4], [0.5, 0.25])
    second = events("n", "exc", [(3, 0, 1), (0, 0, 1)], [2], [-1.0])
    table = event_table([first, second], 5, 2.0)
    assert table.step.tolist() == [0, 3, 3, 7]
    assert table.neuron.tolist() == [2, 2, 4, 4]
    assert table.value.tolist() == [-2.0, -2.0, 2.5, 1.0]


def test_the_gain_of_each_neuron_scales_its_events() -> None:
    one = events("n", "exc", [(0, 0, 1), (0, 1, 3)], [0, 2], [1.0, 1.0])
    table = event_table([one], 3, np.array([10.0, 20.0, 30.0]))
    assert table.value.tolist() == [10.0, 90.0]


def test_currents_that_meet_in_a_neuron_add_up() -> None:
    index, steps = np.arange(2, dtype=np.int32), np.array([0, 10])
    first = CurrentInput("a", "n", index, steps, np.array([[1.0, 2.0], [3.0, 4.0]]))
    second = CurrentInput("b", "n", index[1:], np.array([5]), np.array([[0.5]]))
    table = current_table([first, second])
    rows = list(zip(*(column.tolist() for column in table), strict=True))
    assert sorted(rows) == [(0, 0, 1.0), (0, 1, 2.0), (5, 1, 2.5), (10, 0, 3.0), (10, 1, 4.5)]
    assert table.step.tolist() == sorted(table.step.tolist())


def test_a_current_given_twice_to_one_neuron_counts_twice() -> None:
    twice = np.array([1, 1], dtype=np.int32)
    table = current_table([CurrentInput("a", "n", twice, np.array([4]), np.array([[1.0, 2.0]]))])
    assert [column.tolist() for column in table] == [[4], [1], [3.0]]


def test_nothing_to_play_is_an_empty_table() -> None:
    for table in (event_table([], 3, 1.0), current_table([]), source_table([])):
        assert table.step.size == table.neuron.size == table.value.size == 0


def test_source_spikes_keep_their_order() -> None:
    table = source_table([source_spikes("s", [(0, 2), (0, 1), (5, 0)])])
    assert table.step.tolist() == [0, 0, 5]
    assert table.neuron.tolist() == [1, 2, 0]
