"""The DoOR 2.0 data base: how strongly odours drive the receptors of the fly."""

from __future__ import annotations

__all__ = ["DOOR_NAMES", "DoorResponses", "load_door"]

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.citation import Reference
from neurobridge.content import ByContent
from neurobridge.errors import FileFormatError, UnknownNameError
from neurobridge.frozen import owned

if TYPE_CHECKING:
    import pandas as pd

REFERENCES = (
    Reference(
        "muench2016",
        "Münch & Galizia (2016). DoOR 2.0 - Comprehensive mapping of Drosophila melanogaster "
        "odorant responses. Scientific Reports 6, 21841.",
        "10.1038/srep21841",
    ),
)

CONTROLS = {"SFR": "sfr", "XLYOFNOQVPJJNP-UHFFFAOYSA-N": "water", "solvent": "oil"}
"""Rows that are no odours, by InChIKey: the spontaneous rate, water, the solvent."""

DOOR_NAMES = {"Gr21a": "Gr21a.Gr63a", "Or22": "Or22a", "Or56a": "ab4B", "Or65": "Or65a"}
"""Names of receptors in the community labels of FlyWire -> responding units of DoOR.

The neuron ab4B expresses Or56a with Or33a; at4B expresses Or65a, b and c; ab3A Or22a and b.
"""


@dataclass(frozen=True, eq=False)
class DoorResponses(ByContent):
    """Normalised responses of receptors to odours; NaN where nobody measured.

    Parameters
    ----------
    odours, keys : tuple of str
        Names and InChIKeys.
    receptors : tuple of str
        Responding units: receptors, or sensilla whose receptor is not known.
    response : float64 array, shape (n_odours, n_receptors)
        0 .. 1, or NaN.
    merged : tuple of str
        Names that several rows had; their responses are means of the measured ones.
    """

    odours: tuple[str, ...]
    keys: tuple[str, ...]
    receptors: tuple[str, ...]
    response: NDArray[np.float64]
    merged: tuple[str, ...] = ()

    def of(self, receptors: Mapping[str, str]) -> NDArray[np.float64]:
        """The columns of some responding units, in the order of the mapping's values."""
        place = {name: i for i, name in enumerate(self.receptors)}
        for name, unit in receptors.items():
            if unit not in place:
                hint = "" if unit == name else f"It was to be the unit of receptor {name!r}"
                raise UnknownNameError("responding unit of DoOR", unit, self.receptors, hint)
        return self.response[:, [place[unit] for unit in receptors.values()]]

    def rows(self, odours: tuple[str, ...]) -> NDArray[np.int64]:
        """Indices of odours by their names, upper and lower case alike."""
        place = {name.casefold(): i for i, name in enumerate(self.odours)}
        for name in odours:
            if name.casefold() in CONTROLS.values():
                raise UnknownNameError(
                    "odour", name, [], "It is a control of the measurements, not an odour"
                )
            if name.casefold() not in place:
                raise UnknownNameError("odour of DoOR", name, self.odours)
        return np.array([place[name.casefold()] for name in odours], dtype=np.int64)


def load_door(folder: str | Path) -> DoorResponses:
    """Read the response matrix of DoOR 2.0 without its controls.

    Parameters
    ----------
    folder : str or Path
        With ``door_response_matrix`` (first column ``InChIKey``, one column a responding unit) and
        ``odor`` (columns ``InChIKey`` and ``Name``), each a ``.csv`` or ``.csv.gz``: the tables of
        the R package DoOR.data (CC BY-SA 4.0).

    Returns
    -------
    DoorResponses
        The controls (spontaneous rate, water, solvent) are left out.

    Raises
    ------
    FileFormatError
        If a file is missing or is not such a table.

    References
    ----------
    Münch & Galizia (2016). DoOR 2.0 - Comprehensive mapping of Drosophila melanogaster odorant
    responses. Scientific Reports 6, 21841. https://doi.org/10.1038/srep21841
    """
    folder = Path(folder)
    matrix, matrix_file = _table(folder, "door_response_matrix", ["InChIKey"])
    names, names_file = _table(folder, "odor", ["InChIKey", "Name"])
    name_of = dict(zip(names["InChIKey"], names["Name"], strict=True))
    keys = [str(key) for key in matrix["InChIKey"]]
    nameless = [key for key in keys if not isinstance(name_of.get(key), str)]
    if nameless:
        raise FileFormatError(
            f"{names_file}: {len(nameless)} of {len(keys)} odours of {matrix_file.name} have no "
            f"name here, e.g. InChIKey {nameless[0]!r}; take both files from one release"
        )
    receptors = tuple(str(c) for c in matrix.columns if c != "InChIKey")
    response = _numbers(matrix, receptors, matrix_file)
    odours = [i for i, key in enumerate(keys) if key not in CONTROLS]
    return _merged(
        [name_of[keys[i]] for i in odours], [keys[i] for i in odours], receptors, response[odours]
    )


def _table(folder: Path, name: str, columns: list[str]) -> tuple[pd.DataFrame, Path]:
    import pandas as pd

    if not folder.is_dir():
        raise FileFormatError(f"{folder} is no folder; expected the one with the tables of DoOR")
    files = [folder / f"{name}{ending}" for ending in (".csv.gz", ".csv")]
    file = next((f for f in files if f.is_file()), None)
    if file is None:
        there = ", ".join(sorted(p.name for p in folder.iterdir())[:8]) or "nothing"
        raise FileFormatError(f"{folder} has no {files[0].name} and no {files[1].name}: {there}")
    try:
        table = pd.read_csv(file)
    except (ValueError, OSError, EOFError) as err:
        raise FileFormatError(
            f"{file} is no readable table of comma-separated text: {err}"
        ) from err
    for column in columns:
        if column not in table.columns:
            raise FileFormatError(
                f"{file}: there is no column {column!r}, only {list(table.columns)[:6]} ..."
            )
    return table, file


def _numbers(matrix: pd.DataFrame, receptors: tuple[str, ...], file: Path) -> Any:
    try:
        response = matrix[list(receptors)].to_numpy(dtype=np.float64)
    except ValueError as err:
        raise FileFormatError(f"{file}: responses must be numbers or NA: {err}") from err
    bad = np.argwhere((response < 0) | (response > 1))
    if bad.size:
        row, column = bad[0]
        raise FileFormatError(
            f"{file}: expected normalised responses of 0 .. 1, but that of {receptors[column]!r} "
            f"in row {row + 1} is {response[row, column]:g}; is this the table that is not "
            "normalised?"
        )
    return response


def _merged(
    odours: list[str], keys: list[str], receptors: tuple[str, ...], response: NDArray[np.float64]
) -> DoorResponses:
    """One row a name; rows of the same name become the mean of what was measured."""
    rows: dict[str, list[int]] = {}
    for i, name in enumerate(odours):
        rows.setdefault(name.casefold(), []).append(i)
    means = np.full((len(rows), len(receptors)), np.nan)
    for mean, same in zip(means, rows.values(), strict=True):
        measured = np.isfinite(response[same])
        some = measured.any(axis=0)
        total = np.where(measured, response[same], 0.0).sum(axis=0)
        mean[some] = total[some] / measured.sum(axis=0)[some]
    first = [same[0] for same in rows.values()]
    return DoorResponses(
        tuple(odours[i] for i in first),
        tuple(keys[i] for i in first),
        receptors,
        owned(means),
        tuple(odours[same[0]] for same in rows.values() if len(same) > 1),
    )
