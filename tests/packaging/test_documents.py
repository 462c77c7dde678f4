"""What the documents tell a reader to type works as typed."""

from __future__ import annotations

import doctest
import textwrap
from importlib import import_module

import pytest

from neurobridge.graph.model import NeuronModel
from tests.packaging.tree import ROOT, files, installed_name

WITH_EXAMPLES = [
    ".".join(installed_name(path).with_suffix("").parts).removesuffix(".__init__")
    for path in files()
    if path.suffix == ".py" and ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_in_docstrings_run(name: str) -> None:
    failed, attempted = doctest.testmod(import_module(name))
    assert attempted
    assert not failed


def test_the_model_of_the_contributing_guide_is_accepted() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    start = text.index("    from neurobridge.graph.model import")
    example = text[start : text.index("\nIts tests:", start)]
    namespace: dict[str, object] = {}
    exec(textwrap.dedent(example), namespace)
    model = namespace["leaky"]
    assert isinstance(model, NeuronModel)
    assert list(model.states) == ["v"]
