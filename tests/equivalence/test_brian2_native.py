"""Programs on our Brian2 backend against Brian2 scripts written by hand.

The scripts use Brian2 as its users do: equations with units, Brian2's own exact integration,
``unless refractory``, SpikeGeneratorGroup. Only schedule, delays and refractory times are those
that the contract asks for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurobridge.backends.brian2 import Brian2Backend
from neurobridge.lowering.program import Drive, EventInput, Program
from tests.data import reference_data
from tests.equivalence.brian2_script import by_time, script_spikes
from tests.program_examples import LIF, drive, lif_delta, lif_exp, pathway, program, shiu
from tests.requirements import require

_END = """
stim = SpikeGeneratorGroup(len(a["target"]), a["channel"], a["step"]*0.1*ms, when="start")
into = Synapses(stim, cells, kick_model, on_pre=kick)
into.connect(i=np.arange(len(a["target"])), j=a["target"])
if kick_model:
    into.w = a["event_weight"]*kick_unit
spikes = SpikeMonitor(cells)
net = Network(cells, rec, stim, into, spikes)
net.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
net.run(int(a["n_steps"])*0.1*ms)
"""

_EXP = """
cells = NeuronGroup(int(a["n"]), '''
    dv/dt = (v_rest - v)/tau_m + (i_exc + i_inh)/c_m : volt (unless refractory)
    di_exc/dt = -i_exc/tau_exc : amp
    di_inh/dt = -i_inh/tau_inh : amp
    ''', threshold="v >= -50*mV", reset="v = -65*mV", refractory=2.1*ms, method="exact",
    namespace=dict(v_rest=-65*mV, tau_m=20*ms, tau_exc=5*ms, tau_inh=10*ms, c_m=0.25*nF))
cells.v = a["v"]*mV
rec = Synapses(cells, cells, "w : amp", on_pre={"e": "i_exc_post += clip(w, 0*nA, inf*nA)",
                                               "h": "i_inh_post += clip(w, -inf*nA, 0*nA)"})
rec.connect(i=a["source"], j=a["post"])
rec.w = a["weight"]*nA
rec.e.delay = rec.h.delay = 1.4*ms
kick_model, kick, kick_unit = "w : amp", "i_exc_post += w", nA
"""

_DELTA = """
cells = NeuronGroup(int(a["n"]), "dv/dt = (-65*mV - v)/(20*ms) : volt (unless refractory)",
    threshold="v >= -50*mV", reset="v = -65*mV", refractory=2.1*ms, method="exact")
cells.v = a["v"]*mV
rec = Synapses(cells, cells, "w : volt", on_pre="v_post += w")
rec.connect(i=a["source"], j=a["post"])
rec.w = a["weight"]*mV
rec.delay = (a["delay"] - 1)*0.1*ms
kick_model, kick, kick_unit = "w : volt", "v_post += w", mV
"""

_SHIU = """
cells = NeuronGroup(int(a["n"]), '''
    dv/dt = (v_0 - v + g)/(20*ms) : volt (unless refractory)
    dg/dt = -g/(5*ms) : volt (unless refractory)
    ''', threshold="v > -45*mV", reset="v = -52*mV; g = 0*mV", refractory=2.2*ms, method="exact",
    namespace=dict(v_0=-52*mV))
cells.v = -52*mV
rec = Synapses(cells, cells, "w : volt", on_pre="g += w", delay=1.7*ms)
rec.connect(i=a["source"], j=a["post"])
rec.w = a["weight"]*mV
kick_model, kick, kick_unit = "w : volt", "v_post += w", mV
"""


@pytest.fixture(autouse=True)
def _brian2_is_here() -> None:
    require("brian2")


def native_spikes(
    folder: Path, script: str, made: Program, given: Drive, target: str = "numpy"
) -> NDArray[np.int64]:
    """Rows (stamp, neuron) of the hand-written script, sorted."""
    (pop,), (first, *rest) = made.populations, made.pathways
    (stimulus,) = given.events
    arrays: dict[str, Any] = {
        "n": pop.size,
        "v": np.broadcast_to(pop.initial["v"], pop.size),
        "source": np.concatenate([p.source for p in (first, *rest)]),
        "post": np.concatenate([p.target for p in (first, *rest)]),
        "weight": np.concatenate([p.weight for p in (first, *rest)]),
        "delay": first.delay,
        "target": stimulus.target,
        "event_weight": stimulus.weight,
        "step": stimulus.step,
        "channel": stimulus.channel,
        "n_steps": given.n_steps,
    }
    return script_spikes(folder, script + _END, arrays, target)


def our_spikes(made: Program, given: Drive, **settings: Any) -> NDArray[np.int64]:
    engine = Brian2Backend().emit(made, settings)
    stamp, neuron = engine.run(given).spikes[made.populations[0].name]
    engine.close()
    return by_time(np.column_stack([stamp, neuron]))


def poisson(
    rng: np.random.Generator,
    receptor: str,
    target: NDArray[Any],
    weight: float,
    p: float,
    n_steps: int,
) -> Drive:
    """One channel per target neuron, an event in a step with probability p."""
    step, channel = np.nonzero(rng.random((n_steps, target.size)) < p)
    one = np.ones(step.size, np.int32)
    weights = np.full(target.size, weight)
    given = EventInput(
        "in", "n", receptor, target.astype(np.int32), weights, step, channel.astype(np.int32), one
    )
    return drive(n_steps, [given])


def test_recurrent_exponential_currents(tmp_path: Path, rng: np.random.Generator) -> None:
    n, k = 200, 40
    post = np.repeat(np.arange(n), k)
    pre = rng.integers(0, n, n * k)
    inhibits = pre >= 160
    v = rng.uniform(-65, -51, n)
    exc = pathway("n", "n", "exc", pre[~inhibits], post[~inhibits],
                  rng.uniform(0, 0.1, (~inhibits).sum()), 15, n)  # fmt: skip
    inh = pathway("n", "n", "inh", pre[inhibits], post[inhibits],
                  -rng.uniform(0, 0.4, inhibits.sum()), 15, n)  # fmt: skip
    made = program([lif_exp("n", n, v_init=v)], [exc, inh])
    given = poisson(rng, "exc", np.arange(n), 0.15, 0.1, 1500)
    native = native_spikes(tmp_path, _EXP, made, given)
    assert len(native) > 500
    assert np.array_equal(our_spikes(made, given, target="numpy"), native)
    assert LIF["c_m"] == 0.25  # the script says so, too


def test_recurrent_kicks_with_different_delays(tmp_path: Path, rng: np.random.Generator) -> None:
    n, k = 200, 40
    post, pre = np.repeat(np.arange(n), k), rng.integers(0, n, n * k)
    weight = np.where(pre < 160, 0.4, -1.6)
    edges = pathway("n", "n", "kick", pre, post, weight, rng.integers(1, 30, n * k), n)
    made = program([lif_delta("n", n, v_init=rng.uniform(-65, -51, n))], [edges])
    given = poisson(rng, "kick", np.arange(n), 0.9, 0.1, 1500)
    native = native_spikes(tmp_path, _DELTA, made, given)
    assert len(native) > 500
    assert np.array_equal(our_spikes(made, given, target="numpy"), native)


def fly(
    nodes: Any, edges: Any, rng: np.random.Generator, n_steps: int, p: float
) -> tuple[Program, Drive]:
    """The model of Shiu et al. (2024) on a table of nodes and edges; sensory neurons are kicked."""
    sign = nodes["sign_shiu"].to_numpy()
    pre, post = edges["pre"].to_numpy(), edges["post"].to_numpy()
    weight = 0.275 * edges["syn_count"].to_numpy(float) * sign[pre]
    made = program(
        [shiu("n", len(nodes))], [pathway("n", "n", "syn", pre, post, weight, 18, len(nodes))]
    )
    kicked = np.flatnonzero(nodes["super_class"].astype(str) == "sensory")[:500]
    return made, poisson(rng, "kick", kicked, 68.75, p, n_steps)


@pytest.mark.slow
def test_shiu_model_on_flywire(tmp_path: Path, rng: np.random.Generator) -> None:
    import pandas as pd

    folder = reference_data("flywire783")
    nodes, edges = (pd.read_parquet(folder / f"{name}.parquet") for name in ("nodes", "edges"))
    made, given = fly(nodes, edges, rng, 5000, 0.01)
    native = native_spikes(tmp_path, _SHIU, made, given, "cpp_standalone")
    assert len(native) > 10_000
    assert np.array_equal(our_spikes(made, given, target="cpp_standalone"), native)


def test_shiu_model_on_a_random_graph(tmp_path: Path, rng: np.random.Generator) -> None:
    n, k = 200, 60
    pre, post = rng.integers(0, n, n * k), rng.integers(0, n, n * k)
    weight = 0.275 * np.ceil(3 * rng.pareto(1.5, n * k)) * np.where(pre < 160, 1, -1)
    made = program([shiu("n", n)], [pathway("n", "n", "syn", pre, post, weight, 18, n)])
    given = poisson(rng, "kick", np.arange(0, n, 10), 68.75, 0.01, 1500)
    native = native_spikes(tmp_path, _SHIU, made, given)
    assert len(native) > 500  # the kicks alone make 300
    assert np.array_equal(our_spikes(made, given, target="numpy"), native)
