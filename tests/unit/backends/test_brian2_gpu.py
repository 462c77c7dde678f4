"""What the target cuda_standalone asks of a machine, and the script that it gets; no GPU needed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurobridge.backends.brian2 import Brian2Backend, gpu
from neurobridge.backends.brian2.delays import split
from neurobridge.backends.brian2.script import write_script
from neurobridge.backends.brian2.target import Target
from neurobridge.errors import BackendUnavailableError
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.program import Program
from tests.program_examples import lif_delta, lif_exp, pathway, program, source

KINDS = "compute_75\ncompute_80\ncompute_90\ncompute_120"
GPU = Target("cuda_standalone", architecture=8.6)
CARD = "NVIDIA A100, 8.0, 40000, 580.65"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine with brian2cuda, an nvcc and a GPU; its programs can be replaced."""
    gpu.architectures_of.cache_clear()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("CUDA_PATH", str(tmp_path / "toolkit"))
    monkeypatch.setattr(gpu, "find_spec", lambda name: name)
    made = Machine(tmp_path)
    made.has("g++"), made.has("make"), made.has("nvcc", KINDS), made.has("nvidia-smi", CARD)
    return made


class Machine:
    """A folder that is first on the PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, name: str, says: str = "", status: int = 0) -> None:
        """A program that says something, and notes its arguments."""
        path = self.folder / name
        path.write_text(
            f"#!/bin/sh\necho \"$@\" >> {path}.asked\ncat <<'END'\n{says}\nEND\nexit {status}\n"
        )
        path.chmod(0o755)

    def asked(self, name: str) -> str:
        """Arguments of the calls of a program."""
        return (self.folder / f"{name}.asked").read_text()


def found(made: Program | None = None, **settings: Any) -> list[Finding]:
    program_ = program([lif_exp("n", 3)]) if made is None else made
    return Brian2Backend().check(program_, {"target": "cuda_standalone", **settings})


def the_error(made: Program | None = None, **settings: Any) -> Finding:
    (finding,) = (f for f in found(made, **settings) if f.severity == "error")
    with pytest.raises(BackendUnavailableError, match=re.escape(finding.remedy)):
        Brian2Backend().emit(
            program([lif_exp("n", 3)]) if made is None else made,
            {"target": "cuda_standalone", **settings},
        )
    return finding


@pytest.mark.parametrize(
    ("given", "meant"),
    [("sm_80", 8.0), ("compute_90", 9.0), ("8.6", 8.6), (8.6, 8.6), ("sm_120", 12.0), (12.1, 12.1)],
)
def test_an_architecture_as_people_write_it(given: Any, meant: float) -> None:
    assert gpu.parse_architecture(given) == meant
    assert gpu.parse_architecture(gpu.text_of(meant)) == meant


@pytest.mark.parametrize(
    "given", ["A100", "", "sm_", "sm_90a", 8, True, "8.65", -8.6, float("nan")]
)
def test_what_is_no_architecture(given: Any) -> None:
    (finding,) = found(gpu_architecture=given)
    assert finding.code == "brian2_setting"
    assert "such as 'sm_86' or 8.6" in finding.why
    assert repr(given) in finding.why


def test_settings_of_other_targets() -> None:
    (finding,) = found(threads=2)
    assert "only target 'cpp_standalone' has it" in finding.why
    (finding,) = Brian2Backend().check(program([lif_exp("n", 3)]), {"gpu_architecture": "sm_80"})
    assert "only target 'cuda_standalone' has it, the target is 'the default'" in finding.why


def test_a_machine_that_has_it_all(machine: Machine) -> None:
    (note,) = found()
    assert (note.code, note.severity) == ("gpu_order", "note")
    assert len(machine.asked("nvidia-smi").splitlines()) == 1  # it can take a second
    assert "tier T2" in note.remedy
    assert Brian2Backend().tier({"target": "cuda_standalone"}) == "T2"
    assert Brian2Backend().tier({"target": "cpp_standalone"}) == "T1"
    assert gpu.choose_architecture({}) == 8.0
    assert gpu.choose_architecture({"gpu_architecture": "sm_75"}) == 7.5
    assert gpu.find_gpu() == gpu.Gpu("NVIDIA A100", 8.0, 40000 * 2**20, "580.65")


def test_brian2cuda_that_is_not_there(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "find_spec", lambda name: None)
    monkeypatch.setattr(gpu.sys, "version_info", (3, 11, 7))
    finding = the_error()
    assert finding.code == "brian2cuda_missing"
    assert "Python 3.12 or newer" in finding.why
    assert '"brian2cuda==1.0b1"' in finding.remedy
    monkeypatch.setattr(gpu.sys, "version_info", (3, 12, 1))
    assert the_error().remedy.startswith("pip install")


def test_no_nvcc(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu.shutil, "which", lambda name: None if "nvcc" in name else name)
    finding = the_error()
    assert finding.code == "nvcc_missing"
    assert "target='cpp_standalone'" in finding.remedy


def test_the_toolkit_that_cuda_path_names_comes_first(machine: Machine) -> None:
    (machine.folder / "toolkit/bin").mkdir(parents=True)
    assert gpu.find_nvcc() == str(machine.folder / "nvcc")
    machine.has("toolkit/bin/nvcc")
    assert gpu.find_nvcc() == str(machine.folder / "toolkit/bin/nvcc")


def test_no_driver_is_an_error_unless_an_architecture_is_named(machine: Machine) -> None:
    (machine.folder / "nvidia-smi").unlink()
    finding = the_error()
    assert finding.code == "no_gpu"
    assert "nvidia-smi is not on the PATH" in finding.why
    assert "gpu_architecture='sm_80'" in finding.remedy
    note, _ = found(gpu_architecture="sm_90")
    assert (note.code, note.severity) == ("no_gpu", "note")
    assert "built for sm_90, but not run here" in note.why


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("No devices were found", 6),
        ("Failed to initialize NVML: Driver/library version mismatch", 18),
    ],
)
def test_what_the_driver_says_is_passed_on(machine: Machine, said: str, status: int) -> None:
    machine.has("nvidia-smi", said, status)
    assert said in the_error().why


def test_which_gpu_is_asked_for(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,0")
    gpu.find_gpu()
    assert machine.asked("nvidia-smi").strip().endswith("-i 2")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(BackendUnavailableError, match="hides every GPU"):
        gpu.find_gpu()


@pytest.mark.parametrize(
    ("asked", "what"), [("sm_70", "an older CUDA toolkit"), ("sm_121", "a newer CUDA toolkit")]
)
def test_an_architecture_that_nvcc_does_not_know(machine: Machine, asked: str, what: str) -> None:
    finding = the_error(gpu_architecture=asked)
    assert f"cannot compile for {asked}; it knows sm_75, sm_80, sm_90, sm_120" in finding.why
    assert what in finding.remedy


def test_an_architecture_that_this_gpu_cannot_run(machine: Machine) -> None:
    finding = the_error(gpu_architecture="sm_90")
    assert "does not run on this NVIDIA A100, which is sm_80" in finding.why
    assert finding.remedy.startswith("set gpu_architecture='sm_80'")
    assert [f.code for f in found(gpu_architecture="sm_75")] == ["gpu_order"]


def test_memory_is_estimated_before_anything_is_built(machine: Machine) -> None:
    n = 100_000
    edges = pathway("n", "n", "exc", np.arange(n), np.arange(n), np.ones(n), 9, n)
    made = program([lif_exp("n", n)], [edges])
    # 3 states, 4 lists: 16 bytes each; spikes of 10 steps; 40 bytes for an edge; 0.6 GB
    assert gpu.estimate_memory(made) == 600e6 + n * (16 * 7 + 4 * 10) + 40 * n
    machine.has("nvidia-smi", "GTX, 8.0, 500, 580.65")
    finding = the_error(made)
    assert finding.code == "gpu_memory"
    assert "needs about 0.6 GB and 0.5 GB are free" in finding.why
    assert finding.magnitude == gpu.estimate_memory(made)


def mixed(delays: np.ndarray[Any, np.dtype[np.int64]]) -> Program:
    n = delays.size
    edges = pathway("s", "n", "exc", np.arange(n), np.arange(n)[::-1], np.arange(n), delays, n)
    return program([lif_exp("n", n), source("s", n)], [edges])


def test_delays_that_differ(machine: Machine) -> None:
    note, _ = found(mixed(np.array([3, 1, 3, 2])))
    assert (note.code, note.severity, note.magnitude) == ("gpu_delays", "note", 3.0)
    assert "its edges have 3 different delays" in note.why
    many = np.arange(gpu.MOST_DELAYS + 1) + 1
    assert the_error(mixed(many)).code == "gpu_delays"
    assert [f.code for f in found(mixed(np.full(4, 7)))] == ["gpu_order"]


def test_every_delay_gets_a_pathway_of_its_own() -> None:
    made = mixed(np.array([3, 1, 3, 2]))
    parts = split(made, GPU)
    whole = made.pathways[0]
    assert [p.delay for p in parts.program.pathways] == [1, 2, 3]
    # Edge k goes from k to 3 - k; canonical order is that of targets.
    assert [p.source.tolist() for p in parts.program.pathways] == [[1], [3], [2, 0]]
    assert [p.target.tolist() for p in parts.program.pathways] == [[2], [0], [1, 3]]
    weights = {k: p.weight for k, p in enumerate(parts.program.pathways)}
    assert np.array_equal(parts.join(weights)[0], whole.weight)
    assert split(made, Target("cpp_standalone")).program == made


def test_pathways_of_one_delay_or_without_edges_stay() -> None:
    none = pathway("s", "n", "exc", [], [], [], np.empty(0, int), 2)
    one = pathway("s", "n", "exc", [0], [1], [2.0], 4, 2)
    made = program([lif_exp("n", 2), source("s", 1)], [none, one])
    parts = split(made, GPU)
    assert parts.program.pathways == made.pathways
    joined = parts.join({0: np.empty(0), 1: np.array([2.0])})
    assert {k: v.tolist() for k, v in joined.items()} == {0: [], 1: [2.0]}


def test_the_script_of_a_gpu() -> None:
    edges = [
        pathway("n", "m", "kick", [0], [1], [1.0], 15, 2),
        pathway("s", "m", "kick", [0], [1], [1.0], 4, 2),
    ]
    made = program([lif_exp("n", 2), lif_delta("m", 2), source("s", 1)], edges)
    script = write_script(made, GPU)
    # A spike of a neuron is looked up by the step that made it, after the synapses of that step;
    # one of a source is made before them.
    assert "delay=15 * grid.dt" in script.network
    assert "delay=3 * grid.dt" in script.network
    assert "grid = defaultclock" in script.network
    assert "cuda.compute_capability = 8.6" in script.settings
    assert "cuda.detect_gpus = False" in script.settings
    on_cpu = write_script(made, Target("cpp_standalone")).network
    assert "delay=14 * grid.dt" in on_cpu
    assert "delay=3 * grid.dt" in on_cpu
    compile(script.settings + script.network, "script", "exec")


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("cudaMalloc failed at objects.cu:3 : out of memory", "stop what else runs on it"),
        ("CUDA driver version is insufficient for CUDA runtime version", "update the driver"),
        ("no CUDA-capable device is detected", "check nvidia-smi"),
        ("no kernel image is available for execution", "leave out gpu_architecture"),
        ("the provided PTX was compiled with an unsupported toolchain.", "update the driver"),
        ("Segmentation fault", ""),
    ],
)
def test_what_to_do_about_a_program_that_stopped(said: str, remedy: str) -> None:
    told = gpu.explain_failure(said)
    assert remedy in told
    assert bool(told) == bool(remedy)
