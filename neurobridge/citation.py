"""The papers and data sets behind a network: what a user of it has to cite."""

from __future__ import annotations

__all__ = ["Citable", "Reference", "citations"]

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from neurobridge.errors import NetworkError


@dataclass(frozen=True, order=True)
class Reference:
    """One paper or data set.

    Parameters
    ----------
    key : str
        Short stable name, e.g. ``"cook2019"``.
    text : str
        Authors, year, title and journal, in one line.
    doi : str
        Bare DOI such as ``"10.1038/s41586-019-1352-7"``; empty if there is none.

    Raises
    ------
    NetworkError
        If the key or the text is empty, or the DOI is not a bare DOI.
    """

    key: str
    text: str
    doi: str = ""

    def __post_init__(self) -> None:
        if not self.key or not self.text:
            raise NetworkError(f"a reference needs a key and a text, got {self!r}")
        if self.doi and not (self.doi.startswith("10.") and "/" in self.doi):
            raise NetworkError(
                f"reference {self.key!r}: expected a bare DOI such as "
                f"'10.1038/s41586-019-1352-7', got {self.doi!r}. Leave out 'https://doi.org/'"
            )

    def __str__(self) -> str:
        return f"{self.text} https://doi.org/{self.doi}" if self.doi else self.text


@runtime_checkable
class Citable(Protocol):
    """Anything that names its references: a model, a connectome, a backend."""

    @property
    def references(self) -> tuple[Reference, ...]:
        """What to cite when this is used."""


def citations(objects: Iterable[Citable | Reference]) -> tuple[Reference, ...]:
    """All references behind some objects, each once, sorted by key.

    Parameters
    ----------
    objects : iterable of Citable or Reference
        Models, connectomes, backends, or references themselves.

    Returns
    -------
    tuple of Reference

    Raises
    ------
    NetworkError
        If an object has no references, or two references share a key but differ.

    Examples
    --------
    >>> cook = Reference("cook2019", "Cook et al. (2019). Nature 571", "10.1038/s41586-019-1352-7")
    >>> [r.key for r in citations([cook, cook])]
    ['cook2019']
    """
    found: dict[str, Reference] = {}
    for item in objects:
        for reference in _references_of(item):
            known = found.setdefault(reference.key, reference)
            if known != reference:
                raise NetworkError(
                    f"two different references share the key {reference.key!r}:\n  {known}\n"
                    f"  {reference}\nGive one of them another key"
                )
    return tuple(found[key] for key in sorted(found))


def _references_of(item: Citable | Reference) -> tuple[Reference, ...]:
    if isinstance(item, Reference):
        return (item,)
    if isinstance(item, Citable):
        return item.references
    raise NetworkError(
        f"expected a Reference or an object with 'references', got {item!r} ({type(item).__name__})"
    )
