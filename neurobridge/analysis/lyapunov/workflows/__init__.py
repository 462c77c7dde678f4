"""What is run on many networks: convergence, timing, transitions, spectra, training."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurobridge.analysis.lyapunov.workflows.compat import (
        FlyStabilityStudy as FlyStabilityStudy,
    )
    from neurobridge.analysis.lyapunov.workflows.compat import (
        as_flystability as as_flystability,
    )
    from neurobridge.analysis.lyapunov.workflows.costs import Benchmark as Benchmark
    from neurobridge.analysis.lyapunov.workflows.costs import benchmark as benchmark
    from neurobridge.analysis.lyapunov.workflows.ensemble import Ensemble as Ensemble
    from neurobridge.analysis.lyapunov.workflows.from_connectome import (
        connectome_networks as connectome_networks,
    )
    from neurobridge.analysis.lyapunov.workflows.many_spectra import Spectra as Spectra
    from neurobridge.analysis.lyapunov.workflows.many_spectra import spectra as spectra
    from neurobridge.analysis.lyapunov.workflows.measurement import Measurement as Measurement
    from neurobridge.analysis.lyapunov.workflows.naming import networks_named as networks_named
    from neurobridge.analysis.lyapunov.workflows.rate_networks import (
        matrix_networks as matrix_networks,
    )
    from neurobridge.analysis.lyapunov.workflows.rate_networks import (
        random_networks as random_networks,
    )
    from neurobridge.analysis.lyapunov.workflows.rate_networks import read_coupling as read_coupling
    from neurobridge.analysis.lyapunov.workflows.rate_networks import same_network as same_network
    from neurobridge.analysis.lyapunov.workflows.running_exponents import Convergence as Convergence
    from neurobridge.analysis.lyapunov.workflows.running_exponents import convergence as convergence
    from neurobridge.analysis.lyapunov.workflows.spectral_training import train as train
    from neurobridge.analysis.lyapunov.workflows.spread import Spread as Spread
    from neurobridge.analysis.lyapunov.workflows.sweeps import Sweep as Sweep
    from neurobridge.analysis.lyapunov.workflows.sweeps import sweep as sweep
    from neurobridge.analysis.lyapunov.workflows.trained_networks import (
        SpectralTraining as SpectralTraining,
    )
    from neurobridge.analysis.lyapunov.workflows.transition_to_chaos import Transition as Transition
    from neurobridge.analysis.lyapunov.workflows.transition_to_chaos import transition as transition

_MODULES = {
    "Benchmark": "costs",
    "Convergence": "running_exponents",
    "Ensemble": "ensemble",
    "FlyStabilityStudy": "compat",
    "Measurement": "measurement",
    "Spectra": "many_spectra",
    "SpectralTraining": "trained_networks",
    "Spread": "spread",
    "Sweep": "sweeps",
    "Transition": "transition_to_chaos",
    "as_flystability": "compat",
    "benchmark": "costs",
    "connectome_networks": "from_connectome",
    "convergence": "running_exponents",
    "matrix_networks": "rate_networks",
    "networks_named": "naming",
    "random_networks": "rate_networks",
    "read_coupling": "rate_networks",
    "same_network": "rate_networks",
    "spectra": "many_spectra",
    "sweep": "sweeps",
    "train": "spectral_training",
    "transition": "transition_to_chaos",
}

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    """Load on first use."""
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    from neurobridge.errors import suggest

    raise AttributeError(
        f"neurobridge.analysis.lyapunov.workflows has no {name!r}{suggest(name, _MODULES)}"
    )


def __dir__() -> list[str]:
    return sorted(_MODULES)
