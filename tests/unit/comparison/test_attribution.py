"""Attribution: which of the chip's errors does what, one after the other and each alone."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

import neurobridge as nb
from neurobridge.comparison import attribute, compare, compare_seeds, spike_metrics
from neurobridge.comparison.attribution_table import attribution_table, rate_words
from neurobridge.errors import FindingsError, ModelError, NetworkError

N = 100
NAMES = ["time step", "weights", "decays", "fixed point", "saturation"]


def driven(model=nb.models.lif_exp, weight=0.25, *, probes=True):
    """A hundred neurons, a tenth of all pairs connected, under Poisson input."""
    rng = np.random.default_rng(5)
    b = nb.NetworkBuilder()
    b.population("drive", 50, nb.models.spike_source)
    b.population("cell", N, model)
    b.add(nb.Poisson("in", "drive", rate=60.0))
    pairs = np.argwhere(rng.random((50, N)) < 0.3)
    weights = weight * rng.uniform(0.5, 1.5, len(pairs))
    b.connect("ff", "drive", "cell", pairs, weight=weights, delay="2 ms")
    pairs = np.argwhere(rng.random((N, N)) < 0.1)
    sign = np.where(pairs[:, 0] % 2, 1.0, -1.0)
    weights = 0.3 * weight * sign * rng.uniform(0.5, 1.5, len(pairs))
    b.connect("rec", "cell", "cell", pairs, weight=weights, delay="3 ms")
    if probes:
        b.add(nb.StateProbe("v", "cell", "v"))
    return b.build()


@pytest.fixture(scope="module")
def found():
    return attribute(driven(), 300.0, dt=1.0, seed=3)


def test_it_ends_in_the_twin_and_starts_from_the_reference(found):
    network = driven(probes=False)
    with nb.compile(network, "fixedpoint", dt=1.0) as twin:
        spikes = twin.run(300.0, seed=3).spikes["cell"]
    exact = nb.run(network, 300.0, "reference", dt=1.0, seed=3).spikes["cell"]
    assert [v.name for v in found.steps] == NAMES
    assert found["saturation"].spikes == len(spikes)
    expected = spike_metrics(exact, spikes)
    got = found["saturation"].metrics
    assert replace(got, divergence=None) == replace(expected, divergence=None)
    assert got.divergence == replace(expected.divergence, population="cell")
    assert found.reference_spikes == len(exact)
    assert found.rates == {"cell": pytest.approx(exact.rates.mean())}
    assert found["saturation"].saturations == 0
    change = spikes.rates.mean() - exact.rates.mean()
    assert found["saturation"].rate_difference["cell"] == pytest.approx(change)


def test_shares_add_up_and_the_time_step_has_most(found):
    assert sum(v.share for v in found.steps) == pytest.approx(1.0)
    assert found["time step"].share > 0.5
    assert found["saturation"].added.identical  # nothing saturates here
    assert found["saturation"].share == 0.0
    assert not found["time step"].metrics.identical
    assert found["time step"].added == found["time step"].metrics
    assert found["time step"].parts_at == found["time step"].metrics.divergence.time


def test_each_alone_and_another_seed_for_scale(found):
    alone = {v.name: v for v in found.alone}
    assert list(alone) == NAMES[:3]
    assert alone["time step"].metrics == found["time step"].metrics
    assert alone["weights"].metrics.overlap[0] > alone["time step"].metrics.overlap[0]
    assert found.baseline.metrics.overlap[0] < 0.5
    assert not found.chaotic
    assert attribute(driven(), 50.0, dt=1.0, baseline=False).baseline is None


def test_a_network_that_parts_as_far_as_another_seed_is_called_chaotic(found):
    far = tuple(replace(v, metrics=found.baseline.metrics) for v in found.alone)
    chaotic = replace(found, alone=far)
    assert chaotic.chaotic
    assert "the network is chaotic" in " ".join(text_of(attribution_table(chaotic)).split())


def test_what_saturates_is_told():
    network = driven()
    tight = {"cell": {"exc": 0.4, "inh": 0.1}}
    found = attribute(network, 200.0, dt=1.0, baseline=False, max_summed_input=tight)
    assert found["saturation"].saturations > 0
    assert not found["saturation"].added.identical
    assert found.settings == {"max_summed_input": tight}


def text_of(table):
    out = io.StringIO()
    Console(file=out, width=80).print(table)
    return out.getvalue()


def test_as_table_data_and_figure(found, tmp_path):
    text = text_of(found.table())
    assert max(map(len, text.splitlines())) <= 80
    for words in ("time step", "fixed point", "other seed", f"{found.reference_spikes:,}"):
        assert words in text
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert [v["name"] for v in data["steps"]] == NAMES
    assert data["steps"][0]["metrics"]["overlap"]["0"] == found.steps[0].metrics.overlap[0]
    svg = found.draw(tmp_path / "figures" / "why.svg").read_text()
    assert svg.startswith("<svg ")
    assert 'xmlns="http://www.w3.org/2000/svg"' in svg.split(">")[0]
    assert "+ decays" in svg
    silent = replace(found, rates={"cell": 0.0})
    assert rate_words(silent, found.steps[0]) == "\N{EN DASH}"


def test_compare_says_why_the_chip_differs(tmp_path):
    steps: dict[str, int] = {}
    chip = nb.BackendRun("chip", "fixedpoint", {"split": "never"})
    result = compare(
        driven(), 100.0, ["reference", chip], dt=1.0, seed=3, baseline=False,
        progress=lambda label, step: steps.update({label: step}),
    )  # fmt: skip
    assert steps == {"reference": 100, "chip": 100, "attribution": 100}
    assert result.attribution.settings == {"split": "never"}
    assert result.attribution["saturation"].spikes == len(result["chip"].recording.spikes["cell"])
    entry = result["chip"]
    assert (entry.tier, entry.passed, result.passed) == ("T3", None, True)
    assert entry.checks[0].found == "one seed, not judged; see compare_seeds"
    assert result.to_dict()["attribution"]["seed"] == 3
    page = result.report(tmp_path / "report.html").read_text()
    assert "Which error of the chip does what" in page
    without = replace(result, attribution=None)
    page = without.report(tmp_path / "report.html").read_text()
    assert "Which error of the chip" not in page


def test_a_comparison_without_an_attribution_says_why():
    twice = ["reference", "fixedpoint"]
    network = driven(nb.models.lif_alpha, 0.1)
    accept = ["alpha_inputs_differ"]
    result = compare(network, 20.0, twice, dt=1.0, accept=accept, baseline=False)
    assert result.attribution is None
    assert (
        "no attribution: population 'cell': the chip's IF_curr_alpha"
        in result["fixedpoint"].notes[-1]
    )
    result = compare(driven(), 20.0, twice, dt=1.0, baseline=False, attribution=False)
    assert result.attribution is None
    assert not result["fixedpoint"].notes


def test_what_cannot_be_attributed():
    with pytest.raises(ModelError, match="IF_curr_alpha has no difference equations"):
        attribute(driven(nb.models.lif_alpha, 0.1), 20.0, dt=1.0)
    b = nb.NetworkBuilder()
    b.population("drive", 2, nb.models.spike_source)
    with pytest.raises(NetworkError, match="none are recorded but those of sources"):
        attribute(b.build(), 20.0, dt=1.0)
    b.population("cell", 2, nb.models.adex)
    with pytest.raises(FindingsError, match="no_chip_cell"):
        attribute(b.build(), 20.0, dt=1.0)


def test_ten_seeds_of_the_twin_are_judged_by_tier_three():
    network, sides = driven(probes=False), []
    for backend in ("reference", "fixedpoint"):
        with nb.compile(network, backend, dt=1.0) as compiled:
            sides.append([compiled.run(200.0, seed=seed) for seed in range(10)])
    verdict = compare_seeds(*sides)
    assert verdict.passed is True
    rate = verdict.distributions[0]
    assert abs(rate.relative_difference) < 0.02
    with nb.compile(driven(weight=0.3, probes=False), "fixedpoint", dt=1.0) as stronger:
        other = [stronger.run(200.0, seed=seed) for seed in range(10)]
    assert compare_seeds(sides[0], other).passed is False
