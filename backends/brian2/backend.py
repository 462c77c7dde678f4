"""The Brian2 backend: settings, checks, and which engine runs a program."""

from __future__ import annotations

__all__ = ["Brian2Backend"]

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from neurobridge.backends.base import Availability, Backend, Capabilities, Engine
from neurobridge.backends.brian2 import gpu
from neurobridge.backends.brian2.availability import compiler_problem, find_availability
from neurobridge.backends.brian2.target import STANDALONE, TARGETS, Target
from neurobridge.backends.settings import check_choice, check_count, refuse_settings, wrong_setting
from neurobridge.errors import BackendError, BackendUnavailableError
from neurobridge.expression import FUNCTIONS
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.program import Program

MOST_EDGES = 2**31 - 1
_SETTINGS_OF = {
    "threads": ("cpp_standalone",),
    "build_folder": STANDALONE,
    "gpu_architecture": ("cuda_standalone",),
}


class Brian2Backend(Backend):
    """Brian2 [1]_ as numpy, Cython, a compiled C++ program, or a CUDA program [2]_.

    References
    ----------
    .. [1] Stimberg, Brette, Goodman (2019), Brian 2, an intuitive and efficient neural simulator,
       eLife 8:e47314.
    .. [2] Alevi, Stimberg, Sprekeler, Obermayer, Augustin (2022), Brian2CUDA: flexible and
       efficient simulation of spiking neural network models on GPUs, Front. Neuroinform. 16:883700.
    """

    name = "brian2"

    def capabilities(self) -> Capabilities:
        """See :class:`Backend`."""
        return Capabilities(
            summary="Brian2: numpy, Cython, compiled C++ with OpenMP, or CUDA; any declared model",
            tier=self.tier({}),
            equations=True,
            functions=FUNCTIONS,
            continuous_coupling=True,
            bytes_per_edge=60,
            bytes_per_neuron=400,
            threads=True,
            exports=True,
            settings={
                "target": "numpy, cython, cpp_standalone or cuda_standalone (default: cython, or "
                "numpy if there is no compiler)",
                "threads": "OpenMP threads of cpp_standalone (default 1)",
                "build_folder": "where the standalone targets build (default: a temporary folder)",
                "gpu_architecture": "what cuda_standalone compiles for, e.g. 'sm_86' (default: the "
                "GPU of this machine)",
            },
        )

    def tier(self, settings: Mapping[str, Any]) -> str:
        """See :class:`Backend`: on a GPU sums have no fixed order."""
        return "T2" if settings.get("target") == "cuda_standalone" else "T1"

    def availability(self) -> Availability:
        """See :class:`Backend`."""
        return find_availability()

    def check(self, program: Program, settings: Mapping[str, Any]) -> list[Finding]:
        """See :class:`Backend`."""
        findings = _check_settings(settings)
        if not findings and "target" not in settings and (lacks := compiler_problem("cython")):
            findings.append(
                Finding(
                    "brian2_numpy", "note", "setting 'target'",
                    f"runs with target 'numpy', which is several times slower: {lacks}",
                    "install what is missing, or set target='numpy' to say that this is fine",
                )
            )  # fmt: skip
        if not findings and settings.get("target") == "cuda_standalone":
            findings = gpu.check_gpu(program, settings)
        return findings + _check_sizes(program) + _check_delays(program)

    def emit(self, program: Program, settings: Mapping[str, Any]) -> Engine:
        """See :class:`Backend`."""
        here = find_availability()
        if not here.available:
            raise BackendUnavailableError(f"{here.reason}; install it with: {here.install}")
        wrong = _check_settings(settings)
        if wrong and wrong[0].code == "compiler_missing":
            raise BackendUnavailableError(f"{wrong[0].why}; or {wrong[0].remedy}")
        refuse_settings(wrong)
        name = settings.get("target") or _default_target()
        target = Target(name, int(settings.get("threads", 1)))
        if target.on_gpu:
            _refuse(gpu.check_gpu(program, settings))
            target = replace(target, architecture=gpu.choose_architecture(settings))
        if target.compiled:
            from neurobridge.backends.brian2.standalone import StandaloneEngine

            folder = settings.get("build_folder")
            return StandaloneEngine(program, target, None if folder is None else Path(folder))
        from neurobridge.backends.brian2.runtime import RuntimeEngine

        return RuntimeEngine(program, target)


def _refuse(findings: list[Finding]) -> None:
    for finding in findings:
        if finding.severity == "error":
            raise BackendUnavailableError(f"{finding.where}: {finding.why}; {finding.remedy}")


def _default_target() -> str:
    return "numpy" if compiler_problem("cython") else "cython"


def _check_settings(settings: Mapping[str, Any]) -> list[Finding]:
    """Settings that are wrong, or cannot be followed here."""
    own, target = Brian2Backend.name, settings.get("target")
    if target is not None and (found := check_choice(own, "target", target, TARGETS)):
        return found
    if found := check_count(own, "threads", settings.get("threads", 1)):
        return found
    for name, those in _SETTINGS_OF.items():
        if settings.get(name) not in (None, 1) and target not in those:
            listed = " and ".join(map(repr, those))
            has = "has" if len(those) == 1 else "have"
            why = f"only target {listed} {has} it, the target is {target or 'the default'!r}"
            return [wrong_setting(own, name, why, f"set target={those[0]!r}, or leave it out")]
    if (architecture := settings.get("gpu_architecture")) is not None:
        try:
            gpu.parse_architecture(architecture)
        except BackendError as error:
            return [wrong_setting(own, "gpu_architecture", str(error))]
    if target is not None and (lacks := compiler_problem(target)):
        return [
            Finding(
                "compiler_missing", "error", "setting 'target'", lacks,
                "set target='numpy', which needs no compiler",
            )
        ]  # fmt: skip
    return []


def _check_sizes(program: Program) -> list[Finding]:
    """Brian2 counts synapses of one projection in 32 bits."""
    return [
        Finding(
            "too_many_edges", "error", f"projection {path.projection!r}",
            f"{path.n_edges:,} edges, Brian2 can number {MOST_EDGES:,} in one projection",
            "split the projection", float(path.n_edges),
        )
        for path in program.pathways
        if path.n_edges > MOST_EDGES
    ]  # fmt: skip


def _check_delays(program: Program) -> list[Finding]:
    """Synapses of one projection read the output of this moment, or of earlier steps."""
    return [
        Finding(
            "delays_mixed", "error", f"projection {path.projection!r}",
            "some of its edges have no delay and others have one, after rounding; Brian2 reads "
            "from one group for each projection",
            "split the projection, choose a smaller dt, or run on reference or torch",
        )
        for path in program.pathways
        if path.continuous and path.n_edges and path.delay_range[0] == 0 < path.delay_range[1]
    ]  # fmt: skip
