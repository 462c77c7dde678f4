"""Milliseconds to steps: rounding is a finding, never silent."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge import FindingsError, NetworkBuilder, NetworkError, UnitError, models, run
from neurobridge.graph.stimulus import Current, SpikeTrains
from neurobridge.lowering.grid import check_dt, to_steps


@pytest.mark.parametrize("dt", [0.1, 0.025, 0.3, 1.0, 1 / 3])
def test_every_multiple_of_dt_is_exact(dt: float) -> None:
    steps = np.arange(0, 100_000, 37)
    got, findings = to_steps(steps * dt, dt, "here", "delay_rounding", at_least=0)
    np.testing.assert_array_equal(got, steps)
    assert findings == []


def test_times_written_in_decimals_are_exact() -> None:
    """0.3 / 0.1 is 2.9999999999999996 in float64."""
    got, findings = to_steps([0.3, 0.7, 2.2, 1.8], 0.1, "here", "delay_rounding", at_least=1)
    assert got.tolist() == [3, 7, 22, 18]
    assert findings == []


def test_rounding_is_an_approximation_that_names_the_worst() -> None:
    got, (finding,) = to_steps([1.0, 1.04, 1.22], 0.1, "there", "delay_rounding", at_least=1)
    assert got.tolist() == [10, 10, 12]
    assert (finding.code, finding.severity, finding.where) == (
        "delay_rounding", "approximation", "there",
    )  # fmt: skip
    assert "2 of 3 values are not multiples of dt = 0.1 ms" in finding.why
    assert "the worst is 1.04 ms, which becomes 1 ms" in finding.why
    assert finding.magnitude == pytest.approx(0.04)


def test_too_short_is_an_error_that_says_which_dt_would_do() -> None:
    _, (finding,) = to_steps([0.05, 1.0], 0.1, "there", "delay_rounding", at_least=1)
    assert (finding.code, finding.severity) == ("delay_below_dt", "error")
    assert "1 of 2 values are shorter than 1 step(s) of dt = 0.1 ms" in finding.why
    assert finding.remedy == "use dt <= 0.05 ms"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_times_must_be_finite(bad: float) -> None:
    with pytest.raises(NetworkError, match=r"there: times must be finite, but 1 of 2 are not"):
        to_steps([1.0, bad], 0.1, "there", "delay_rounding", at_least=1)


@pytest.mark.parametrize("dt", [0, -0.1, np.nan, np.inf])
def test_dt_must_be_positive(dt: object) -> None:
    with pytest.raises(NetworkError, match="dt must be a positive number of ms, got"):
        check_dt(dt)


def test_dt_must_be_a_number() -> None:
    with pytest.raises(UnitError, match="dt: expected numbers in ms, got None"):
        check_dt(None)


def test_dt_with_a_unit() -> None:
    assert check_dt("100 us") == 0.1
    with pytest.raises(UnitError, match="dt: expected a quantity in ms, got '1 mV'"):
        check_dt("1 mV")
    with pytest.raises(UnitError, match=r"dt: '0.1' has no unit; write '0.1 ms'"):
        check_dt("0.1")


# -- the same, seen by a user ---------------------------------------------------------------------


def cell(**parameters: object) -> NetworkBuilder:
    net = NetworkBuilder()
    net.population("input", 2, models.spike_source)
    net.population("cell", 2, models.lif_exp, **parameters)
    return net


def stopping(net: NetworkBuilder, duration: float = 1.0, **settings: object) -> FindingsError:
    with pytest.raises(FindingsError) as caught:
        run(net.build(), duration, "reference", dt=0.1, **settings)
    return caught.value


def test_t_ref_that_is_no_multiple_of_dt() -> None:
    error = stopping(cell(t_ref=[2.0, 2.04]))
    assert [f.code for f in error.findings] == ["refractory_rounding"]
    assert "population 'cell', t_ref" in str(error)
    assert "the worst is 2.04 ms, which becomes 2 ms" in str(error)
    assert "accept=['refractory_rounding']" in str(error)


def test_an_accepted_approximation_runs_and_is_recorded() -> None:
    recording = run(
        cell(t_ref=2.04).build(), 1.0, "reference", dt=0.1, accept=["refractory_rounding"]
    )
    assert "refractory_rounding" in [f.code for f in recording.findings]


def test_delay_below_dt_and_not_a_multiple_are_told_together() -> None:
    net = cell()
    net.connect("short", "input", "cell", [(0, 0)], weight=1.0, delay=0.05)
    net.connect("odd", "input", "cell", [(0, 0), (1, 1)], weight=1.0, delay=[1.0, 1.23])
    error = stopping(net)
    assert [(f.code, f.severity) for f in error.findings] == [
        ("delay_below_dt", "error"),
        ("delay_rounding", "approximation"),
    ]
    assert "projection 'short', delay" in str(error)
    assert "projection 'odd', delay" in str(error)
    assert "the network cannot run as asked, 2 findings" in str(error)


def test_a_delay_below_dt_cannot_be_accepted() -> None:
    net = cell()
    net.connect("short", "input", "cell", [(0, 0)], weight=1.0, delay=0.05)
    stopping(net, accept=["delay_below_dt", "delay_rounding"])


def test_spikes_need_a_delay_above_zero() -> None:
    net = cell()
    net.connect("p", "input", "cell", [(0, 0)], weight=1.0, delay=0.0)
    with pytest.raises(
        NetworkError,
        match=r"projection 'p': the delay must be above 0 ms, got 0.0; a spike takes at least one",
    ):
        net.build()


def test_delays_per_edge_must_be_above_zero() -> None:
    with pytest.raises(NetworkError, match=r"projection 'p': delays: delay\[1\] = 0.0 ms"):
        cell().connect("p", "input", "cell", [(0, 0), (1, 1)], weight=1.0, delay=[1.0, 0.0])


def test_delays_per_edge_finer_than_a_tick() -> None:
    with pytest.raises(NetworkError, match=r"1.2345 ms is not a multiple of the tick of 0.01 ms"):
        cell().connect("p", "input", "cell", [(0, 0)], weight=1.0, delay=[1.2345])


def test_spike_times_of_a_stimulus() -> None:
    net = cell()
    net.add(SpikeTrains("s", "input", np.array([0.5, 0.77]), np.array([0, 1])))
    error = stopping(net)
    assert [f.code for f in error.findings] == ["spike_time_rounding"]
    assert "stimulus 's', spike times" in str(error)


def test_start_times_of_a_current() -> None:
    net = cell()
    net.add(Current("c", "cell", np.array([0.1, 0.2]), np.array([0.2, 0.55])))
    assert [f.code for f in stopping(net).findings] == ["current_time_rounding"]


@pytest.mark.parametrize("duration", [0.0, -1.0, 0.05])
def test_durations_below_one_step(duration: float) -> None:
    assert [f.code for f in stopping(cell(), duration).findings] == ["duration_below_dt"]


def test_durations_that_are_no_multiple_of_dt() -> None:
    assert [f.code for f in stopping(cell(), 1.04).findings] == ["duration_rounding"]
    with pytest.raises(NetworkError, match="duration: times must be finite"):
        run(cell().build(), np.nan, "reference", dt=0.1)
