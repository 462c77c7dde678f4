"""Tiers, verdicts, JSON and table of a comparison, and the errors of recordings that do not fit."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from rich.console import Console

from neurobridge.comparison import TIERS, compare_recordings, spike_metrics
from neurobridge.comparison.signals import signal_difference
from neurobridge.comparison.tiers import judge, tier
from neurobridge.comparison.verdict import overall
from neurobridge.comparison.words import fraction, megabytes, percent, seconds
from neurobridge.errors import NetworkError, UnknownNameError
from tests.unit.comparison.synthetic import membrane, poisson, recording, spikes

PAIRS = [(10, 0), (20, 3), (20, 1), (40, 2)]
PARTED = [(10, 0), (20, 3), (21, 1), (40, 2)]


def compared(other=PAIRS, baseline=None, tiers=None, **changes):
    runs = {
        "reference": recording(spikes(PAIRS)),
        "nest": recording(spikes(other), "nest", **changes),
    }
    return compare_recordings(runs, "reference", baseline, tiers=tiers, distances=False)


def test_identical():
    result = compared()
    assert result.identical
    assert result.passed
    assert result.headline == "identical: 2 of 2 backends, 4 spikes"
    assert result["nest"].passed is True
    assert result.reference_entry.is_reference


def test_parted():
    result = compared(PARTED)
    assert not result.identical
    assert not result.passed
    assert result.headline == "not identical: 1 of 2 backends, 4 spikes"
    first = result["nest"].metrics.divergence
    assert (first.population, first.neuron, first.step, first.next_in_other) == ("cells", 1, 20, 21)
    (check,) = result["nest"].checks
    assert (check.rule, check.found) == ("identical spikes", "first difference at 2 ms")


def test_json_is_complete():
    other_seed = recording(spikes(PARTED), seed=2)
    data = json.loads(json.dumps(compared(baseline=other_seed).to_dict(), allow_nan=False))
    assert data["identical"] is True
    assert data["reference"] == "reference"
    assert [b["name"] for b in data["backends"]] == ["reference", "nest"]
    nest = data["backends"][1]
    assert (nest["spikes"], nest["build_s"], nest["run_s"], nest["peak_mb"]) == (4, 0.5, 2.0, 120.0)
    assert nest["metrics"]["overlap"]["0"] == 1.0
    assert data["baseline"]["seed"] == 2
    assert data["baseline"]["metrics"]["overlap"]["0"] == pytest.approx(3 / 5)
    assert nest["versions"]["nest"] == "1.0"


def test_two_populations_are_pooled_and_reported_one_by_one():
    reference = {"exc": spikes([(5, 1)], size=3), "inh": spikes([(7, 0), (9, 1)], size=2)}
    other = {"inh": spikes([(7, 0), (10, 1)], size=2), "exc": spikes([(5, 1)], size=3)}
    result = compare_recordings({"a": recording(reference), "b": recording(other)}, "a")
    entry = result["b"]
    assert entry.metrics.overlap[0] == pytest.approx(2 / 4)
    assert (entry.metrics.divergence.population, entry.metrics.divergence.neuron) == ("inh", 1)
    assert entry.populations["exc"].identical
    assert entry.populations["inh"].overlap == {0: 1 / 3, 1: 1.0, 2: 1.0}


def signal_pair(gap, unit="mV"):
    values = np.zeros((3, 1))
    return signal_difference("m", membrane(values, unit=unit), membrane(values + gap, unit=unit))


@pytest.mark.parametrize(
    ("name", "gap", "unit", "expected"),
    [
        ("T0", 0.9e-12, "mV", True),
        ("T0", 1.1e-12, "nA", False),
        ("T1", 0.9e-6, "mV", True),
        ("T1", 1.1e-6, "mV", False),
    ],
)
def test_state_rules(name, gap, unit, expected):
    m = spike_metrics(spikes(PAIRS), spikes(PAIRS))
    identical, state = judge(TIERS[name], m, [signal_pair(gap, unit)])
    assert identical.passed is True
    assert state.passed is expected


def test_t1_judges_voltages_only():
    m = spike_metrics(spikes(PAIRS), spikes(PAIRS))
    assert len(judge(TIERS["T1"], m, [signal_pair(1.0, "nA")])) == 1


def test_membranes_that_differ_fail_t1_though_spikes_agree():
    runs = {
        name: recording(spikes(PAIRS), name, {"m": membrane(np.full((3, 1), -50.0 + gap))})
        for name, gap in (("reference", 0.0), ("nest", 1e-3))
    }
    result = compare_recordings(runs, "reference")
    assert result.identical
    assert not result.passed
    assert overall(result).word == "Identical spikes, other states"
    assert "v of probe 'm' within 1e-06 mV: 0.001 mV" in overall(result).lines[0]


@pytest.mark.parametrize(("extra", "expected"), [(10, True), (11, False)])
def test_t2_count_within_one_percent(extra, expected):
    # 1,000 spikes in the reference, and 10 or 11 more in the same neurons
    base = [(step, neuron) for neuron in range(4) for step in range(1, 1 + 100 * (neuron + 1))]
    more = [(500 + k, 3) for k in range(extra)]
    a, b = (spikes(p, n_steps=1000) for p in (base[:1000], [*base[:1000], *more]))
    count, rate = judge(TIERS["T2"], spike_metrics(a, b), [])
    assert (count.passed, rate.passed) == (len(more) / len(a) <= 0.01, True)
    assert rate.passed
    assert (extra / len(a) <= 0.01) is count.passed


def test_t2_needs_rates_that_agree():
    a, b = poisson(50, 5_000, 0.002, seed=1), poisson(50, 5_000, 0.002, seed=2)
    _, rate = judge(TIERS["T2"], spike_metrics(a, b), [])
    assert rate.passed is False
    assert rate.rule == "rate correlation above 0.999"


def test_t2_when_the_reference_is_silent():
    count, rate = judge(TIERS["T2"], spike_metrics(spikes([]), spikes(PAIRS)), [])
    assert count.passed is False
    assert count.found == "4 spikes, the reference is silent"
    assert rate.passed is None


def test_t3_is_not_judged_from_one_seed():
    result = compared(PARTED, tiers={"nest": "T3"})
    assert result["nest"].passed is None
    assert result.passed
    assert not result.identical
    assert overall(result).word == "Not judged"
    assert result["nest"].checks[0].rule == "distributions over at least 10 seeds"


def test_failed_run_is_listed_without_metrics():
    broken = recording(spikes(PAIRS)).replace(
        spikes={}, status="failed", message="out of memory", timings={}, info={}
    )
    result = compare_recordings(
        {"reference": recording(spikes(PAIRS)), "nest": broken}, "reference"
    )
    entry = result["nest"]
    assert (entry.metrics, entry.passed, entry.identical, entry.build_s) == (
        None,
        False,
        False,
        None,
    )
    assert overall(result).lines == ("nest failed: out of memory",)


def test_interrupted_run_is_compared_as_far_as_it_came():
    stopped = recording(spikes(PAIRS[:3], n_steps=30), "nest", status="incomplete", duration=10.0)
    entry = compare_recordings(
        {"reference": recording(spikes(PAIRS)), "nest": stopped}, "reference"
    )["nest"]
    assert entry.metrics.identical
    assert not entry.identical
    assert entry.passed is False
    assert entry.notes == ("the run stopped early, compared up to 3 ms",)


def test_interrupted_baseline_is_compared_as_far_as_it_came():
    stopped = recording(spikes(PAIRS[:3], n_steps=30), status="incomplete", seed=2)
    assert compared(baseline=stopped).baseline.metrics.overlap[0] == 1.0


def test_probe_of_one_run_only_is_noted():
    runs = {
        "reference": recording(spikes(PAIRS), signals={"m": membrane([[1.0]])}),
        "nest": recording(spikes(PAIRS), "nest"),
    }
    entry = compare_recordings(runs, "reference")["nest"]
    assert "probe 'm' was not recorded here and is not compared" in entry.notes


def test_silence_is_said():
    runs = {name: recording(spikes([]), name) for name in ("reference", "nest")}
    result = compare_recordings(runs, "reference")
    assert result.identical
    assert overall(result).word == "Silent"


def test_a_shift_is_told():
    late = [(step + 1, neuron) for step, neuron in PAIRS]
    (line,) = overall(compared(late)).lines
    assert line.endswith("Its spikes are 1 step late (overlap 1).")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network_id": "b" * 64}, "'nest' ran another network than the reference 'reference'"),
        ({"seed": 5}, "'nest' ran another seed than the reference 'reference': expected 1, got 5"),
        ({"trial": 3}, "'nest' ran another trial"),
        ({"dt": 0.2}, "'nest' ran with dt = 0.2 ms, the reference 'reference' with 0.1 ms"),
        ({"duration": 5.0}, "'nest' ran for 5 ms, the reference 'reference' for 10 ms"),
        ({"spikes": {}}, r"'nest' recorded the populations \[\], the reference 'reference'"),
    ],
)
def test_recordings_of_other_experiments(changes, message):
    with pytest.raises(NetworkError, match=message):
        compared(**changes)


def test_one_recording_is_not_a_comparison():
    with pytest.raises(NetworkError, match="at least two recordings, got only 'a'"):
        compare_recordings({"a": recording(spikes(PAIRS))}, "a")


def test_unknown_reference_and_tiers():
    run = recording(spikes(PAIRS))
    with pytest.raises(UnknownNameError, match="unknown reference 'nset'; did you mean 'nest'"):
        compare_recordings({"nest": run, "brian2": run}, "nset")
    with pytest.raises(UnknownNameError, match="unknown comparison tier 'T9'"):
        compared(tiers={"nest": "T9"})
    with pytest.raises(UnknownNameError, match="unknown recording in tiers 'nets'"):
        compared(tiers={"nets": "T2"})
    assert tier("T0").state_tolerance == 1e-12


@pytest.mark.parametrize("status", ["failed", "incomplete"])
def test_a_reference_must_be_complete(status):
    runs = {
        "a": recording(spikes(PAIRS), status=status, message="Ctrl-C"),
        "b": recording(spikes(PAIRS)),
    }
    with pytest.raises(NetworkError, match=f"the reference 'a' is {status}: Ctrl-C"):
        compare_recordings(runs, "a")


def test_a_reference_must_have_spike_probes():
    run = recording(spikes(PAIRS)).replace(spikes={})
    with pytest.raises(NetworkError, match="has recorded no population; add a spike probe"):
        compare_recordings({"a": run, "b": run}, "a")


def test_baselines_that_are_none():
    with pytest.raises(NetworkError, match="the baseline has the seed of the reference, 1"):
        compared(baseline=recording(spikes(PAIRS)))
    with pytest.raises(NetworkError, match="the baseline failed: no reason was given"):
        compared(baseline=recording(spikes(PAIRS), seed=2, status="failed"))
    with pytest.raises(NetworkError, match=r"the baseline ran with dt = 0\.2 ms"):
        compared(baseline=recording(spikes(PAIRS), seed=2, dt=0.2))


def test_table_shows_verdicts_cost_and_baseline():
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(compared(PARTED, baseline=recording(spikes(PARTED), seed=2)).table())
    text = console.export_text()
    for words in ("not identical: 1 of 2 backends, 4 spikes", "parts at 2 ms", "seed 2"):
        assert words in text
    nest = next(line for line in text.splitlines() if line.strip().startswith("nest"))
    assert nest.split() == ("nest parts at 2 ms 4 0.6000 1 1 1 0.50 s 2.00 s 120 MB".split())


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.0, "1"),
        (0.99995, "0.99995"),
        (0.9999999, "0.9999999"),
        (1 - 1e-13, "<1"),
        (0.12345, "0.1235"),
        (0.0, "0.0000"),
        (None, "\N{EN DASH}"),
    ],
)
def test_what_is_not_one_never_reads_one(value, words):
    assert fraction(value) == words


def test_units_in_words():
    assert [seconds(v) for v in (0.008, 0.45, 12.345, None)] == [
        "8 ms",
        "0.45 s",
        "12.3 s",
        "\N{EN DASH}",
    ]
    assert [megabytes(v) for v in (812.0, 3100.0)] == ["812 MB", "3.1 GB"]
    assert [percent(v) for v in (0.0, 0.0025, -0.5)] == ["0 %", "+0.25 %", "-50 %"]
