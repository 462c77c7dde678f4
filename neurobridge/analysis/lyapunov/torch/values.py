"""Constants and couplings of declared systems as tensors, of one system or of many at once."""

from __future__ import annotations

__all__ = ["coupling_of", "is_dense_on", "stacked_constants", "together"]

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy.sparse import block_diag, csr_array

from neurobridge.analysis.lyapunov.declared import DeclaredSystem
from neurobridge.analysis.lyapunov.system import Real
from neurobridge.analysis.lyapunov.torch.coupling import (
    Coupling,
    DenseCoupling,
    SparseCoupling,
    SparsePattern,
)
from neurobridge.errors import NetworkError

DENSE_ABOVE_ON_CUDA = 0.002
"""As :data:`.declared.DENSE_ABOVE`; measured on an H100 for 1,000 to 5,000 neurons."""


def together(systems: Sequence[DeclaredSystem]) -> None:
    """Refuse systems that cannot be carried on at once.

    Raises
    ------
    NetworkError
        If they differ in more than numbers.
    """
    first = systems[0]
    for i, system in enumerate(systems[1:], 1):
        for what, of in (
            ("populations, models or sizes", lambda s: [(c.name, c.size, c.code) for c in s.cells]),
            ("meaning of exponents", lambda s: s.meaning),
            ("unit of time", lambda s: s.unit),
            ("number of couplings", lambda s: s.coupling.shape),
        ):
            if of(first) != of(system):
                raise NetworkError(
                    f"systems that are carried on at once may differ in numbers only, but system "
                    f"{i} has another {what} than system 0; give them one by one"
                )


def stacked_constants(
    systems: Sequence[DeclaredSystem], device: torch.device
) -> list[dict[str, torch.Tensor]]:
    """Constants of each population, (n,), or (S, n) where those of S systems differ."""
    found = []
    for cells in zip(*(s.cells for s in systems), strict=True):
        names, n = cells[0].code.constants, cells[0].size
        rows = {
            name: np.stack([np.broadcast_to(c.constants[name], (n,)) for c in cells]).astype(float)
            for name in names
        }
        found.append({name: _stacked(value, device) for name, value in rows.items()})
    return found


def _stacked(rows: Real, device: torch.device) -> torch.Tensor:
    """Rows of systems, one if all are the same."""
    same = (rows == rows[0]).all()
    return torch.as_tensor(rows[0] if same else rows, device=device)


def coupling_of(systems: Sequence[DeclaredSystem], device: torch.device) -> Coupling | None:
    """The coupling of one system, or of several at once."""
    matrices = [s.coupling for s in systems]
    if matrices[0].shape[0] == 0:
        return None
    if all(_same(matrices[0], m) for m in matrices[1:]):
        matrices = matrices[:1]
    if any(is_dense_on(s, device) for s in systems):
        dense = np.stack([m.toarray().T for m in matrices])
        return DenseCoupling(torch.as_tensor(dense[0] if len(dense) == 1 else dense, device=device))
    joint = csr_array(matrices[0] if len(matrices) == 1 else block_diag(matrices, format="csr"))
    pattern = SparsePattern(joint.indptr, joint.indices, joint.shape, device)
    weights = torch.as_tensor(joint.data.astype(np.float64), device=device)
    return SparseCoupling(weights, pattern, blocks=len(matrices))


def is_dense_on(system: DeclaredSystem, device: torch.device) -> bool:
    """Whether couplings are kept as a dense matrix on a device."""
    if device.type == "cpu":
        return system.is_dense
    rows, columns = system.coupling.shape
    return bool(system.coupling.nnz > DENSE_ABOVE_ON_CUDA * rows * columns)


def _same(a: csr_array[Any], b: csr_array[Any]) -> bool:
    return (
        a.nnz == b.nnz
        and bool((a.indptr == b.indptr).all())
        and bool((a.indices == b.indices).all())
        and bool((a.data == b.data).all())
    )
