"""The HTML report: self-contained, well-formed, and it says what the comparison found."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest

from neurobridge.comparison import compare_recordings
from neurobridge.comparison.cast import cast
from neurobridge.comparison.rasters import MARKS, rasters
from neurobridge.comparison.svg import Canvas, Scale, number
from neurobridge.comparison.traces import scene
from neurobridge.lowering.finding import Finding
from tests.unit.comparison.synthetic import membrane, poisson, recording, spikes

RUN = poisson(40, 5_000, 0.002, seed=1)
OTHER = poisson(40, 5_000, 0.002, seed=2)
FINDING = Finding(
    "delay_rounding", "approximation", "projection 'a'", "1.83 <ms>", "other dt", 0.03
)


def comparison(other=RUN, baseline=True, signals=True, **changes):
    wave = np.sin(np.arange(5_000) / 50.0)[:, None] * np.ones(2)
    probe = {"m": membrane(wave, neurons=(3, 7))} if signals else {}
    runs = {
        "reference": recording(RUN, signals=probe),
        "nest": recording(other, "nest", probe, **changes),
    }
    return compare_recordings(runs, "reference", recording(OTHER, seed=2) if baseline else None)


def written(tmp_path, result, **options):
    return result.report(tmp_path / "deep" / "report.html", **options).read_text(encoding="utf-8")


def figures(page):
    return [ET.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]


def test_identical(tmp_path):
    page = written(
        tmp_path,
        comparison(),
        title="C. elegans",
        network={"neurons": 302},
        command="neurobridge x",
    )
    assert '<h1 class="same">Identical</h1>' in page
    assert f"2 of 2 backends, {len(RUN):,} spikes" in page
    assert "<title>C. elegans: identical: 2 of 2 backends" in page
    assert "exactly 0 throughout" in page
    assert "<dt>neurons</dt><dd>302</dd>" in page
    assert "<pre>neurobridge x</pre>" in page
    assert "reference, seed 2" in page
    assert "How long they agree" not in page
    assert len(figures(page)) == 6


def test_nothing_is_loaded_from_anywhere(tmp_path):
    page = written(tmp_path, comparison(OTHER))
    for source in re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?([^\"')>]+)", page):
        assert source.startswith("data:image/png;base64,")
    assert "<script" not in page
    assert "@import" not in page


def test_parted(tmp_path):
    result = comparison(OTHER, findings=(FINDING,))
    page = written(tmp_path, result)
    assert '<h1 class="apart">Not identical</h1>' in page
    assert "How long they agree" in page
    assert "Where they part" in page
    first = result["nest"].metrics.divergence
    assert f"spikes at step {first.step}" in page
    assert "1.83 &lt;ms&gt;" in page
    assert "approximation on nest" in page


def test_silence_draws_nothing_and_says_so(tmp_path):
    empty = spikes([], size=40, n_steps=5_000)
    runs = {name: recording(empty, name) for name in ("reference", "nest")}
    page = written(tmp_path, compare_recordings(runs, "reference", recording(empty, seed=2)))
    assert '<h1 class="open">Silent</h1>' in page
    assert figures(page) == []


def test_failed_run_is_on_the_page(tmp_path):
    result = comparison(status="failed", message="no <memory>", spikes={}, signals=False)
    page = written(tmp_path, result)
    assert "nest failed: no &lt;memory&gt;" in page
    assert "✗ failed" in page


def test_one_spike_in_one_neuron(tmp_path):
    run = spikes([(50, 0)], size=1)
    runs = {name: recording(run, name) for name in ("reference", "nest")}
    assert "1 spikes" in written(tmp_path, compare_recordings(runs, "reference"))


def test_names_are_escaped(tmp_path):
    runs = {"<b>": recording(RUN), "a&b": recording(OTHER)}
    page = written(tmp_path, compare_recordings(runs, "<b>"), title="<script>", command="a && b")
    assert "<script" not in page
    assert "<b>:" not in page
    assert len(figures(page)) >= 4


def marks(svg, kind):
    paths = [e.get("d") for e in svg.iter() if e.get("class") == f"marks {kind}"]
    return sum(d.count("M") for d in paths)


def test_every_spike_is_drawn_and_those_apart_stand_out():
    a = spikes([(10 * k, k % 4) for k in range(1, 9)])
    b = spikes([*((10 * k, k % 4) for k in range(1, 6)), (61, 2), (71, 3)])
    result = compare_recordings({"a": recording(a), "b": recording(b)}, "a", distances=False)
    svg, caption = rasters(cast(result))
    drawn = ET.fromstring(svg)
    assert marks(drawn, "ink") == 8 + 5
    assert marks(drawn, "apart") == 2
    assert "Spikes that a does not have at the same step are orange." in caption


def pixels(href):
    data = base64.b64decode(href.removeprefix("data:image/png;base64,"))
    assert data.startswith(b"\x89PNG")
    width, height = (int.from_bytes(data[k : k + 4], "big") for k in (16, 20))
    at = data.index(b"IDAT") + 4
    lines = np.frombuffer(zlib.decompress(data[at:]), np.uint8).reshape(height, width + 1)
    return lines[:, 1:]


def test_many_spikes_become_a_picture_that_misses_none():
    run = poisson(5_000, 5_000, 0.001, seed=1)
    assert len(run) > MARKS
    result = compare_recordings({"a": recording(run), "b": recording(run)}, "a", distances=False)
    svg, caption = rasters(cast(result))
    images = [e for e in ET.fromstring(svg).iter() if e.get("class") == "ink"]
    one, two = (pixels(e.get("href")) for e in images)
    np.testing.assert_array_equal(one, two)
    rows, columns = one.shape
    row = rows - 1 - ((2 * run.neuron + 1) * rows // 10_000)
    column = np.minimum((run.time / 500.0 * columns).astype(int), columns - 1)
    hit = np.zeros_like(one, dtype=bool)
    hit[row, column] = True
    assert np.mean((one > 0) == hit) > 0.999  # a spike on an edge may round
    assert "Every spike is in the picture" in caption


def test_scene_is_the_neuron_that_parts_if_it_was_probed():
    a = spikes([(100, 7), (900, 3)], size=40, n_steps=5_000)
    b = spikes([(100, 7), (905, 3)], size=40, n_steps=5_000)
    probe = {"m": membrane(np.zeros((5_000, 2)), neurons=(3, 7))}
    runs = {"a": recording(a, signals=probe), "b": recording(b, signals=probe)}
    result = compare_recordings(runs, "a", distances=False)
    chosen = scene(result, cast(result))
    assert (chosen.probe, chosen.neuron, chosen.parted) == ("m", 3, pytest.approx(90.0))
    assert chosen.begin < 90.0 < chosen.end


def test_scene_without_it_is_the_probed_neuron_that_differs_most():
    a, b = (spikes([(step, 9)], size=40, n_steps=5_000) for step in (900, 905))
    far = np.zeros((5_000, 2))
    far[:, 1] = 1.0
    runs = {
        "a": recording(a, signals={"m": membrane(np.zeros((5_000, 2)), neurons=(3, 7))}),
        "b": recording(b, signals={"m": membrane(far, neurons=(3, 7))}),
    }
    result = compare_recordings(runs, "a", distances=False)
    assert scene(result, cast(result)).neuron == 7


def test_no_scene_without_probes():
    result = comparison(signals=False)
    assert scene(result, cast(result)) is None


def test_scale_and_ticks():
    scale = Scale(0.0, 10.0, 100.0, 200.0)
    assert float(scale(2.5)) == 125.0
    assert scale.ticks(4) == [0.0, 5.0, 10.0]
    assert Scale(-65.2, -48.9, 0.0, 1.0).ticks(4) == [-65.0, -60.0, -55.0, -50.0]
    log = Scale(1.0, 1000.0, 0.0, 30.0, log=True)
    assert float(log(10.0)) == pytest.approx(10.0)
    assert log.ticks() == [1.0, 10.0, 100.0, 1000.0]
    assert [number(v) for v in (0.0, 1000.0, -55.0, 0.25)] == [
        "0",
        "1,000",
        "\N{MINUS SIGN}55",
        "0.25",
    ]


def test_lines_break_at_values_that_are_not_finite():
    canvas = Canvas(10, 10, "x")
    canvas.line(np.arange(5.0), np.array([1.0, 2.0, np.nan, 4.0, 5.0]), "s1")
    assert 'd="M0 1L1 2M3 4L4 5"' in canvas.render()


def test_a_large_network_stays_small(tmp_path):
    run = poisson(100_000, 5_000, 2e-4, seed=1)
    runs = {name: recording(run, name) for name in ("reference", "brian2", "nest")}
    page = written(tmp_path, compare_recordings(runs, "reference", distances=False))
    assert len(page) < 1_500_000
