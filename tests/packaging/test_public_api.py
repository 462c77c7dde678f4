"""The lazy table of public names, and what importing neurobridge costs."""

from __future__ import annotations

import ast
import json
import sys
from importlib import import_module
from pathlib import Path

import pytest

import neurobridge
from tests.packaging.environments import run
from tests.packaging.tree import ROOT


def names_for_type_checkers() -> dict[str, str]:
    """The names under ``if TYPE_CHECKING`` in neurobridge/__init__.py, with their modules."""
    tree = ast.parse(Path(neurobridge.__file__).read_text(encoding="utf-8"))
    blocks = [
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imports = [node for node in blocks[0].body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names}


def test_type_checkers_and_users_see_the_same_names() -> None:
    assert names_for_type_checkers() == neurobridge._API


@pytest.mark.parametrize("name", sorted(neurobridge._API))
def test_every_public_name_is_public_where_it_is_defined(name: str) -> None:
    module = import_module(neurobridge._API[name])
    assert name in module.__all__
    assert getattr(neurobridge, name) is getattr(module, name)


def test_star_import_and_dir_know_all_public_names() -> None:
    namespace: dict[str, object] = {}
    exec("from neurobridge import *", namespace)
    assert set(neurobridge.__all__) <= set(namespace)
    assert set(neurobridge.__all__) | neurobridge._MODULES <= set(dir(neurobridge))


@pytest.mark.parametrize("name", sorted(neurobridge._MODULES))
def test_subpackages_load_on_first_use(name: str) -> None:
    assert getattr(neurobridge, name) is import_module(f"neurobridge.{name}")


def test_an_unknown_name_suggests_the_nearest() -> None:
    expected = r"'neurobridge' has no attribute 'Recordin'; did you mean 'Recording'\?"
    with pytest.raises(AttributeError, match=expected):
        neurobridge.Recordin  # noqa: B018


def test_importing_neurobridge_loads_nothing_but_itself_and_the_standard_library() -> None:
    code = (
        "import sys, json; before = set(sys.modules); import neurobridge; "
        "print(json.dumps(sorted({m.split('.')[0] for m in set(sys.modules) - before})))"
    )
    loaded = json.loads(run([sys.executable, "-c", code], ROOT))
    third_party = set(loaded) - set(sys.stdlib_module_names) - {"neurobridge"}
    assert not third_party
