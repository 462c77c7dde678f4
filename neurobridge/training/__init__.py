"""Training in torch: what is trained, under which constraints and losses, and written back."""

from __future__ import annotations

__all__ = [
    "Loss",
    "Objective",
    "Seen",
    "Train",
    "TrainableNetwork",
    "grow",
    "losses",
    "metrics",
    "ridge_readout",
]

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurobridge.training import losses, metrics
    from neurobridge.training.growth import grow
    from neurobridge.training.objective import Loss, Objective, Seen
    from neurobridge.training.ridge import ridge_readout
    from neurobridge.training.specification import Train
    from neurobridge.training.trainable import TrainableNetwork

_PACKAGES = ("losses", "metrics")

_MODULES = {
    "Loss": "objective",
    "Objective": "objective",
    "Seen": "objective",
    "Train": "specification",
    "TrainableNetwork": "trainable",
    "grow": "growth",
    "ridge_readout": "ridge",
}


def __getattr__(name: str) -> Any:
    """Load on first use: torch is needed by some of it only."""
    from importlib import import_module

    if name in _PACKAGES:
        return import_module(f"{__name__}.{name}")
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    from neurobridge.errors import suggest

    raise AttributeError(f"neurobridge.training has no {name!r}{suggest(name, __all__)}")
