"""Spikes against those of a teacher, step by step."""

from __future__ import annotations

__all__ = ["SpikeCrossEntropy"]

from dataclasses import dataclass

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from neurobridge.backends.torch.carry import columns
from neurobridge.backends.torch.surrogate import margin
from neurobridge.backends.torch.translate import compile_expression
from neurobridge.errors import NetworkError
from neurobridge.expression import names_in
from neurobridge.training.losses.squared import same_shape
from neurobridge.training.losses.subset import OfNeurons
from neurobridge.training.objective import Loss, Seen


@dataclass(frozen=True, eq=False)
class SpikeCrossEntropy(OfNeurons, Loss):
    r"""Binary cross-entropy between a teacher's spikes and the distance from threshold.

    In every step ``x``, the distance of the threshold condition from being met over a ``width``, is
    the logit of a spike,

    .. math:: L = -\langle p\, S^* \log \sigma(x) + (1 - S^*) \log(1 - \sigma(x)) \rangle,

    as if the neuron had escape noise (Gerstner & Kistler 2002, *Spiking Neuron Models*, ch. 5). Of
    a step in which the network itself spikes the distance is not known, for the state is sampled
    after the reset: it counts as 0, with the gradient of the surrogate. Every step is judged by
    itself: for a network that is near its teacher. Far from it :class:`VanRossum` is better.

    Parameters
    ----------
    population : str
        A spiking one; the states of its threshold condition must be recorded
        (``TrainableNetwork(record=[(population, "v")])``).
    target : str, optional
        Target of the batch with the teacher's spikes as 0 and 1, (T, n, B); default
        ``"POPULATION.spikes"``.
    width : float, optional
        In the unit of the condition, mV for most models; default: that of the surrogate.
    spike_weight : float
        Weight ``p`` of steps with a spike, which are rare.
    where, neurons, others
        See :class:`OfNeurons`.

    Raises
    ------
    NetworkError, UnknownNameError
        If a state is not recorded, names do not exist, or shapes do not fit.
    """

    population: str
    target: str | None = None
    width: float | None = None
    spike_weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("width", "spike_weight"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise NetworkError(f"{self._name}: {name} must be above 0, got {value}")

    def __call__(self, seen: Seen) -> torch.Tensor:
        """The value."""
        spikes, teacher = spikes_and_teacher(self, seen, self.population, self.target)
        logits = self._logits(seen, spikes)
        weight = logits.new_tensor(self.spike_weight)
        return binary_cross_entropy_with_logits(logits, teacher, pos_weight=weight)

    def _logits(self, seen: Seen, spikes: torch.Tensor) -> torch.Tensor:
        """Distances over the width, (T, n, B)."""
        surrogate = seen.model.options.surrogates[self.population]
        width = self.width or surrogate.scale
        distance = threshold_distance(seen, self.population)
        index = self.chosen(seen, self.population)
        at_spike = (spikes - spikes.detach()) / surrogate.slope
        return torch.where(spikes.detach() > 0, at_spike, distance[:, index]) / width


def spikes_and_teacher(
    chosen: OfNeurons, seen: Seen, population: str, target: str | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Spikes of the chosen neurons and those of the teacher, (T, n, B) each."""
    spikes = seen.spikes(population)
    name = target or f"{population}.spikes"
    where = f"{type(chosen).__name__} of {population!r}"
    teacher = same_shape(seen.target(name), spikes, name, where)
    index = chosen.chosen(seen, population)
    return spikes[:, index], teacher[:, index]


def threshold_distance(seen: Seen, population: str) -> torch.Tensor:
    """How far the sampled states are over the threshold, (T, n, B)."""
    program = seen.model.program.population(population)
    expression = margin(program.code.threshold, program.model.name)
    values = dict(columns(seen.model._constants()[0][population]))
    for name in sorted(names_in(expression) & set(program.code.states)):
        values[name] = seen.states(population, name)
    distance: torch.Tensor = compile_expression(expression)(values)
    return distance
