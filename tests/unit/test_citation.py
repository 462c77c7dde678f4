from __future__ import annotations

from dataclasses import dataclass

import pytest

from neurobridge.citation import Reference, citations
from neurobridge.errors import NetworkError

COOK = Reference("cook2019", "Cook et al. (2019). Nature 571, 63-71.", "10.1038/s41586-019-1352-7")
SHIU = Reference("shiu2024", "Shiu et al. (2024). Nature 634, 210-219.")


@dataclass(frozen=True)
class Model:
    references: tuple[Reference, ...]


def test_citations_come_once_and_sorted() -> None:
    assert citations([Model((SHIU, COOK)), COOK, Model(())]) == (COOK, SHIU)


def test_a_reference_prints_its_doi_as_a_link() -> None:
    assert str(COOK) == f"{COOK.text} https://doi.org/10.1038/s41586-019-1352-7"
    assert str(SHIU) == SHIU.text


def test_one_key_for_two_papers_is_refused() -> None:
    other = Reference("cook2019", "Cooke (2019). Another paper.")
    with pytest.raises(NetworkError, match=r"(?s)share the key 'cook2019'.*Nature.*Another paper"):
        citations([COOK, other])


def test_an_object_without_references_is_refused() -> None:
    with pytest.raises(NetworkError, match=r"object with 'references', got 'cook2019' \(str\)"):
        citations(["cook2019"])  # type: ignore[list-item]


@pytest.mark.parametrize("doi", ["https://doi.org/10.1038/x", "doi:10.1038/x", "10.1038"])
def test_a_doi_must_be_bare(doi: str) -> None:
    with pytest.raises(NetworkError, match=r"'cook2019': expected a bare DOI .* Leave out"):
        Reference("cook2019", "Cook et al.", doi)


@pytest.mark.parametrize(("key", "text"), [("", "Cook et al."), ("cook2019", "")])
def test_a_reference_needs_key_and_text(key: str, text: str) -> None:
    with pytest.raises(NetworkError, match="needs a key and a text"):
        Reference(key, text)
