"""Injected currents of a network, step by step."""

from __future__ import annotations

__all__ = ["Currents"]

from dataclasses import dataclass, field

import numpy as np

from neurobridge.analysis.lyapunov.system import Real
from neurobridge.errors import NetworkError
from neurobridge.graph.network import Network
from neurobridge.graph.stimulus import Current, DiffusionNoise, WhiteNoise
from neurobridge.lowering.drive import lower_drive
from neurobridge.lowering.finding import raise_if_errors
from neurobridge.lowering.program import CurrentInput


@dataclass
class Currents:
    """What is injected into the neurons of a network.

    Parameters
    ----------
    network : Network
    scale : float
        How many ms the system's unit of time has.
    seed : int
        Of noise.
    """

    network: Network
    scale: float
    seed: int
    _known: dict[float, tuple[int, tuple[CurrentInput, ...]]] = field(default_factory=dict)

    @classmethod
    def of_network(cls, network: Network, scale: float, seed: int) -> Currents | None:
        """The currents of a network, None if it has none.

        Raises
        ------
        NetworkError
            If a stimulus is none that a differential equation takes.
        """
        for stimulus in network.stimuli.values():
            if isinstance(stimulus, DiffusionNoise) or not isinstance(
                stimulus, (Current, WhiteNoise)
            ):
                raise NetworkError(
                    f"stimulus {stimulus.name!r} is {type(stimulus).__name__}; exponents are "
                    "worked out under currents that hold for a while (Current, WhiteNoise)"
                )
        return cls(network, scale, seed) if network.stimuli else None

    def of(self, first: int, n_steps: int, dt: float) -> Real:
        """Currents in steps ``first`` to ``first + n_steps - 1``, (n_steps, n_neurons)."""
        inputs = self._inputs(first + n_steps, dt)
        rows = []
        for population in self.network.populations.values():
            if not population.model.takes_current:
                continue
            total = np.zeros((n_steps, population.size))
            steps = np.arange(first, first + n_steps)
            for given in inputs:
                if given.population == population.name:
                    change = np.searchsorted(given.start, steps, side="right") - 1
                    value = np.where((change >= 0)[:, None], given.value[change], 0.0)
                    np.add.at(total.T, given.neuron, value.T)
            rows.append(total)
        return np.concatenate(rows, axis=1)

    def _inputs(self, n_steps: int, dt: float) -> tuple[CurrentInput, ...]:
        """The drive of twice the steps that were asked for, drawn again when they are over."""
        horizon, inputs = self._known.get(dt, (0, ()))
        if n_steps > horizon:
            horizon = max(2 * n_steps, 1000)
            drive, findings = lower_drive(self.network, dt * self.scale, horizon, self.seed, 0)
            raise_if_errors(findings, ("current_time_rounding",))
            inputs = drive.currents
            self._known[dt] = (horizon, inputs)
        return inputs

    @property
    def constant(self) -> bool:
        """Whether nothing changes after time 0."""
        for stimulus in self.network.stimuli.values():
            if not isinstance(stimulus, Current) or np.any(np.asarray(stimulus.time) > 0):
                return False
        return True
