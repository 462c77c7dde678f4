"""A copy of the checkout, what is built from it, and environments to try it in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.packaging.environments import Environment, copy_checkout, make_environment, run


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uninstalled checkout."""
    return copy_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout that sdist and wheel are built from."""
    return copy_checkout(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, source: Path) -> Path:
    """A folder with an sdist, and the wheel that is built from that sdist."""
    output = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", output, source], output)
    return output


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    return next(built.glob("*.whl"))


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment in which neurobridge is not installed."""
    return make_environment(tmp_path_factory.mktemp("bare") / "venv")


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Environment:
    """An environment in which the wheel is installed."""
    environment = make_environment(tmp_path_factory.mktemp("installed") / "venv")
    environment.install(wheel)
    return environment


@pytest.fixture(scope="session")
def editable(tmp_path_factory: pytest.TempPathFactory) -> tuple[Environment, Path]:
    """An environment with an editable install, and the checkout that it points to."""
    source = copy_checkout(tmp_path_factory.mktemp("editable-source"))
    environment = make_environment(tmp_path_factory.mktemp("editable") / "venv")
    environment.install("--no-build-isolation", "--editable", source)
    return environment, source
