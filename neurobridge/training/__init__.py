"""Training in torch: what is trained, under which constraints and losses, and written back."""

from __future__ import annotations

__all__ = ["Train", "TrainableNetwork", "grow", "ridge_readout"]

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurobridge.training.growth import grow
    from neurobridge.training.ridge import ridge_readout
    from neurobridge.training.specification import Train
    from neurobridge.training.trainable import TrainableNetwork

_MODULES = {
    "Train": "specification",
    "TrainableNetwork": "trainable",
    "grow": "growth",
    "ridge_readout": "ridge",
}


def __getattr__(name: str) -> Any:
    """Load on first use: torch is needed by some of it only."""
    if name in _MODULES:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    from neurobridge.errors import suggest

    raise AttributeError(f"neurobridge.training has no {name!r}{suggest(name, _MODULES)}")
