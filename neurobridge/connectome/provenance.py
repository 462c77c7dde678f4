"""Where a connectome comes from, and what was done to it since."""

from __future__ import annotations

__all__ = ["Provenance", "SourceFile", "Step"]

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from neurobridge.citation import Reference


@dataclass(frozen=True)
class SourceFile:
    """A file that was read: its name (without folders), SHA-256 and size in bytes."""

    name: str
    sha256: str
    bytes: int

    @classmethod
    def of(cls, path: Path) -> SourceFile:
        """Hash the file at ``path``."""
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return cls(path.name, digest, path.stat().st_size)


@dataclass(frozen=True)
class Provenance:
    """Origin of a connectome.

    Parameters
    ----------
    dataset : str
        Name of the data set, e.g. ``"cook2019-hermaphrodite"``.
    release : str
        Version of the data set as its authors name it; empty if nobody said.
    files : tuple of SourceFile
        Every file that was read.
    thresholds : mapping of str to float
        Thresholds that the data went through before we got it, e.g. ``{"min_synapses": 5}``.
    licence : str
        Licence of the data.
    references : tuple of Reference
        What to cite.
    notes : tuple of str
        What a reader of a paper would want to know: orientation, units of the counts, gaps.
    """

    dataset: str
    release: str = ""
    files: tuple[SourceFile, ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    licence: str = ""
    references: tuple[Reference, ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {**asdict(self), "thresholds": dict(self.thresholds)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Provenance:
        """Back from :meth:`to_dict`."""
        return cls(
            dataset=data["dataset"],
            release=data["release"],
            files=tuple(SourceFile(**f) for f in data["files"]),
            thresholds=dict(data["thresholds"]),
            licence=data["licence"],
            references=tuple(Reference(**r) for r in data["references"]),
            notes=tuple(data["notes"]),
        )


@dataclass(frozen=True)
class Step:
    """One operation in the history of a connectome.

    Parameters
    ----------
    operation : str
        Name of the method, e.g. ``"select"``.
    arguments : mapping
        Its arguments, as JSON values.
    parent : str
        Digest of the connectome that the operation was applied to.
    neurons, edges : int
        What was left after it.
    """

    operation: str
    arguments: Mapping[str, Any]
    parent: str
    neurons: int
    edges: int

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {**asdict(self), "arguments": dict(self.arguments)}
