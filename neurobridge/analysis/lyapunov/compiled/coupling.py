"""The couplings of a system as compiled code has them, and its functions: made once a system."""

from __future__ import annotations

__all__ = ["CompiledCoupling"]

from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from neurobridge.analysis.lyapunov.compiled import gathering, packed, products
from neurobridge.analysis.lyapunov.compiled.packed import pack
from neurobridge.analysis.lyapunov.compiled.text import Plan, module_text
from neurobridge.codegen.modules import load_module

if TYPE_CHECKING:
    from neurobridge.analysis.lyapunov.compiled.loops import Coupling
    from neurobridge.analysis.lyapunov.declared import DeclaredSystem


class CompiledCoupling:
    """What all propagators of a system share; nothing of it changes.

    Parameters
    ----------
    system : DeclaredSystem
    """

    def __init__(self, system: DeclaredSystem) -> None:
        self.codes = tuple(cells.code for cells in system.cells)
        self.matrix, self.own = system.coupling, system.own_weights
        self.is_coupled = self.matrix.nnz > 0
        self.columns = self.is_coupled and not system.is_dense
        self._modules: dict[Coupling, ModuleType] = {}

    def kind(self, dtype: np.dtype[Any]) -> Coupling:
        """How couplings are kept for tangents of a type."""
        if not self.is_coupled:
            return "none"
        if self.columns:
            return "edges"
        return "dense" if dtype == np.float64 else "dense_mixed"

    def module(self, kind: Coupling) -> ModuleType:
        """The compiled functions of the system."""
        if kind not in self._modules:
            text = module_text(Plan(self.codes, "columns" if self.columns else "rows"), kind)
            self._modules[kind] = load_module(text, packed, products, gathering)
        return self._modules[kind]

    def arrays(self, dtype: np.dtype[Any]) -> dict[str, Any]:
        """The coupling as the loops of a kind want it; what others want is empty."""
        kind, edges = self.kind(dtype), self.matrix
        dense, chosen = kind in ("dense", "dense_mixed"), kind == "edges"
        some = edges.nnz if chosen else 0
        return {
            "own": self.own,
            "panels": self._panels if dense else np.zeros((0, 0, 0)),
            "tangent_panels": (
                self._tangent_panels if kind == "dense_mixed" else np.zeros((0, 0, 0), dtype)
            ),
            "indptr": edges.indptr.astype(np.int64) if chosen else np.zeros(0, np.int64),
            "source": edges.indices[:some].astype(np.int32),
            "weight": edges.data[:some].astype(np.float64),
            "tangent_weight": edges.data[:some].astype(dtype),
        }

    @cached_property
    def _panels(self) -> Any:
        return pack(self.matrix.toarray(), np.float64)

    @cached_property
    def _tangent_panels(self) -> Any:
        return pack(self.matrix.toarray(), np.float32)
