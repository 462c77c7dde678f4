"""The torch backend: what it can do, whether it is there, and how it is built."""

from __future__ import annotations

__all__ = ["TorchBackend"]

import importlib.metadata
import importlib.util
import re
from collections.abc import Mapping
from typing import Any

from neurobridge.backends.base import Availability, Backend, Capabilities, Engine
from neurobridge.backends.settings import check_choice, check_count, wrong_setting
from neurobridge.errors import BackendUnavailableError
from neurobridge.expression import FUNCTIONS
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.program import Program

INSTALL = "pip install 'neurobridge-sim[torch]'"
PRECISIONS = ("float64", "float32")


class TorchBackend(Backend):
    """PyTorch: batched, differentiable, on the CPU or a GPU."""

    name = "torch"

    def capabilities(self) -> Capabilities:
        """See :class:`Backend`."""
        return Capabilities(
            summary="PyTorch: one differentiable module, CPU or CUDA, float64 or float32",
            tier="T0",
            equations=True,
            functions=FUNCTIONS,
            continuous_coupling=True,
            threads=True,
            bytes_per_edge=60,
            bytes_per_neuron=2000,
            settings={
                "device": "cpu (default), cuda, cuda:1 ...",
                "precision": "float64 (default) or float32",
                "threads": "threads of torch; default: as torch decides",
            },
        )

    def tier(self, settings: Mapping[str, Any]) -> str:
        """See :class:`Backend`: float32 is no longer the arithmetic of the reference."""
        return "T2" if _is_single(settings) else "T0"

    def availability(self) -> Availability:
        """See :class:`Backend`."""
        for package in ("torch", "numba"):
            if importlib.util.find_spec(package) is None:
                return Availability(False, reason=f"{package} is not installed", install=INSTALL)
        return Availability(True, f"torch {importlib.metadata.version('torch')}")

    def check(self, program: Program, settings: Mapping[str, Any]) -> list[Finding]:
        """Settings that are wrong; single precision differs; a GPU must be there."""
        findings = _check_settings(settings)
        if _is_single(settings):
            findings.append(
                Finding(
                    "single_precision", "note", "network",
                    "states are float32 (24 bits): spikes near threshold can differ, and chaotic "
                    "networks part for good",
                    "expect agreement of rates (tier T2), or use precision='float64'", 2.0**-24,
                )
            )  # fmt: skip
        device = str(settings.get("device", "cpu"))
        if device.startswith("cuda") and self.availability().available:
            import torch

            if not torch.cuda.is_available():
                findings.append(
                    Finding(
                        "device_unavailable", "error", "setting 'device'",
                        f"{device} was asked for, but torch {torch.__version__} finds no CUDA "
                        "device here",
                        "use device='cpu', or a machine with a GPU and a CUDA build of torch",
                    )
                )  # fmt: skip
        return findings

    def emit(self, program: Program, settings: Mapping[str, Any]) -> Engine:
        """See :class:`Backend`."""
        availability = self.availability()
        if not availability.available:
            raise BackendUnavailableError(f"{availability.reason}: {INSTALL}")
        from neurobridge.backends.torch.engine import TorchEngine

        return TorchEngine(
            program, settings.get("precision", "float64"), str(settings.get("device", "cpu")),
            settings.get("threads"),
        )  # fmt: skip


def _is_single(settings: Mapping[str, Any]) -> bool:
    return bool(settings.get("precision") == "float32")


def _check_settings(settings: Mapping[str, Any]) -> list[Finding]:
    name, device = TorchBackend.name, settings.get("device", "cpu")
    findings = check_choice(name, "precision", settings.get("precision", "float64"), PRECISIONS)
    if re.fullmatch(r"cpu|cuda(:\d+)?", str(device)) is None:
        why = f"expected 'cpu', 'cuda' or 'cuda:1', got {device!r}"
        findings.append(wrong_setting(name, "device", why))
    return findings + check_count(name, "threads", settings.get("threads", 1))
