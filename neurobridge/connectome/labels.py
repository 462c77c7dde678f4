"""Label columns: one value per neuron or per edge, in one canonical form.

Text becomes a :class:`pandas.Categorical` with sorted categories, all of which occur; a missing
value is code -1. Whole numbers, floats and booleans become read-only NumPy arrays. The same values
therefore give the same arrays, whatever file and order they came from.
"""

from __future__ import annotations

__all__ = [
    "Label",
    "as_label",
    "digest_label",
    "missing",
    "read_only",
    "take_label",
    "text_values",
]

from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from neurobridge.errors import ConnectomeError

Label: TypeAlias = "pd.Categorical | NDArray[Any]"


def as_label(values: Any, name: str) -> Label:
    """The canonical form of a column of labels.

    Parameters
    ----------
    values : Categorical, pyarrow array, pandas Series or array-like, shape (n,)
        Text, integers, floats or booleans. Empty text counts as missing. Integers and booleans
        with missing values become text, for neither NumPy type can hold them.
    name : str
        Name of the column, for the message.

    Returns
    -------
    Categorical or read-only array, shape (n,)

    Raises
    ------
    ConnectomeError
        If the values are of another kind, e.g. lists or dates.
    """
    if isinstance(values, pd.Categorical):
        return _canonical(values.codes, np.asarray(values.categories, dtype=object))
    column = _as_arrow(values, name)
    kind = column.type
    if pa.types.is_floating(kind):
        return _plain(column.cast(pa.float64()))
    if pa.types.is_integer(kind) and not column.null_count:
        return _plain(column.cast(pa.int64()))
    if pa.types.is_boolean(kind) and not column.null_count:
        return _plain(column)
    return _from_text(column, name)


def read_only(values: NDArray[Any]) -> NDArray[Any]:
    """The array itself, which nobody else may hold yet, closed for writing."""
    values.setflags(write=False)
    return values


def take_label(label: Label, index: NDArray[Any]) -> Label:
    """The labels at some positions (or where a mask is True), canonical again."""
    if isinstance(label, pd.Categorical):
        return _canonical(label.codes[index], np.asarray(label.categories, dtype=object))
    return read_only(label[index])


def missing(label: Label) -> NDArray[np.bool_]:
    """Where a label is missing, bool (n,)."""
    if isinstance(label, pd.Categorical):
        return np.asarray(label.codes < 0)
    return np.isnan(label) if label.dtype.kind == "f" else np.zeros(label.size, dtype=bool)


def text_values(label: Label) -> NDArray[Any]:
    """The values as an object array of text (numbers are printed); None where missing."""
    if isinstance(label, pd.Categorical):
        table = np.array([*label.categories, None], dtype=object)
        values: NDArray[Any] = table[label.codes]
        return values
    texts = label.astype(str).astype(object)
    texts[missing(label)] = None
    return texts


def digest_label(label: Label) -> tuple[bytes, ...]:
    """What a hash of the label has to see."""
    if isinstance(label, pd.Categorical):
        categories = "\0".join(str(c) for c in label.categories)
        return b"categorical", categories.encode(), label.codes.astype("<i4").tobytes()
    return label.dtype.str.encode(), np.ascontiguousarray(label).tobytes()


def _plain(column: Any) -> NDArray[Any]:
    """A copy, for the caller may still write to the values that the column shows."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return read_only(np.array(whole.to_numpy(zero_copy_only=False)))


def _as_arrow(values: Any, name: str) -> Any:
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    if isinstance(values, np.ndarray) and values.dtype.kind == "U":
        values = values.astype(object)
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise ConnectomeError(
            f"label {name!r}: expected one kind of value (text, integers, floats or booleans), "
            f"got a mixture: {error}. Convert the column to text first"
        ) from None


def _from_text(column: Any, name: str) -> pd.Categorical:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if not pa.types.is_dictionary(column.type):
        try:
            column = column.cast(pa.string()).dictionary_encode()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise ConnectomeError(
                f"label {name!r}: expected text, integers, floats or booleans, got {column.type}. "
                "Leave the column out, or convert it to text first"
            ) from None
    codes = pc.fill_null(column.indices.cast(pa.int32()), -1).to_numpy(zero_copy_only=False)
    return _canonical(codes, np.array(column.dictionary.cast(pa.string()).to_pylist(), object))


def _canonical(codes: ArrayLike, categories: NDArray[Any]) -> pd.Categorical:
    """Sort the categories, merge equal ones, forget those that do not occur."""
    codes = np.asarray(codes)
    used = np.zeros(categories.size + 1, dtype=bool)  # the last entry stands for "missing"
    used[codes] = True
    texts = ["" if c is None else str(c) for c in categories]
    kept = sorted({t for t, u in zip(texts, used[:-1], strict=True) if u and t})
    rank = {t: i for i, t in enumerate(kept)}
    new = np.array([rank.get(t, -1) for t in texts] + [-1], dtype=np.int32)
    smallest = np.min_scalar_type(-max(len(kept), 1))
    return pd.Categorical.from_codes(
        read_only(new[codes].astype(smallest)),
        categories=pd.Index(kept, dtype=object),
        validate=False,
    )
