"""A whole deployment: the runs are those of the backends, and every report has the same numbers."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import neurobridge as nb
from neurobridge import StateProbe, models
from neurobridge.cli.output import plain
from neurobridge.deployment import LEVELS
from neurobridge.errors import FileFormatError, FindingsError
from neurobridge.lowering.finding import Finding
from tests.requirements import require
from tests.unit.deployment.networks import crowd, planned, random_network, without_tools

__all__ = ["without_tools"]

ALONE = pytest.mark.usefixtures("without_tools")


@ALONE
def test_both_runs_are_those_of_the_backends(rng: np.random.Generator) -> None:
    network = random_network(rng).with_probe(StateProbe("v", "first", "v", interval=2.0))
    deployment = planned(network)
    for name, backend in (("reference", "reference"), ("twin", "fixedpoint")):
        ours = deployment.comparison[name].recording
        alone = nb.run(network, 100.0, backend, dt=1.0, seed=3)
        assert ours.n_spikes > 50
        assert all(s.same_as(alone.spikes[p]) for p, s in ours.spikes.items())
        np.testing.assert_array_equal(ours.signals["v"].values, alone.signals["v"].values)
    other = nb.run(network, 100.0, "reference", dt=1.0, seed=4)
    assert deployment.comparison.baseline is not None
    assert deployment.comparison.baseline.metrics.spikes == other.n_spikes


@ALONE
def test_spikes_of_all_populations_are_recorded_whatever_the_probes(
    rng: np.random.Generator,
) -> None:
    network = random_network(rng).with_probe(nb.SpikeProbe("some", "first", neurons=[0, 1]))
    deployment = planned(network)
    assert sorted(deployment.twin.spikes) == ["first", "input", "second"]
    assert deployment.network.id == network.id
    assert {p.name: p.record for p in deployment.chip_network.populations} == {
        "first": ("spikes",), "second": ("spikes",)
    }  # fmt: skip


@ALONE
def test_rates_of_groups(rng: np.random.Generator) -> None:
    deployment = planned(random_network(rng), baseline=False)
    kinds = np.arange(12) % 3, np.arange(7) % 3
    for k, group in enumerate(deployment.rates):
        counts = [
            deployment.twin.spikes[p].counts[kind == k].sum()
            for p, kind in zip(("first", "second"), kinds, strict=True)
        ]
        size = sum((kind == k).sum() for kind in kinds)
        assert (group.name, group.neurons, group.twin_spikes) == (f"type {k}", size, sum(counts))
        assert group.twin == pytest.approx(sum(counts) / size / 0.1)
        assert group.other_seed is None


@ALONE
def test_the_four_levels_are_kept_apart(rng: np.random.Generator) -> None:
    deployment = planned(random_network(rng))
    assert [e.level for e in deployment.evidence] == list(LEVELS)
    done = {e.level: e.done for e in deployment.evidence}
    assert done == {
        "virtual board": False, "twin": True, "chip model": False, "hardware": False
    }  # fmt: skip


@ALONE
def test_approximations_are_shown_and_stop_only_the_bundle(tmp_path: Path) -> None:
    network = crowd().with_projection(crowd().projections["way"])
    coarse = planned(network, max_summed_input="cell.exc=3000")
    assert coarse.to_accept == ("weights_rounded",)
    assert coarse.stopped
    with pytest.raises(FindingsError, match="weights_rounded"):
        coarse.bundle(tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()
    accepted = planned(network, max_summed_input="cell.exc=3000", accept=["weights_rounded"])
    assert accepted.to_accept == ()
    assert not accepted.stopped


@ALONE
def test_a_used_folder_is_refused(rng: np.random.Generator, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(FileFormatError, match="is not empty, it holds 'notes'; a bundle needs"):
        planned(random_network(rng)).bundle(tmp_path)


@ALONE
def test_a_model_without_a_cell() -> None:
    b = nb.NetworkBuilder()
    b.population("cell", 3, models.shiu_lif)
    with pytest.raises(FindingsError, match=r"no cell for model 'shiu_lif'; the nearest .*lif_exp"):
        planned(b.build())


@ALONE
def test_progress_comes_in_the_order_of_the_labels(rng: np.random.Generator) -> None:
    from neurobridge.deployment.job import labels

    seen: list[str] = []
    planned(random_network(rng), progress=lambda label, step: seen.append(label))
    assert list(dict.fromkeys(seen)) == labels(baseline=True, chip_model=False)


@ALONE
def test_json_and_tables_and_html_say_the_same(rng: np.random.Generator, tmp_path: Path) -> None:
    deployment = planned(random_network(rng))
    document = json.loads(json.dumps(plain(deployment.to_dict())))
    assert document["saturations"] == {"first": 0, "second": 0}
    assert document["network_id"] == deployment.network.id
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(deployment)
    text = console.export_text()
    assert "no ring buffer was ever full on the twin" in text
    assert max(map(len, text.splitlines())) <= 80
    page = deployment.report(tmp_path / "new" / "page.html", title="A test").read_text()
    for number in (f"{deployment.twin.n_spikes:,}", f"{deployment.reference.n_spikes:,}"):
        assert number in text
        assert number in page
    assert "No hardware was used for this report." in page
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    for e in deployment.evidence:
        assert e.meaning in page.replace("&#39;", "'")


@ALONE
def test_a_page_of_a_network_that_cannot_run_says_so(
    rng: np.random.Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = planned(random_network(rng))
    assert "Ready to bundle" in deployment.report(tmp_path / "page.html").read_text()
    error = Finding("row_too_long", "error", "projection 'in'", "why", "remedy")
    stopped = replace(deployment, findings=(*deployment.findings, error))
    page = stopped.report(tmp_path / "page.html").read_text()
    assert "Cannot run so" in page
    assert "errors that have to be remedied: row_too_long" in page


@ALONE
def test_full_buffers_are_told(tmp_path: Path) -> None:
    network = crowd(weight=1.0, n=40)
    stimulus = nb.SpikeTrains("given", "input", time=np.full(40, 9.0), neuron=np.arange(40))
    deployment = planned(network.with_stimulus(stimulus), max_summed_input="cell.exc=2")
    assert deployment.saturations["cell"] > 0
    assert deployment.twin.status == "degraded"
    page = deployment.report(tmp_path / "page.html").read_text()
    assert "Input is lost" in page
    assert "RING BUFFERS WERE FULL" in page


@ALONE
def test_numbers_that_wrap_around_are_told(rng: np.random.Generator, tmp_path: Path) -> None:
    """Weights of nA that were meant as pA: what the chip then computes is worth nothing."""
    assert not any(planned(random_network(rng)).overflows.values())
    deployment = planned(random_network(rng, scale=1000.0))
    assert deployment.overflows["first"] > 0
    assert deployment.twin.status == "degraded"
    assert "check the units" in deployment.twin.message
    page = deployment.report(tmp_path / "page.html").read_text()
    assert "Numbers wrap" in page
    assert "NUMBERS WRAPPED AROUND on the twin" in page
    assert deployment.to_dict()["overflows"] == dict(deployment.overflows)


@pytest.mark.slow
def test_mapped_by_spynnaker_and_run_by_its_programs(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    for module in ("spynnaker", "unicorn"):
        require(module)
    network = random_network(rng).with_probe(StateProbe("v", "first", "v"))
    deployment = planned(network, chip_model=True)
    assert deployment.mapped
    assert deployment.chip_model is not None
    assert deployment.chip_model.same_spikes
    assert deployment.chip_model.same_states
    done = {e.level: e.done for e in deployment.evidence}
    assert done == {"virtual board": True, "twin": True, "chip model": True, "hardware": False}
    page = deployment.report(tmp_path / "page.html").read_text()
    assert "Laid out by sPyNNaker" in page
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
