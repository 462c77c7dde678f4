"""The first difference between two runs."""

from __future__ import annotations

import pytest

from neurobridge.comparison.divergence import first_divergence
from neurobridge.comparison.pooling import pooled
from tests.unit.comparison.synthetic import spikes

REFERENCE = [(10, 0), (20, 3), (20, 1), (40, 2), (50, 1)]


def test_equal_runs_do_not_diverge():
    assert first_divergence(spikes(REFERENCE), spikes(REFERENCE)) is None
    assert first_divergence(spikes([]), spikes([])) is None


def test_a_late_spike_is_reported_where_it_is_missing():
    other = [(10, 0), (20, 1), (22, 3), (40, 2), (50, 1)]
    found = first_divergence(spikes(REFERENCE), spikes(other))
    assert (found.neuron, found.step, found.trial) == (3, 20, 0)
    assert found.time == pytest.approx(2.0)
    assert found.in_reference
    assert found.next_in_other == 22
    assert found.agreed == 2


def test_an_extra_spike():
    found = first_divergence(spikes(REFERENCE), spikes([*REFERENCE, (15, 2)]))
    assert (found.neuron, found.step, found.in_reference) == (2, 15, False)
    assert found.next_in_other == 40  # of the run that lacks it, the reference
    assert found.agreed == 1


@pytest.mark.parametrize("shorter_is_reference", [True, False])
def test_one_run_stops(shorter_is_reference):
    runs = spikes(REFERENCE[:-1]), spikes(REFERENCE)
    found = first_divergence(*(runs if shorter_is_reference else runs[::-1]))
    assert (found.neuron, found.step) == (1, 50)
    assert found.in_reference is not shorter_is_reference
    assert found.next_in_other is None
    assert found.agreed == 4


def test_time_counts_before_trial():
    a, b = [(30, 0, 0), (10, 1, 1)], [(31, 0, 0), (11, 1, 1)]
    found = first_divergence(spikes(a), spikes(b))
    assert (found.step, found.trial, found.neuron) == (10, 1, 1)


def test_sentence_names_population_neuron_step_and_both_runs():
    pool = pooled({"exc": spikes([(10, 0)], size=4), "inh": spikes([(20, 1)], size=2)})
    other = pooled({"exc": spikes([(10, 0)], size=4), "inh": spikes([(21, 1)], size=2)})
    found = first_divergence(pool.spikes, other.spikes).within(pool)
    assert found.sentence("reference", "nest") == (
        "neuron 1 of 'inh' spikes at step 20 (2 ms) on reference, not on nest (next at step 21); "
        "1 spikes agree before"
    )
