"""What the documents tell a reader to type works as typed."""

from __future__ import annotations

import textwrap

from neurobridge.graph.model import NeuronModel
from tests.packaging.tree import ROOT


def test_the_model_of_the_contributing_guide_is_accepted() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    start = text.index("    from neurobridge.graph.model import")
    example = text[start : text.index("\nIts tests:", start)]
    namespace: dict[str, object] = {}
    exec(textwrap.dedent(example), namespace)
    model = namespace["leaky"]
    assert isinstance(model, NeuronModel)
    assert list(model.states) == ["v"]
