"""What the chip would die of or do wrongly is refused, with words that say where and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurobridge.backends.fixedpoint.checks import slots_of
from neurobridge.backends.fixedpoint.simulate import Twin, simulate
from neurobridge.errors import BackendError
from tests.unit.backends.fixedpoint.networks import (
    current,
    network,
    population,
    projection,
    source,
)


def refused(made: Any, message: str) -> None:
    with pytest.raises(BackendError, match=message):
        simulate(made)


@pytest.mark.parametrize(
    ("cell", "parameters", "message"),
    [
        ("IF_curr_exp", {"tau_m": 1e-6}, r"'cells' \(IF_curr_exp\): tau_m must be at least 1"),
        ("IF_curr_exp", {"cm": 1e-5}, "cm must be at least 1 .* got 0: the chip divides by it"),
        ("IF_curr_exp", {"tau_syn_E": 0.0}, "tau_syn_E must be at least 1"),
        ("IF_cond_exp", {"tau_syn_I": -1.0}, "tau_syn_I must be at least 1 .* got -32768"),
        ("IF_curr_delta", {"tau_refrac": -1.0}, "tau_refrac must be at least 0"),
        ("IF_curr_exp", {"tau_m": 70000.0}, "tau_m: expected numbers that s16.15 holds"),
        ("IF_curr_exp", {"v_rest": np.nan}, "v_rest: expected numbers .*, got nan"),
        ("IF_curr_exp", {"cm": 3e-4}, "tau_m/cm must be below 65536 MOhm"),
        ("IF_curr_exp", {"tau_m": 40000.0}, "tau_m must be at most 32768 ms"),
        ("IF_curr_exp", {"tau_syn_E": 40000.0}, "tau_syn_E must be at most 32768 ms"),
        ("Izhikevich", {"tau_syn_I": 40000.0}, "tau_syn_I must be at most 32768 ms"),
        ("IF_curr_alpha", {"tau_syn_E": 0.5}, r"tau_syn_E must be above sqrt\(dt\)"),
        ("IF_curr_alpha", {"tau_syn_I": 1.0}, r"tau_syn_I must be above sqrt\(dt\)"),
        ("IF_curr_alpha", {"tau_syn_I": 200.0}, "at least 2\\*\\*-15, or there is no current"),
        ("IF_curr_alpha", {"tau_syn_E": 256.0}, "tau_syn_E must be below 256 ms"),
        ("IF_curr_exp", {"tau_m": np.ones(3)}, r"tau_m: expected one number or 1, got .* \(3,\)"),
        ("IF_curr_exp", {"tau": 1.0}, "unknown name 'tau'; did you mean 'tau_m'"),
        ("IF_curr_exp", {"initial": {"u": 1.0}}, "unknown name 'u'; known: v, isyn_exc"),
        ("IF_curr_alpha", {"initial": {"exc_exp_response": -1.0}}, "exc_exp_response must be at"),
    ],
)
def test_parameters(cell: str, parameters: dict[str, Any], message: str) -> None:
    refused(network(population(cell=cell, **parameters)), message)


def test_time_constants_that_are_long_in_steps() -> None:
    refused(network(population(tau_refrac=7000.0), dt=0.1), "tau_refrac must be below 65536 steps")
    refused(network(population(tau_syn_E=0.001), dt=100.0), "tau_syn_E must be above dt/65536")


def test_a_parameter_is_missing() -> None:
    cells = population()
    del cells.parameters["cm"]
    refused(network(cells), r"expected all parameters, got none for \['cm'\]")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"shifts": (16, 0)}, r"expected two shifts from 0 to 15, got \(16, 0\); above 15"),
        ({"shifts": (0, -1)}, "expected two shifts"),
        ({"neurons_per_core": 0}, "1 to 256 on a core, got 1 and 0"),
        ({"neurons_per_core": 257}, "1 to 256 on a core"),
        ({"record": ("w",)}, "cannot record 'w'; known: v, gsyn_exc, gsyn_inh, spikes"),
        ({"recorded": {"v": np.array([1])}}, "'cells', v: expected neurons 0 to 0, got 1 to 1"),
    ],
)
def test_populations(settings: dict[str, Any], message: str) -> None:
    refused(network(population(**settings)), message)


def test_unknown_cells() -> None:
    cells = replace(population(), cell="IF_curr_exb")
    refused(network(cells), "the twin has no cell 'IF_curr_exb'; did you mean 'IF_curr_exp'")


@pytest.mark.parametrize(
    ("size", "on_core", "slots"),
    [(256, 256, 32), (1000, 256, 32), (128, 256, 64), (1000, 64, 128), (16, 256, 512),
     (17, 256, 256), (2, 256, 4096), (1, 256, 4096)],
)  # fmt: skip
def test_length_of_the_ring_buffers(size: int, on_core: int, slots: int) -> None:
    assert slots_of(population(size=size, neurons_per_core=on_core)) == slots


def test_delays() -> None:
    cells = population(size=200)
    long_delay = network(cells, source([0]), projection([(0, 0, 1, 33)]))
    refused(long_delay, r"delays of 1 to 32 steps, .* got 33 to 33; put fewer neurons on a core")
    refused(network(cells, source([0]), projection([(0, 0, 1, 0)])), "got 0 to 0")
    simulate(network(cells, source([0]), projection([(0, 0, 1, 32)])))


def test_delay_extensions_carry_longer_delays() -> None:
    cells = population(size=200, cell="IF_curr_delta")
    made = network(cells, source([0]), projection([(0, 0, 7, 288)]), n_steps=300)
    twin = Twin(made, extended=True)
    twin.run()
    assert np.flatnonzero(twin.result().states["cells", "gsyn_exc"][:, 0]).tolist() == [288]
    too_long = network(cells, source([0]), projection([(0, 0, 7, 289)]))
    with pytest.raises(BackendError, match="delays of 1 to 288 steps"):
        Twin(too_long, extended=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pre": "nobody"}, "there is no 'nobody'"),
        ({"post": "source"}, "'source' is not a population"),
        ({"receptor": "inhibitory "}, "unknown receptor 'inhibitory '; did you mean 'inhibitory'"),
        ({"word": np.array([1.0])}, "expected uint16 weights, got float64"),
        ({"word": np.zeros(2, np.uint16)}, "expected 1 targets, weights and delays, .* got 2"),
        ({"source": np.array([1])}, "sources: expected neurons 0 to 0, got 1 to 1"),
        ({"target": np.array([-1])}, "targets: expected neurons 0 to 0, got -1 to -1"),
    ],
)
def test_projections(change: dict[str, Any], message: str) -> None:
    synapse = replace(projection([(0, 0, 1, 1)]), **change)
    refused(network(population(), source([0]), synapse), message)


def test_sources() -> None:
    late = source([3, 4])
    turned = replace(late, step=late.step[::-1])
    refused(network([], turned), r"'source': expected spikes sorted by \(step, neuron\)")
    refused(network([], source([-1])), "expected spikes from step 0 on, got step -1")
    refused(network([], replace(late, neuron=late.neuron[:1])), "as many steps as neurons")
    refused(network([], replace(late, size=0)), "expected neurons 0 to -1")


def test_currents() -> None:
    cells = population()
    refused(network(cells, current([0], [1.0], [0], into="x")), "there is no such population")
    refused(network(cells, current([0], [1.0], [1])), "expected neurons 0 to 0")
    refused(network(cells, current([0, 0], [1.0, 2.0], [0])), "each after the one before")
    refused(network(cells, current([-1], [1.0], [0])), "start steps from 0 on")
    refused(network(cells, current([0, 1], [1.0], [0])), "as many start steps as values")
    refused(network(cells, current([0], [1e6], [0])), "current into population 'cells': expected")


def test_the_run_itself() -> None:
    refused(network(population(), dt=0.0), "dt: expected a positive time step in ms, got 0.0")
    refused(network(population(), dt=1e-6), "dt: expected at least 2\\*\\*-15 ms")
    refused(network(population(), n_steps=0), "n_steps: expected at least 1, got 0")
    refused(network([population(), population()]), "two populations are called 'cells'")


def test_unlimited_sums_that_no_register_holds() -> None:
    cells = population(shifts=(15, 0))
    made = network(cells, source([0, 0]), projection([(0, 0, 65535, 1)]), n_steps=3)
    assert simulate(made).saturations == {"cells": 1}
    with pytest.raises(BackendError, match="saturate=False: a sum of weights is above 65536"):
        simulate(made, saturate=False)
