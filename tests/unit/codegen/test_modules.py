"""Compiled modules: written once, and an error where they cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurobridge.errors import BackendError
from tests.requirements import require

require("numba")

from neurobridge.codegen.modules import cache_folder, load_module  # noqa: E402


def test_a_source_is_one_file_and_one_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEUROBRIDGE_CACHE", str(tmp_path))
    first = load_module("value = 41")
    assert (first.value, load_module("value = 41")) == (41, first)
    assert load_module("value = 42").value == 42
    assert len(list((tmp_path / "compiled").glob("*.py"))) == 2


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "compiled").write_text("a file where a folder should be")
    monkeypatch.setenv("NEUROBRIDGE_CACHE", str(tmp_path))
    with pytest.raises(BackendError, match="NEUROBRIDGE_CACHE to a folder that can be written"):
        load_module("value = 43")


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEUROBRIDGE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/neurobridge/compiled")
