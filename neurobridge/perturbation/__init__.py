"""Experiments on a network: activate, silence, sweep, and see who responds.

>>> from neurobridge.perturbation import Trials, activate, responders
>>> sugar = activate(fly, "sub_class == 'sugar/water'", rate=100.0)  # doctest: +SKIP
>>> table = responders(sugar, Trials(30, threads=2).run(sugar))  # doctest: +SKIP
"""

from __future__ import annotations

__all__ = [
    "RateSweep",
    "Trials",
    "activate",
    "draw_screen",
    "draw_sweeps",
    "find_neurons",
    "responders",
    "silence",
    "silencing_screen",
    "sweep_rates",
    "target_rates",
    "trial_rates",
]

from neurobridge.perturbation.drawing import draw_screen, draw_sweeps
from neurobridge.perturbation.edits import activate, silence
from neurobridge.perturbation.neurons import find_neurons
from neurobridge.perturbation.responders import responders, target_rates
from neurobridge.perturbation.screen import silencing_screen
from neurobridge.perturbation.sweep import RateSweep, sweep_rates
from neurobridge.perturbation.trials import Trials, trial_rates
