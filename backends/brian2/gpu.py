"""What a program for a GPU needs, and whether it is here. Asked without importing Brian2."""

from __future__ import annotations

__all__ = [
    "Gpu",
    "architectures_of",
    "check_gpu",
    "choose_architecture",
    "estimate_memory",
    "explain_failure",
    "find_gpu",
    "find_nvcc",
    "parse_architecture",
    "text_of",
]

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from neurobridge.errors import BackendError, BackendUnavailableError
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.program import Program

INSTALL = 'pip install "brian2==2.10.1" "brian2cuda==1.0b1" nvidia-curand'
MOST_DELAYS = 24
"""Delays of one projection; for each nvcc compiles three more files."""

_CONTEXT = 600e6
_PER_EDGE = 40.0
_SETTING = "setting 'gpu_architecture'"
_INSTEAD = "or set target='cpp_standalone', which needs no GPU"


@dataclass(frozen=True)
class Gpu:
    """A GPU as its driver describes it.

    Parameters
    ----------
    name : str
    architecture : float
        Compute capability, e.g. 8.6.
    free : float
        Free memory in bytes.
    driver : str
        Version of the driver.
    """

    name: str
    architecture: float
    free: float
    driver: str


def parse_architecture(value: object) -> float:
    """Compute capability from ``"sm_86"``, ``"8.6"`` or ``8.6``.

    Raises
    ------
    BackendError
        If it is none.
    """
    text = str(value) if isinstance(value, (str, float)) else ""
    found = re.fullmatch(r"(?:sm_|compute_)?(\d{1,2})(\d)|(\d{1,2})\.(\d)", text)
    if found is None:
        raise BackendError(f"expected a compute capability such as 'sm_86' or 8.6, got {value!r}")
    major, minor = (part for part in found.groups() if part is not None)
    return float(f"{major}.{minor}")


def text_of(architecture: float) -> str:
    """``8.6`` as ``"sm_86"``."""
    return f"sm_{round(architecture * 10)}"


def find_nvcc() -> str | None:
    """The CUDA compiler that brian2cuda will take, or None."""
    commands = ["nvcc", "/usr/local/cuda/bin/nvcc", "/opt/cuda/bin/nvcc"]
    if toolkit := os.environ.get("CUDA_PATH"):
        commands.insert(0, f"{toolkit}/bin/nvcc")
    return next((found for command in commands if (found := shutil.which(command))), None)


def choose_architecture(settings: Mapping[str, Any]) -> float:
    """The architecture that is asked for, or that of the GPU."""
    asked = settings.get("gpu_architecture")
    return find_gpu().architecture if asked is None else parse_architecture(asked)


@cache
def architectures_of(nvcc: str) -> tuple[float, ...]:
    """Architectures that a CUDA compiler knows, ascending; empty if it does not say."""
    asked = subprocess.run([nvcc, "--list-gpu-arch"], capture_output=True, check=False, text=True)
    found = re.findall(r"compute_(\d+)(\d)\b", asked.stdout)
    return tuple(sorted(float(f"{major}.{minor}") for major, minor in found))


def find_gpu() -> Gpu:
    """The GPU that a program would run on: the first that ``CUDA_VISIBLE_DEVICES`` shows.

    Raises
    ------
    BackendUnavailableError
        If there is none, or no driver; the message is what to do.
    """
    if shutil.which("nvidia-smi") is None:
        raise BackendUnavailableError(
            "no NVIDIA driver was found (nvidia-smi is not on the PATH); on a machine with an "
            "NVIDIA GPU install its driver"
        )
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and not visible.strip():
        raise BackendUnavailableError("CUDA_VISIBLE_DEVICES is empty, which hides every GPU")
    command = [
        "nvidia-smi",
        "--query-gpu=name,compute_cap,memory.free,driver_version",
        "--format=csv,noheader,nounits",
        *(["-i", visible.split(",")[0].strip()] if visible else []),
    ]
    asked = subprocess.run(command, capture_output=True, check=False, text=True)
    line = asked.stdout.strip().split("\n")[0]
    values = [value.strip() for value in line.split(",")]
    if asked.returncode or len(values) != 4:
        said = (asked.stdout + asked.stderr).strip() or f"exit status {asked.returncode}"
        raise BackendUnavailableError(
            f"the NVIDIA driver shows no GPU that can be used; nvidia-smi says: {said[:300]}"
        )
    name, architecture, free, driver = values
    return Gpu(name, float(architecture), float(free) * 2**20, driver)


def estimate_memory(program: Program) -> float:
    """Bytes on the GPU: its context, edges, states, and lists of spikes.

    Counted from what brian2cuda allocates: for an edge its weight twice (it keeps what it was set
    from), its two ends twice, its place in the list of its source; for a neuron its variables
    twice and one list of spikes for every step that a spike can be on its way. Input is not
    known yet: 12 bytes for each event come on top.
    """
    total = _CONTEXT + _PER_EDGE * sum(path.n_edges for path in program.pathways)
    for pop in program.populations:
        longest = max([0, *(p.delay_range[1] for p in program.pathways if p.pre == pop.name)])
        arrays = 4 if pop.is_source else 4 + len(pop.code.states) + len(pop.code.memory)
        constants = 0 if pop.is_source else sum(map(np.ndim, pop.constants.values()))
        total += pop.size * (16 * (arrays + constants) + 4 * (longest + 1))
    return float(total)


def check_gpu(program: Program, settings: Mapping[str, Any]) -> list[Finding]:
    """What keeps a program from a GPU, and what differs there."""
    gpu, why_none = _gpu_or_why()
    lacks = _check_tools(settings, gpu, why_none)
    return lacks if any(f.severity == "error" for f in lacks) else [
        *lacks, *_check_memory(program, gpu), *_check_delays(program),
        Finding(
            "gpu_order", "note", "target 'cuda_standalone'",
            "events that reach a neuron in the same step are added in an order that differs from "
            "run to run, so sums differ in the last bits and spikes in the end",
            "compare such runs by tier T2; cpp_standalone repeats itself exactly",
        ),
    ]  # fmt: skip


def _check_tools(settings: Mapping[str, Any], gpu: Gpu | None, why_none: str) -> list[Finding]:
    """brian2cuda, nvcc, a GPU, and an architecture that all of them know."""
    nvcc = find_nvcc()
    if find_spec("brian2cuda") is None:
        why, remedy = "it needs the package brian2cuda", INSTALL
        if sys.version_info < (3, 12):
            why += ", which needs Python 3.12 or newer"
            remedy = f"in an environment with such a Python: {INSTALL}"
        return [_error("brian2cuda_missing", "target 'cuda_standalone'", why, remedy)]
    if nvcc is None:
        return [
            _error(
                "nvcc_missing", "target 'cuda_standalone'",
                "the CUDA compiler nvcc was found neither on the PATH nor in $CUDA_PATH/bin, "
                "/usr/local/cuda/bin or /opt/cuda/bin",
                "install the CUDA toolkit (https://developer.nvidia.com/cuda-downloads), "
                + _INSTEAD,
            )
        ]  # fmt: skip
    asked = settings.get("gpu_architecture")
    if gpu is None and asked is None:
        remedy = (
            "name the architecture of the GPU that the program is for, such as "
            f"gpu_architecture='sm_80', to build or export it here, {_INSTEAD}"
        )
        return [_error("no_gpu", "target 'cuda_standalone'", why_none, remedy)]
    architecture = gpu.architecture if gpu and asked is None else parse_architecture(asked)
    known = architectures_of(nvcc)
    if known and architecture not in known:
        return [_unknown(architecture, nvcc, known)]
    if gpu is None:
        return [
            Finding(
                "no_gpu", "note", "target 'cuda_standalone'",
                f"{why_none}; the program is built for {text_of(architecture)}, but not run here",
                "run it, or what export() writes, on a machine with such a GPU",
            )
        ]  # fmt: skip
    if architecture > gpu.architecture:
        return [
            _error(
                "gpu_architecture", _SETTING,
                f"a program for {text_of(architecture)} does not run on this {gpu.name}, which is "
                f"{text_of(gpu.architecture)}",
                f"set gpu_architecture={text_of(gpu.architecture)!r}, or leave it out",
            )
        ]  # fmt: skip
    return []


def _gpu_or_why() -> tuple[Gpu | None, str]:
    try:
        return find_gpu(), ""
    except BackendUnavailableError as error:
        return None, str(error)


def _unknown(architecture: float, nvcc: str, known: tuple[float, ...]) -> Finding:
    direction = "older" if architecture < known[0] else "newer"
    return _error(
        "gpu_architecture", _SETTING,
        f"{nvcc} cannot compile for {text_of(architecture)}; it knows "
        f"{', '.join(map(text_of, known))}",
        f"choose one of these that is not newer than your GPU; for a GPU {direction} than all of "
        f"them install {'an older' if direction == 'older' else 'a newer'} CUDA toolkit",
    )  # fmt: skip


def _check_memory(program: Program, gpu: Gpu | None) -> list[Finding]:
    needed = estimate_memory(program)
    if gpu is None or needed <= gpu.free:
        return []
    return [
        _error(
            "gpu_memory", f"GPU {gpu.name}",
            f"the network needs about {needed / 1e9:.1f} GB and {gpu.free / 1e9:.1f} GB are free",
            f"stop what else runs on it (nvidia-smi lists it), choose another GPU with "
            f"CUDA_VISIBLE_DEVICES, {_INSTEAD}",
            needed,
        )
    ]  # fmt: skip


def _check_delays(program: Program) -> list[Finding]:
    findings = []
    for path in program.pathways:
        first, last = path.delay_range
        if path.continuous or first == last:
            continue
        count, where = np.unique(path.delay).size, f"projection {path.projection!r}"
        why = (
            f"its edges have {count} different delays; brian2cuda loses or shifts spikes where "
            "delays of one connection differ, so each delay becomes a connection of its own"
        )
        if count > MOST_DELAYS:
            why += f", of which at most {MOST_DELAYS} are compiled"
            remedy = f"give it fewer delays, {_INSTEAD}"
            findings.append(_error("gpu_delays", where, why, remedy, float(count)))
        else:
            remedy = "nothing; fewer delays compile faster"
            findings.append(Finding("gpu_delays", "note", where, why, remedy, float(count)))
    return findings


def explain_failure(said: str) -> str:
    """What to do about what a program on a GPU said before it stopped; may be empty."""
    for words, remedy in _REMEDIES.items():
        if words in said:
            return f". {remedy}"
    return ""


_REMEDIES = {
    "out of memory": "The memory of the GPU is full: stop what else runs on it (nvidia-smi lists "
    "it), shorten the run or its input, or use target='cpp_standalone'",
    "driver version is insufficient": "The NVIDIA driver is older than the CUDA toolkit that "
    "compiled this: update the driver, or compile with the toolkit that nvidia-smi names",
    "no CUDA-capable device": "CUDA sees no GPU: check nvidia-smi and CUDA_VISIBLE_DEVICES",
    "no kernel image is available": "The program was compiled for a newer GPU: leave out "
    "gpu_architecture, or name that of this GPU",
    "unsupported toolchain": "The NVIDIA driver is older than the CUDA toolkit that compiled this: "
    "update the driver, or name the architecture of this very GPU as gpu_architecture",
}


def _error(code: str, where: str, why: str, remedy: str, magnitude: float | None = None) -> Finding:
    return Finding(code, "error", where, why, remedy, magnitude)
