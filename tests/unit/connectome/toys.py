"""Small connectomes whose numbers can be checked by hand."""

from __future__ import annotations

from neurobridge.connectome import Connectome, Provenance, from_edges

TOY = Provenance("toy", release="1")

# Root ids as FlyWire has them; neighbours collapse into one number as soon as they are floats.
A, B, C, D = (720575940602553568 + k for k in range(4))


def toy() -> Connectome:
    """Four neurons: A -> B (3), A -> C (1), B -> A (2), C -> C (4), and D alone."""
    return from_edges(
        [A, A, B, C],
        [B, C, A, C],
        count=[3, 1, 2, 4],
        ids=[D, C, B, A],
        labels={
            "cell_type": [None, "KC", "KC", "PN"],
            "side": ["left", "left", "right", "left"],
            "nt": ["GABA", "ACH", "GABA", "ACH"],
            "size": [1.0, 2.0, 3.0, float("nan")],
            "rank": [4, 3, 2, 1],
            "olfactory": [True, False, True, False],
        },
        provenance=TOY,
    )
