"""The adult hermaphrodite of *Caenorhabditis elegans*, embedded in the package.

Connections are those of Cook et al. (2019): chemical synapses and gap junctions among 302 neurons,
muscles and other cells, counted as the number of serial sections in which a connection was seen, so
a count is a size rather than a number of synapses. Gap junctions are listed in both directions.

Transmitters are those of the atlas of Wang et al. (2024), from knock-in reporters of the genes that
make and carry them. The label ``nt`` is the transmitter that the atlas lists first, and
``nt_all`` all that a neuron is said to make or release, in the order of the atlas. An entry that
says only "uptake" counts as release for betaine, as in the atlas, and not for serotonin and GABA,
where uptake may be clearance. Neurons whose only entries are orphan or unknown have no ``nt``;
co-transmitters marked as a monoamine of unknown identity are left out of ``nt_all``.
Not in the atlas, so not here: muscles and other cells, neuropeptides, and which receptor a
synapse meets.
"""

from __future__ import annotations

__all__ = ["load_celegans"]

from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from neurobridge.citation import Reference
from neurobridge.connectome.build import from_edges
from neurobridge.connectome.provenance import Provenance, SourceFile
from neurobridge.connectome.reading import read_table
from neurobridge.connectome.table import Connectome
from neurobridge.errors import ConnectomeError

Cells = Literal["neurons", "all"]

REFERENCES = (
    Reference(
        "cook2019",
        "Cook, Jarrell, Brittin et al. (2019). Whole-animal connectomes of both Caenorhabditis "
        "elegans sexes. Nature 571, 63-71.",
        "10.1038/s41586-019-1352-7",
    ),
    Reference(
        "wang2024",
        "Wang, Vidal, Sural et al. (2024). A neurotransmitter atlas of C. elegans males and "
        "hermaphrodites. eLife 13, RP95402.",
        "10.7554/eLife.95402",
    ),
)


def load_celegans(*, cells: Cells = "neurons", gap_junctions: bool = True) -> Connectome:
    """The hermaphrodite connectome of Cook et al. (2019) with transmitters; needs no download.

    Parameters
    ----------
    cells : {"neurons", "all"}
        The 302 neurons and the edges between them, or also muscles and other cells.
    gap_junctions : bool
        Whether to keep the edges of kind ``gap``. In a model with chemical synapses only they
        must go, or they would be taken for synapses.

    Returns
    -------
    Connectome
        Labels ``name``, ``cell_class`` (neuron, muscle, other), ``cell_type`` (name without
        side), ``role`` (sensory, inter, motor, polymodal), ``pharyngeal``, ``side``, ``nt``,
        ``nt_all``; edge label ``kind``.

    Raises
    ------
    ConnectomeError
        If ``cells`` is something else.
    """
    if cells not in {"neurons", "all"}:
        raise ConnectomeError(f"cells: expected 'neurons' or 'all', got {cells!r}")
    folder = Path(str(files("neurobridge.connectome") / "data"))
    sources = [folder / "celegans_cells.csv", folder / "celegans_edges.csv"]
    nodes, edges = (read_table(path) for path in sources)
    if cells == "neurons":
        nodes = nodes.filter(pc.equal(nodes["cell_class"], "neuron"))
        names = nodes["name"].cast(pa.string()).combine_chunks()
        inside = [
            pc.is_in(edges[end].cast(pa.string()), value_set=names) for end in ("pre", "post")
        ]
        edges = edges.filter(pc.and_(*inside))
    if not gap_junctions:
        edges = edges.filter(pc.equal(edges["kind"], "chemical"))
    labels: dict[str, Any] = {c: nodes[c] for c in nodes.column_names if c != "name"}
    return from_edges(
        edges["pre"],
        edges["post"],
        count=edges["count"],
        ids=nodes["name"],
        labels=labels,
        edge_labels={"kind": edges["kind"]},
        provenance=Provenance(
            dataset="celegans-cook2019-hermaphrodite",
            release="SI 5, corrected July 2020",
            files=tuple(SourceFile.of(path) for path in sources),
            licence="MIT (C. elegans Connectome Toolbox); cite the papers",
            references=REFERENCES,
            notes=(
                "counts are serial sections per connection, not numbers of synapses",
                "gap junctions are listed in both directions",
                "nt is the transmitter that Wang et al. (2024) list first",
                f"cells: {cells}; gap junctions: {'kept' if gap_junctions else 'left out'}",
            ),
        ),
        nodes_from=sources[0].name,
        edges_from=sources[1].name,
    )
