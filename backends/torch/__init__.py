"""The torch backend: a program as one differentiable module, on the CPU or a GPU."""

from __future__ import annotations

__all__ = ["TorchBackend"]

from neurobridge.backends.torch.backend import TorchBackend
