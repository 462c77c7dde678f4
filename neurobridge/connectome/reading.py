"""Reading table files as pyarrow tables, with no id ever passing through a float."""

from __future__ import annotations

__all__ = ["SUFFIXES", "column_names", "read_table"]

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from neurobridge.connectome.columns import Origin, id_column
from neurobridge.errors import ConnectomeError, FileFormatError, UnknownNameError

_TEXT = {".csv": ",", ".tsv": "\t"}
_COMPRESSED = (".gz", ".bz2", ".zst")
_PARQUET, _FEATHER, _EXCEL = (".parquet", ".pq"), (".feather", ".arrow"), (".xlsx", ".xls")
SUFFIXES = (*_TEXT, *_PARQUET, *_FEATHER, *_EXCEL)
_EXCEL_DIGITS = 2**53


def read_table(
    path: Path,
    columns: Sequence[str] | None = None,
    ids: Sequence[str] = (),
    *,
    integers: Sequence[str] = (),
    delimiter: str | None = None,
    sheet: str | None = None,
) -> Any:
    """Read columns of a CSV, TSV, Parquet, Feather or Excel file.

    Parameters
    ----------
    path : Path
        By its suffix; CSV and TSV may be compressed (``.gz``, ``.bz2``, ``.zst``).
    columns : sequence of str, optional
        Columns to read; all by default.
    ids : sequence of str
        Columns that hold ids. A float among them is an error that shows the value in the file.
    integers : sequence of str
        Columns that are known to hold whole numbers, which saves guessing in text files.
    delimiter : str, optional
        Of a text file; comma for ``.csv``, tab for ``.tsv``.
    sheet : str, optional
        Of an Excel file; the first by default.

    Returns
    -------
    pyarrow.Table

    Raises
    ------
    FileFormatError
        If the file does not exist, has an unknown suffix, or cannot be parsed.
    UnknownNameError
        If a column does not exist.
    ConnectomeError
        If an id column holds floats.
    """
    kind = _kind(path)
    known = column_names(path, delimiter=delimiter, sheet=sheet)
    for name in (*(columns or ()), *ids):
        if name not in known:
            hint = "Is the delimiter another one?" if len(known) == 1 and kind in _TEXT else ""
            raise UnknownNameError(f"column of {path.name}", name, known, hint)
        if known.count(name) > 1:
            raise FileFormatError(
                f"{path.name} has {known.count(name)} columns called {name!r}; which one is meant "
                "cannot be told. Rename one of them"
            )
    try:
        if kind in _TEXT:
            return _read_text(path, delimiter or _TEXT[kind], columns, ids, integers)
        if kind in _EXCEL:
            return _read_excel(path, columns, ids, sheet)
        return _read_arrow(path, kind, columns)
    except (pa.ArrowInvalid, OSError) as error:
        raise FileFormatError(f"{path.name} cannot be read as {kind[1:]}: {error}") from error


def column_names(
    path: Path, *, delimiter: str | None = None, sheet: str | None = None
) -> list[str]:
    """Names of the columns of a file, in its order.

    Raises
    ------
    FileFormatError
        If the file does not exist, has an unknown suffix, or cannot be parsed.
    """
    kind = _kind(path)
    try:
        if kind in _TEXT:
            return _text_header(path, delimiter or _TEXT[kind])
        if kind in _EXCEL:
            import pandas as pd

            return [str(c) for c in pd.read_excel(path, sheet_name=sheet or 0, nrows=0).columns]
        if kind in _PARQUET:
            from pyarrow import parquet

            return list(parquet.read_schema(path).names)
        from pyarrow import feather

        return list(feather.read_table(path, memory_map=True).column_names)
    except (pa.ArrowInvalid, OSError, ValueError) as error:
        raise FileFormatError(f"{path.name} cannot be read as {kind[1:]}: {error}") from error


def _kind(path: Path) -> str:
    if not path.is_file():
        near = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
        raise FileFormatError(
            f"no file {path.name} in {path.parent}; there is: {', '.join(near[:20]) or 'nothing'}"
        )
    name = path.with_suffix("") if path.suffix.lower() in _COMPRESSED else path
    kind = name.suffix.lower()
    if kind not in SUFFIXES or (name is not path and kind not in _TEXT):
        raise FileFormatError(
            f"{path.name}: expected a file ending in {', '.join(SUFFIXES)} (.csv and .tsv also "
            f"with {', '.join(_COMPRESSED)}), got {path.suffix!r}"
        )
    return kind


def _text_header(path: Path, delimiter: str) -> list[str]:
    from pyarrow import csv

    with csv.open_csv(
        path, parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=False)
    ) as reader:
        return list(reader.schema.names)


def _read_text(
    path: Path,
    delimiter: str,
    columns: Sequence[str] | None,
    ids: Sequence[str],
    integers: Sequence[str],
) -> Any:
    types = {name: pa.int64() if name in ids else pa.int32() for name in integers}
    try:
        table = _parse_text(path, delimiter, columns, types)
    except pa.ArrowInvalid:
        _explain_ids(path, delimiter, [c for c in ids if c in types])
        table = _parse_text(path, delimiter, columns, {})  # odd counts are judged later
    floats = [c for c in ids if pa.types.is_floating(table.schema.field(c).type)]
    _explain_ids(path, delimiter, floats)
    return table


def _parse_text(
    path: Path, delimiter: str, columns: Sequence[str] | None, types: Mapping[str, Any]
) -> Any:
    from pyarrow import csv

    return csv.read_csv(
        path,
        parse_options=csv.ParseOptions(delimiter=delimiter),
        convert_options=csv.ConvertOptions(
            include_columns=None if columns is None else list(columns),
            column_types=dict(types),
            auto_dict_encode=True,
            auto_dict_max_cardinality=50_000,
        ),
    )


def _explain_ids(path: Path, delimiter: str, columns: Sequence[str]) -> None:
    """Read id columns as text and let the check of ids show what is in the file."""
    for column in columns:
        text = _parse_text(path, delimiter, [column], {column: pa.string()})
        id_column(text[column], Origin(path.name, column))


def _read_excel(
    path: Path, columns: Sequence[str] | None, ids: Sequence[str], sheet: str | None
) -> Any:
    import pandas as pd

    try:
        frame = pd.read_excel(
            path,
            sheet_name=sheet or 0,
            usecols=None if columns is None else list(columns),
            dtype=object,
        )
    except ValueError as error:
        raise FileFormatError(f"{path.name} cannot be read: {error}") from error
    except ImportError as error:
        raise FileFormatError(
            f"{path.name}: Excel files need a package that is not installed ({error}). "
            "Run: pip install 'neurobridge-sim[excel]', or save the sheet as CSV"
        ) from error
    for column in ids:
        _refuse_rounded(frame[column], path, column)
    return pa.table({str(c): _excel_column(frame[c]) for c in frame.columns})


def _refuse_rounded(values: Any, path: Path, column: str) -> None:
    for row, value in enumerate(values, start=1):
        if isinstance(value, (int, float)) and abs(value) > _EXCEL_DIGITS:
            raise ConnectomeError(
                f"column {column!r} of {path.name}: the id {value} in row {row} is stored as a "
                "number, and Excel keeps only 15 digits of it, so the last ones may be wrong. "
                "Store ids as text in the sheet, or export CSV from the program they came from"
            )


def _excel_column(values: Any) -> Any:
    """Numbers where all are, else text: a sheet has no types of its own."""
    present = values.dropna()
    if all(isinstance(v, (int, float)) for v in present):
        return pa.array(values.where(values.notna(), None).tolist())
    return pa.array(
        [str(v) if here else None for v, here in zip(values, values.notna(), strict=True)]
    )


def _read_arrow(path: Path, kind: str, columns: Sequence[str] | None) -> Any:
    wanted = None if columns is None else list(columns)
    if kind in _PARQUET:
        from pyarrow import parquet

        # Compressed columns are not held beside the table: 70 MB less of 15 million edges.
        return parquet.read_table(path, columns=wanted, pre_buffer=False)
    from pyarrow import feather

    return feather.read_table(path, columns=wanted)
