"""``manifest.json``: what is in the folder, with a hash of every array and of itself."""

from __future__ import annotations

__all__ = ["MANIFEST", "Manifest", "is_network_folder"]

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neurobridge.errors import FileFormatError, suggest
from neurobridge.io.arrays import ArrayEntry

MANIFEST = "manifest.json"
SCHEMA, VERSION = "neurobridge-network", 2
KEYS = ("schema", "hash", "id", "written_by", "neurons", "edges", "arrays", "network")

_UNSET = "0" * 64
_HASH = re.compile(rb'(?<=^ "hash": ")[^"\n]*(?=",$)', re.MULTILINE)


@dataclass(frozen=True)
class Manifest:
    """The content of a manifest.

    Parameters
    ----------
    id : str
        The network's id.
    written_by : str
        Name and version of the program.
    neurons, edges : int
        For readers of the file.
    arrays : mapping of str to ArrayEntry
    network : object
        The structure, see :mod:`neurobridge.io.structure`.
    """

    id: str
    written_by: str
    neurons: int
    edges: int
    arrays: Mapping[str, ArrayEntry]
    network: Any

    def write(self, folder: Path) -> None:
        """Write the file, with its own hash in it."""
        content = {
            "schema": f"{SCHEMA}/{VERSION}",
            "hash": _UNSET,
            "id": self.id,
            "written_by": self.written_by,
            "neurons": self.neurons,
            "edges": self.edges,
            "arrays": {name: asdict(entry) for name, entry in self.arrays.items()},
            "network": self.network,
        }
        text = (json.dumps(content, indent=1, allow_nan=False) + "\n").encode("ascii")
        made = hashlib.sha256(text).hexdigest().encode()
        (folder / MANIFEST).write_bytes(_HASH.sub(made, text, count=1))

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the file.

        Raises
        ------
        FileFormatError
            If there is none, if it is of another schema or of a newer version, or if it was
            changed since it was written.
        """
        path = folder / MANIFEST
        if not path.is_file():
            what = "is no folder" if not folder.is_dir() else f"has no {MANIFEST}"
            raise FileFormatError(
                f"{folder} {what}; expected the folder of a network that neurobridge.save wrote"
            )
        text = path.read_bytes()
        try:
            content = json.loads(text)
        except ValueError as err:
            raise FileFormatError(f"{path} is damaged, it is not JSON: {err}") from err
        _check_schema(content, path)
        _check_hash(text, content, path)
        _check_keys(content, path)
        try:
            arrays = {k: _entry(k, v) for k, v in content["arrays"].items()}
        except FileFormatError as err:
            raise FileFormatError(f"{path}, {err}") from err
        rest = {k: content[k] for k in KEYS if k not in ("schema", "hash", "arrays")}
        return cls(arrays=arrays, **rest)


def is_network_folder(folder: Path) -> bool:
    """Whether a folder holds a network in this format, of whatever version."""
    try:
        content = json.loads((folder / MANIFEST).read_bytes())
        return bool(content["schema"].startswith(f"{SCHEMA}/"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _check_schema(content: Any, path: Path) -> None:
    if not isinstance(content, dict) or not isinstance(content.get("schema"), str):
        raise FileFormatError(
            f"{path}, key 'schema': expected '{SCHEMA}/{VERSION}', but there is none; this is not "
            "the manifest of a network"
        )
    name, _, version = content["schema"].partition("/")
    if name != SCHEMA or not version.isdecimal():
        hint = "; read it with Connectome.load" if name == "neurobridge-connectome" else ""
        raise FileFormatError(
            f"{path}, key 'schema': expected '{SCHEMA}/{VERSION}', got {content['schema']!r}{hint}"
        )
    if int(version) != VERSION:
        writer = content.get("written_by", "another version of neurobridge")
        raise FileFormatError(
            f"{path}, key 'schema': this neurobridge reads version {VERSION} of the format, got "
            f"version {version}, written by {writer}. Install that version to read it"
        )


def _check_hash(text: bytes, content: Mapping[str, Any], path: Path) -> None:
    made = hashlib.sha256(_HASH.sub(_UNSET.encode(), text, count=1)).hexdigest()
    if content.get("hash") != made:
        raise FileFormatError(
            f"{path}, key 'hash': the manifest was changed since it was written: it says "
            f"{str(content.get('hash'))[:12]}..., but its content has {made[:12]}.... Edit the "
            "network, not the file: load, change, save"
        )


def _check_keys(content: Mapping[str, Any], path: Path) -> None:
    for key in KEYS:
        if key not in content:
            raise FileFormatError(f"{path}, key {key!r} is missing")
    for key in content:
        if key not in KEYS:
            raise FileFormatError(f"{path}: unknown key {key!r}{suggest(key, KEYS)}")
    if not isinstance(content["arrays"], dict):
        raise FileFormatError(f"{path}, key 'arrays': expected an object, one entry an array")


def _entry(name: str, entry: Any) -> ArrayEntry:
    where = f"key 'arrays.{name}'"
    try:
        return ArrayEntry(**entry)
    except FileFormatError as err:
        raise FileFormatError(f"{where}: {err}") from err
    except TypeError as err:
        raise FileFormatError(
            f"{where}: expected file, dtype, shape and sha256, got {entry}"
        ) from err
