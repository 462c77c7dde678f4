"""What the wheel says about itself, and that constraints.txt fits pyproject.toml."""

from __future__ import annotations

import json
import sys
import tomllib
import zipfile
from email.message import Message
from email.parser import Parser
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import neurobridge
from neurobridge import registry
from tests.packaging.environments import run
from tests.packaging.tree import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BACKENDS = PROJECT["entry-points"]["neurobridge.backends"]


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def test_the_distribution_and_its_version(metadata: Message, wheel: Path) -> None:
    assert metadata["Name"] == "neurobridge-sim"
    assert metadata["Version"] == neurobridge.__version__
    assert metadata["License-Expression"] == "MIT"
    assert wheel.name == f"neurobridge_sim-{neurobridge.__version__}-py3-none-any.whl"


def test_no_simulator_is_a_hard_dependency(metadata: Message) -> None:
    hard = {Requirement(r).name for r in metadata.get_all("Requires-Dist") if "extra ==" not in r}
    assert hard == {Requirement(r).name for r in PROJECT["dependencies"]}
    assert not hard & {"brian2", "nest-simulator", "nestml", "torch", "elephant", "pyspike"}


def pins(file: str) -> dict[str, Version]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in pairs}


def check_pins(extra: str, file: str, python: str) -> None:
    pinned = pins(file)
    wanted = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    for requirement in map(Requirement, wanted):
        here = requirement.marker is None or requirement.marker.evaluate({"python_version": python})
        if here and requirement.name != PROJECT["name"]:
            version = pinned[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version), f"{requirement} against {version}"


@pytest.mark.parametrize("extra", ["", *PROJECT["optional-dependencies"]])
def test_constraints_pin_every_dependency_within_its_bounds(extra: str) -> None:
    check_pins(extra, "constraints.txt", "3.11")


@pytest.mark.parametrize("extra", ["", "brian2", "cuda"])
def test_the_environment_of_the_cuda_target_is_pinned(extra: str) -> None:
    check_pins(extra, "constraints-cuda.txt", "3.12")


def test_the_extra_all_has_every_extra_for_the_same_python() -> None:
    (everything,) = PROJECT["optional-dependencies"]["all"]
    others = {"all", "dev", "cuda", "mpi"}
    assert Requirement(everything).extras == set(PROJECT["optional-dependencies"]) - others


def test_the_console_script_exists() -> None:
    script = EntryPoint("neurobridge", PROJECT["scripts"]["neurobridge"], "console_scripts")
    assert callable(script.load())


def test_an_uninstalled_checkout_knows_the_same_backends() -> None:
    assert registry.OWN == BACKENDS


@pytest.mark.parametrize("name", BACKENDS)
def test_a_backend_loads_without_its_simulator(name: str) -> None:
    module, _, attribute = BACKENDS[name].partition(":")
    code = (
        f"import sys, json, {module} as m; b = getattr(m, {attribute!r})(); b.capabilities(); "
        "print(json.dumps([b.name, sorted({'brian2', 'nest', 'pynestml'} & set(sys.modules))]))"
    )
    assert json.loads(run([sys.executable, "-c", code], ROOT)) == [name, []]
