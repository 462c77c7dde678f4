"""Trial: one run of a study, and the key under which its result is found again."""

from __future__ import annotations

__all__ = ["SCHEMA", "Trial", "trial_key"]

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

SCHEMA = 1
"""Version of what a key is made of, and of what is measured; part of every key."""


@dataclass(frozen=True)
class Trial:
    """One run of a study.

    Parameters
    ----------
    key : str
        See :func:`trial_key`.
    experiment, backend : str
        As they are named in the study.
    point : int
        Number of the combination of values.
    values : mapping of str to float
        Value of each path, in canonical units.
    seed, trial : int
    duration, dt : float
        In ms.
    job : mapping
        Everything that a worker is told; plain values.
    """

    key: str
    experiment: str
    backend: str
    point: int
    values: Mapping[str, float]
    seed: int
    trial: int
    duration: float
    dt: float
    job: Mapping[str, Any] = field(repr=False)

    @property
    def where(self) -> str:
        """Which trial this is, for people."""
        values = "".join(f", {path} = {value:g}" for path, value in self.values.items())
        return f"{self.experiment} on {self.backend}{values}, seed {self.seed}, trial {self.trial}"


def trial_key(
    *,
    network_id: str,
    backend: str,
    settings: Mapping[str, Any],
    seed: int,
    trial: int,
    duration: float,
    dt: float,
    accept: Sequence[str],
    measures: Sequence[str],
    spikes: bool,
) -> str:
    """SHA-256 over all that decides what a trial gives, hexadecimal.

    The values of parameters are in the network's id. Names and places of files, the order of
    anything, and the cluster are not part of it.
    """
    content = {
        "schema": SCHEMA,
        "network": network_id,
        "backend": backend,
        "settings": dict(settings),
        "seed": seed,
        "trial": trial,
        "duration": duration,
        "dt": dt,
        "accept": sorted(accept),
        "measures": sorted(measures),
        "spikes": spikes,
    }
    return sha256(json.dumps(content, sort_keys=True).encode("utf-8")).hexdigest()
