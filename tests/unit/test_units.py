"""Units: one coherent set, strings with units, Brian2 quantities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurobridge.errors import UnitError
from neurobridge.units import UNITS, parse_quantity, parse_unit
from tests.requirements import require


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("20 ms", "ms", 20.0), ("0.02 s", "ms", 20.0), ("1e-2s", "ms", 10.0),
        ("-52mV", "mV", -52.0),
        ("0.3 nA", "nA", 0.3), ("300 pA", "nA", 0.3), ("250 pF", "nF", 0.25), ("5 nS", "uS", 0.005),
        ("5 µS", "uS", 5.0), ("1 GOhm/1000", "MOhm", None), ("2 MΩ", "MOhm", 2.0),
        ("2 kHz", "Hz", 2000.0), ("3 nA/ms", "nA/ms", 3.0), ("3 pA/us", "nA/ms", 3.0),
        ("4 mV^2/ms", "mV**2/ms", 4.0), (" +1.5 V", "mV", 1500.0), (".5 mV", "mV", 0.5),
    ],
)  # fmt: skip
def test_strings(text: str, unit: str, value: float | None) -> None:
    if value is None:
        with pytest.raises(UnitError):
            parse_quantity(text, unit, "x")
        return
    assert parse_quantity(text, unit, "x") == value


@pytest.mark.parametrize("decimal", ["0.1", "0.3", "0.275", "68.75", "2.2", "1.8", "0.7"])
def test_prefixes_by_powers_of_ten_do_not_disturb_the_last_bit(decimal: str) -> None:
    """ "275 uV" is the float64 that is nearest to 0.275, not a neighbour of it."""
    assert parse_quantity(f"{float(decimal) * 1e3:.6g} uV", "mV", "x") == float(decimal)
    assert parse_quantity(f"{decimal} mV", "mV", "x") == float(decimal)


def test_the_canonical_units_are_coherent() -> None:
    """No factors between them: nF mV/ms = nA, uS mV = nA, MOhm nF = ms, MOhm nA = mV."""
    for product, result in (
        ("nF*mV/ms", "nA"), ("uS*mV", "nA"), ("MOhm*nF", "ms"), ("MOhm*nA", "mV"), ("kHz*ms", "1"),
    ):  # fmt: skip
        assert parse_unit(product) == parse_unit(result)


def test_every_dimension_can_be_written_and_read() -> None:
    for name, unit in UNITS.items():
        for other in UNITS.values():
            dimension = unit.dimension * other.dimension
            assert parse_unit(str(dimension)).dimension == dimension, name
            dimension = unit.dimension / other.dimension / parse_unit("ms").dimension
            assert parse_unit(str(dimension)).dimension == dimension, name


def test_numbers_and_arrays_pass_as_they_are() -> None:
    array = np.array([1.0, 2.0])
    assert parse_quantity(array, "mV", "x") is array
    assert parse_quantity(3, "mV", "x") == 3


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("20 mV", "ms", "tau: expected a quantity in ms, got '20 mV', which is in mV"),
        ("20", "ms", "tau: '20' has no unit; write '20 ms', or give the number 20 itself"),
        ("twenty ms", "ms", "tau: 'twenty ms' is not a number with a unit, such as '20 ms'"),
        ("20 msec", "ms", "unknown unit 'msec' in 'msec'; did you mean 'ms'"),
        ("20 ms+s", "ms", "'ms\\+s' is not a product of units"),
        ("20 m s", "ms", "'m s' is not a unit"),
        ("", "ms", "tau: '' is not a number with a unit"),
        ("nan ms", "ms", "tau: 'nan ms' is not a number with a unit"),
        ("1 mV**0.5", "mV", "unit 'mV\\*\\*0.5': expected a whole number as power, .* got '0.5'"),
        ("1 mV**x", "mV", "expected a whole number as power, as in 'mV\\*\\*2', got 'x'"),
        (["5 ms"], "ms", r"tau: expected numbers in ms, got \['5 ms'\]; an array holds plain"),
        (None, "ms", "tau: expected numbers in ms, got None"),
    ],
)
def test_what_is_wrong_with_a_value(text: Any, unit: str, message: str) -> None:
    with pytest.raises(UnitError, match=message):
        parse_quantity(text, unit, "tau")


def test_brian2_quantities() -> None:
    require("brian2")
    from brian2 import Hz, Mohm, kilogram, ms, mV, nA, nS, pF, second

    assert parse_quantity(20 * ms, "ms", "x") == pytest.approx(20.0, rel=1e-15)
    assert parse_quantity(0.02 * second, "ms", "x") == pytest.approx(20.0, rel=1e-15)
    assert parse_quantity(250 * pF, "nF", "x") == pytest.approx(0.25, rel=1e-15)
    assert parse_quantity(5 * nS, "uS", "x") == pytest.approx(0.005, rel=1e-15)
    assert parse_quantity(3 * Mohm, "MOhm", "x") == pytest.approx(3.0, rel=1e-15)
    assert parse_quantity(40 * Hz, "Hz", "x") == pytest.approx(40.0, rel=1e-15)
    assert parse_quantity(2 * nA / ms, "nA/ms", "x") == pytest.approx(2.0, rel=1e-15)
    np.testing.assert_allclose(parse_quantity([1, 2] * mV, "mV", "x"), [1.0, 2.0], rtol=1e-15)
    with pytest.raises(UnitError, match="x: expected a quantity in ms"):
        parse_quantity(20 * mV, "ms", "x")
    with pytest.raises(UnitError, match="x: expected a quantity in mV"):
        parse_quantity(1 * kilogram, "mV", "x")
