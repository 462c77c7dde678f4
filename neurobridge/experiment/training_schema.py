"""What the section ``training`` of an experiment file may say; see ``docs/training.md``."""

from __future__ import annotations

__all__ = [
    "ChipPlan",
    "InputPlan",
    "OdoursPlan",
    "PathPlan",
    "PatternsPlan",
    "ReadoutPlan",
    "SequencesPlan",
    "SurrogatePlan",
    "TrainingPlan",
]

import math
from typing import Annotated, Any, Literal

from pydantic import Field

from neurobridge.experiment.quantities import Duration, Milliseconds, Neurons, Quantity
from neurobridge.yaml_lines import Strict

Trials = list[int]


class PatternsPlan(Strict):
    """Noisy patterns; see :func:`neurobridge.tasks.pattern_task`."""

    kind: Literal["patterns"]
    features: int
    classes: int
    noise: float | list[float] = Field(default_factory=lambda: [0.05, 0.1, 0.2])
    seed: int = 0
    trials: Trials = Field(default_factory=lambda: [20, 5, 10])
    duration: Duration = 200.0
    onset: Milliseconds = 0.0
    offset: Milliseconds = math.inf


class OdoursPlan(Strict):
    """Odours of DoOR; see :func:`neurobridge.tasks.odour_task`."""

    kind: Literal["odours"]
    door: str
    receptors: str
    leave_out: list[str] = Field(default_factory=list)
    odours: int | list[str] = 10
    concentrations: list[float] = Field(default_factory=lambda: [0.5, 1.0])
    held_out: list[float] = Field(default_factory=lambda: [0.75, 0.35])
    missing: Literal["error", "zero", "drop"] = "error"
    dose: Literal["linear", "hill"] = "linear"
    hill: float = 1.0
    trials: Trials = Field(default_factory=lambda: [20, 5, 5])
    duration: Duration = 500.0
    onset: Milliseconds = 0.0
    offset: Milliseconds = math.inf


class SequencesPlan(Strict):
    """Arrays of an ``.npz`` file; see :class:`neurobridge.training.SequenceData`.

    ``features`` (n_trials, T, n_in), perhaps ``splits`` (n_trials,), and targets by name.
    """

    kind: Literal["sequences"]
    file: str


class InputPlan(Strict):
    """How features reach the neurons.

    ``patterns``: neuron ``i`` of those that are chosen listens to feature ``i`` modulo their
    number. ``odours``: receptor neurons, found by their ids. ``sequences``: drawn weights.
    """

    neurons: Neurons = "all"
    kind: Literal["rate", "current"] = "rate"
    strength: Quantity = 1.0
    baseline: Quantity = 0.0
    receptor: str | None = None
    weight: Quantity | None = None
    shared: Literal["mean", "sum"] | None = None
    absent: Literal["error", "drop"] = "error"


class ReadoutPlan(Strict):
    """What is read; see :class:`neurobridge.Readout`. Its name is ``choice``."""

    neurons: Neurons = "all"
    source: str = "spikes"
    pool: Literal["count", "mean", "max", "last", "none"] = "count"
    tau_syn: Milliseconds | None = None
    tau_m: Milliseconds | None = None
    start: Literal["ridge", "random", "zero"] = "random"


class PathPlan(Strict):
    """How a path is trained; see :class:`neurobridge.training.Train`."""

    by: str | list[str] | None = None
    sign: Literal["fixed", "free"] | None = None
    bounds: Annotated[list[Quantity], Field(min_length=2, max_length=2)] | None = None
    learning_rate: float = 1.0
    where: dict[str, Any] | None = None
    number: int | None = None
    seed: int = 0
    self_connections: bool = True
    rank: int = 1
    spread: float = 0.01


class SurrogatePlan(Strict):
    """See :class:`neurobridge.backends.torch.surrogate.Surrogate`."""

    derivative: str = "fast_sigmoid"
    scale: float = 1.0
    height: float | None = None
    reset_gradient: bool = False
    detach_recurrent: bool = False


class ChipPlan(Strict):
    """Training for SpiNNaker; see :class:`neurobridge.training.ChipTraining`."""

    settings: dict[str, Any] = Field(default_factory=dict)
    bits: int = 16


class TrainingPlan(Strict):
    """What is learned, on which trials, and how; see :func:`neurobridge.training.fit`.

    ``objective`` and ``metrics`` name losses and metrics by their class, with its arguments:
    ``{loss: RateBounds, population: neurons, high: 50, factor: 0.01}``.
    """

    task: Annotated[PatternsPlan | OdoursPlan | SequencesPlan, Field(discriminator="kind")]
    train: dict[str, PathPlan]
    epochs: int
    input: InputPlan = Field(default_factory=InputPlan)
    readout: ReadoutPlan = Field(default_factory=ReadoutPlan)
    objective: dict[str, dict[str, Any]] = Field(default_factory=dict)
    metrics: dict[str, dict[str, Any]] = Field(default_factory=dict)
    batch: int = 16
    learning_rate: float = 1e-3
    optimiser: str = "adam"
    clip: float | None = None
    validate_every: int = 1
    patience: int | None = None
    save_every: int = 1
    seed: int = 0
    processes: int = 1
    threads: int = 1
    loggers: list[str] = Field(default_factory=list)
    precision: Literal["float32", "float64"] = "float32"
    device: str = "cpu"
    surrogate: SurrogatePlan | None = None
    record: list[str] = Field(default_factory=list)
    checkpoint_every: int | None = None
    truncate_every: int | None = None
    chip: ChipPlan | None = None
