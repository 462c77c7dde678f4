"""setup.cfg, the wheel and the sdist hold everything that lies on disk, and nothing else."""

from __future__ import annotations

import tarfile
import zipfile
from configparser import ConfigParser
from pathlib import Path

from tests.packaging.tree import ROOT, files, installed_name, packages_in_map, packages_on_disk


def test_every_package_folder_is_in_setup_cfg() -> None:
    missing = packages_on_disk() - packages_in_map()
    assert not missing, f"add to 'packages' in setup.cfg: {sorted(missing)}"


def test_every_package_of_setup_cfg_is_on_disk() -> None:
    gone = packages_in_map() - packages_on_disk()
    assert not gone, f"setup.cfg lists packages without a Python file: {sorted(gone)}"


def test_every_package_folder_has_an_init() -> None:
    folders = {path.parent for path in files() if path.suffix == ".py"}
    bare = [str(f.relative_to(ROOT)) for f in folders if not (f / "__init__.py").is_file()]
    assert not bare, f"these folders have no __init__.py: {sorted(bare)}"


def test_setup_cfg_holds_the_package_map_and_nothing_else() -> None:
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    assert parser.sections() == ["options", "options.package_data"]
    assert sorted(parser["options"]) == ["package_dir", "packages"]


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path, source: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {n for n in archive.namelist() if ".dist-info/" not in n}
    on_disk = {str(installed_name(path, source)) for path in files(source)}
    assert names == on_disk, (
        f"not in the wheel (see package_data in setup.cfg): {sorted(on_disk - names)}; "
        f"in the wheel only: {sorted(names - on_disk)}"
    )


def test_the_wheel_installs_one_top_level_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        top = {n.split("/")[0] for n in archive.namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == {"neurobridge"}


def test_the_sdist_holds_every_file_of_the_packages(built: Path, source: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    missing = {str(path.relative_to(source)) for path in files(source)} - names
    assert not missing
