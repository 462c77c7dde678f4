"""Nothing of a propagator is compiled that is not called, and nothing twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurobridge.analysis import lyapunov
from tests.requirements import require

require("numba")

from numba.core import event  # noqa: E402


class Compilations(event.Listener):  # type: ignore[misc]
    """Counts compilations of functions that neurobridge wrote."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()

    def on_start(self, event: Any) -> None:
        function = event.data["dispatcher"].py_func
        if function.__module__.startswith("kernels_"):
            self.count[function.__name__] += 1

    def on_end(self, event: Any) -> None:
        pass


def test_every_function_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROBRIDGE_CACHE", str(tmp_path))
    quiet = lyapunov.matrix_network(np.zeros((4, 4)), activation="linear")
    system, seen = lyapunov.of_network(quiet), Compilations()
    propagator = system.propagator(1, 0.1, "ab4", "float64")
    with event.install_listener("numba:compile", seen):
        propagator.begin(system.start(0), np.eye(4)[:, :1])
        propagator.advance(5)
    moves = {f"move_{part}" for part in ("rk_first", "rk_middle", "rk_last", "ab4")}
    parts = {"outputs", "scatter", "slopes", "trace"}
    assert seen.count == Counter({"prepare", "direct_ab4", *parts, *moves})
