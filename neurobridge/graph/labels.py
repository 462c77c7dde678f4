"""Labels: what is known about each neuron, as categorical columns."""

from __future__ import annotations

__all__ = ["Column", "Labels"]

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.content import ByContent
from neurobridge.errors import NetworkError, UnknownNameError, suggest
from neurobridge.frozen import FrozenDict, frozen_array

MISSING = ""
"""The category of a neuron without a label."""


@dataclass(frozen=True, eq=False)
class Column(ByContent):
    """One categorical column: ``categories[codes[i]]`` is the label of neuron ``i``."""

    codes: NDArray[np.uint16] | NDArray[np.uint32]
    categories: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "categories", tuple(str(c) for c in self.categories))
        if len(set(self.categories)) != len(self.categories):
            raise NetworkError(f"label categories must be distinct, got {self.categories[:8]}")
        codes = np.asarray(self.codes)
        if codes.ndim != 1 or (codes.size and codes.dtype.kind not in "iu"):
            raise NetworkError(
                f"label codes must be a flat array of integers, got {codes.dtype} of shape "
                f"{codes.shape}"
            )
        for code in (int(codes.min()), int(codes.max())) if codes.size else ():
            if not 0 <= code < len(self.categories):
                raise NetworkError(
                    f"label code {code} has no category; there are {len(self.categories)}"
                )
        dtype = np.uint16 if len(self.categories) <= 2**16 else np.uint32
        object.__setattr__(self, "codes", frozen_array(codes, dtype))

    @classmethod
    def of(cls, values: ArrayLike) -> Column:
        """A column from one string per neuron; None and NaN become the empty label."""
        strings = [MISSING if _is_missing(v) else str(v) for v in np.asarray(values, dtype=object)]
        categories, codes = np.unique(np.asarray(strings, dtype=str), return_inverse=True)
        return cls(codes.astype(np.uint32), tuple(categories.tolist()))

    @property
    def values(self) -> NDArray[Any]:
        """The label of every neuron, as strings."""
        return np.asarray(self.categories, dtype=object)[self.codes]

    def equals(self, value: str, name: str) -> NDArray[np.bool_]:
        """Where the label is ``value``; an unknown value is an error with a suggestion."""
        if value not in self.categories:
            raise UnknownNameError(f"value of label {name!r}", value, self.categories)
        return np.asarray(self.codes == self.categories.index(value))


def _is_missing(value: Any) -> bool:
    if isinstance(value, (float, np.floating)):
        return bool(np.isnan(value))
    return value is None or type(value).__name__ in ("NAType", "NaTType")  # those of pandas


@dataclass(frozen=True, eq=False)
class Labels(ByContent):
    """Categorical columns and the sign of each neuron.

    Parameters
    ----------
    columns : mapping of str to Column
        E.g. ``cell_type``, ``class``, ``side``, ``roi``, ``nt``.
    sign : int8 array, shape (N,), optional
        +1 excitatory, -1 inhibitory, 0 unknown.
    nt_probability : float16 array, shape (N, n_nt), optional
        Confidence of each transmitter of ``nt_names``.
    nt_names : tuple of str
    """

    columns: FrozenDict[str, Column] = field(default_factory=FrozenDict)
    sign: NDArray[np.int8] | None = None
    nt_probability: NDArray[np.float16] | None = None
    nt_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        columns = {k: v if isinstance(v, Column) else Column.of(v) for k, v in self.columns.items()}
        object.__setattr__(self, "columns", FrozenDict(columns))
        if self.sign is not None:
            sign = np.asarray(self.sign)
            if sign.ndim != 1 or not np.isin(sign, (-1, 0, 1)).all():
                raise NetworkError(
                    f"labels: sign must be -1, 0 or 1 for each neuron, got {np.unique(sign)[:8]} "
                    f"of shape {sign.shape}"
                )
            object.__setattr__(self, "sign", frozen_array(sign, np.int8))
        if self.nt_probability is not None:
            object.__setattr__(
                self, "nt_probability", frozen_array(self.nt_probability, np.float16)
            )
            object.__setattr__(self, "nt_names", tuple(self.nt_names))
            if self.nt_probability.shape[1:] != (len(self.nt_names),):
                raise NetworkError(
                    f"labels: nt_probability has shape {self.nt_probability.shape} for "
                    f"{len(self.nt_names)} transmitters"
                )

    def check_size(self, size: int, where: str) -> None:
        """Raise unless every column has ``size`` rows."""
        arrays: dict[str, NDArray[Any] | None] = {k: c.codes for k, c in self.columns.items()}
        arrays |= {"sign": self.sign, "nt_probability": self.nt_probability}
        for name, array in arrays.items():
            if array is not None and array.shape[0] != size:
                raise NetworkError(
                    f"{where}: label {name!r} has {array.shape[0]} rows for {size} neurons"
                )

    def __getitem__(self, name: str) -> Column:
        if name not in self.columns:
            raise UnknownNameError("label", name, self.columns)
        return self.columns[name]

    def where(self, **conditions: str | list[str] | tuple[str, ...]) -> NDArray[np.bool_]:
        """Neurons for which all conditions hold: ``where(side="left", cell_type=["A", "B"])``.

        Labels are text; a number stands for its text, ``where(layer=4)``.
        """
        if not conditions:
            raise NetworkError(f"no condition given{suggest('', self.columns)}")
        masks = []
        for name, wanted in conditions.items():
            values = [wanted] if np.ndim(wanted) == 0 else list(wanted)
            if not values:
                raise NetworkError(f"label {name!r}: no value is given; name at least one")
            masks.append(np.logical_or.reduce([self[name].equals(str(v), name) for v in values]))
        return np.asarray(np.logical_and.reduce(masks))

    def take(self, index: NDArray[np.int32]) -> Labels:
        """The labels of some neurons."""
        return Labels(
            FrozenDict({k: Column(c.codes[index], c.categories) for k, c in self.columns.items()}),
            None if self.sign is None else self.sign[index],
            None if self.nt_probability is None else self.nt_probability[index],
            self.nt_names,
        )
