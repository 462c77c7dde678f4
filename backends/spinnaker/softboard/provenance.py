"""What programs count while they run, read by sPyNNaker's own code."""

from __future__ import annotations

__all__ = ["read_counts"]

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from spinn_front_end_common.interface.interface_functions import placements_provenance_gatherer
from spinn_front_end_common.interface.provenance import ProvenanceWriter

from neurobridge.backends.spinnaker.softboard.placed import Placed

Counts = dict[tuple[int, int, int], dict[str, float]]


def read_counts(placed: Iterable[Placed]) -> Counts:
    """Counts by core (x, y, p) and by sPyNNaker's names.

    sPyNNaker also writes them into its database where its settings say so, and warns about those
    that should be 0.
    """
    placements = [part.placement for part in placed]
    with _overheard() as counts:
        placements_provenance_gatherer(len(placements), placements)
    return counts


@contextmanager
def _overheard() -> Iterator[Counts]:
    """Hear what goes into the database.

    ``ProvenanceWriter.insert_core`` is replaced while this lasts: counts have no other way out of
    the code that knows which word of a data region is which.
    """
    counts: Counts = {}
    writer: Any = ProvenanceWriter
    original = writer.insert_core

    def insert_core(self: Any, x: int, y: int, p: int, description: str, the_value: float) -> None:
        counts.setdefault((x, y, p), {})[description] = the_value
        original(self, x, y, p, description, the_value)

    writer.insert_core = insert_core
    try:
        yield counts
    finally:
        writer.insert_core = original
