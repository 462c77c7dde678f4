"""Spectra on disk: a folder with ``spectrum.json``, ``blocks.parquet`` and figures."""

from __future__ import annotations

__all__ = ["load_spectrum", "plain", "save_spectrum"]

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from neurobridge.errors import FileFormatError, NeurobridgeError
from neurobridge.io.document import read_document
from neurobridge.io.recording_file import refuse_used_folder
from neurobridge.lowering.finding import Finding

if TYPE_CHECKING:
    from neurobridge.analysis.lyapunov.result import Spectrum

SCHEMA, VERSION = "neurobridge-lyapunov-spectrum", 1
DOCUMENT, BLOCKS, FIGURES = "spectrum.json", "blocks.parquet", "figures"
STORED = (
    "exponents errors block_time size meaning method unit dt time transient warm_up seed status "
    "seconds info names"
).split()
"""Fields of a spectrum in its document; findings and blocks are there in another form."""


def save_spectrum(result: Spectrum, folder: Path) -> Path:
    """Write a spectrum into a new or empty folder.

    Raises
    ------
    FileFormatError
        If the folder cannot take it, see :func:`~neurobridge.io.recording_file.refuse_used_folder`.
    """
    from pyarrow import parquet

    refuse_used_folder(folder, "a spectrum")
    (folder / FIGURES).mkdir(parents=True)
    times, _ = result.trace
    columns = {"time": times, **{f"lambda_{i + 1}": b for i, b in enumerate(result.blocks.T)}}
    parquet.write_table(pa.table(columns), folder / BLOCKS, compression="zstd")
    result.draw().savefig(folder / FIGURES / "spectrum.png", dpi=150)
    document = {
        "schema": f"{SCHEMA}/{VERSION}",
        **result.to_dict(),
        "names": list(result.names),
    }
    text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False)
    (folder / DOCUMENT).write_text(text + "\n", encoding="utf-8")
    return folder


def load_spectrum(folder: Path) -> Spectrum:
    """Read a spectrum.

    Raises
    ------
    FileFormatError
        If the folder holds none, a damaged one, or one of another version.
    """
    from neurobridge.analysis.lyapunov.result import Spectrum

    document = read_document(
        folder / DOCUMENT,
        f"{SCHEMA}/{VERSION}",
        f"{folder} holds no spectrum: it has no {DOCUMENT}",
    )
    try:
        fields = {name: document[name] for name in STORED}
        findings = tuple(Finding(**finding) for finding in document["findings"])
        return Spectrum(**fields, blocks=_blocks(folder / BLOCKS), findings=findings)
    except FileFormatError:
        raise
    except (KeyError, TypeError, ValueError, NeurobridgeError) as err:
        why = f"it has no {err}" if type(err) is KeyError else str(err)
        raise FileFormatError(
            f"the spectrum in {folder} is damaged: {why}. Work it out again"
        ) from err


def _blocks(file: Path) -> NDArray[np.float64]:
    from pyarrow import parquet

    try:
        table = parquet.read_table(file)
    except (OSError, pa.ArrowException) as err:
        raise FileFormatError(f"{file} cannot be read: {err}") from err
    columns = [table[name].to_numpy() for name in table.column_names if name != "time"]
    return np.stack(columns, axis=1)


def plain(value: Any) -> Any:
    """What JSON can hold: arrays become lists, and numbers that are not finite become None."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, Mapping):
        return {key: plain(v) for key, v in value.items()}
    return value
