"""A spectrum: numbers that follow from it, what it says, and files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from neurobridge.analysis.lyapunov.result import Spectrum
from neurobridge.analysis.lyapunov.statistics import block_errors
from neurobridge.analysis.lyapunov.words import duration, per_time, with_error
from neurobridge.errors import FileFormatError, NetworkError, UnknownNameError
from tests.unit.analysis.lyapunov.spectra import FINDING, noisy, spectrum

Rng = np.random.Generator

LORENZ = (0.9056, 0.0, -14.5723)


@pytest.fixture
def lorenz(rng: Rng) -> Spectrum:
    return spectrum(noisy(LORENZ, rng))


def test_what_follows_from_the_exponents(lorenz: Spectrum) -> None:
    assert lorenz.k == 3
    assert lorenz.maximal == pytest.approx(0.9056)
    assert lorenz.kaplan_yorke == pytest.approx(2.06215, abs=5e-5)
    assert lorenz.entropy == pytest.approx(0.9056, abs=1e-12)
    assert lorenz.sum == pytest.approx(-41 / 3, abs=5e-5)
    assert lorenz.n_positive == 1


def test_errors_of_what_follows(rng: Rng) -> None:
    """A dimension is linear in small errors: dD = (d1 + d2) / |l3| + (l1 + l2) d3 / l3^2."""
    blocks = noisy(LORENZ, rng)
    result = spectrum(blocks)
    linear = (blocks[:, 0] + blocks[:, 1]) / 14.5723 + 0.9056 * blocks[:, 2] / 14.5723**2
    assert result.kaplan_yorke_error == pytest.approx(block_errors(linear[:, None])[0], rel=1e-3)
    assert result.sum_error == pytest.approx(block_errors(blocks.sum(axis=1)[:, None])[0], rel=1e-9)


def test_the_sum_of_a_spectrum_may_be_exact(rng: Rng) -> None:
    """Lorenz-63 shrinks volumes at a constant rate, so the errors of its exponents cancel."""
    blocks = noisy(LORENZ, rng)
    blocks[:, 2] = -41 / 3 - blocks[:, 0] - blocks[:, 1]
    result = spectrum(blocks)
    assert result.errors.min() > 1e-3
    assert result.sum_error < 1e-12


def test_intervals_use_the_degrees_of_freedom_of_each_exponent(lorenz: Spectrum) -> None:
    half = stats.t.ppf(0.975, lorenz.freedom) * lorenz.errors
    low, high = lorenz.interval
    np.testing.assert_allclose(low, lorenz.exponents - half, rtol=1e-10)
    np.testing.assert_allclose(high, lorenz.exponents + half, rtol=1e-10)
    assert set(lorenz.freedom) <= {7, 15, 31}


def test_a_leading_part_leaves_unknown_what_it_does_not_decide(rng: Rng) -> None:
    result = spectrum(noisy([0.5, 0.4, 0.2], rng), size=50)
    document = result.to_dict()
    for name in ("kaplan_yorke", "kaplan_yorke_error", "entropy", "entropy_error"):
        assert np.isnan(getattr(result, name))
        assert document[name] is None
    assert document["sum"] == pytest.approx(1.1)
    assert "D = unknown, H = unknown per tau" in repr(result)


def test_the_cycle_of_a_flow_has_dimension_one_whatever_the_sign_of_its_zero(rng: Rng) -> None:
    for zero in (-0.004, 0.0, 0.004):
        cycle = spectrum(noisy([zero, -1.0], rng))
        assert cycle.kaplan_yorke == pytest.approx(1, abs=0.005)
    blocks = noisy([-0.004, -1.0], rng)
    assert spectrum(blocks, meaning="map").kaplan_yorke == 0
    assert spectrum(blocks, info={"autonomous": False}).kaplan_yorke == 0
    assert spectrum(noisy([-0.2, -1.0], rng)).kaplan_yorke == 0


def test_exponents_count_as_positive_beyond_their_interval(rng: Rng) -> None:
    assert spectrum(noisy([1.0, 0.5, 0.001, -1.0], rng)).n_positive == 2


def test_the_trace_ends_at_the_exponents(lorenz: Spectrum) -> None:
    times, means = lorenz.trace
    assert times[[0, 1, -1]].tolist() == [2.5, 5, 80]
    np.testing.assert_array_equal(means[0], lorenz.blocks[0])
    np.testing.assert_allclose(means[3], lorenz.blocks[:4].mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(means[-1], lorenz.exponents, rtol=1e-12, atol=1e-14)


def test_a_table_has_a_row_for_each_exponent(lorenz: Spectrum) -> None:
    table = lorenz.table()
    assert list(table) == ["index", "exponent", "error", "low", "high", "status"]
    assert table["index"].tolist() == [1, 2, 3]
    np.testing.assert_array_equal(table["exponent"], lorenz.exponents)
    assert (table["low"] < table["exponent"]).all()
    assert set(table["status"]) == {"done"}


def test_a_document_for_json(lorenz: Spectrum) -> None:
    document = json.loads(json.dumps(lorenz.to_dict(), allow_nan=False))
    assert document["exponents"] == lorenz.exponents.tolist()
    assert document["errors"] == lorenz.errors.tolist()
    expected = {
        "status": "done", "warning": "", "meaning": "flow", "method": "ab4", "unit": "tau",
        "size": 3, "k": 3, "n_positive": 1, "dt": 0.01, "time": 80, "transient": 100,
        "warm_up": 10, "seed": 3, "seconds": 1.25, "findings": [FINDING.to_dict()],
        "info": {"renormalisations": 40, "interval": 0.5, "precision": "float64"},
    }  # fmt: skip
    assert {name: document[name] for name in expected} == expected
    for name in ("kaplan_yorke", "entropy", "sum"):
        assert document[name] == getattr(lorenz, name)
        assert document[f"{name}_error"] == getattr(lorenz, f"{name}_error")


def test_one_line_says_what_matters() -> None:
    blocks = np.array(LORENZ) + np.array([[0.02, 0.01, -0.01], [-0.02, -0.01, 0.01]])
    # Of two blocks the error is half their difference: (0.02 + 0.01) / 14.57 in the dimension, and
    # (0.03 + 0.02) / 2 in the entropy, for the second exponent counts in one block only.
    assert repr(spectrum(blocks)) == (
        "Spectrum(flow by ab4, k = 3 of N = 3: lambda_1 = 0.906 ± 0.020, D = 2.0621 ± 0.0020, "
        "H = 0.906 ± 0.025 per tau; T = 5 tau, done)"
    )
    assert repr(spectrum(blocks, meaning="map", method="map", unit="1", status="converged")) == (
        "Spectrum(map, k = 3 of N = 3: lambda_1 = 0.906 ± 0.020, D = 2.0621 ± 0.0020, "
        "H = 0.906 ± 0.025 per unit of time; T = 5, converged)"
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("not_converged", "NOT CONVERGED: the time ran out before the requested error was reached"),
        ("transient", "TRANSIENT NOT ENDED: the beginning of the run differs from its end"),
    ],
)
def test_a_run_that_did_not_end_well_says_so_everywhere(
    lorenz: Spectrum, status: Any, words: str
) -> None:
    result = spectrum(lorenz.blocks, status=status)
    assert result.warning == words
    assert repr(result).endswith(f"{words})")
    assert result.to_dict()["status"] == status
    assert result.to_dict()["warning"] == words
    assert set(result.table()["status"]) == {status}


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.15617, 0.0041, "0.1562 ± 0.0041"),
        (-14.5723, 0.0151, "-14.572 ± 0.015"),
        (1.2e-5, 3.4e-7, "0.00001200 ± 0.00000034"),
        (1234.5, 67.8, "1234 ± 68"),
        (12345.0, 678.0, "12345 ± 678"),
        (-41 / 3, 2.2e-15, "-13.66667 ± 2e-15"),
        (1e-7, 0.00031, "0.00000 ± 0.00031"),
        (0.0, 0.012, "0.000 ± 0.012"),
        (-1.0, 0.0, "-1 ± 0"),
        (float("nan"), 1.0, "unknown"),
        (2.0621, float("nan"), "2.062 ± unknown"),
    ],
)
def test_numbers_with_errors(value: float, error: float, text: str) -> None:
    assert with_error(value, error) == text


def test_units_in_words() -> None:
    assert (per_time("tau"), per_time("1")) == ("per tau", "per unit of time")
    assert (duration(2000, "ms"), duration(0.1, "1")) == ("2000 ms", "0.1")


def test_a_spectrum_cannot_be_changed(lorenz: Spectrum) -> None:
    with pytest.raises(ValueError, match="read-only"):
        lorenz.exponents[0] = 1
    with pytest.raises(AttributeError):
        lorenz.status = "converged"  # type: ignore[misc]


def test_a_folder_and_back(lorenz: Spectrum, tmp_path: Path) -> None:
    result = spectrum(lorenz.blocks, status="not_converged", info={"steps": [1, 2], "redo": None})
    folder = result.save(tmp_path / "runs" / "lorenz")
    assert {f.relative_to(folder).as_posix() for f in folder.rglob("*.*")} == {
        "spectrum.json", "blocks.parquet", "figures/spectrum.png",
    }  # fmt: skip
    assert (folder / "figures/spectrum.png").read_bytes().startswith(b"\x89PNG")
    loaded = Spectrum.load(folder)
    for name in ("exponents", "errors", "blocks"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(result, name))
    assert loaded.to_dict() == result.to_dict()
    assert loaded.names == result.names
    assert loaded.findings == (FINDING,)
    assert loaded.info == result.info
    assert repr(loaded) == repr(result)


def test_a_used_folder_is_left_alone(lorenz: Spectrum, tmp_path: Path) -> None:
    lorenz.save(tmp_path / "a")
    before = (tmp_path / "a/spectrum.json").read_bytes()
    with pytest.raises(FileFormatError, match="a spectrum needs a new or an empty folder"):
        lorenz.save(tmp_path / "a")
    assert (tmp_path / "a/spectrum.json").read_bytes() == before
    with pytest.raises(FileFormatError, match="is a file; a spectrum needs a new or an empty"):
        lorenz.save(tmp_path / "a/spectrum.json")


def test_folders_that_hold_no_spectrum(lorenz: Spectrum, tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"holds no spectrum: it has no spectrum\.json"):
        Spectrum.load(tmp_path)
    folder = lorenz.save(tmp_path / "a")
    file = folder / "spectrum.json"
    good = file.read_text(encoding="utf-8")
    document = json.loads(good)

    def refused(text: str, match: str) -> None:
        file.write_text(text, encoding="utf-8")
        with pytest.raises(FileFormatError, match=match):
            Spectrum.load(folder)

    refused("{", "is not JSON")
    refused("[]", "expected schema neurobridge-lyapunov-spectrum/1, got None")
    refused(json.dumps({**document, "schema": "neurobridge-lyapunov-spectrum/2"}), "spectrum/2")
    refused(json.dumps({k: v for k, v in document.items() if k != "dt"}), "damaged: it has no 'dt'")
    refused(json.dumps({**document, "errors": [0.1]}), "damaged: errors: expected one for each")
    refused(json.dumps({**document, "findings": [{"code": "a"}]}), "damaged: .*argument")
    file.write_text(good, encoding="utf-8")
    (folder / "blocks.parquet").write_bytes(b"PAR1")
    with pytest.raises(FileFormatError, match=r"blocks\.parquet cannot be read"):
        Spectrum.load(folder)
    (folder / "blocks.parquet").unlink()
    with pytest.raises(FileFormatError, match=r"blocks\.parquet cannot be read"):
        Spectrum.load(folder)


BLOCKS = np.array([[1.0, 0.5], [0.8, 0.3]])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"exponents": [[0.9, 0.4]]}, "exponents: expected 1 to 2 of them, for there are 2 states"),
        ({"size": 1}, "exponents: expected 1 to 1 of them"),
        ({"errors": [0.1]}, r"errors: expected one for each of 2 exponents, got shape (1,)"),
        ({"errors": [0.1, -0.1]}, "errors: expected none below 0, got -0.1"),
        ({"errors": [0.1, np.nan]}, "errors: expected finite values, got nan"),
        ({"exponents": [np.inf, 0.4]}, "exponents: expected finite values, got inf"),
        ({"exponents": [0.4, 0.9]}, "descending order, got 0.4 before 0.9; sort them, and errors"),
        (
            {"blocks": BLOCKS[:1]},
            "blocks: expected shape (B, 2) with at least 2 blocks, got (1, 2)",
        ),
        ({"blocks": BLOCKS[:, :1]}, "blocks: expected shape (B, 2)"),
        ({"blocks": BLOCKS[:, ::-1]}, "mean of column 1 to be the exponent 0.9, got 0.4; are the"),
        ({"blocks": BLOCKS * np.inf}, "blocks: expected finite values, got inf"),
        ({"names": ("a",)}, "names: expected one for each of 2 states, got 1"),
        ({"dt": 0.0}, "dt: expected a time above 0, got 0.0"),
        ({"time": np.nan}, "time: expected a time above 0, got nan"),
        ({"block_time": -1.0}, "block_time: expected a time above 0, got -1.0"),
        ({"transient": -1.0}, "transient: expected a time, 0 or more, got -1.0"),
        ({"info": {"state": BLOCKS}}, "info['state']: expected what JSON can hold"),
    ],
)
def test_parts_that_do_not_fit(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        spectrum(BLOCKS, **changes)


def test_words_that_do_not_exist() -> None:
    with pytest.raises(UnknownNameError, match="unknown status of a spectrum 'finished'"):
        spectrum(BLOCKS, status="finished")
    with pytest.raises(UnknownNameError, match="unknown meaning of exponents 'Map'; did you mean"):
        spectrum(BLOCKS, meaning="Map")
