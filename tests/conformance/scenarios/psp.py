"""One spike through one synapse: the closed form of what it does to the membrane.

The source spikes at 2 ms, the delay is 1.5 ms, so the synapse jumps at 3.5 ms. With
``y(x) = (exp(-x/a) - exp(-x/b)) / (1/b - 1/a)`` the solution of ``dy/dt = -y/b + exp(-x/a)``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from neurobridge import models
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.model import NeuronModel
from neurobridge.graph.probe import StateProbe
from neurobridge.graph.stimulus import SpikeTrains
from tests.conformance.case import Case, Run, scenario, since, times, train

DURATION, ARRIVAL = 30.0, 3.5
SINCE = since(times(DURATION, 0.1), ARRIVAL)
AFTER = SINCE >= 0
X = np.where(AFTER, SINCE, 0.0)


def one_synapse(
    model: NeuronModel,
    weight: float,
    record: tuple[str, ...],
    receptor: str | None = None,
    **values,
):
    net = NetworkBuilder()
    net.population("input", 1, models.spike_source)
    net.population("cell", 1, model, **values)
    net.connect("syn", "input", "cell", [(0, 0)], weight=weight, delay=1.5, receptor=receptor)
    net.add(SpikeTrains("drive", "input", np.array([2.0]), np.array([0])))
    net.add(*(StateProbe(variable, "cell", variable) for variable in record))
    return net.build()


def filtered(a: float, b: float) -> NDArray[np.float64]:
    """exp(-x/a) seen through a leak of time constant b."""
    return (np.exp(-X / a) - np.exp(-X / b)) / (1 / b - 1 / a)


def case(network, weight, atol=1e-9, **signals) -> Case:
    expected = {name: np.where(AFTER, after, before) for name, (before, after) in signals.items()}
    run = Run(DURATION, {"input": [(20, 0)], "cell": []}, expected)
    return Case(network, [run], weights={"syn": [weight]}, atol=atol)


@scenario("C5", "C14", "C15", "C29")
def psp_lif_exp_excitatory() -> Case:
    net = one_synapse(models.lif_exp, 0.5, ("v", "i_exc"), tau_syn_exc=3.0)
    v = -65 + 0.5 / 0.25 * filtered(3.0, 20.0)
    return case(net, 0.5, v=(-65, v), i_exc=(0, 0.5 * np.exp(-X / 3.0)))


@scenario("C5", "C17")
def psp_lif_exp_inhibitory() -> Case:
    net = one_synapse(models.lif_exp, -0.5, ("v", "i_exc", "i_inh"), tau_syn_inh=8.0)
    v = -65 - 0.5 / 0.25 * filtered(8.0, 20.0)
    i = -0.5 * np.exp(-X / 8.0)
    return case(net, -0.5, v=(-65, v), i_exc=(0, 0), i_inh=(0, i))


@scenario("C5")
def psp_lif_exp_equal_time_constants() -> Case:
    net = one_synapse(models.lif_exp, 0.5, ("v",), tau_syn_exc=20.0)
    return case(net, 0.5, v=(-65, -65 + 0.5 / 0.25 * X * np.exp(-X / 20.0)))


@scenario("C5")
def psp_lif_exp_nearly_equal_time_constants() -> Case:
    """Where the closed form loses digits, to first order in the difference."""
    a, b = 20.0, 20.0 * (1 + 1e-9)
    net = one_synapse(models.lif_exp, 0.5, ("v",), tau_syn_exc=a, tau_m=b)
    v = -65 + 0.5 / 0.25 * X * np.exp(-X / a) * (1 + X * (1 / a - 1 / b) / 2)
    return case(net, 0.5, v=(-65, v))


def alpha(tau_syn: float, tau_m: float) -> NDArray[np.float64]:
    """x exp(-x/tau_syn) seen through the leak of the membrane."""
    if tau_syn == tau_m:
        return np.exp(-X / tau_m) * X**2 / 2
    beta = 1 / tau_syn - 1 / tau_m
    return np.exp(-X / tau_m) * (1 - np.exp(-beta * X) * (1 + beta * X)) / beta**2


@scenario("C5", "C18")
def psp_lif_alpha() -> Case:
    """The weight is the peak of the current, reached tau_syn after arrival."""
    net = one_synapse(models.lif_alpha, 0.5, ("v", "i_exc"), tau_syn_exc=3.0)
    i = 0.5 * np.e / 3.0 * X * np.exp(-X / 3.0)
    return case(net, 0.5, v=(-65, -65 + 0.5 * np.e / 3.0 / 0.25 * alpha(3.0, 20.0)), i_exc=(0, i))


@scenario("C5", "C17", "C18")
def psp_lif_alpha_inhibitory_equal_time_constants() -> Case:
    net = one_synapse(models.lif_alpha, -0.5, ("v", "i_inh"), tau_syn_inh=20.0)
    i = -0.5 * np.e / 20.0 * X * np.exp(-X / 20.0)
    v = -65 - 0.5 * np.e / 20.0 / 0.25 * alpha(20.0, 20.0)
    return case(net, -0.5, v=(-65, v), i_inh=(0, i))


@scenario("C5", "C12")
def psp_lif_delta() -> Case:
    """The sample at the time of arrival holds the whole jump."""
    net = one_synapse(models.lif_delta, 3.0, ("v",))
    return case(net, 3.0, v=(-65, -65 + 3.0 * np.exp(-X / 20.0)))


@scenario("C5", "C12")
def psp_lif_delta_negative() -> Case:
    net = one_synapse(models.lif_delta, -3.0, ("v",))
    return case(net, -3.0, v=(-65, -65 - 3.0 * np.exp(-X / 20.0)))


@scenario("C5", "C17")
def psp_shiu_synapse() -> Case:
    net = one_synapse(models.shiu_lif, 2.75, ("v", "g"), receptor="syn")
    v = -52 + 2.75 / 20.0 * filtered(5.0, 20.0)
    return case(net, 2.75, v=(-52, v), g=(0, 2.75 * np.exp(-X / 5.0)))


@scenario("C5", "C17")
def psp_shiu_kick() -> Case:
    net = one_synapse(models.shiu_lif, 2.75, ("v", "g"), receptor="kick")
    return case(net, 2.75, v=(-52, -52 + 2.75 * np.exp(-X / 20.0)), g=(0, 0))


def solved(slope, start: list[float], jump: list[float]) -> NDArray[np.float64]:
    """States from ARRIVAL on, by an adaptive eighth-order method far below the asked tolerance."""
    result = solve_ivp(
        slope, (0, X[-1]), np.add(start, jump), "DOP853", X[AFTER], rtol=1e-12, atol=1e-13
    )
    values = np.tile(np.array(start, dtype=float)[:, None], X.size)
    values[:, AFTER] = result.y
    return values


def conductance(sign: int) -> tuple[float, float]:
    """Reversal potential and decay of the synapse that a sign reaches."""
    return (0.0, 3.0) if sign > 0 else (-80.0, 8.0)


def cond_exp_case(sign: int) -> Case:
    weight, (e_rev, tau) = 0.02 * sign, conductance(sign)
    own, other = ("g_exc", "g_inh") if sign > 0 else ("g_inh", "g_exc")
    net = one_synapse(
        models.lif_cond_exp, weight, ("v", own, other), tau_syn_exc=3.0, tau_syn_inh=8.0
    )

    def slope(_, y):
        return [(-65 - y[0]) / 20.0 + y[1] * (e_rev - y[0]) / 0.25, -y[1] / tau]

    v, g = solved(slope, [-65.0, 0.0], [0.0, 0.02])
    zeros = np.zeros_like(g)
    run = Run(DURATION, {"cell": []}, {"v": v, own: g, other: zeros})
    return Case(net, [run], weights={"syn": [0.02]}, atol=1e-6)


@scenario("C6", "C17")
def psp_lif_cond_exp_excitatory() -> Case:
    """Classical Runge-Kutta at 0.1 ms is within 1e-6 mV of the solution."""
    return cond_exp_case(+1)


@scenario("C6", "C17")
def psp_lif_cond_exp_inhibitory_takes_the_magnitude() -> Case:
    return cond_exp_case(-1)


@scenario("C6", "C17")
def psp_adex() -> Case:
    net = one_synapse(models.adex, 0.01, ("v", "z"), a=0.02)

    def slope(_, y):
        v, z, g = y
        leak, spike = -0.03 * (v + 70.6), 0.03 * 2.0 * np.exp((v + 50.4) / 2.0)
        return [(leak + spike - z - g * v) / 0.281, (0.02 * (v + 70.6) - z) / 144.0, -g / 5.0]

    # the resting state is not quite a fixed point: the exponential term is 2.5e-6 nA there
    t = times(DURATION, 0.1)
    before = solve_ivp(
        slope, (0, ARRIVAL), [-70.6, 0, 0], "DOP853", t[~AFTER], rtol=1e-12, atol=1e-13
    )
    upto = solve_ivp(
        slope, (0, ARRIVAL), [-70.6, 0, 0], "DOP853", [ARRIVAL], rtol=1e-12, atol=1e-13
    )
    after = solve_ivp(
        slope, (0, X[-1]), upto.y[:, 0] + [0, 0, 0.01], "DOP853", X[AFTER], rtol=1e-12, atol=1e-13
    )
    v, z, _ = np.concatenate([before.y, after.y], axis=1)
    return Case(net, [Run(DURATION, {"cell": []}, {"v": v, "z": z})], atol=1e-6)


@scenario("C6", "C12")
def psp_izhikevich() -> Case:
    """Forward Euler by hand; the kick of 3 mV is added after the step to 3.5 ms."""
    net = one_synapse(models.izhikevich, 3.0, ("v", "u"))
    v, u, trace = -65.0, 0.2 * -65.0, []
    for step in range(300):
        dv, du = 0.04 * v * v + 5 * v + 140 - u, 0.02 * (0.2 * v - u)
        v, u = v + 0.1 * dv, u + 0.1 * du
        if step == 34:
            v += 3.0
        trace.append((v, u))
    v_trace, u_trace = np.array(trace).T
    return Case(net, [Run(DURATION, {"cell": []}, {"v": v_trace, "u": u_trace})])


def gate_rates(v: float) -> dict[str, tuple[float, float]]:
    """Opening and closing rates of Traub & Miles (1991), per ms; v in mV."""
    x = v + 63.0
    return {
        "m": (0.32 * (13 - x) / (np.exp((13 - x) / 4) - 1),
              0.28 * (x - 40) / (np.exp((x - 40) / 5) - 1)),
        "h": (0.128 * np.exp((17 - x) / 18), 4 / (1 + np.exp((40 - x) / 5))),
        "n": (0.032 * (15 - x) / (np.exp((15 - x) / 5) - 1), 0.5 * np.exp((10 - x) / 40)),
    }  # fmt: skip


def hodgkin_huxley_by_hand(n_steps: int, arrival_step: int, weight: float, dt: float = 0.1):
    """Exponential Euler: each state relaxes to its momentary goal, the others held."""
    v, g = -60.0, 0.0
    gates = {name: a / (a + b) for name, (a, b) in gate_rates(v).items()}
    trace, spikes, above = [], [], v >= 0
    for step in range(n_steps):
        m, h, n = gates["m"], gates["h"], gates["n"]
        total = 0.01 + 20.0 * m**3 * h + 6.0 * n**4 + g
        goal = (0.01 * -60.0 + 20.0 * m**3 * h * 50.0 + 6.0 * n**4 * -90.0) / total
        rates = gate_rates(v)
        v_next = goal + (v - goal) * np.exp(-total / 0.2 * dt)
        for name, (a, b) in rates.items():
            gates[name] = a / (a + b) + (gates[name] - a / (a + b)) * np.exp(-(a + b) * dt)
        g *= np.exp(-dt / 5.0)
        v = v_next
        if step == arrival_step:
            g += weight
        if v >= 0 and not above:
            spikes.append(step + 1)
        above = v >= 0
        trace.append((v, gates["m"], gates["h"], gates["n"]))
    return np.array(trace).T, spikes


@scenario("C6", "C20", "C22")
def psp_hodgkin_huxley_and_its_spike() -> Case:
    """The gates of the literature, written with exp; a strong synapse makes it fire."""
    net = one_synapse(models.hodgkin_huxley, 0.05, ("v", "m", "h", "n"))
    (v, m, h, n), spikes = hodgkin_huxley_by_hand(300, 34, 0.05)
    assert spikes
    expected = {"v": v, "m": m, "h": h, "n": n}
    return Case(net, [Run(DURATION, {"cell": train(spikes)}, expected)], atol=1e-7)
