"""ROI folders in the layout of FlyStability: one hemibrain region, its largest component.

======================================  =====================================================
``adjacency_scc.npy``                   (N, N) synapse counts, row = source
``ei_neuron_types.npy``                 (N,) 1 excitatory, 0 inhibitory
``nid_scc.npy``                         (N,) body ids
``neurotransmitter_assignments.pkl``    dict body id -> 0 to 6
``cell_body_fiber_assignments.pkl``     dict body id -> number of the cell body fibre
======================================  =====================================================

The sign belongs to the source of an edge (Dale's law): the type of neuron i signs row i.
Pickles are read without running anything in them.
"""

from __future__ import annotations

__all__ = ["load_flystability"]

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.connectome.loaders.matrix import from_matrix, read_matrix
from neurobridge.connectome.loaders.neuprint import DATASETS
from neurobridge.connectome.provenance import Provenance, SourceFile
from neurobridge.connectome.table import Connectome
from neurobridge.connectome.unpickle import load_plain
from neurobridge.errors import ConnectomeError, FileFormatError

TRANSMITTERS = (
    "gaba",
    "acetylcholine",
    "glutamate",
    "serotonin",
    "octopamine",
    "dopamine",
    None,  # "neither"
)


def load_flystability(path: str | Path, *, release: str = "") -> Connectome:
    """An ROI folder.

    Parameters
    ----------
    path : path
        The folder of one ROI, e.g. ``.../EB``.
    release : str
        Release of the hemibrain, to be recorded.

    Returns
    -------
    Connectome
        Signed by ``ei_neuron_types``; labels ``nt`` and ``cell_body_fibre`` (a number).

    Raises
    ------
    FileFormatError
        If a file does not exist, or does not hold what it should.
    ConnectomeError
        If the files do not fit together, or a value is out of range.
    """
    folder = Path(path)
    names = {
        "matrix": "adjacency_scc.npy",
        "ei": "ei_neuron_types.npy",
        "ids": "nid_scc.npy",
        "nt": "neurotransmitter_assignments.pkl",
        "cbf": "cell_body_fiber_assignments.pkl",
    }
    files = {key: folder / name for key, name in names.items()}
    ids = np.asarray(read_matrix(files["ids"])).ravel()
    codes = _assigned(files["nt"], ids, largest=len(TRANSMITTERS) - 1)
    fibres = _assigned(files["cbf"], ids)
    connectome = from_matrix(
        read_matrix(files["matrix"]),
        orientation="row_is_source",
        values="count",
        ids=ids,
        labels={
            "nt": [TRANSMITTERS[code] if code >= 0 else None for code in codes.tolist()],
            "cell_body_fibre": [str(f) if f >= 0 else None for f in fibres.tolist()],
        },
        source=names["matrix"],
        provenance=Provenance(
            dataset=f"hemibrain-{folder.name}",
            release=release,
            files=tuple(SourceFile.of(f) for f in files.values()),
            licence="CC BY 4.0",
            references=(DATASETS["hemibrain"],),
            notes=("orientation: row_is_source", "signs: ei_neuron_types.npy, of the source"),
        ),
    )
    return connectome.replace(sign=_signs(files["ei"], ids))


def _assigned(path: Path, ids: NDArray[Any], largest: int | None = None) -> NDArray[np.int64]:
    """The number given to every id, -1 where the id is not in the table."""
    table = load_plain(path)
    if not isinstance(table, dict):
        raise FileFormatError(f"{path.name}: expected a dict from id to number, got {type(table)}")
    try:
        plain = {int(key): int(value) for key, value in table.items()}
    except (TypeError, ValueError) as error:
        raise FileFormatError(f"{path.name}: expected whole numbers: {error}") from error
    for key, value in plain.items():
        if value < 0 or (largest is not None and value > largest):
            limit = "0 or more" if largest is None else f"from 0 to {largest}"
            raise ConnectomeError(f"{path.name}: expected codes {limit}, got {value} for id {key}")
    return np.array([plain.get(i, -1) for i in ids.tolist()], dtype=np.int64)


def _signs(path: Path, ids: NDArray[Any]) -> NDArray[np.int8]:
    """+1 and -1 in the order of sorted ids."""
    types = np.asarray(read_matrix(path)).ravel()
    if types.size != ids.size:
        raise ConnectomeError(f"{path.name} has {types.size} entries for {ids.size} neurons")
    if not np.isin(types, (0, 1)).all():
        odd = types[~np.isin(types, (0, 1))][0]
        raise ConnectomeError(f"{path.name}: expected 1 (excitatory) or 0 (inhibitory), got {odd}")
    signs = np.where(types == 1, 1, -1).astype(np.int8)
    return signs[np.argsort(ids)]
