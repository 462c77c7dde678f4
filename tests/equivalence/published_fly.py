"""The fly model of Shiu et al. (2024) as it was published for Brian2, and in terms of the contract.

The published script runs Brian2's own schedule: integrate, threshold, synapses and Poisson input,
reset. In terms of the contract (``docs/contract.md``) its rules are:

- ``refractory=2.2 ms`` clamps 21 steps, for the 22nd is free again before its threshold is tested;
- a kick into v that comes after the threshold test is first tested one step later, after v has
  decayed for a step: a delay of two steps, and a weight of ``68.75 exp(-dt/tau_m)`` mV;
- a driven neuron has ``refractory=0 ms``, and yet loses the kick of the step in which it spikes:
  one clamped step for kicks, none for synapses, which is a receptor of its own that keeps what
  comes while the neuron is clamped (v and g are at their resting values then, so holding them is
  no difference);
- the delay of 1.8 ms is one of 18 steps in both.

Kicks are drawn outside, at most one a step as ``PoissonInput`` with ``N=1`` does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurobridge import Edges, Explicit, Network, Population, Projection, SpikeTrains, models
from neurobridge.frozen import FrozenDict
from neurobridge.graph.model import Receptor
from tests.equivalence.brian2_script import script_spikes

DT = 0.1

PUBLISHED = """
neu = NeuronGroup(int(a["n"]), '''
    dv/dt = (-52*mV - v + g)/(20*ms) : volt (unless refractory)
    dg/dt = -g/(5*ms) : volt (unless refractory)
    rfc : second
    ''', threshold="v > -45*mV", reset="v = -52*mV; g = 0*mV", refractory="rfc", method="linear")
neu.v = -52*mV
rfc = np.full(int(a["n"]), 2.2)
rfc[a["driven"]] = 0
neu.rfc = rfc*ms
syn = Synapses(neu, neu, "w : volt", on_pre="g += w", delay=1.8*ms)
syn.connect(i=a["pre"], j=a["post"])
syn.w = a["weight"]*mV
kicks = SpikeGeneratorGroup(len(a["driven"]), a["channel"], a["step"]*0.1*ms)
poi = Synapses(kicks, neu, on_pre="v += 68.75*mV")
poi.connect(i=np.arange(len(a["driven"])), j=a["driven"])
spikes = SpikeMonitor(neu)
run(int(a["n_steps"])*0.1*ms)
"""


@dataclass(frozen=True)
class Experiment:
    """A graph in canonical order, weights in mV, and kicks of some driven neurons.

    ``step`` and ``channel`` (k,) are the kicks; channel ``c`` is neuron ``driven[c]``.
    """

    n: int
    pre: NDArray[np.int32]
    post: NDArray[np.int32]
    weight: NDArray[np.float64]
    driven: NDArray[np.int32]
    step: NDArray[np.int64]
    channel: NDArray[np.int64]
    n_steps: int

    @property
    def duration(self) -> float:
        """In ms."""
        return self.n_steps * DT


def drawn(
    n: int,
    pre: NDArray[np.int32],
    post: NDArray[np.int32],
    weight: NDArray[np.float64],
    driven: NDArray[np.int32],
    n_steps: int,
    rng: np.random.Generator,
    rate: float = 150.0,
) -> Experiment:
    """An experiment whose kicks come with probability ``rate dt`` in every step."""
    step, channel = np.nonzero(rng.random((n_steps, driven.size)) < rate * DT * 1e-3)
    return Experiment(n, pre, post, weight, driven, step, channel, n_steps)


def published_spikes(e: Experiment, folder: Path, target: str) -> NDArray[np.int64]:
    """Rows (stamp, neuron) of the published model in Brian2, sorted."""
    names = ("n", "pre", "post", "weight", "driven", "step", "channel", "n_steps")
    return script_spikes(folder, PUBLISHED, {name: getattr(e, name) for name in names}, target)


def described(e: Experiment) -> Network:
    """The same experiment as a network."""
    onto_driven = Receptor("syn_driven", "g += w", sign="any", magnitude=False, when_clamped="keep")
    model = replace(
        models.shiu_lif, name="shiu_published",
        receptors=(*models.shiu_lif.receptors, onto_driven),
    )  # fmt: skip
    t_ref = np.full(e.n, 21 * DT)
    t_ref[e.driven] = DT
    edges, order = Edges.from_pairs(e.pre, e.post, e.n, e.n)
    weight = e.weight if order is None else e.weight[order]
    whole = Projection("synapses", "fly", "fly", edges, Explicit(weight), 1.8, "syn")
    is_driven = np.isin(edges.post, e.driven)
    parts = {
        "synapses": whole.take(~is_driven),
        "onto_driven": replace(
            whole.take(is_driven), name="onto_driven", receptor="syn_driven"
        ),
    }  # fmt: skip
    kicks = SpikeTrains(
        "kicks", "fly", e.step * DT, e.driven[e.channel].astype(np.int32), "kick",
        68.75 * np.exp(-DT / 20.0), delay=2 * DT,
    )  # fmt: skip
    return Network(
        FrozenDict({"fly": Population("fly", e.n, model, FrozenDict({"t_ref": t_ref}))}),
        FrozenDict(parts),
        stimuli=FrozenDict({"kicks": kicks}),
    )
