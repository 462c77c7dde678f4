"""Figures of spectra show what there is, at the right place, and say what is wrong."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from neurobridge.analysis.lyapunov.drawing import ALARM, draw_spectra, draw_spectrum
from neurobridge.errors import NetworkError
from tests.unit.analysis.lyapunov.spectra import noisy, spectrum

Rng = np.random.Generator

LORENZ = (0.9056, 0.0, -14.5723)


def test_a_small_spectrum(rng: Rng) -> None:
    result = spectrum(noisy(LORENZ, rng))
    figure = draw_spectrum(result)
    exponents, sums, trace = figure.axes
    bars = exponents.containers[0]
    np.testing.assert_allclose(bars.lines[0].get_xydata().T, [[1 / 3, 2 / 3, 1], result.exponents])
    ends = np.array([segment[:, 1] for segment in bars.lines[2][0].get_segments()])
    np.testing.assert_allclose(ends.T, result.interval)
    curve = sums.lines[0].get_xydata()
    np.testing.assert_allclose(curve[:, 0], [0, 1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(curve[:, 1], [0, *np.cumsum(result.exponents)])
    crossing = sums.containers[0].lines[0].get_xydata()
    np.testing.assert_allclose(crossing, [[2.06215 / 3, 0]], atol=1e-5)
    assert [t.get_text() for t in trace.get_legend().get_texts()] == ["λ1", "λ2"]
    np.testing.assert_array_equal(trace.lines[0].get_xdata(), result.trace[0])
    np.testing.assert_array_equal(trace.lines[1].get_ydata(), result.trace[1][:, 1])
    title = figure.get_suptitle()
    assert title.startswith(
        "flow by ab4, dt = 0.01 tau: 3 of 3 exponents, T = 80 tau; done\nD = 2.06"
    )
    assert "H = 0.9" in title


def test_the_band_of_convergence_ends_at_the_interval(rng: Rng) -> None:
    result = spectrum(noisy([0.5, -2.0], rng))
    band = draw_spectrum(result).axes[2].collections[0].get_paths()[0].vertices
    last = band[band[:, 0] == result.trace[0][-1], 1]
    np.testing.assert_allclose([last.min(), last.max()], np.ravel(result.interval)[[0, 2]])
    assert band[:, 0].min() == 8 * 2.5


def test_a_large_spectrum_shows_the_sum_near_its_crossing(rng: Rng) -> None:
    result = spectrum(noisy(np.linspace(0.2, -2, 100), rng))
    exponents, sums, trace = draw_spectrum(result).axes
    assert len(exponents.lines[0].get_xdata()) == 100
    assert len(exponents.collections) == 1
    assert not exponents.containers
    assert len(sums.lines[0].get_xdata()) == 1 + np.ceil(2 * result.kaplan_yorke)
    assert sums.lines[0].get_ydata()[-1] < 0
    assert len(trace.get_legend().get_texts()) == 3


def test_a_dimension_that_is_not_known(rng: Rng) -> None:
    figure = draw_spectrum(spectrum(noisy([0.3, 0.1], rng), size=9))
    sums = figure.axes[1]
    assert sums.get_title() == "cumulative sum, not negative yet: D not known"
    assert not sums.containers
    assert "D = unknown, H = unknown per tau" in figure.get_suptitle()


def test_a_fixed_point_that_is_reached_exactly() -> None:
    """No error has any width; there is still something to see."""
    figure = draw_spectrum(spectrum(np.tile([-0.5, -1.0], (2, 1))))
    figure.draw_without_rendering()
    low, high = figure.axes[2].get_ylim()
    assert low < -0.5 < high


@pytest.mark.parametrize(
    ("status", "words"), [("not_converged", "NOT CONVERGED"), ("transient", "TRANSIENT NOT ENDED")]
)
def test_what_must_not_be_overlooked(status: str, words: str, rng: Rng) -> None:
    blocks = noisy(LORENZ, rng)
    bad, good = spectrum(blocks, status=status), spectrum(blocks)
    figure = draw_spectrum(bad)
    assert words in figure.get_suptitle()
    assert _colour(figure) == ALARM
    assert _colour(draw_spectrum(good)) != ALARM
    assert figure.axes[0].containers[0].lines[0].get_linestyle() == "--"
    several = draw_spectra([bad, good], ["one", "other"])
    first, second = several.axes[0].get_legend().get_texts()
    assert (first.get_text(), second.get_text()) == (f"one ({words})", "other")
    assert first.get_color() == ALARM
    assert second.get_color() != ALARM
    dimensions = _panel(several, "D / N").containers
    assert [c.lines[0].get_markerfacecolor() for c in dimensions] == ["white", "C1"]


def _colour(figure: Figure) -> str:
    suptitle = figure._suptitle  # type: ignore[attr-defined]
    return to_hex(suptitle.get_color())


def _panel(figure: Figure, ylabel: str) -> Axes:
    return next(axes for axes in figure.axes if axes.get_ylabel() == ylabel)


def test_several_spectra(rng: Rng) -> None:
    small, large = spectrum(noisy(LORENZ, rng)), spectrum(noisy(np.linspace(0.2, -2, 100), rng))
    part = spectrum(noisy([0.5, 0.4], rng), size=10)
    figure = draw_spectra([small, large, part], ["Lorenz", "random", "part"])
    dimensions = _panel(figure, "D / N")
    heights = [c.lines[0].get_ydata()[0] for c in dimensions.containers]
    assert heights == [small.kaplan_yorke / 3, large.kaplan_yorke / 100]
    assert [t.get_text() for t in dimensions.texts] == ["not known"]
    entropies = _panel(figure, "H / N (per tau)")
    assert [c.lines[0].get_xydata()[0].tolist() for c in entropies.containers] == [
        [0, small.entropy / 3],
        [1, large.entropy / 100],
    ]
    names = [t.get_text() for t in entropies.get_xticklabels()]
    assert names == ["Lorenz", "random", "part"]


def test_flows_and_maps_side_by_side_are_told_apart(rng: Rng) -> None:
    blocks = noisy(LORENZ, rng)
    figure = draw_spectra([spectrum(blocks), spectrum(blocks, meaning="map")], ["a", "b"])
    texts = [t.get_text() for t in figure.axes[0].get_legend().get_texts()]
    assert texts == ["a, flow", "b, map"]


def test_many_spectra_have_a_colour_each(rng: Rng) -> None:
    results = [spectrum(noisy(LORENZ, rng)) for _ in range(12)]
    figure = draw_spectra(results, [str(i) for i in range(12)])
    colours = {to_hex(c.lines[0].get_color()) for c in figure.axes[0].containers}
    assert len(colours) == 12


def test_spectra_that_cannot_be_drawn_together(rng: Rng) -> None:
    result = spectrum(noisy(LORENZ, rng))
    with pytest.raises(NetworkError, match="at least one result and a label for each, got 0 res"):
        draw_spectra([], [])
    with pytest.raises(NetworkError, match="got 1 results and 2 labels"):
        draw_spectra([result], ["a", "b"])
    other = spectrum(result.blocks, unit="ms")
    with pytest.raises(NetworkError, match="exponents per ms and per tau do not fit on one axis"):
        draw_spectra([result, other], ["a", "b"])


def test_nothing_is_drawn_on_a_screen() -> None:
    code = (
        "import sys, neurobridge.analysis.lyapunov.result, neurobridge.analysis.lyapunov.drawing; "
        "sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
