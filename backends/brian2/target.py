"""What Brian2 generates code for."""

from __future__ import annotations

__all__ = ["STANDALONE", "TARGETS", "Target"]

from dataclasses import dataclass

TARGETS = ("numpy", "cython", "cpp_standalone", "cuda_standalone")
STANDALONE = ("cpp_standalone", "cuda_standalone")
"""Those that become a program of their own, built and run in processes of their own."""


@dataclass(frozen=True)
class Target:
    """A code generation target.

    Parameters
    ----------
    name : str
        One of ``TARGETS``.
    threads : int
        OpenMP threads (cpp_standalone).
    architecture : float
        Compute capability of the GPU, e.g. 8.6 (cuda_standalone).
    """

    name: str
    threads: int = 1
    architecture: float = 0.0

    @property
    def compiled(self) -> bool:
        """Whether it becomes a program of its own."""
        return self.name in STANDALONE

    @property
    def on_gpu(self) -> bool:
        """Whether the program runs on a GPU."""
        return self.name == "cuda_standalone"
