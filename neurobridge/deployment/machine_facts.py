"""What a network takes of a machine, in a few numbers, and whether there is as much."""

from __future__ import annotations

__all__ = ["fit_findings", "machine_facts"]

from collections.abc import Iterator
from typing import TYPE_CHECKING

from neurobridge.deployment.core_estimate import CoreEstimate
from neurobridge.lowering.finding import Finding

if TYPE_CHECKING:
    from neurobridge.backends.spinnaker.mapping import MachineMapping

MB = 2**20


def machine_facts(mapping: MachineMapping | CoreEstimate) -> dict[str, str]:
    """Cores, chips and boards; memory and routing if the network was laid out."""
    if isinstance(mapping, CoreEstimate):
        return {
            "cores": f"about {mapping.n_cores:,}",
            "chips": f"about {mapping.n_chips:,}",
            "boards": f"about {mapping.n_boards:,}",
            "kind of board": f"version {mapping.version}",
        }
    used = [chip for chip in mapping.chips if chip.n_cores]
    return {
        "cores": f"{len(mapping.cores):,}",
        "chips": f"{len(used):,}",
        "boards": f"{mapping.n_boards:,}",
        "kind of board": f"version {mapping.version}",
        "memory of the fullest chip": f"{max((c.sdram for c in used), default=0) / MB:,.1f} MB",
        "routing entries of the fullest router": f"{mapping.most_routing_entries:,}",
        "time to lay it out": f"{mapping.seconds['total']:.1f} s",
    }


def fit_findings(mapping: MachineMapping | CoreEstimate) -> Iterator[Finding]:
    """A network that is too large for the machine."""
    if mapping.fits:
        return
    from neurobridge.backends.spinnaker.mapping import ROUTING_ENTRIES

    if isinstance(mapping, CoreEstimate):
        there = f"the machine has {mapping.available:,} cores"
    else:
        there = (
            f"there are {mapping.boards or 'enough'} boards; its fullest router needs "
            f"{mapping.most_routing_entries:,} of {ROUTING_ENTRIES:,} entries"
        )
    larger = "set boards higher" if mapping.version == 5 else "set version=5, of 48 chips a board,"
    yield Finding(
        "too_large_for_machine", "error", f"setting 'boards', of version {mapping.version}",
        f"the network needs {mapping.size_in_words}; {there}",
        f"{larger} if there are so many, or take a smaller network",
        float(mapping.n_boards),
    )  # fmt: skip
