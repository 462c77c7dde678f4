"""Columns of ids, counts and weights: checked once, where they enter.

Ids of electron-microscopy neurons have 18 digits, more than the 15 to 16 that a float holds. An id
that has ever been a float is therefore wrong without looking wrong; none gets past this file.
"""

from __future__ import annotations

__all__ = ["MAX_COUNT", "Origin", "as_arrow", "count_column", "id_column", "weight_column"]

import re
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from neurobridge.errors import ConnectomeError

_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]*")
_FLOAT_REMEDY = (
    "A float holds only 15 to 16 of the digits of an id, so the last ones may be wrong already. "
    "Export the column again as whole numbers or as text; with pandas, read it with "
    "dtype={{{column!r}: 'int64'}} (or 'Int64' if values are missing) and never let it be float"
)
MAX_COUNT = 2**32 - 1


@dataclass(frozen=True)
class Origin:
    """Which column of what, for messages."""

    source: str
    column: str

    def __str__(self) -> str:
        return f"column {self.column!r} of {self.source}"


def as_arrow(values: Any, origin: Origin) -> Any:
    """A column as a pyarrow array; missing values of pandas become nulls.

    Raises
    ------
    ConnectomeError
        If the values are of several kinds.
    """
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    if isinstance(values, np.ndarray) and values.dtype.kind == "U":
        values = values.astype(object)
    try:
        return pa.array(values, from_pandas=isinstance(values, (pd.Series, pd.Index)))
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        _refuse_mixture(values, origin, error)


def id_column(values: Any, origin: Origin) -> Any:
    """Ids as a pyarrow array: int64 numbers, or text if the neurons have names.

    Text of which every value is a whole number is read as numbers.

    Parameters
    ----------
    values : pyarrow array, pandas Series or array-like, shape (n,)
    origin : Origin

    Returns
    -------
    pyarrow Array or ChunkedArray of int64 or string, without nulls

    Raises
    ------
    ConnectomeError
        If the ids are floats (also as text), are missing, or do not fit in int64.
    """
    column = as_arrow(values, origin)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type) and len(column) > column.null_count:
        row = pc.index(pc.is_valid(column), True).as_py()
        _refuse_float(column[row].as_py(), row + 1, origin)
    _refuse_nulls(column, origin, "id")
    if pa.types.is_integer(column.type):
        return _to_int64(column, origin)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _text_ids(column.cast(pa.string()), origin)
    if pa.types.is_null(column.type) and len(column) == 0:
        return pa.array([], pa.int64())
    raise ConnectomeError(
        f"{origin}: expected ids (whole numbers or names), got {_kind(column.type)}"
    )


def count_column(values: Any, origin: Origin) -> NDArray[np.unsignedinteger]:
    """Synapse counts as uint16, or uint32 where one needs it, shape (n,).

    Parameters
    ----------
    values : pyarrow array, pandas Series or array-like, shape (n,)
        Whole numbers of at least 1; floats that are whole numbers are fine.
    origin : Origin

    Raises
    ------
    ConnectomeError
        If a count is missing, not finite, negative, zero, not whole, or above 4,294,967,295.
    """
    counts = _numbers(values, origin, "a count")
    if counts.dtype.kind == "f":
        _refuse(~np.isfinite(counts), counts, origin, "is not finite", "counts are whole numbers")
        _refuse(
            counts != np.floor(counts),
            counts,
            origin,
            "is not whole",
            "counts are whole numbers; load strengths as 'weight' instead of 'count'",
        )
    _refuse(counts < 0, counts, origin, "is negative", "the sign comes from the transmitter")
    _refuse(counts == 0, counts, origin, "is zero", "remove pairs without a synapse")
    _refuse(counts > MAX_COUNT, counts, origin, "is too large", f"the largest is {MAX_COUNT}")
    narrow = int(counts.max(initial=0)) < 2**16
    return counts.astype(np.uint16 if narrow else np.uint32, copy=False)


def weight_column(values: Any, origin: Origin) -> NDArray[np.float64]:
    """Connection strengths as float64, shape (n,), finite and above zero.

    Raises
    ------
    ConnectomeError
        If a strength is missing, not finite, negative or zero.
    """
    weights = _numbers(values, origin, "a strength").astype(np.float64, copy=False)
    _refuse(~np.isfinite(weights), weights, origin, "is not finite", "strengths are numbers > 0")
    _refuse(weights < 0, weights, origin, "is negative", "the sign comes from the transmitter")
    _refuse(weights == 0, weights, origin, "is zero", "remove pairs without a connection")
    return weights


def _numbers(values: Any, origin: Origin, what: str) -> NDArray[Any]:
    column = as_arrow(values, origin)
    _refuse_nulls(column, origin, what)
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        if len(column) == 0:
            return np.empty(0, dtype=np.int64)
        raise ConnectomeError(
            f"{origin}: expected numbers, got {_kind(column.type)}, e.g. {column[0].as_py()!r} in "
            "row 1. Remove everything but digits, also signs that group thousands"
        )
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    numbers: NDArray[Any] = whole.to_numpy(zero_copy_only=False)
    return numbers


def _kind(kind: Any) -> str:
    """The type of a column in words."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_binary(kind):
        return "bytes that are not UTF-8 text; save the file as UTF-8"
    return "text" if pa.types.is_string(kind) or pa.types.is_large_string(kind) else str(kind)


def _text_ids(column: Any, origin: Origin) -> Any:
    unique = pc.unique(column).to_pylist()
    whole = [bool(_WHOLE_NUMBER.fullmatch(text)) for text in unique]
    if unique and all(whole):
        return _to_int64(column, origin)
    fractions = [text for text in unique if not text.lstrip("+-").isdigit()]
    if fractions and all(_is_number(text) for text in unique):
        row = pc.index(column, fractions[0]).as_py() + 1
        _refuse_float(fractions[0], row, origin)
    if "" in unique:
        _refuse_missing(1, pc.index(column, "").as_py(), origin, "id")
    return column


def _to_int64(column: Any, origin: Origin) -> Any:
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid as error:
        raise ConnectomeError(
            f"{origin}: an id does not fit in a signed 64-bit integer ({error}). Load such ids as "
            "names, e.g. with a letter in front"
        ) from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _refuse_mixture(values: Any, origin: Origin, error: Exception) -> NoReturn:
    for row, value in enumerate(values, start=1):
        if isinstance(value, (float, np.floating)):
            _refuse_float(value, row, origin)
    raise ConnectomeError(f"{origin}: the values are of several kinds ({error})") from None


def _refuse_float(value: object, row: int, origin: Origin) -> NoReturn:
    raise ConnectomeError(
        f"{origin}: expected ids as whole numbers or names, got the float {value!s} in row {row}. "
        + _FLOAT_REMEDY.format(column=origin.column)
    )


def _refuse_nulls(column: Any, origin: Origin, what: str) -> None:
    if column.null_count:
        row = pc.index(pc.is_null(column), True).as_py()
        _refuse_missing(column.null_count, row, origin, what)


def _refuse_missing(number: int, row: int, origin: Origin, what: str) -> NoReturn:
    raise ConnectomeError(
        f"{origin}: {what} is missing in {number:,} row{'s' if number > 1 else ''}, the first is "
        f"row {row + 1}. Fill it in or remove the row"
    )


def _refuse(
    bad: NDArray[np.bool_], values: NDArray[Any], origin: Origin, what: str, remedy: str
) -> None:
    number = int(np.count_nonzero(bad))
    if number:
        row = int(np.argmax(bad))
        more = f" and in {number - 1:,} more" if number > 1 else ""
        raise ConnectomeError(f"{origin}: {values[row]} {what}, in row {row + 1}{more}; {remedy}")
