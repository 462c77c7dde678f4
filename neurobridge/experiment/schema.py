"""What an experiment file may say; ``docs/experiments.md`` shows one with comments.

Quantities are numbers in the unit that is named here, or texts with their own (``"20 ms"``).
``neurons`` is ``all``, an expression over labels, or a list of ids or of names.
"""

from __future__ import annotations

__all__ = [
    "ConnectomePlan",
    "CurrentPlan",
    "DiffusionNoisePlan",
    "EventsPlan",
    "ExperimentPlan",
    "ModelPlan",
    "NeighbourhoodPlan",
    "OwnModel",
    "OwnParameter",
    "OwnReceptor",
    "OwnRefractory",
    "ParameterGroup",
    "PoissonCountsPlan",
    "PoissonPlan",
    "ProbePlan",
    "RunPlan",
    "SignsPlan",
    "SpikeTrainsPlan",
    "SpikesPlan",
    "StatePlan",
    "StimulusPlan",
    "SynapsesPlan",
    "WhiteNoisePlan",
    "WindowPlan",
]

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from neurobridge.experiment.quantities import (
    Duration,
    Hertz,
    Milliseconds,
    Neurons,
    Quantity,
    SeveralHertz,
    SeveralMilliseconds,
    SeveralQuantities,
    known_backends,
)
from neurobridge.experiment.training_schema import TrainingPlan
from neurobridge.lowering.compiled import DEFAULT_BACKEND
from neurobridge.yaml_lines import Strict


class NeighbourhoodPlan(Strict):
    """Neurons within some hops of a set."""

    seeds: Neurons
    hops: int = 1
    direction: Literal["in", "out", "both"] = "both"


class ConnectomePlan(Strict):
    """Where the connectome is from, and which part of it is used.

    Parts are taken in the order in which they stand here; the largest component last, after the
    signs, because signs can remove edges.
    """

    source: str
    path: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    regions: list[str] | None = None
    cell_types: list[str] | None = None
    select: str | None = None
    neighbourhood: NeighbourhoodPlan | None = None
    min_synapses: float | None = None
    largest_component: bool = False


class SignsPlan(Strict):
    """The policy by name, its options, and what becomes of edges without a known sign."""

    policy: str
    unknown: Literal["error", "drop", "excitatory", "inhibitory"] = "error"
    table: str | dict[str, int] | None = None
    label: str | None = None
    at_least: float | None = None
    confidence: str | None = None
    seed: int | None = None
    trial: int | None = None
    signs: str | dict[int, int] | None = None


class OwnParameter(Strict):
    """See :class:`~neurobridge.graph.model.Parameter`."""

    default: float | str | None
    unit: str
    doc: str = ""
    above: float = -math.inf
    at_least: float = -math.inf
    below: float = math.inf
    at_most: float = math.inf


class OwnReceptor(Strict):
    """See :class:`~neurobridge.graph.model.Receptor`."""

    event: str
    sign: Literal["positive", "negative", "any"]
    magnitude: bool
    when_clamped: Literal["keep", "drop"]


class OwnRefractory(Strict):
    """See :class:`~neurobridge.graph.model.Refractory`."""

    period: str
    clamped: list[str]


class OwnModel(Strict):
    """A neuron model of the user; see :class:`~neurobridge.graph.model.NeuronModel`."""

    equations: str
    parameters: dict[str, OwnParameter]
    receptors: dict[str, OwnReceptor]
    threshold: str
    threshold_policy: Literal["level", "crossing"]
    reset: str
    refractory: OwnRefractory | None
    integrator: Literal["exact", "rk4", "euler", "exponential_euler"]
    initial: dict[str, float | str] = Field(default_factory=dict)
    reference: str = ""
    doc: str = ""


class ParameterGroup(Strict):
    """Parameters of some of the neurons; a later group overrides an earlier one."""

    neurons: Neurons
    parameters: dict[str, Quantity]


class ModelPlan(Strict):
    """The model of all neurons, its parameters, and those of groups of neurons."""

    name: str
    parameters: dict[str, Quantity] = Field(default_factory=dict)
    initial: dict[str, Quantity] = Field(default_factory=dict)
    groups: list[ParameterGroup] = Field(default_factory=list)


class SynapsesPlan(Strict):
    """Weight of one synapse (positive; the sign comes from the connectome) and delay."""

    weight: Quantity
    delay: Milliseconds
    receptor: str | None = None
    gap_junctions: Literal["error", "drop"] = "error"


class EventsPlan(Strict):
    """Spikes from outside: how they reach a receptor."""

    weight: Quantity
    receptor: str | None = None
    delay: Milliseconds | None = None


class WindowPlan(Strict):
    """What some of the neurons get for some of the time."""

    neurons: Neurons = "all"
    start: Milliseconds = 0.0
    stop: Milliseconds = math.inf


class PoissonPlan(EventsPlan, WindowPlan):
    """Independent Poisson trains, one per neuron; several rates need ``rate_interval``."""

    kind: Literal["poisson"]
    rate: SeveralHertz
    rate_interval: Milliseconds | None = None


class PoissonCountsPlan(EventsPlan, WindowPlan):
    """Dense Poisson background: how many events each neuron gets in each time step."""

    kind: Literal["poisson_counts"]
    rate: Hertz


class SpikeTrainsPlan(EventsPlan):
    """Given spike times, by name or id of the neuron that they reach."""

    kind: Literal["spike_trains"]
    trains: dict[str | int, SeveralMilliseconds]


class CurrentPlan(Strict):
    """A current that holds from each time to the next."""

    kind: Literal["current"]
    amplitude: SeveralQuantities
    time: SeveralMilliseconds = Field(default_factory=lambda: [0.0])
    neurons: Neurons = "all"


class WhiteNoisePlan(WindowPlan):
    """Gaussian current, independent for each neuron and interval."""

    kind: Literal["white_noise"]
    std: Quantity
    interval: Milliseconds
    mean: Quantity = 0.0


class DiffusionNoisePlan(WindowPlan):
    """Gaussian current whose integral is a Wiener process, independent for each neuron."""

    kind: Literal["diffusion_noise"]
    intensity: float
    mean: Quantity = 0.0


class SpikesPlan(Strict):
    """Record spikes."""

    kind: Literal["spikes"]
    neurons: Neurons = "all"


class StatePlan(Strict):
    """Record a state variable; every time step if no interval is given."""

    kind: Literal["state"]
    variable: str
    neurons: Neurons = "all"
    interval: Milliseconds | None = None


StimulusPlan = Annotated[
    PoissonPlan
    | PoissonCountsPlan
    | SpikeTrainsPlan
    | CurrentPlan
    | WhiteNoisePlan
    | DiffusionNoisePlan,
    Field(discriminator="kind"),
]
ProbePlan = Annotated[SpikesPlan | StatePlan, Field(discriminator="kind")]


class RunPlan(Strict):
    """How long, how finely, with which seed, on what."""

    duration: Duration
    dt: Duration = 0.1
    seed: int = 0
    trial: int = 0
    accept: list[str] = Field(default_factory=list)
    backends: Annotated[list[str], BeforeValidator(known_backends)] = Field(
        default_factory=lambda: [DEFAULT_BACKEND]
    )


class ExperimentPlan(Strict):
    """A whole experiment file."""

    version: Literal[1]
    name: str
    connectome: ConnectomePlan
    model: ModelPlan
    synapses: SynapsesPlan
    run: RunPlan
    description: str = ""
    signs: SignsPlan | None = None
    models: dict[str, OwnModel] = Field(default_factory=dict)
    stimuli: dict[str, StimulusPlan] = Field(default_factory=dict)
    probes: dict[str, ProbePlan] = Field(default_factory=dict)
    training: TrainingPlan | None = None
