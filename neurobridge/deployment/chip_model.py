"""The shipped programs of sPyNNaker in the chip model, against the twin, bit for bit."""

from __future__ import annotations

__all__ = ["ChipModelRun", "refuse_without_chip_model", "run_chip_model"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from neurobridge.backends.base import Progress
from neurobridge.errors import BackendUnavailableError
from neurobridge.graph.network import Network
from neurobridge.lowering.compiled import compile as build
from neurobridge.recording import Recording
from neurobridge.registry import get_backend


@dataclass(frozen=True)
class ChipModelRun:
    """What the chip model gave beside the twin.

    Parameters
    ----------
    spikes : int
    same_spikes : bool
        Every spike of every population in the same step.
    same_states : bool or None
        Every recorded state the same integer; None if none was recorded.
    seconds : float
    """

    spikes: int
    same_spikes: bool
    same_states: bool | None
    seconds: float

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return self.same_spikes and self.same_states is not False

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {
            "spikes": self.spikes, "same_spikes": self.same_spikes,
            "same_states": self.same_states, "same": self.same, "seconds": self.seconds,
        }  # fmt: skip


def refuse_without_chip_model() -> None:
    """Say what is missing before anything is run.

    Raises
    ------
    BackendUnavailableError
    """
    from neurobridge.backends.spinnaker.backend import INSTALL_MODEL

    here = get_backend("spinnaker").availability()
    if not here.available or find_spec("unicorn") is None:
        reason = here.reason or "unicorn is not installed"
        raise BackendUnavailableError(f"the chip model: {reason}; install it: {INSTALL_MODEL}")


def run_chip_model(
    network: Network,
    duration: float,
    twin: Recording,
    *,
    dt: float,
    seed: int,
    trial: int,
    accept: Sequence[str],
    settings: Mapping[str, Any],
    progress: Progress | None = None,
) -> ChipModelRun:
    """Run a network in the chip model, and compare it with the twin's recording of the same run.

    Raises
    ------
    BackendError
        If a program fails in the model.
    """
    with build(
        network, "spinnaker", dt=dt, accept=accept, machine="softboard", **settings
    ) as compiled:
        recording = compiled.run(duration, seed=seed, trial=trial, progress=progress)
    states = [
        np.array_equal(signal.values, recording.signals[name].values)
        for name, signal in twin.signals.items()
    ]
    return ChipModelRun(
        spikes=recording.n_spikes,
        same_spikes=all(s.same_as(recording.spikes[n]) for n, s in twin.spikes.items()),
        same_states=all(states) if states else None,
        seconds=float(recording.timings.get("run_s", 0.0)),
    )
