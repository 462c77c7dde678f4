"""Rates that a network is known for: kept with it, compared with a recording, drawn."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console

from neurobridge import NetworkBuilder, NetworkError, Recording, Spikes, load, models, save
from neurobridge.models.networks import (
    ExpectedRate,
    brunel,
    draw_raster,
    expected_rates,
    measure_rates,
    rate_table,
    vogels_abbott,
)


def recording(spikes: list[tuple[int, int]], size: int, **more: object) -> Recording:
    step, neuron = np.array(spikes, dtype=np.int64).reshape(-1, 2).T
    made = Spikes(step, neuron.astype(np.int32), np.zeros(step.size, np.int32), 0.1, 10_000, size,
                  **more)  # fmt: skip
    return Recording(
        spikes={"neurons": made}, signals={}, backend="none", network_id="", dt=0.1,
        duration=1000.0, seed=0, trial=0,
    )  # fmt: skip


def test_rates_are_counted_after_the_beginning() -> None:
    """50 neurons; 3 spikes before 200 ms and at it, 8 after: 8/50/0.8 s."""
    network = brunel(order=10)
    early, late = [(5, 0), (1999, 1), (2000, 2)], [(2001, 3), *((3000 + i, 4) for i in range(7))]
    (measured,) = measure_rates(network, recording(early + late, 50))
    assert measured.rate == pytest.approx(8 / 50 / 0.8)
    assert measured.cv == pytest.approx(0.0)
    assert not measured.agrees


def test_rates_are_those_of_the_group() -> None:
    b = NetworkBuilder()
    b.population("neurons", 4, models.lif_exp, labels={"group": ["a", "b", "b", "a"]})
    wanted = {"group": "b", "rate": 1.5, "within": 0.01, "source": "a guess"}
    b.metadata(expected_rates=[wanted])
    network = b.build()
    assert expected_rates(network) == (ExpectedRate("b", 1.5, 0.01, "a guess"),)
    spikes = [(1, 0), (2, 1), (3, 1), (4, 2)]
    (measured,) = measure_rates(network, recording(spikes, 4), discard=0.0)
    assert (measured.neurons, measured.rate, measured.agrees) == (2, 1.5, True)
    assert np.isnan(measured.cv)


def test_they_are_saved_with_the_network(tmp_path) -> None:
    network = vogels_abbott(n=500)
    again = load(save(network, tmp_path / "net"))
    assert expected_rates(again) == expected_rates(network)
    assert again.references == network.references


def test_the_table_says_what_differs() -> None:
    network = brunel(order=10)
    console = Console(width=140)
    with console.capture() as printed:
        console.print(rate_table(measure_rates(network, recording([(3000, 1)], 50))))
    assert "DIFFERS" in printed.get()
    assert "Siegert (1951)" in printed.get()


def test_the_picture(tmp_path) -> None:
    network = brunel(order=10)
    figure = draw_raster(network, recording([(3000, 1), (9000, 45)], 50), tmp_path / "raster.png")
    assert (tmp_path / "raster.png").stat().st_size > 5000
    raster, rate = figure.axes
    assert [t.get_text() for t in raster.get_yticklabels()] == ["E", "I"]
    assert [line.get_xdata().tolist() for line in raster.lines[:2]] == [[300.0], [900.0]]
    assert rate.get_ylabel() == "rate (Hz)"


def test_what_is_refused() -> None:
    network = brunel(order=10)
    with pytest.raises(NetworkError, match="cannot discard 2000 ms of a run of 1000 ms"):
        measure_rates(network, recording([], 50), discard=2000.0)
    some = recording([], 50, neurons=np.arange(3, dtype=np.int32))
    with pytest.raises(NetworkError, match="has 3 of 50 neurons"):
        measure_rates(network, some)
    other = recording([], 50)
    other = other.replace(spikes={"some": other.spikes["neurons"]})
    for use in (measure_rates, draw_raster):
        with pytest.raises(NetworkError, match="some, and not those of the population 'neurons'"):
            use(network, other)
    b = NetworkBuilder()
    b.population("neurons", 1, models.lif_exp)
    with pytest.raises(NetworkError, match="names no rates that it is known for"):
        measure_rates(b.build(), recording([], 1))
