"""Three standard networks on NEST, as one writes them by hand, with NEST's own random numbers.

    python nest_networks.py NETWORK DURATION DISCARD RESULT.json

NETWORK is brunel, cuba, coba or microcircuit.
"""

import sys

import nest
import numpy as np

from benchmarks.phases import Phases
from neurobridge.models.networks.microcircuit import (
    EXTERNAL,
    GROUPS,
    RATES,
    SIZES,
    START,
    mean_weights,
    synapse_numbers,
)

DT = 0.1


def brunel():
    """Regime C: g = 5, eta = 2."""
    n_exc, n_inh, weight, g, eta = 10_000, 2_500, 0.1, 5.0, 2.0
    in_exc, in_inh = n_exc // 10, n_inh // 10
    neurons = nest.Create(
        "iaf_psc_delta",
        n_exc + n_inh,
        params={
            "C_m": 1.0, "tau_m": 20.0, "t_ref": 2.0, "E_L": 0.0, "V_reset": 10.0, "V_th": 20.0,
            "V_m": nest.random.uniform(10.0, 20.0),
        },
    )  # fmt: skip
    nest.CopyModel("static_synapse_hom_w", "excitatory", {"weight": weight, "delay": 1.5})
    nest.CopyModel("static_synapse_hom_w", "inhibitory", {"weight": -g * weight, "delay": 1.5})
    threshold_rate = 20.0 / (weight * in_exc * 20.0) * 1e3
    noise = nest.Create("poisson_generator", params={"rate": eta * threshold_rate * in_exc})
    nest.Connect(noise, neurons, syn_spec="excitatory")
    for sources, number, synapse in (
        (neurons[:n_exc], in_exc, "excitatory"), (neurons[n_exc:], in_inh, "inhibitory"),
    ):  # fmt: skip
        nest.Connect(sources, neurons, {"rule": "fixed_indegree", "indegree": number}, synapse)
    return {"all": neurons}


def vogels_abbott(conductances):
    """4,000 neurons that are connected with a probability of 0.02."""
    shared = {"V_th": -50.0, "V_reset": -60.0, "t_ref": 5.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0}
    shared["V_m"] = nest.random.uniform(-60.0, -50.0)
    if conductances:
        model, weights = "iaf_cond_exp", (6.0, -67.0)
        own = {"C_m": 200.0, "g_L": 10.0, "E_L": -60.0, "E_ex": 0.0, "E_in": -80.0}
    else:
        model, weights = "iaf_psc_exp", (16.2, -90.0)
        own = {"C_m": 200.0, "tau_m": 20.0, "E_L": -49.0}
    neurons = nest.Create(model, 4000, params=shared | own)
    for sources, weight in ((neurons[:3200], weights[0]), (neurons[3200:], weights[1])):
        nest.Connect(
            sources, neurons, {"rule": "pairwise_bernoulli", "p": 0.02},
            {"synapse_model": "static_synapse", "weight": weight, "delay": DT},
        )  # fmt: skip
    if conductances:
        kick = nest.Create("poisson_generator", params={"rate": 300.0, "stop": 50.0})
        nest.Connect(kick, neurons[:50], syn_spec={"weight": weights[0], "delay": DT})
    return {"all": neurons}


def microcircuit(scale=0.1):
    """The cortical microcircuit, neurons and in-degrees scaled; numbers are those of the papers."""
    weights, sizes = mean_weights() * 1e3, np.rint(SIZES * scale).astype(int)
    totals = np.rint(synapse_numbers() * scale**2).astype(int)
    # A constant current replaces the mean input that fewer, stronger synapses lack.
    recurrent = (weights * synapse_numbers() / SIZES[:, None] * RATES).sum(axis=1)
    outside = weights[0, 0] * EXTERNAL * 8.0
    current = 0.5e-3 * (1 - scale**0.5) * (recurrent + outside)
    neuron = {
        "C_m": 250.0, "tau_m": 10.0, "tau_syn_ex": 0.5, "tau_syn_in": 0.5, "t_ref": 2.0,
        "E_L": -65.0, "V_reset": -65.0, "V_th": -50.0,
    }  # fmt: skip
    groups = []
    for i, size in enumerate(sizes):
        start = nest.random.normal(mean=float(START[0, i]), std=float(START[1, i]))
        own = {"V_m": start, "I_e": float(current[i])}
        groups.append(nest.Create("iaf_psc_exp", int(size), params=neuron | own))
        noise = nest.Create("poisson_generator", params={"rate": 8.0 * scale * float(EXTERNAL[i])})
        weight = float(weights[0, 0]) / scale**0.5
        nest.Connect(noise, groups[i], syn_spec={"weight": weight, "delay": 1.5})
    for post, target in enumerate(groups):
        for pre, source in enumerate(groups):
            number, inhibitory = int(totals[post, pre]), pre % 2
            if not number:
                continue
            mean, delay = float(weights[post, pre]) / scale**0.5, 0.75 if inhibitory else 1.5
            low, high = (-np.inf, 0.0) if inhibitory else (0.0, np.inf)
            nest.Connect(
                source, target, {"rule": "fixed_total_number", "N": number},
                {
                    "weight": nest.math.redraw(
                        nest.random.normal(mean=mean, std=abs(mean) * 0.1), min=low, max=high
                    ),
                    "delay": nest.math.redraw(
                        nest.random.normal(mean=delay, std=delay * 0.5), min=DT / 2, max=np.inf
                    ),
                },
            )  # fmt: skip
    return dict(zip(GROUPS, groups, strict=True))


NETWORKS = {
    "brunel": brunel,
    "cuba": lambda: vogels_abbott(conductances=False),
    "coba": lambda: vogels_abbott(conductances=True),
    "microcircuit": microcircuit,
}


def main(network, duration, discard, result):
    phases = Phases()
    phases.done("import_s")
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.set(resolution=DT, rng_seed=1)
    groups = NETWORKS[network]()
    recorders = {name: nest.Create("spike_recorder") for name in groups}
    for name, neurons in groups.items():
        nest.Connect(neurons, recorders[name])
    phases.done("build_s")
    nest.Simulate(float(duration))
    phases.done("run_s")
    seconds = (float(duration) - float(discard)) * 1e-3
    rates = {
        name: float((recorder.get("events", "times") > float(discard)).sum())
        / (len(groups[name]) * seconds)
        for name, recorder in recorders.items()
    }
    n_spikes = sum(int(recorder.n_events) for recorder in recorders.values())
    phases.write(
        result, rates=rates, n_spikes=n_spikes, n=sum(map(len, groups.values())),
        n_edges=int(nest.num_connections),
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
