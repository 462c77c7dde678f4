"""A network that is trained as a system whose exponents have gradients."""

from __future__ import annotations

__all__ = ["differentiable_system", "unit_of"]

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from scipy.sparse import csr_array

from neurobridge.analysis.lyapunov.couplings import edges_of_couplings
from neurobridge.analysis.lyapunov.declared import Cells, DeclaredSystem
from neurobridge.analysis.lyapunov.network import Unit, of_network
from neurobridge.analysis.lyapunov.system import Meaning, Real
from neurobridge.analysis.lyapunov.torch.windows import Differentiable
from neurobridge.errors import NetworkError
from neurobridge.training.trainable import TrainableNetwork
from neurobridge.units import parse_unit


def differentiable_system(
    model: TrainableNetwork,
    meaning: Meaning,
    unit: Unit | None = None,
    initial: Real | float | None = None,
) -> Differentiable:
    """The system that the network is now, with gradients to all that is trained.

    Parameters
    ----------
    model : TrainableNetwork
    meaning, unit, initial
        See :func:`neurobridge.analysis.lyapunov.of_network`. If a time constant is trained the
        unit is ms, for tau changes.

    Raises
    ------
    NetworkError, ModelError
        If the network has no exponents that can be worked out, or the unit does not fit.
    """
    base = of_network(model.network, meaning, unit=unit_of(model, unit), initial=initial)
    constants = tuple(_constants(model, cells) for cells in base.cells)
    coupling, weights = _coupling(model)
    cells = [
        replace(c, constants={name: _numbers(v) for name, v in known.items()})
        for c, known in zip(base.cells, constants, strict=True)
    ]
    return Differentiable(_with(base, cells, coupling), constants, weights)


def _with(
    base: DeclaredSystem, cells: list[Cells], coupling: csr_array[np.float64]
) -> DeclaredSystem:
    return replace(base, cells=tuple(cells), coupling=coupling)


def unit_of(model: TrainableNetwork, unit: Unit | None) -> Unit | None:
    """The unit of time that is asked for, ms if a time constant is trained.

    Raises
    ------
    NetworkError
        If tau is asked for, and is trained.
    """
    paths = [p.spec.path for p in model.parts if p.target.field == "tau"]
    if not paths:
        return unit
    if unit == "tau":
        raise NetworkError(
            f"unit='tau' changes its meaning while {paths[0]!r} is trained; use unit='ms'"
        )
    return "ms"


def _constants(model: TrainableNetwork, cells: Cells) -> Mapping[str, torch.Tensor]:
    """Constants of a population in units that multiply without factors, float64 (n,)."""
    declared = model.network.population(cells.name).model.parameters
    found = {}
    for name, value in cells.constants.items():
        trained = model._of("parameter", cells.name, name)
        if trained is None:
            known = torch.tensor(np.asarray(value), dtype=torch.float64)
            found[name] = known.to(model.options.device).expand(cells.size)
        else:
            factor = parse_unit(declared[name].unit).factor
            found[name] = (trained.double() * factor).expand(cells.size)
    return found


def _coupling(model: TrainableNetwork) -> tuple[csr_array[np.float64], torch.Tensor]:
    """The coupling with an entry for every edge, also of weight 0, which may change."""
    edges, shape = edges_of_couplings(model.network)
    if not edges:
        none = torch.zeros(0, dtype=torch.float64, device=model.options.device)
        return csr_array(shape), none
    row, column = (np.concatenate([getattr(e, n) for e in edges]) for n in ("row", "column"))
    place, edge_at = np.unique(row * shape[1] + column, return_inverse=True)
    values = torch.cat([_weights(model, e.projection)[_index(model, e.chosen)] for e in edges])
    weights = values.new_zeros(place.size).index_add(0, _index(model, edge_at), values)
    row, column = np.divmod(place, shape[1])
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=shape[0]))])
    return csr_array((_numbers(weights), column, indptr), shape=shape), weights


def _weights(model: TrainableNetwork, projection: str) -> torch.Tensor:
    """Signed weights of the edges of a projection, float64."""
    trained = model._projection(projection)
    if trained is not None:
        return trained.double()
    fixed = np.array(model.network.weights(projection), dtype=np.float64)
    return torch.as_tensor(fixed, device=model.options.device)


def _index(model: TrainableNetwork, array: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(np.asarray(array, dtype=np.int64), device=model.options.device)


def _numbers(values: torch.Tensor) -> Real:
    numbers: Real = values.detach().cpu().numpy().copy()
    return numbers
