"""nvcc compiles what is generated; where there is a GPU, it runs and is compared by tier T2."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neurobridge.backends.brian2 import Brian2Backend, gpu
from neurobridge.backends.reference import ReferenceBackend
from neurobridge.errors import BackendUnavailableError
from tests.program_examples import drive, events, lif_exp, pathway, program


def has_gpu() -> bool:
    try:
        gpu.find_gpu()
    except BackendUnavailableError:
        return False
    return True


@pytest.mark.slow
def test_a_network_is_compiled_and_run(tmp_path: Path) -> None:
    n = 20
    ring = pathway("n", "n", "exc", np.arange(n), np.roll(np.arange(n), -1), np.ones(n), 8, n)
    made = program([lif_exp("n", n)], [ring])
    settings = {"target": "cuda_standalone", "build_folder": tmp_path / "built"}
    if not has_gpu():
        settings["gpu_architecture"] = "sm_90"
    engine = Brian2Backend().emit(made, settings)
    assert (tmp_path / "built/build/main").stat().st_size > 100_000
    given = drive(500, [events("n", "exc", [(0, 0, 1), (9, 5, 1)], range(n), [2.0] * n)])
    if not has_gpu():
        with pytest.raises(BackendUnavailableError, match="GPU"):
            engine.run(given)
        return
    expected = ReferenceBackend().emit(made, {}).run(given).spikes["n"][0].size
    assert expected > 20
    assert engine.run(given).spikes["n"][0].size == pytest.approx(expected, rel=0.01)
