"""Readout: a linear map from what a population did to outputs, applied on the host after a run."""

from __future__ import annotations

__all__ = ["Readout"]

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from neurobridge.content import ByContent
from neurobridge.errors import NetworkError
from neurobridge.expression import names_in
from neurobridge.frozen import frozen_array
from neurobridge.graph.population import Population, check_name, checked_indices
from neurobridge.recording import Recording, Signal
from neurobridge.units import parse_quantity, parse_unit

Pool = Literal["count", "mean", "max", "last", "none"]
Real = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Readout(ByContent):
    r"""A linear map, perhaps leaky, with which a trained classifier reads a run.

    One recording is one trial. It gives samples :math:`x_k`, ``k = 0 .. T-1``, at the times
    ``(k+1) h``:

    - ``"spikes"``: ``h = dt`` and ``T`` is the number of steps; :math:`x_k` has the number of
      spikes of each neuron with stamp ``k+1`` (those with stamp 0, which only sources have, belong
      to ``k = 0``);
    - a state variable, or ``"output"``: ``h`` is the interval of its probe and ``T`` the number of
      samples; :math:`x_k` has the values.

    The outputs follow, from :math:`F_{-1} = O_{-1} = 0`, as

    .. math::

        F_k &= e^{-h/\tau_{syn}} F_{k-1} + W x_k \\
        O_k &= e^{-h/\tau_m} O_{k-1} + (1 - e^{-h/\tau_m}) F_k \\
        y &= \mathrm{pool}_k(O_k) + b

    Without ``tau_syn``, :math:`F_k = W x_k`; without ``tau_m``, :math:`O_k = F_k`. The bias is
    added once, after pooling; with ``pool="none"`` to every sample.

    Parameters
    ----------
    name, population : str
    neurons : int32 array, shape (n,)
    weight : float64 array, shape (n_out, n)
    bias : float64 array, shape (n_out,)
    source : str
        ``"spikes"``, the name of a recorded state variable, or ``"output"`` (what a rate model
        sends, worked out from its recorded states).
    tau_syn, tau_m : float or str, optional
        Time constants in ms of the two filters; None leaves a filter out.
    pool : {"count", "mean", "max", "last", "none"}
        Over time: the sum, the mean, the maximum or the last sample; ``"none"`` is the trace.
    classes : tuple of str, optional
        What each output stands for.

    Raises
    ------
    NetworkError
        If shapes, values or names do not fit together.
    """

    name: str
    population: str
    neurons: NDArray[np.int32]
    weight: Real
    bias: Real
    source: str = "spikes"
    tau_syn: float | None = None
    tau_m: float | None = None
    pool: Pool = "count"
    classes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check_name(self.name, "readout")
        where = f"readout {self.name!r}"
        object.__setattr__(self, "neurons", checked_indices(self.neurons, where))
        for field in ("weight", "bias"):
            array = frozen_array(getattr(self, field), np.float64)
            if not np.isfinite(array).all():
                raise NetworkError(f"{where}: {field} must be finite")
            object.__setattr__(self, field, array)
        if self.weight.shape != (self.bias.size, self.neurons.size) or self.bias.ndim != 1:
            raise NetworkError(
                f"{where}: weight must have shape ({self.bias.size}, {self.neurons.size}) for "
                f"{self.neurons.size} neurons and {self.bias.size} outputs, got "
                f"{self.weight.shape} with a bias of shape {self.bias.shape}"
            )
        check_name(self.source, f"{where}: source")
        if self.pool not in get_args(Pool):
            raise NetworkError(
                f"{where}: pool must be one of {', '.join(get_args(Pool))}, got {self.pool!r}"
            )
        self._check_time_constants(where)
        self._check_classes(where)

    def _check_time_constants(self, where: str) -> None:
        for field in ("tau_syn", "tau_m"):
            if getattr(self, field) is None:
                continue
            tau = parse_quantity(getattr(self, field), "ms", f"{where}, {field}")
            if np.ndim(tau) or not 0 < tau < np.inf:
                raise NetworkError(
                    f"{where}: {field} must be one number above 0 ms, or None for no filter, "
                    f"got {tau}"
                )
            object.__setattr__(self, field, float(tau))

    def _check_classes(self, where: str) -> None:
        if self.classes is None:
            return
        if isinstance(self.classes, str):
            raise NetworkError(f"{where}: classes must be a list of names, got {self.classes!r}")
        classes = tuple(self.classes)
        if not all(isinstance(c, str) for c in classes) or len(set(classes)) != len(classes):
            raise NetworkError(f"{where}: classes must be different texts, got {classes}")
        if len(classes) != self.bias.size:
            raise NetworkError(f"{where}: {len(classes)} classes for {self.bias.size} outputs")
        object.__setattr__(self, "classes", classes)

    # -- reading a run ----------------------------------------------------------------------------

    def apply(self, recording: Recording, population: Population | None = None) -> Real:
        """The outputs for one recording.

        Parameters
        ----------
        recording : Recording
            Of one trial.
        population : Population, optional
            The population that is read, ``network.population(readout.population)``; only
            ``source="output"`` needs it, for the model and its parameters.

        Returns
        -------
        float64 array, shape (n_out,), or (T, n_out) with ``pool="none"``

        Raises
        ------
        NetworkError
            If something that the readout needs was not recorded, is not finite, or has no sample,
            or if the recording holds several trials.
        """
        driven, interval = self._driven(recording, population)
        if not driven.shape[0] and self.pool in ("mean", "max", "last"):
            raise NetworkError(
                f"readout {self.name!r}: the recording has no sample to take the {self.pool} of"
            )
        trace = self._filtered(driven, interval)
        if self.pool == "none":
            return trace + self.bias
        pools: dict[str, Any] = {"count": np.sum, "mean": np.mean, "max": np.max, "last": _last}
        pooled: Real = pools[self.pool](trace, axis=0) + self.bias
        return pooled

    def classify(self, recording: Recording, population: Population | None = None) -> str | int:
        """The class with the largest output (the first of equal ones), or its index.

        Parameters and errors are those of :meth:`apply`.

        Returns
        -------
        str or int
            The name of the class; the index of the output if there are no ``classes``.
        """
        if self.pool == "none" or not self.bias.size:
            raise NetworkError(
                f"readout {self.name!r}: one class needs one value for each of at least one "
                f"output; it has {self.bias.size} outputs and pool={self.pool!r}"
            )
        winner = int(np.argmax(self.apply(recording, population)))
        return winner if self.classes is None else self.classes[winner]

    def _driven(self, recording: Recording, population: Population | None) -> tuple[Real, float]:
        """``W x_k`` of every sample, (T, n_out), and the interval in ms."""
        if self.source == "spikes":
            return self._driven_by_spikes(recording), recording.dt
        if self.source == "output":
            values, interval = self._output(recording, population)
        else:
            values, interval = self._state(recording, self.source)
        if not np.isfinite(values).all():
            raise NetworkError(
                f"readout {self.name!r}: {self.source!r} of {self.population!r} is not finite in "
                "this recording; its status says since when"
            )
        return values @ self.weight.T, interval

    def _driven_by_spikes(self, recording: Recording) -> Real:
        from scipy.sparse import csr_array

        spikes = recording.spikes.get(self.population)
        recorded = np.zeros(0, dtype=np.int32) if spikes is None else spikes.recorded
        missing = np.setdiff1d(self.neurons, recorded)
        if missing.size or spikes is None:
            raise NetworkError(
                f"readout {self.name!r}: the spikes of {missing.size} of {self.neurons.size} "
                f"neurons were not recorded under {self.population!r}; record them with "
                f"SpikeProbe({self.population!r}, {self.population!r}), or use no spike probe"
            )
        if spikes.n_trials > 1:
            raise NetworkError(
                f"readout {self.name!r}: this recording has spikes of {spikes.n_trials} trials; "
                "apply it to the recording of one trial at a time"
            )
        sample = np.maximum(spikes.step, 1) - 1
        shape = (spikes.n_steps, spikes.size)
        counts = csr_array((np.ones(len(spikes)), (sample, spikes.neuron)), shape=shape)
        return np.asarray(counts[:, self.neurons] @ self.weight.T)

    def _state(self, recording: Recording, variable: str) -> tuple[Real, float]:
        """A state of the neurons, (T, n), by the probe that samples it most often."""
        signals = [
            s
            for s in recording.signals.values()
            if (s.population, s.variable) == (self.population, variable)
            and np.isin(self.neurons, s.neurons).all()
        ]
        if not signals:
            raise NetworkError(
                f"readout {self.name!r}: no probe recorded {variable!r} of all its "
                f"{self.neurons.size} neurons; record it with "
                f"StateProbe({variable!r}, {self.population!r}, {variable!r})"
            )
        signal = min(signals, key=_interval)
        columns = np.argsort(signal.neurons)
        place = columns[np.searchsorted(signal.neurons, self.neurons, sorter=columns)]
        return signal.values[:, place], _interval(signal)

    def _output(self, recording: Recording, population: Population | None) -> tuple[Real, float]:
        """What a rate model sends, (T, n), from its states."""
        from neurobridge.lowering.evaluate import evaluate
        from neurobridge.lowering.integrate import flat_output

        if population is None or population.name != self.population:
            raise NetworkError(
                f"readout {self.name!r}: to read the output, give the population as well: "
                f"apply(recording, network.population({self.population!r}))"
            )
        model, expression = population.model, flat_output(population.model)
        values: dict[str, Any] = {}
        intervals = set()
        for name in sorted(names_in(expression)):
            if name in model.states:
                values[name], interval = self._state(recording, name)
                intervals.add(interval)
            else:
                value = np.asarray(population.parameters[name])
                factor = parse_unit(model.parameters[name].unit).factor
                values[name] = factor * (value[self.neurons] if value.ndim else value)
        if len(intervals) != 1:
            raise NetworkError(
                f"readout {self.name!r}: the output '{model.output}' needs its states sampled at "
                f"one interval, got {sorted(intervals)} ms"
            )
        return np.asarray(evaluate(expression, values), dtype=np.float64), intervals.pop()

    def _filtered(self, driven: Real, interval: float) -> Real:
        """``O_k`` of every sample, (T, n_out)."""
        synaptic, membrane = (
            0.0 if tau is None else float(np.exp(-interval / tau))
            for tau in (self.tau_syn, self.tau_m)
        )
        if not synaptic and not membrane:
            return driven
        trace = np.empty_like(driven)
        f = o = np.zeros(driven.shape[1])
        for k, x in enumerate(driven):
            f = synaptic * f + x
            o = membrane * o + (1 - membrane) * f
            trace[k] = o
        return trace


def _interval(signal: Signal) -> float:
    """Of the samples, in ms; the first is taken after one interval."""
    return float(signal.step[0] * signal.dt) if signal.step.size else np.inf


def _last(trace: Real, axis: int) -> Real:
    last: Real = np.take(trace, -1, axis=axis)
    return last
