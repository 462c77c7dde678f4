"""Region-to-region matrices of the bio2art collection: macaque, marmoset, mouse, human, fly.

A folder holds ``C_<dataset>.npy`` (strengths), ``Names_<dataset>.lst`` (a pickled list of region
names, read without running anything) and for some ``ND_<dataset>.npy`` (neurons per mm3, NaN where
not measured). The entries are fractions of labelled neurons, regression weights or tract strengths,
not synapses, and their units differ between data sets.

In most files the row is the source: the columns of the tracer data sum to at most 1, as fractions
of all neurons labelled from one injected target must. ``Mouse_Gamanut_Normalized`` is the other way
round: there the rows do.
"""

from __future__ import annotations

__all__ = ["load_bio2art"]

from pathlib import Path
from typing import Any

import numpy as np

from neurobridge.citation import Reference
from neurobridge.connectome.loaders.matrix import Orientation, from_matrix, read_matrix
from neurobridge.connectome.provenance import Provenance, SourceFile
from neurobridge.connectome.table import Connectome
from neurobridge.connectome.unpickle import load_plain
from neurobridge.errors import FileFormatError, UnknownNameError

ORIENTATIONS: dict[str, Orientation] = {"Mouse_Gamanut_Normalized": "row_is_target"}
"""Files whose rows are not sources."""

COLLECTION = Reference(
    "goulas2021",
    "Goulas, Damicelli & Hilgetag (2021). Bio-instantiated recurrent neural networks: integrating "
    "neurobiology-based network topology in artificial networks. Neural Networks 142, 608-618.",
    "10.1016/j.neunet.2021.07.011",
)
SOURCES = {
    "Drosophila": Reference(
        "chiang2011",
        "Chiang et al. (2011). Three-dimensional reconstruction of brain-wide wiring networks in "
        "Drosophila at single-cell resolution. Current Biology 21, 1-11.",
        "10.1016/j.cub.2010.11.056",
    ),
    "Macaque_Normalized": Reference(
        "markov2014",
        "Markov et al. (2014). A weighted and directed interareal connectivity matrix for macaque "
        "cerebral cortex. Cerebral Cortex 24, 17-36.",
        "10.1093/cercor/bhs270",
    ),
    "Marmoset_Normalized": Reference(
        "majka2020",
        "Majka et al. (2020). Open access resource for cellular-resolution analyses of "
        "corticocortical connectivity in the marmoset monkey. Nature Communications 11, 1133.",
        "10.1038/s41467-020-14858-0",
    ),
    "Mouse_Gamanut_Normalized": Reference(
        "gamanut2018",
        "Gamanut et al. (2018). The mouse cortical connectome, characterized by an ultra-dense "
        "cortical graph, maintains specificity by distinct connectivity profiles. Neuron 97, "
        "698-715.",
        "10.1016/j.neuron.2017.12.037",
    ),
}


def load_bio2art(
    path: str | Path, *, dataset: str, orientation: Orientation | None = None
) -> Connectome:
    """One data set of a bio2art folder; regions take the place of neurons.

    Parameters
    ----------
    path : path
        The folder.
    dataset : str
        The middle of the file names, e.g. ``"Macaque_Normalized"``.
    orientation : {"row_is_source", "row_is_target"}, optional
        By default ``row_is_target`` for ``Mouse_Gamanut_Normalized`` and else ``row_is_source``.

    Returns
    -------
    Connectome
        With ``weight`` instead of ``count``; labels ``name`` and, where known,
        ``neuron_density`` (per mm3, NaN where not measured).

    Raises
    ------
    UnknownNameError
        If there is no such data set in the folder.
    FileFormatError
        If the names are not a list of text.
    ConnectomeError
        If matrix, names and densities do not fit together.
    """
    folder = Path(path)
    present = sorted(p.stem.removeprefix("C_") for p in folder.glob("C_*.npy"))
    if dataset not in present:
        raise UnknownNameError(f"data set in {folder.name}", dataset, present)
    matrix_file, names_file = folder / f"C_{dataset}.npy", folder / f"Names_{dataset}.lst"
    density_file = folder / f"ND_{dataset}.npy"
    files = [matrix_file, names_file]
    labels: dict[str, Any] = {}
    if density_file.is_file():
        labels["neuron_density"] = np.asarray(read_matrix(density_file), dtype=np.float64).ravel()
        files.append(density_file)
    chosen = orientation or ORIENTATIONS.get(dataset, "row_is_source")
    return from_matrix(
        read_matrix(matrix_file),
        orientation=chosen,
        values="weight",
        names=_names(names_file),
        labels=labels,
        source=matrix_file.name,
        provenance=Provenance(
            dataset=f"bio2art-{dataset}",
            files=tuple(SourceFile.of(f) for f in files),
            licence="MIT",
            references=(COLLECTION, *([SOURCES[dataset]] if dataset in SOURCES else [])),
            notes=(f"orientation: {chosen}", "entries are strengths, not synapse counts"),
        ),
    )


def _names(path: Path) -> list[str]:
    names = load_plain(path)
    if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise FileFormatError(f"{path.name}: expected a list of region names, got {type(names)}")
    return names
