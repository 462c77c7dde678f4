"""Scripts for Brian2 as its users write them, run in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_BEGIN = """
import sys
import numpy as np
from brian2 import *
BrianLogger.log_level_error()
a = dict(np.load("arrays.npz"))
prefs.codegen.target = "numpy"
if sys.argv[1] == "cpp_standalone":
    set_device("cpp_standalone", directory="compiled", with_output=False)
defaultclock.dt = 0.1*ms
"""

_END = """
stamp = np.rint(spikes.t/defaultclock.dt).astype(int) + 1
np.save("spikes.npy", np.column_stack([stamp, spikes.i]))
"""


def script_spikes(
    folder: Path, script: str, arrays: Mapping[str, Any], target: str
) -> NDArray[np.int64]:
    """Rows (stamp, neuron) of a script, sorted.

    It finds ``arrays`` in ``a`` and steps of 0.1 ms, runs, and leaves a monitor ``spikes``. The
    target is ``numpy`` or ``cpp_standalone``.
    """
    np.savez(folder / "arrays.npz", **arrays)
    (folder / "script.py").write_text(_BEGIN + script + _END)
    subprocess.run([sys.executable, "script.py", target], cwd=folder, check=True)
    return by_time(np.load(folder / "spikes.npy"))


def by_time(rows: NDArray[Any]) -> NDArray[np.int64]:
    """Rows (stamp, neuron), sorted."""
    return rows[np.lexsort(rows.T[::-1])].astype(np.int64)
