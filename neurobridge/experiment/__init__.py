"""Experiments as files: connectome, signs, model, stimuli, probes and run in one YAML."""

from __future__ import annotations

__all__ = ["Experiment", "builtin_experiments", "load_experiment"]

from neurobridge.experiment.experiment import Experiment, builtin_experiments, load_experiment
