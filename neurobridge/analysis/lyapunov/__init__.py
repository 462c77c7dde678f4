"""Lyapunov exponents of rate networks and other differentiable systems; see docs/lyapunov.md."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurobridge.analysis.lyapunov.covariant import CovariantVectors as CovariantVectors
    from neurobridge.analysis.lyapunov.covariant import covariant_vectors as covariant_vectors
    from neurobridge.analysis.lyapunov.declared import DeclaredSystem as DeclaredSystem
    from neurobridge.analysis.lyapunov.exponents import spectra as spectra
    from neurobridge.analysis.lyapunov.exponents import spectrum as spectrum
    from neurobridge.analysis.lyapunov.matrices import matrix_network as matrix_network
    from neurobridge.analysis.lyapunov.matrices import random_matrix as random_matrix
    from neurobridge.analysis.lyapunov.matrices import random_network as random_network
    from neurobridge.analysis.lyapunov.nearby import two_trajectories as two_trajectories
    from neurobridge.analysis.lyapunov.network import of_network as of_network
    from neurobridge.analysis.lyapunov.result import Spectrum as Spectrum
    from neurobridge.analysis.lyapunov.stability import jacobian as jacobian
    from neurobridge.analysis.lyapunov.system import DivergedError as DivergedError
    from neurobridge.analysis.lyapunov.system import System as System
    from neurobridge.analysis.lyapunov.user_equations import equations as equations
    from neurobridge.analysis.lyapunov.user_functions import function as function

_MODULES = {
    "CovariantVectors": "covariant",
    "DeclaredSystem": "declared",
    "DivergedError": "system",
    "Spectrum": "result",
    "System": "system",
    "covariant_vectors": "covariant",
    "equations": "user_equations",
    "function": "user_functions",
    "jacobian": "stability",
    "matrix_network": "matrices",
    "of_network": "network",
    "random_matrix": "matrices",
    "random_network": "matrices",
    "spectra": "exponents",
    "spectrum": "exponents",
    "two_trajectories": "nearby",
}

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    """Load on first use."""
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    from neurobridge.errors import suggest

    raise AttributeError(f"neurobridge.analysis.lyapunov has no {name!r}{suggest(name, _MODULES)}")


def __dir__() -> list[str]:
    return sorted(_MODULES)
