"""NIR, the Neuromorphic Intermediate Representation: networks out and in.

``docs/nir.md`` says what is kept, what is not, and what norse and snnTorch make of a file.

Pedersen et al. (2024), Nat. Commun. 15:8122, doi:10.1038/s41467-024-52259-9.
"""

from __future__ import annotations

__all__ = ["Scaling", "from_nir", "nir_findings", "to_nir", "write_nir"]

from neurobridge.io.nir.cells import Scaling
from neurobridge.io.nir.findings import nir_findings
from neurobridge.io.nir.read import from_nir
from neurobridge.io.nir.write import to_nir, write_nir
