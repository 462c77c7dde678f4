"""The NEST backend against scripts written by hand for NEST, and against hand-worked cases."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from neurobridge.backends.nest import NestBackend
from neurobridge.errors import BackendError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.population import Population
from neurobridge.lowering.neurons import lower_population
from neurobridge.lowering.program import CurrentInput, SignalPlan
from neurobridge.models import lif, shiu
from tests.program_examples import (
    drive,
    events,
    pathway,
    program,
    source,
    source_spikes,
)
from tests.requirements import require

DT = 0.1
BOTH = pytest.mark.parametrize("models", ["auto", "nestml"])


@pytest.fixture(autouse=True)
def _nest():
    require("nest")


def cells(name, size, model, initial=None, dt=DT, **parameters):
    group = Population(name, size, model, FrozenDict(parameters), FrozenDict(initial or {}))
    return lower_population(group, dt)[0]


def emit(made, **settings):
    return NestBackend().emit(made, settings)


def spikes(result, name="cell"):
    stamp, neuron = result.spikes[name]
    order = np.lexsort((neuron, stamp))
    return stamp[order].tolist(), neuron[order].tolist()


def state(name, variable, neurons, interval=1):
    unit = "mV" if variable == "v" else "nA"
    return SignalPlan(variable, name, variable, unit, np.asarray(neurons, np.int32), interval)


def current(rows, neurons=(0,)):
    """Current (nA) from rows (step, value) into all of ``neurons``."""
    start, value = zip(*rows, strict=True)
    table = np.repeat(np.array(value, float)[:, None], len(neurons), axis=1)
    targets = np.asarray(neurons, np.int32)
    return CurrentInput("current", "cell", targets, np.array(start, np.int64), table)


# ---- a recurrent network against a script written for NEST ------------------------------------

N, N_STEPS = 300, 3000


def recurrent(rng, delay):
    """A network of 300 neurons near balance, and its input of 60 channels."""
    pre, post = rng.integers(0, N, (2, 30 * N))
    exc = pre < 240
    weight = np.where(exc, 0.06, -0.25) * rng.uniform(0.5, 1.5, pre.size)
    steps = rng.integers(15, 40, pre.size) if delay == "many" else np.full(pre.size, 15)
    paths = []
    for receptor, chosen in (("exc", exc), ("inh", ~exc)):
        given = steps[chosen] if delay == "many" else 15
        paths.append(
            pathway("cell", "cell", receptor, pre[chosen], post[chosen], weight[chosen], given, N)
        )
    group = cells("cell", N, lif.lif_exp, {"v": rng.uniform(-65, -50, N)}, i_offset=0.1)
    rows = np.unique(np.column_stack([rng.integers(0, N_STEPS, 9000), rng.integers(0, 60, 9000)]),
                     axis=0)  # fmt: skip
    table = [(s, c, 1 + int(c) % 2) for s, c in rows.tolist()]
    made = events("cell", "exc", table, list(range(60)), [1.0] * 60)
    return group, paths, made


def by_hand(group, paths, made):
    """The same network in plain NEST calls. Input reaches it 60 steps (6 ms) late."""
    import nest

    shift, device_delay = 60, 15
    nest.ResetKernel()
    nest.set(resolution=DT)
    nodes = nest.Create(
        "iaf_psc_exp", N,
        params={"E_L": -65.0, "V_reset": -65.0, "V_th": 1e9, "tau_m": 20.0, "C_m": 250.0,
                "tau_syn_ex": 5.0, "tau_syn_in": 5.0, "t_ref": 2.0, "I_e": 100.0},
    )  # fmt: skip
    for path in paths:
        delay = np.broadcast_to(path.delay, path.n_edges) * DT
        nest.Connect(
            path.source + np.int64(1), path.target + np.int64(1), "one_to_one",
            {"weight": path.weight * 1e3, "delay": delay, "synapse_model": "static_synapse"},
        )  # fmt: skip
    for channel in range(60):
        at = made.channel == channel
        player = nest.Create(
            "spike_generator",
            params={"spike_times": (made.step[at] + 1 - device_delay + shift) * DT,
                    "spike_multiplicities": made.count[at]},
        )  # fmt: skip
        spec = {"weight": 1000.0 * made.weight[channel], "delay": device_delay * DT}
        nest.Connect(player, nodes[channel], syn_spec=spec)
    recorder = nest.Create("spike_recorder", params={"time_in_steps": True})
    nest.Connect(nodes, recorder, syn_spec={"delay": device_delay * DT})
    nest.Simulate(shift * DT)
    nodes.set(V_th=-50.0, V_m=group.initial["v"])
    nest.Simulate(N_STEPS * DT)
    stamp = recorder.events["times"] - shift
    neuron = recorder.events["senders"] - 1
    order = np.lexsort((neuron, stamp))
    return stamp[order].astype(int).tolist(), neuron[order].astype(int).tolist()


@BOTH
@pytest.mark.parametrize("delay", ["one", "many"])
def test_a_recurrent_network_spikes_as_a_script_written_by_hand(rng, models, delay):
    group, paths, made = recurrent(rng, delay)
    expected = by_hand(group, paths, made)
    assert len(expected[0]) > 2000
    engine = emit(program([group], paths), models=models)
    assert spikes(engine.run(drive(N_STEPS, [made]))) == expected


def test_running_again_gives_what_building_again_gives(rng):
    group, paths, made = recurrent(rng, "many")
    plans = [state("cell", "v", [7, 3], interval=7)]
    made_program, other = (
        program([group], paths, plans),
        events("cell", "exc", [(0, 0, 3)], [5], [2.0]),
    )
    engine = emit(made_program)
    first = engine.run(drive(700, [made]))
    engine.run(drive(333, [other], currents=[current([(0, 0.7)])]))
    again = engine.run(drive(700, [made]))
    assert spikes(first) == spikes(again)
    np.testing.assert_array_equal(first.signals["v"], again.signals["v"])
    assert first.signals["v"].shape == (100, 2)


def test_threads_do_not_change_spikes(rng):
    group, paths, made = recurrent(rng, "many")
    one = spikes(emit(program([group], paths), threads=1).run(drive(N_STEPS, [made])))
    two = spikes(emit(program([group], paths), threads=2).run(drive(N_STEPS, [made])))
    assert one == two


def test_an_engine_whose_kernel_was_taken_builds_itself_again(rng):
    group, paths, made = recurrent(rng, "one")
    mine = emit(program([group], paths))
    expected = spikes(mine.run(drive(500, [made])))
    emit(program([cells("cell", 2, lif.lif_delta)])).run(drive(10))
    assert spikes(mine.run(drive(500, [made]))) == expected


def test_an_exported_project_gives_the_same_spikes_without_neurobridge(rng, tmp_path):
    group, paths, made = recurrent(rng, "many")
    fly = cells("fly", 4, shiu.shiu_lif)
    kick = events("fly", "kick", [(3, 0, 1), (40, 1, 1)], [0, 2], [68.75, 68.75])
    whole = program([group, fly], paths, [state("cell", "v", [1, 2], interval=10)])
    engine = emit(whole)
    played = drive(500, [made, kick], currents=[current([(0, 0.1), (100, 0.3)])])
    engine.export(tmp_path, played)
    expected = engine.run(played)
    done = subprocess.run(
        [sys.executable, "run.py"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "neurobridge" not in (tmp_path / "run.py").read_text()
    found = np.load(tmp_path / "spikes.npz")
    for name in ("cell", "fly"):
        stamp, neuron = spikes(expected, name)
        assert len(stamp) > 0
        assert found[f"{name}/stamp"].tolist() == stamp
        assert found[f"{name}/neuron"].tolist() == neuron
    signals = np.load(tmp_path / "signals.npz")
    np.testing.assert_array_equal(signals["v"], expected.signals["v"])


# ---- one neuron, worked out by hand -------------------------------------------------------------


@BOTH
def test_a_membrane_relaxes_as_the_formula_says(models):
    group = cells("cell", 2, lif.lif_exp, {"v": np.array([-60.0, -70.0])}, tau_m=10.0)
    engine = emit(program([group], signals=[state("cell", "v", [1, 0, 1], 5)]), models=models)
    values = engine.run(drive(50)).signals["v"]
    decay = np.exp(-0.5 * np.arange(1, 11) / 10.0)[:, None]
    np.testing.assert_allclose(values, -65 + decay * np.array([-5.0, 5.0, -5.0]), atol=1e-11)


@BOTH
def test_current_holds_from_its_step_to_the_next(models):
    group = cells("cell", 2, lif.lif_delta, tau_m=10.0, c_m=0.5)
    engine = emit(program([group], signals=[state("cell", "v", [0, 1])]), models=models)
    values = engine.run(drive(6, currents=[current([(0, 0.2), (3, 0.0)], [1])])).signals["v"]
    rise, decay = 0.2 * 10.0 / 0.5 * (1 - np.exp(-0.01)), np.exp(-0.01)
    expected = [rise]
    for step in range(1, 6):
        expected.append(expected[-1] * decay + (rise if step < 3 else 0.0))
    np.testing.assert_allclose(values[:, 1] + 65, expected, atol=1e-11)
    np.testing.assert_allclose(values[:, 0], -65, atol=1e-12)


def test_current_of_an_older_run_is_gone():
    group = cells("cell", 1, lif.lif_delta)
    engine = emit(program([group], signals=[state("cell", "v", [0])]))
    engine.run(drive(20, currents=[current([(0, 0.2)])]))
    np.testing.assert_array_equal(engine.run(drive(20)).signals["v"], -65.0)


@BOTH
def test_input_arrives_in_its_step_and_moves_the_membrane_in_the_next(models):
    group = cells("cell", 1, lif.lif_exp)
    plans = [state("cell", "v", [0]), state("cell", "i_exc", [0])]
    engine = emit(program([group], signals=plans), models=models)
    result = engine.run(drive(5, [events("cell", "exc", [(0, 0, 2), (3, 0, 1)], [0], [0.5])]))
    decay = np.exp(-0.02)
    expected = [1.0, decay, decay**2, decay**3 + 0.5, (decay**3 + 0.5) * decay]
    np.testing.assert_allclose(result.signals["i_exc"][:, 0], expected, rtol=1e-14)
    assert result.signals["v"][0, 0] == pytest.approx(-65.0, abs=1e-12)
    assert result.signals["v"][1, 0] > -65 + 0.3


@BOTH
def test_a_delta_kick_spikes_in_its_step_and_is_lost_while_clamped(models):
    group = cells("cell", 1, lif.lif_delta, t_ref=0.5)
    engine = emit(program([group], signals=[state("cell", "v", [0])]), models=models)
    kicks = events("cell", "syn", [(2, 0, 1), (7, 0, 1), (8, 0, 1)], [0], [16.0])
    result = engine.run(drive(12, [kicks]))
    # spike in step 2; clamped in steps 3 to 7, where the second kick is lost; free again in step 8
    assert spikes(result) == ([3, 9], [0, 0])
    np.testing.assert_allclose(result.signals["v"][:, 0], -65.0, atol=1e-11)


@BOTH
def test_the_interval_between_spikes_counts_clamped_steps(models):
    group = cells("cell", 1, lif.lif_delta, t_ref=2.2, tau_m=10.0, c_m=0.5)
    engine = emit(program([group]), models=models)
    stamp, _ = spikes(engine.run(drive(2000, currents=[current([(0, 1.0)])])))
    # v rises to 20 mV over rest and crosses 15 mV after tau ln 4 = 13.86 ms, in step 138
    np.testing.assert_array_equal(np.diff(stamp), 139 + 22)
    assert stamp[0] == 139


@pytest.mark.parametrize("delay", [1, 5])
def test_a_spike_of_a_source_arrives_after_its_delay(delay):
    group = cells("cell", 2, lif.lif_delta)
    path = pathway("in", "cell", "syn", [0, 1], [0, 1], [16.0, 16.0], delay, 2)
    engine = emit(program([source("in", 2), group], [path]))
    result = engine.run(drive(20, sources=[source_spikes("in", [(0, 0), (4, 1)])]))
    assert spikes(result) == ([delay, 4 + delay], [0, 1])
    assert spikes(result, "in") == ([0, 4], [0, 1])


def test_a_chain_spikes_to_the_last_step_and_not_beyond():
    group = cells("cell", 4, lif.lif_delta)
    path = pathway("cell", "cell", "syn", [0, 1, 2], [1, 2, 3], [16.0] * 3, 7, 4)
    engine = emit(program([group], [path]))
    kick = events("cell", "syn", [(5, 0, 1)], [0], [16.0])
    assert spikes(engine.run(drive(20, [kick]))) == ([6, 13, 20], [0, 1, 2])
    assert spikes(engine.run(drive(19, [kick]))) == ([6, 13], [0, 1])
    assert spikes(engine.run(drive(3))) == ([], [])


# ---- what NEST holds ----------------------------------------------------------------------------


@BOTH
def test_every_weight_is_read_back(rng, models):
    n, pre, post = 20, rng.integers(0, 20, 400), rng.integers(0, 20, 400)
    positive = np.sort(rng.uniform(0.1, 1.0, 400))
    delay = rng.integers(1, 4, 400)
    paths = [
        pathway("cell", "cell", "exc", pre, post, positive, delay, n),
        pathway("cell", "cell", "inh", pre[::-1], post, -positive, 2, n),
        pathway("in", "cell", "exc", [0], [3], [0.25], 2, n),
        pathway("cell", "cell", "exc", [], [], [], 2, n),
    ]
    engine = emit(program([cells("cell", n, lif.lif_exp), source("in", 1)], paths), models=models)
    held = engine.weights()
    assert len(np.unique(np.column_stack([pre, post]), axis=0)) < 400  # parallel edges
    for i, path in enumerate(paths):
        # parallel edges of one delay are the same edge to the network, in any order
        keys = (np.broadcast_to(path.delay, path.n_edges), path.source, path.target)
        mine, theirs = np.lexsort((path.weight, *keys)), np.lexsort((held[i], *keys))
        np.testing.assert_allclose(held[i][theirs], path.weight[mine], rtol=1e-15)


def test_new_constants_hold_from_the_next_run_on():
    made = program([cells("cell", 2, shiu.shiu_lif)])
    kick = events("cell", "kick", [(0, 0, 1), (5, 1, 1)], [0, 1], [8.0, 8.0])
    engine = emit(made)
    assert spikes(engine.run(drive(10, [kick]))) == ([1, 6], [0, 1])
    engine.set_population(cells("cell", 2, shiu.shiu_lif, v_thresh=np.array([-45.0, -40.0])))
    assert spikes(engine.run(drive(10, [kick]))) == ([1], [0])


def test_new_parameters_of_a_built_in_cell_are_set_in_place():
    engine = emit(program([cells("cell", 1, lif.lif_delta)]))
    kick = events("cell", "syn", [(0, 0, 1)], [0], [16.0])
    assert engine.run(drive(5, [kick])).info["cells"] == {"cell": "iaf_psc_delta"}
    engine.set_population(cells("cell", 1, lif.lif_delta, v_thresh=-40.0))
    result = engine.run(drive(5, [kick]))
    assert spikes(result) == ([], [])
    assert result.info["cells"] == {"cell": "iaf_psc_delta"}


def test_input_of_the_other_sign_reaches_the_receptor_that_was_named():
    group = cells("cell", 1, lif.lif_exp)
    plans = [state("cell", "i_exc", [0]), state("cell", "i_inh", [0])]
    stimulus = events("cell", "exc", [(0, 0, 1)], [0], [-0.5])
    result = emit(program([group], signals=plans)).run(drive(2, [stimulus]))
    assert result.signals["i_exc"][0, 0] == -0.5
    assert result.signals["i_inh"][0, 0] == 0.0
    engine = emit(program([group], signals=plans), models="builtin")
    with pytest.raises(BackendError, match="weights of the wrong sign for its receptor"):
        engine.run(drive(2, [stimulus]))


# ---- interruption and errors --------------------------------------------------------------------


def test_an_interrupted_run_keeps_what_was_recorded_and_the_next_is_whole(rng):
    group, paths, made = recurrent(rng, "one")
    engine = emit(program([group], paths, [state("cell", "v", [0])]))
    whole = engine.run(drive(N_STEPS, [made]))

    def stop(done: int) -> None:
        if done >= 900:
            raise KeyboardInterrupt

    part = engine.run(drive(N_STEPS, [made]), stop)
    assert 900 <= part.steps_done < 1000
    stamp, neuron = spikes(whole)
    early = np.array(stamp) <= part.steps_done
    assert spikes(part) == (np.array(stamp)[early].tolist(), np.array(neuron)[early].tolist())
    np.testing.assert_array_equal(part.signals["v"], whole.signals["v"][: part.steps_done])
    assert spikes(engine.run(drive(N_STEPS, [made]))) == spikes(whole)


def test_errors_of_nest_come_with_its_own_words():
    group = cells("cell", 1, lif.lif_delta)
    broken = program([group], [pathway("cell", "cell", "syn", [5], [0], [1.0], 2, 1)])
    with pytest.raises(BackendError, match=r"NEST failed while building the network: .*[Uu]nknown"):
        emit(broken)


def test_nest_says_nothing_by_itself():
    code = (
        "from neurobridge.backends.nest import NestBackend\n"
        "from neurobridge.graph.population import Population\n"
        "from neurobridge.lowering.neurons import lower_population\n"
        "from neurobridge.models import lif\n"
        "from tests.program_examples import drive, program\n"
        "import json\n"
        "made = program([lower_population(Population('cell', 1, lif.lif_exp), 0.1)[0]])\n"
        "result = NestBackend().emit(made, {}).run(drive(10))\n"
        "print(json.dumps(result.steps_done))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == 10
    assert done.stderr == ""
