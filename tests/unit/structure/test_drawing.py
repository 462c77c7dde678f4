"""Drawing: what is in the pictures, files, and what is refused."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurobridge.errors import NetworkError
from neurobridge.structure import MultiArea, MultiAreaEI, Normal, RandomSubsets, draw
from neurobridge.structure.drawing import PIXELS

EI = MultiAreaEI({"V1": 40, "V2": 20}, (0.2, 0.1, 0.5), seed=1)


def test_a_structure_shows_its_mask_and_areas() -> None:
    axes = EI.draw().axes[0]
    image = np.asarray(axes.images[0].get_array())
    assert np.array_equal(image, EI.mask * EI.sign)
    assert axes.images[0].get_extent() == [-0.5, 59.5, 59.5, -0.5]
    borders = [line.get_xdata()[0] for line in axes.lines if np.ptp(line.get_xdata()) == 0]
    assert borders == [39.5]
    assert [t.get_text() for t in axes.child_axes[0].get_xticklabels()] == ["V1", "V2"]
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["excitatory", "inhibitory"]


def test_a_structure_without_signs_needs_no_legend() -> None:
    axes = MultiArea([5, 5], (1, 0, 1), seed=1).draw().axes[0]
    assert axes.get_legend() is None
    assert axes.images[0].norm.vmin == 0


def test_weights_show_matrix_histogram_and_eigenvalues() -> None:
    weights = Normal().balanced(one_sided="keep").with_spectral_radius(0.8).weights(EI)
    matrix, histogram, plane = draw(weights).axes[:3]
    assert np.array_equal(np.asarray(matrix.images[0].get_array()), weights.matrix)
    texts = [t.get_text() for t in histogram.get_legend().get_texts()]
    counts = [(weights.sign == s).sum() for s in (1, -1)]
    assert [re.sub(", mean.*", "", t) for t in texts] == [
        f"excitatory: {counts[0]:,}",
        f"inhibitory: {counts[1]:,}",
    ]
    bars: Any = histogram.patches
    assert sum(b.get_height() for b in bars) == weights.values.size
    circle = plane.lines[0]
    assert np.allclose(np.hypot(*np.asarray(circle.get_data())), 0.8)
    points = np.asarray(plane.collections[0].get_offsets())
    assert np.array_equal(points[:, 0], weights.eigenvalues.real)


def test_a_large_matrix_is_pooled_without_losing_weight() -> None:
    structure = RandomSubsets(2 * PIXELS + 1, 1, 1, density=0.01, seed=1)
    weights = Normal().weights(structure)
    image = np.asarray(draw(weights).axes[0].images[0].get_array())
    assert image.shape == (PIXELS * 2 // 3 + 1,) * 2
    assert image[0, 0] == pytest.approx(weights.matrix[:3, :3].mean())
    assert image[-1, -1] == pytest.approx(weights.matrix[1200:, 1200:].mean())


def test_weights_that_are_not_square_have_no_eigenvalues() -> None:
    panel = draw(Normal().weights(np.ones((4, 3), bool), seed=1)).axes[2]
    assert panel.texts[0].get_text() == "no eigenvalues: not square"


def test_a_network_without_edges_can_be_drawn() -> None:
    empty = MultiArea([3], (0, 0, 0), seed=1)
    draw(empty).draw_without_rendering()
    draw(Normal().weights(empty)).draw_without_rendering()


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_it_is_saved(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"structure.{suffix}"
    EI.draw(path)
    assert path.stat().st_size > 1000


def test_what_it_refuses(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="expected a Structure or Weights, got ndarray"):
        draw(np.ones((3, 3)))  # type: ignore[arg-type]
    with pytest.raises(NetworkError, match=r"cannot write 'a\.docx'; end it with one of"):
        EI.draw(tmp_path / "a.docx")
    with pytest.raises(NetworkError, match="there is no folder"):
        EI.draw(tmp_path / "none" / "a.png")


def test_neither_pyplot_nor_matplotlib_is_imported_for_nothing() -> None:
    code = (
        "import sys; from neurobridge.structure import MultiArea;"
        "s = MultiArea([3], (0, 0, 1), seed=1); s.mask;"
        "assert 'matplotlib' not in sys.modules; s.draw();"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])
