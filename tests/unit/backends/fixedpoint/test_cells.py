"""Single cells by hand: every integer below was worked out on paper from the equations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurobridge.backends.fixedpoint.simulate import Twin, simulate
from neurobridge.lowering.chip.network import ChipResult
from tests.unit.backends.fixedpoint.networks import network, population, projection, source

REST = -65 * 2**15
R = 20 * 2**15  # MOhm
LEAK = 31170  # exp(-1/20), floored; its argument is 1638/32768
DECAY = 3516490311  # exp(-6553/32768) as u0.32: one step of 5 ms
GAIN = 3892384920  # 5 * (0xffffffff - DECAY) / 2**32


def one_input(cell: str, n_steps: int = 7, **more: Any) -> ChipResult:
    """A cell that gets 32768 << 1, which is 2 nA (or 2/1024 uS), in step 3."""
    synapse = projection([(0, 0, 32768, 2)])
    cells = population(cell=cell, shifts=(1, 0), **more)
    return simulate(network(cells, source([1]), synapse, n_steps=n_steps))


def trace(result: ChipResult, variable: str) -> list[int]:
    return result.states["cells", variable][:, 0].tolist()


def constants(cell: str, dt: float = 1.0, **parameters: Any) -> dict[str, int]:
    twin = Twin(network(population(cell=cell, **parameters), dt=dt))
    return {k: int(v[0]) for k, v in twin.of_population("cells", "constants").items()}


def test_constants_of_the_exponential_cell() -> None:
    held = constants("IF_curr_exp")
    assert held["R_membrane"] == R
    assert held["exp_TC"] == LEAK
    assert held["T_refract"] == 2
    assert held["exc_decay"] == DECAY
    assert held["exc_init"] == 5 * (0xFFFFFFFF - DECAY) == GAIN


def test_exponential_current() -> None:
    result = one_input("IF_curr_exp")
    first = 65536 * GAIN >> 32
    assert first == 59393
    second = first * DECAY >> 32
    assert trace(result, "gsyn_exc")[:5] == [0, 0, 0, first, second]
    # alpha - V = R I = 20 * 59393 = 1187860; V moves by it less 31170/32768 of it, floored.
    assert trace(result, "v")[3:5] == [REST, REST + 1187860 - 1129931]


def test_conductance_is_a_thousandth_of_its_register() -> None:
    result = one_input("IF_cond_exp")
    assert trace(result, "gsyn_exc")[3] == 59393 >> 10 == 58
    # I = 58 * 65 = 3770; R I = 75400; 31170/32768 of it is 71722.8.
    assert trace(result, "v")[4] == REST + 75400 - 71722


def test_inhibitory_conductance_pulls_to_its_reversal() -> None:
    synapse = projection([(0, 0, 32768, 2)], receptor="inhibitory")
    cells = population(cell="IF_cond_exp", shifts=(0, 1))
    result = simulate(network(cells, source([1]), synapse, n_steps=5))
    # tau 10 ms: the argument is 3276/32768; g = 58 * (0.951 / 0.906) floored is 60.
    g = trace(result, "gsyn_inh")[3]
    assert g == 60
    # (-g)(E - V) = 60 * 15 = 900, floored; I = -900; R I = -18000; -17122.2 floors to -17123.
    assert trace(result, "v")[4] == REST - 18000 + 17123


def test_alpha_current() -> None:
    result = one_input("IF_curr_alpha")
    slope = 2**15 // 25
    assert constants("IF_curr_alpha")["exc_slope"] == slope == 1310
    linear = 65536 * slope >> 15
    x1 = 32768 * DECAY >> 32
    x2 = x1 * DECAY >> 32
    expected = [0, 0, 0, 0, linear * x1 >> 15, 2 * linear * x2 >> 15]
    assert trace(result, "gsyn_exc")[:6] == expected
    assert expected[4:] == [2145, 3512]


def test_a_second_input_replaces_the_slope_of_an_alpha_current() -> None:
    synapses = projection([(0, 0, 32768, 2), (0, 0, 16384, 3)])
    cells = population(cell="IF_curr_alpha", shifts=(1, 0))
    twin = Twin(network(cells, source([1]), synapses, n_steps=5))
    twin.run()
    slope, x1 = 1310, 32768 * DECAY >> 32
    x = (x1 * DECAY >> 32) + 32768  # it decays at the end of step 3, and before the input of step 4
    linear = 2 * slope + slope  # of step 3, and of the input of step 4
    linear = linear * (32768 - (1 << 30) // x) >> 15
    held = {k: int(v[0]) for k, v in twin.of_population("cells", "registers").items()}
    assert held["exc_response_final"] == linear + slope
    assert held["exc_exp_response_final"] == x * DECAY >> 32


def test_delta_input_lasts_a_step() -> None:
    result = one_input("IF_curr_delta")
    assert trace(result, "gsyn_exc") == [0, 0, 0, 65536, 0, 0, 0]
    # R I = 20 * 65536 = 1310720; 31170/32768 of it is 1246800 exactly.
    assert trace(result, "v")[4] == REST + 1310720 - 1246800


def test_delta_input_is_a_charge() -> None:
    """At 0.1 ms (3277/32768) the current is 2**30 / 3277 / 32768 = 9.9996 times the weight."""
    assert constants("IF_curr_delta", dt=0.1)["scale_factor"] == 2**30 // 3277 == 327660


def test_first_step_of_izhikevich() -> None:
    """V = -70, U = -14, a = 0.02 (655), b = 0.2 (6554), h = 1."""
    result = simulate(network(population(cell="Izhikevich"), n_steps=2))
    v, u = -70 * 2**15, -14 * 2**15
    before = 140 * 2**15 - u
    alpha = before + ((5 * 2**15 + (1311 * v >> 15)) * v >> 15)
    assert alpha == 1372
    eta = v + 686
    beta = ((6554 * v >> 15) - u) * 655 >> 16
    assert beta == -1
    moved = v + before - beta + ((5 * 2**15 + (1311 * eta >> 15)) * eta >> 15)
    assert trace(result, "v") == [v, moved]
    assert moved == v + 992


def test_the_step_after_a_spike_is_longer() -> None:
    cells = population(cell="Izhikevich", initial={"v": 29.0, "u": 0.0}, i_offset=10.0)
    twin = Twin(network(cells, n_steps=1))
    cell = twin.groups[0].cell
    assert cell.update(np.array([0])).tolist() == [True]
    assert cell.v.tolist() == [-65 * 2**15]
    # 1.85 is 60620/32768, and a spike adds d = 8 to u.
    assert cell.h.tolist() == [60620]  # type: ignore[attr-defined]
    cell.update(np.array([0]))
    assert cell.h.tolist() == [2**15]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("tau_refrac", "dt", "steps"),
    [(0.0, 1.0, 0), (0.1, 1.0, 1), (1.0, 1.0, 1), (2.5, 1.0, 3), (2.0, 0.1, 20), (0.3, 0.1, 3)],
)
def test_refractory_steps(tau_refrac: float, dt: float, steps: int) -> None:
    assert constants("IF_curr_delta", dt, tau_refrac=tau_refrac)["T_refract"] == steps


def test_a_refractory_neuron_stands_still_and_its_inputs_do_not() -> None:
    result = simulate(
        network(population(i_offset=100.0, initial={"isyn_exc": 1.0}, tau_refrac=2.0), n_steps=9)
    )
    assert result.spikes["cells"][0].tolist() == [0, 3, 6]
    v = trace(result, "v")
    assert v[1:4] == [-70 * 2**15] * 3  # two steps refractory, then it moves and spikes again
    g = trace(result, "gsyn_exc")
    assert g[1:] == [x * DECAY >> 32 for x in g[:-1]]


def test_the_threshold_itself_spikes() -> None:
    at_it = population(v_rest=-50.0, initial={"v": -50.0}, tau_refrac=0.0)
    assert simulate(network(at_it, n_steps=1)).spikes["cells"][0].tolist() == [0]


def test_sums_wrap_around() -> None:
    """3300 nA through 20 MOhm is 66000 mV, which reads as -65072 mV."""
    result = simulate(network(population(i_offset=3300.0, v_thresh=60000.0), n_steps=2))
    alpha = 3300 * 20 * 2**15 + REST - 2**32
    away = alpha - REST
    wrapped = (away + 2**31) % 2**32 - 2**31
    assert trace(result, "v")[1] == alpha - (LEAK * wrapped >> 15)


def test_values_where_none_are_given() -> None:
    assert trace(simulate(network(population(v_rest=-60.0), n_steps=1)), "v") == [REST]
    assert trace(simulate(network(population(cell="Izhikevich"), n_steps=1)), "v") == [-70 * 2**15]
