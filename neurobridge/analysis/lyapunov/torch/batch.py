"""Several systems that differ in numbers only, carried on together on one device."""

from __future__ import annotations

__all__ = ["Batch", "on_device"]

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from neurobridge.analysis.lyapunov.declared import DeclaredSystem
from neurobridge.analysis.lyapunov.directions import initial_frame
from neurobridge.analysis.lyapunov.system import Method, Precision, Propagator, Real, System
from neurobridge.analysis.lyapunov.torch.propagator import TorchPropagator
from neurobridge.errors import NetworkError


@dataclass(frozen=True, eq=False)
class Batch(System):
    """Systems with an axis in front of all that there is of each.

    Parameters
    ----------
    members : tuple of DeclaredSystem
    seeds : tuple of int
        Of the initial state and the tangent vectors of each.
    device : str
    """

    members: tuple[DeclaredSystem, ...]
    seeds: tuple[int, ...]
    device: str

    def __post_init__(self) -> None:
        first = self.members[0]
        for name in ("meaning", "unit", "names"):
            object.__setattr__(self, name, getattr(first, name))

    @property
    def default_dt(self) -> float:
        """See :class:`System`."""
        return min(member.default_dt for member in self.members)

    @property
    def default_method(self) -> Method:
        """See :class:`System`."""
        return self.members[0].default_method

    def start(self, seed: int) -> Real:
        """The initial state of each, (S, N), by its own seed."""
        return np.stack([m.start(s) for m, s in zip(self.members, self.seeds, strict=True)])

    def directions(self, k: int, seed: int) -> Real:
        """Tangent vectors of each, (S, N, k), by its own seed."""
        return np.stack([initial_frame(self.size, k, s) for s in self.seeds])

    def eigenvalues(self, state: Real) -> NDArray[np.complex128]:
        """Those of all, one after the other."""
        found = [m.eigenvalues(x) for m, x in zip(self.members, state, strict=True)]
        return np.concatenate(found)

    def name_of(self, index: int) -> str:
        """With the number of the system."""
        system, state = divmod(index, self.size)
        return f"{self.names[state]} of system {system}"

    def propagator(self, k: int, dt: float, method: Method, precision: Precision) -> Propagator:
        """See :class:`System`."""
        return TorchPropagator(self.members, k, dt, method, precision, self.device)


def on_device(systems: Sequence[System], seeds: Sequence[int], device: str) -> Batch:
    """Systems as a batch on a device.

    Raises
    ------
    NetworkError
        If there is no such device, or a system is a function of a user's.
    """
    for system in systems:
        if not isinstance(system, DeclaredSystem):
            raise NetworkError(
                f"device {device!r}: only networks and equations run there, functions of a user's "
                "on the CPU"
            )
    try:
        kind = torch.device(device).type
    except RuntimeError as err:
        raise NetworkError(f"device: expected 'cpu' or 'cuda', got {device!r}") from err
    if kind == "cuda" and not torch.cuda.is_available():
        raise NetworkError(f"device {device!r}: torch sees no CUDA device here")
    members = tuple(s for s in systems if isinstance(s, DeclaredSystem))
    return Batch(members, tuple(seeds), device)
