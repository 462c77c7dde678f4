"""Recordings on disk: a folder with ``recording.json`` and one ``.npy`` file per array."""

from __future__ import annotations

__all__ = ["load_recording", "refuse_used_folder", "save_recording"]

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import FileFormatError
from neurobridge.lowering.finding import Finding
from neurobridge.recording import Recording, Signal, Spikes

FORMAT = "neurobridge-recording"
VERSION = 1
MANIFEST = "recording.json"


def save_recording(recording: Recording, folder: str | Path) -> Path:
    """Write a recording into a new or empty folder.

    Raises
    ------
    FileFormatError
        If the folder cannot take a recording, see :func:`refuse_used_folder`.
    """
    target = Path(folder)
    refuse_used_folder(target)
    target.mkdir(parents=True, exist_ok=True)
    fields = {f.name: getattr(recording, f.name) for f in dataclasses.fields(recording)}
    fields["findings"] = [f.to_dict() for f in recording.findings]
    for group in ("spikes", "signals"):
        fields[group] = {
            name: _without_arrays(part, target, f"{group}.{name}")
            for name, part in fields[group].items()
        }
    document = {"format": FORMAT, "version": VERSION, **fields}
    text = json.dumps(document, indent=1, default=_plain)
    (target / MANIFEST).write_text(text, encoding="utf-8")
    return target


def refuse_used_folder(folder: Path, what: str = "a recording") -> None:
    """Nothing is overwritten, and what is saved is not mixed with other files.

    Raises
    ------
    FileFormatError
        If the folder is a file, or holds anything.
    """
    if folder.exists() and not folder.is_dir():
        raise FileFormatError(f"{folder} is a file; {what} needs a new or an empty folder")
    if (folder / MANIFEST).exists():
        raise FileFormatError(f"{folder} holds a recording already; choose another folder")
    if folder.is_dir() and (held := sorted(path.name for path in folder.iterdir())):
        raise FileFormatError(
            f"{folder} is not empty, it holds {held[0]!r}; {what} needs a new or an empty folder"
        )


def load_recording(folder: str | Path) -> Recording:
    """Read a recording; arrays are mapped into memory, not copied.

    Raises
    ------
    FileFormatError
        If the folder holds no recording, or one of another version.
    """
    source = Path(folder)
    try:
        document = json.loads((source / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as err:
        raise FileFormatError(f"{source} holds no readable recording: {err}") from err
    found = (document.pop("format", None), document.pop("version", None))
    if found != (FORMAT, VERSION):
        raise FileFormatError(
            f"{source / MANIFEST}: expected {FORMAT} version {VERSION}, found {found[0]} "
            f"version {found[1]}"
        )
    document["spikes"] = {
        name: Spikes(**_with_arrays(part, source)) for name, part in document["spikes"].items()
    }
    document["signals"] = {
        name: Signal(**_with_arrays(part, source)) for name, part in document["signals"].items()
    }
    document["findings"] = tuple(Finding(**f) for f in document["findings"])
    return Recording(**document)


def _without_arrays(part: Spikes | Signal, folder: Path, prefix: str) -> dict[str, Any]:
    """The fields of a part, with each array written and replaced by the name of its file."""
    fields: dict[str, Any] = {}
    for f in dataclasses.fields(part):
        value = getattr(part, f.name)
        if isinstance(value, np.ndarray):
            name = f"{prefix}.{f.name}.npy"
            np.save(folder / name, value)
            value = {"array": name}
        fields[f.name] = value
    return fields


def _with_arrays(fields: dict[str, Any], folder: Path) -> dict[str, Any]:
    return {
        name: _array(folder / value["array"]) if isinstance(value, dict) else value
        for name, value in fields.items()
    }


def _array(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r")
    except (OSError, ValueError) as err:
        raise FileFormatError(f"array {path.name} of the recording cannot be read: {err}") from err
    return array


def _plain(value: Any) -> Any:
    if isinstance(value, (np.integer, np.floating, np.bool_)):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return str(value)
