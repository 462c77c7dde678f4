"""The package imports from a wheel, from an editable install, and from a bare checkout.

Three traps of a package map are tested in each of the three: a checkout that lies before an
installed package on the path must bring its own siblings; ``import backends`` must not make a
second copy of a registry; and nothing may need an installation.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.packaging.environments import Environment, copy_checkout
from tests.packaging.tree import SIBLINGS

IMPORTS = "import neurobridge, neurobridge.backends.base, neurobridge.models, neurobridge.tasks; "
WHERE = IMPORTS + (
    "import json; print(json.dumps([neurobridge.__file__, neurobridge.backends.__file__, "
    "neurobridge.models.__file__, neurobridge.tasks.__file__]))"
)
SEARCHED = "import neurobridge; print(len(neurobridge.__path__))"


def files_imported(environment: Environment, cwd: Path) -> list[Path]:
    return [Path(name).resolve() for name in json.loads(environment.run(WHERE, cwd))]


def files_of_checkout(checkout: Path) -> list[Path]:
    folders = [checkout.resolve() / name for name in ("neurobridge", *SIBLINGS)]
    return [folder / "__init__.py" for folder in folders]


def test_a_wheel_brings_the_siblings_inside_neurobridge(
    installed: Environment, tmp_path: Path
) -> None:
    main, *siblings = files_imported(installed, tmp_path)
    assert main.is_relative_to(installed.python.parents[1].resolve())
    assert siblings == [main.parent / name / "__init__.py" for name in SIBLINGS]
    assert installed.run(SEARCHED, tmp_path).strip() == "1"


def test_an_editable_install_uses_the_checkout(
    editable: tuple[Environment, Path], tmp_path: Path
) -> None:
    environment, source = editable
    assert files_imported(environment, tmp_path) == files_of_checkout(source)


def test_a_checkout_imports_without_installation(bare: Environment, checkout: Path) -> None:
    assert files_imported(bare, checkout) == files_of_checkout(checkout)


def test_without_checkout_or_installation_there_is_nothing_to_import(
    bare: Environment, tmp_path: Path
) -> None:
    assert "No module named 'neurobridge'" in bare.fail("import neurobridge", tmp_path)


def test_a_checkout_before_an_installed_wheel_brings_its_own_siblings(
    installed: Environment, checkout: Path
) -> None:
    assert files_imported(installed, checkout) == files_of_checkout(checkout)


@pytest.mark.parametrize("missing", ["setup.cfg", "backends"])
def test_a_folder_that_is_no_checkout_is_not_searched(
    bare: Environment, tmp_path: Path, missing: str
) -> None:
    folder = copy_checkout(tmp_path)
    (folder / missing).rename(folder / "renamed")
    assert bare.run(SEARCHED, folder).strip() == "1"


@pytest.mark.parametrize("name", SIBLINGS)
def test_a_sibling_cannot_be_imported_under_its_own_name(
    bare: Environment,
    installed: Environment,
    editable: tuple[Environment, Path],
    checkout: Path,
    tmp_path: Path,
    name: str,
) -> None:
    refused = f"ImportError: import this package as neurobridge.{name}, never as '{name}'"
    absent = f"ModuleNotFoundError: No module named '{name}'"
    for environment in (bare, installed, editable[0]):
        assert environment.fail(f"import {name}", checkout) == refused
        assert environment.fail(f"import {name}", tmp_path) == absent


def test_neurobridge_cannot_be_imported_inside_itself(bare: Environment, checkout: Path) -> None:
    message = bare.fail("import neurobridge.neurobridge", checkout)
    expected = "import this package as neurobridge, not as 'neurobridge.neurobridge'"
    assert message == f"ImportError: {expected}"
