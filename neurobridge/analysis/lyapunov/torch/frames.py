"""Triangular factorisations of frames (..., k, N), whose vectors are rows."""

from __future__ import annotations

__all__ = ["Factors", "factorise", "orthonormalised", "right_solved"]

from typing import NamedTuple

import torch

from neurobridge.analysis.lyapunov.system import Renormalisation


class Factors(NamedTuple):
    """``V = W R`` for vectors as columns.

    Parameters
    ----------
    frame : tensor (..., k, N)
        The vectors of W as rows.
    factor : tensor (..., k, k)
        R, upper triangular.
    failed : bool tensor (...)
        Whether the factorisation broke down.
    """

    frame: torch.Tensor
    factor: torch.Tensor
    failed: torch.Tensor

    @property
    def logs(self) -> torch.Tensor:
        """``log |r_ii|`` in float64, NaN where the factorisation failed."""
        found = torch.diagonal(self.factor, dim1=-2, dim2=-1).double().abs().log()
        return found.masked_fill(self.failed.unsqueeze(-1), torch.nan)


def orthonormalised(V: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Orthonormal vectors, and R with a positive diagonal; differentiable."""
    q, r = torch.linalg.qr(V.mT)
    diagonal = torch.diagonal(r, dim1=-2, dim2=-1)
    sign = torch.where(diagonal < 0, -1.0, 1.0).to(V.dtype)
    return (q * sign.unsqueeze(-2)).mT, r * sign.unsqueeze(-1)


def factorise(V: torch.Tensor, kind: Renormalisation) -> Factors:
    """A factorisation of a frame; see :meth:`.system.Propagator.renormalise`.

    LU exchanges rows; W is found by solving with its U, which has the backward error of the
    factorisation itself. The Gram matrix of Cholesky and Householder's method are in float64.
    """
    if kind == "householder":
        frame, factor = orthonormalised(V.double())
        return Factors(frame.to(V.dtype), factor, _no(V))
    if kind == "cholesky":
        wide = V.double()
        lower, info = torch.linalg.cholesky_ex(wide @ wide.mT)
        return Factors(right_solved(V, lower.mT), lower.mT, info != 0)
    packed, _, info = torch.linalg.lu_factor_ex(V.mT)
    factor = packed[..., : V.shape[-2], :].triu()
    return Factors(right_solved(V, factor), factor, info != 0)


def right_solved(V: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """``V R^-1`` for the vectors of V as rows."""
    solved: torch.Tensor = torch.linalg.solve_triangular(factor.to(V.dtype).mT, V, upper=False)
    return solved


def _no(V: torch.Tensor) -> torch.Tensor:
    return torch.zeros(V.shape[:-2], dtype=torch.bool, device=V.device)
