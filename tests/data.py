"""Reference data outside the repository: real connectomes and recorded vectors."""

from __future__ import annotations

from pathlib import Path

import pytest

_FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"


def reference_data(*parts: str) -> Path:
    """A file or folder of the reference data, or a skip where the data are not on this machine.

    A clean clone has no such folder, so its tests skip, in CI as well. Where the folder exists,
    a missing file in it is an error of the test.
    """
    if not _FOLDER.is_dir():
        pytest.skip(f"no reference data beside the checkout (../{_FOLDER.parent.name}/data)")
    path = _FOLDER.joinpath(*parts)
    if not path.exists():
        raise FileNotFoundError(
            f"the reference data have no {Path(*parts)}; there is: "
            f"{', '.join(sorted(p.name for p in _nearest_folder(path).iterdir()))}"
        )
    return path


def _nearest_folder(path: Path) -> Path:
    return next(parent for parent in path.parents if parent.is_dir())
