"""Firing rates of groups of neurons in the reference and in the twin."""

from __future__ import annotations

__all__ = ["GroupRate", "group_rates"]

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from neurobridge.deployment.grouping import Groups
from neurobridge.recording import Recording


@dataclass(frozen=True)
class GroupRate:
    """Spikes and mean rates (Hz) of a group of neurons.

    ``other_seed`` is the reference with another seed: what a mere change of seed does to the rate.
    """

    name: str
    neurons: int
    reference_spikes: int
    twin_spikes: int
    reference: float
    twin: float
    other_seed: float | None

    @property
    def difference(self) -> float:
        """Rate of the twin less that of the reference, in Hz."""
        return self.twin - self.reference

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {**asdict(self), "difference": self.difference}


def group_rates(
    groups: Groups, reference: Recording, twin: Recording, other_seed: Recording | None
) -> tuple[GroupRate, ...]:
    """Rates of all groups that are not empty, in the order of their names.

    Parameters
    ----------
    groups : Groups
    reference, twin, other_seed : Recording
        With the spikes of every population under its name.
    """
    runs = [reference, twin, *([other_seed] if other_seed is not None else [])]
    sizes, seconds = groups.sizes, reference.duration * 1e-3
    spikes = []
    for recording in runs:
        total = np.zeros(len(groups.names))
        for name, codes in groups.codes.items():
            counts = recording.spikes[name].counts
            total += np.bincount(codes, weights=counts, minlength=total.size)
        spikes.append(total)
    rows = []
    for i in sorted(range(len(groups.names)), key=lambda i: groups.names[i]):
        if not sizes[i]:
            continue
        rates = [float(total[i] / (sizes[i] * seconds)) for total in spikes]
        rows.append(
            GroupRate(
                groups.names[i], int(sizes[i]), int(spikes[0][i]), int(spikes[1][i]),
                rates[0], rates[1], rates[2] if len(rates) > 2 else None,
            )
        )  # fmt: skip
    return tuple(rows)
