"""Figures show what there is, at the right place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.requirements import require

require("torch")
require("lightning")

from neurobridge.training import Seen, Train, TrainableNetwork  # noqa: E402
from neurobridge.training.drawing import draw_activity, draw_history, draw_values  # noqa: E402
from tests.unit.training import networks, runs  # noqa: E402


def test_history() -> None:
    nan = float("nan")
    table = pd.DataFrame({
        "epoch": [0, 1, 2, 3], "train/loss": [4.0, 3.0, 2.0, 1.0],
        "validation/loss": [nan, 5.0, nan, 6.0], "validation/accuracy": [nan, 0.5, nan, 0.75],
        "seconds": [1.0] * 4,
    })  # fmt: skip
    figure = draw_history(table, best_epoch=1)
    loss, accuracy = figure.axes
    assert (loss.get_title(), accuracy.get_title()) == ("loss", "accuracy")
    train, validation, best = loss.lines
    assert train.get_xydata().tolist() == [[0, 4], [1, 3], [2, 2], [3, 1]]
    assert validation.get_xydata().tolist() == [[1, 5], [3, 6]]
    assert list(best.get_xdata()) == [1, 1]
    assert accuracy.lines[0].get_xydata().tolist() == [[1, 0.5], [3, 0.75]]
    assert [t.get_text() for t in loss.get_legend().get_texts()] == ["train", "validation"]


def test_many_terms_lie_in_rows_and_epochs_are_whole() -> None:
    names = [f"term {i}" for i in range(10)]
    table = pd.DataFrame({"epoch": [0, 1], **{f"train/{n}": [1.0, 2.0] for n in names}})
    figure = draw_history(table, best_epoch=-1)
    figure.draw_without_rendering()
    assert [a.get_title() for a in figure.axes] == names
    spans = [a.get_subplotspec() for a in figure.axes]
    places = [(s.rowspan.start, s.colspan.start) for s in spans]
    assert places == [(i // 4, i % 4) for i in range(10)]
    for axes in figure.axes:
        ticks = axes.get_xticks()
        np.testing.assert_array_equal(ticks, np.round(ticks))


def test_one_epoch_can_be_seen() -> None:
    figure = draw_history(pd.DataFrame({"epoch": [0], "train/loss": [1.0]}), best_epoch=-1)
    assert figure.axes[0].lines[0].get_marker() == "o"


def test_a_run_that_has_no_epoch_yet() -> None:
    assert not draw_history(pd.DataFrame({"epoch": [], "seconds": []}), -1).axes


def test_values_before_and_after(tmp_path: Path) -> None:
    done = runs.rates().fit(tmp_path / "run", epochs=2)
    figure = draw_values(done.model)
    assert [a.get_title() for a in figure.axes] == [s.path for s in done.model.specs]
    assert [a.get_xlabel() for a in figure.axes] == ["", "ms", ""]
    weights = figure.axes[0]
    before, after = weights.containers[0], weights.patches[-1].get_xy()
    n = done.model.network.projections["recurrent"].edges.n_edges
    assert sum(bar.get_height() for bar in before) == n
    moved = done.model.physical("projections.recurrent.weight").detach().numpy()
    edges = [bar.get_x() for bar in before] + [before[-1].get_x() + before[-1].get_width()]
    counts = np.histogram(moved, edges)[0]
    assert set(counts) - {0} <= {int(y) for y in after[:, 1]}
    assert done.draw().axes[0].get_title() == "loss"


def test_low_rank_parts_are_drawn_too() -> None:
    specs = [Train("projections.recurrent.low_rank", sign="free")]
    figure = draw_values(TrainableNetwork(networks.rate(), 1.0, specs))
    assert figure.axes[0].get_title() == "projections.recurrent.low_rank"


def seen(network, dt: float) -> Seen:
    model = TrainableNetwork(network, dt, [], precision="float64")
    return Seen(model, model(model.inputs([[], []], 60.0, seed=2)))


def test_spikes() -> None:
    """Dots lie at the ends of steps, as recordings count them, one row a neuron."""
    made = seen(networks.spiking(), 0.5)
    figure = draw_activity(made, trial=1)
    cells = next(a for a in figure.axes if a.get_title() == "cells")
    dots = cells.lines[0].get_xydata()
    spikes = made.result.outputs.spikes["cells"][:, :, 1]
    assert len(dots) == int(spikes.sum()) > 5
    step, neuron = dots[0]
    assert spikes[round(step / 0.5) - 1, int(neuron)] == 1
    low, high = cells.get_ylim()
    assert low < 0 < networks.N - 1 < high
    assert cells.get_xlim() == (0, 60.25)
    assert cells.lines[0].get_markersize() == 4.0


def test_rates() -> None:
    made = seen(networks.rate(), 1.0)
    axes = draw_activity(made).axes[0]
    image = axes.images[0]
    rates = made.result.outputs.rates["units"][:, :, 0].numpy()
    np.testing.assert_array_equal(image.get_array(), rates.T)
    assert image.get_extent() == pytest.approx((0, 60, -0.5, 7.5))
