"""Network: the immutable description of everything that runs."""

from __future__ import annotations

__all__ = ["Network", "Operation"]

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.citation import Reference, citations
from neurobridge.content import ByContent, content_hash
from neurobridge.errors import NetworkError, UnitError, UnknownNameError
from neurobridge.frozen import FrozenDict, frozen_array, frozen_plain, owned
from neurobridge.graph.encoder import Encoder
from neurobridge.graph.model import Coupling
from neurobridge.graph.population import Population
from neurobridge.graph.probe import Probe, SpikeProbe, StateProbe
from neurobridge.graph.projection import Projection, TickDelays
from neurobridge.graph.readout import Readout
from neurobridge.graph.stimulus import Poisson, PoissonCounts, SpikeTrains, Stimulus, in_amperes
from neurobridge.units import parse_quantity, parse_unit

SCHEMA = 2
"""Version of what a network is made of; part of its id."""


@dataclass(frozen=True, eq=False)
class Operation(ByContent):
    """One step in the history of a network.

    ``parent`` is the id of the network that it was applied to, empty for the first. Arguments are
    arrays or plain values.
    """

    name: str
    arguments: FrozenDict[str, Any]
    parent: str

    def __post_init__(self) -> None:
        arguments = {
            k: frozen_array(v, None)
            if isinstance(v, np.ndarray)
            else frozen_plain(v, f"operation {self.name!r}, argument {k!r}")
            for k, v in self.arguments.items()
        }
        object.__setattr__(self, "arguments", FrozenDict(arguments))


@dataclass(frozen=True, eq=False, repr=False)
class Network(ByContent):
    """Populations, projections, stimuli, probes, readouts and encoders, each by name.

    ``metadata`` are notes that travel with the network: what JSON can hold, by name. Two networks
    are equal if all their content is, metadata and history included; they run the same if their
    :attr:`id` is the same.

    Networks are never changed. Methods such as :meth:`silence` return a new network that shares
    what did not change and names its parent in :attr:`history`.

    Raises
    ------
    NetworkError, UnknownNameError
        If a part names a population, receptor, state or neuron that does not exist.
    """

    populations: FrozenDict[str, Population]
    projections: FrozenDict[str, Projection] = field(default_factory=FrozenDict)
    stimuli: FrozenDict[str, Stimulus] = field(default_factory=FrozenDict)
    probes: FrozenDict[str, Probe] = field(default_factory=FrozenDict)
    readouts: FrozenDict[str, Readout] = field(default_factory=FrozenDict)
    encoders: FrozenDict[str, Encoder] = field(default_factory=FrozenDict)
    metadata: FrozenDict[str, Any] = field(default_factory=FrozenDict)
    history: tuple[Operation, ...] = ()

    def __post_init__(self) -> None:
        for name, kind in _PARTS.items():
            object.__setattr__(self, name, _parts(getattr(self, name), name, kind))
        object.__setattr__(self, "metadata", frozen_plain(self.metadata, "metadata"))
        object.__setattr__(self, "history", tuple(self.history))
        if not self.populations:
            raise NetworkError("a network needs at least one population")
        for projection in self.projections.values():
            self._check_projection(projection)
        for stimulus in self.stimuli.values():
            self._check_stimulus(stimulus)
        for probe in self.probes.values():
            self._check_probe(probe)
        for readout in self.readouts.values():
            self._check_readout(readout)
        for encoder in self.encoders.values():
            self._check_encoder(encoder)

    # -- what is in it ------------------------------------------------------------------------

    @cached_property
    def id(self) -> str:
        """SHA-256 over schema version and content (not over the history)."""
        parts = (getattr(self, name) for name in _PARTS)
        return content_hash((SCHEMA, *parts))

    @property
    def n_neurons(self) -> int:
        """Neurons in all populations."""
        return sum(p.size for p in self.populations.values())

    @property
    def n_edges(self) -> int:
        """Edges in all projections."""
        return sum(p.edges.n_edges for p in self.projections.values())

    def population(self, name: str) -> Population:
        """The population of that name."""
        if name not in self.populations:
            raise UnknownNameError("population", name, self.populations)
        return self.populations[name]

    @property
    def references(self) -> tuple[Reference, ...]:
        """What to cite: the papers of the models and of the connectome."""
        data = tuple(Reference(**r) for r in self.metadata.get("references", ()))
        return citations([*(p.model for p in self.populations.values()), *data])

    def weights(self, projection: str) -> NDArray[np.float64]:
        """Weight of every edge of a projection in its receptor's canonical unit, float64 (E,)."""
        if projection not in self.projections:
            raise UnknownNameError("projection", projection, self.projections)
        p = self.projections[projection]
        sign = self.population(p.pre).labels.sign
        model = self.population(p.post).model
        try:
            return p.weight.values(p.edges, sign, model.weight_unit(p.receptor))
        except (NetworkError, UnitError) as err:
            raise type(err)(f"projection {projection!r}: {err}") from err

    def __repr__(self) -> str:
        return (
            f"<Network {self.id[:12]}: {self.n_neurons:,} neurons in {list(self.populations)}, "
            f"{self.n_edges:,} edges in {list(self.projections)}, stimuli {list(self.stimuli)}, "
            f"probes {list(self.probes)}>"
        )

    # -- edits: each returns a new network ------------------------------------------------------

    def silence(self, population: str, neurons: ArrayLike, direction: str = "outgoing") -> Network:
        """Remove the edges of some neurons.

        Parameters
        ----------
        population : str
        neurons : array of int
            Indices; use ``network.population(name).where(cell_type="KC")`` to find them.
        direction : {"outgoing", "incoming", "both"}
            Which edges go. ``outgoing`` is what the fly model of Shiu et al. (2024) calls
            silencing.
        """
        if direction not in ("outgoing", "incoming", "both"):
            raise NetworkError(
                f"silence: direction must be 'outgoing', 'incoming' or 'both', got {direction!r}"
            )
        mute = self._mask(population, neurons, "silence")
        changed = {}
        for name, p in self.projections.items():
            keep = np.ones(p.edges.n_edges, dtype=bool)
            if direction != "incoming" and p.pre == population:
                keep &= ~mute[p.edges.pre]
            if direction != "outgoing" and p.post == population:
                keep &= ~np.repeat(mute, np.diff(p.edges.indptr))
            if not keep.all():
                changed[name] = p.take(keep)
        arguments = {
            "population": population, "neurons": _indices(mute), "direction": direction
        }  # fmt: skip
        return self._derive("silence", arguments, projections=self.projections.with_(**changed))

    def scale(self, projection: str, factor: float) -> Network:
        """Multiply the weights of a projection."""
        if not np.isfinite(factor):
            raise NetworkError(f"scale: the factor must be finite, got {factor}")
        p = self._projection(projection)
        new = replace(p, weight=p.weight.scaled(float(factor)))
        return self._derive(
            "scale",
            {"projection": projection, "factor": float(factor)},
            projections=self.projections.with_(**{projection: new}),
        )

    def prune(
        self,
        projection: str,
        *,
        min_count: int | None = None,
        min_weight: float | str | None = None,
    ) -> Network:
        """Remove the edges with fewer synapses, or with a smaller absolute weight, than given.

        A weight is in the unit of the receptor, or carries its own (``"0.1 nA"``).
        """
        p = self._projection(projection)
        if min_weight is not None:
            unit = self.population(p.post).model.weight_unit(p.receptor)
            min_weight = float(parse_quantity(min_weight, unit, "prune, min_weight"))
        if (min_count is None) == (min_weight is None):
            raise NetworkError("prune: give either min_count or min_weight")
        for least in (min_count, min_weight):
            if least is not None and not 0 <= least < np.inf:
                raise NetworkError(f"prune: expected a finite number >= 0, got {least}")
        keep = np.ones(p.edges.n_edges, dtype=bool)
        if min_count is not None:
            if p.edges.count is None:
                raise NetworkError(f"prune: projection {projection!r} has no synapse counts")
            keep &= p.edges.count >= min_count
        if min_weight is not None:
            keep &= np.abs(self.weights(projection)) >= min_weight
        return self._derive(
            "prune",
            {"projection": projection, "min_count": min_count, "min_weight": min_weight},
            projections=self.projections.with_(**{projection: p.take(keep)}),
        )

    def with_projection(self, projection: Projection) -> Network:
        """Add a projection, or replace the one of that name."""
        return self._derive(
            "with_projection",
            {"projection": projection.name},
            projections=self.projections.with_(**{projection.name: projection}),
        )

    def without_projection(self, name: str) -> Network:
        """Remove a projection."""
        self._projection(name)
        return self._derive(
            "without_projection", {"projection": name}, projections=self.projections.without(name)
        )

    def with_parameters(self, population: str, **values: Any) -> Network:
        """Replace parameters of a population."""
        new = self.population(population).with_parameters(values)
        return self._derive(
            "with_parameters",
            {"population": population, "names": sorted(values)},
            populations=self.populations.with_(**{population: new}),
        )

    def with_stimulus(self, stimulus: Stimulus) -> Network:
        """Add a stimulus, or replace the one of that name."""
        return self._derive(
            "with_stimulus",
            {"stimulus": stimulus.name},
            stimuli=self.stimuli.with_(**{stimulus.name: stimulus}),
        )

    def without_stimulus(self, name: str) -> Network:
        """Remove a stimulus."""
        if name not in self.stimuli:
            raise UnknownNameError("stimulus", name, self.stimuli)
        return self._derive(
            "without_stimulus", {"stimulus": name}, stimuli=self.stimuli.without(name)
        )

    def with_probe(self, probe: Probe) -> Network:
        """Add a probe, or replace the one of that name."""
        return self._derive(
            "with_probe", {"probe": probe.name}, probes=self.probes.with_(**{probe.name: probe})
        )

    def without_probe(self, name: str) -> Network:
        """Remove a probe."""
        if name not in self.probes:
            raise UnknownNameError("probe", name, self.probes)
        return self._derive("without_probe", {"probe": name}, probes=self.probes.without(name))

    def with_readout(self, readout: Readout) -> Network:
        """Add a readout, or replace the one of that name."""
        return self._derive(
            "with_readout",
            {"readout": readout.name},
            readouts=self.readouts.with_(**{readout.name: readout}),
        )

    def without_readout(self, name: str) -> Network:
        """Remove a readout."""
        if name not in self.readouts:
            raise UnknownNameError("readout", name, self.readouts)
        return self._derive(
            "without_readout", {"readout": name}, readouts=self.readouts.without(name)
        )

    def with_encoder(self, encoder: Encoder) -> Network:
        """Add an encoder, or replace the one of that name."""
        return self._derive(
            "with_encoder",
            {"encoder": encoder.name},
            encoders=self.encoders.with_(**{encoder.name: encoder}),
        )

    def without_encoder(self, name: str) -> Network:
        """Remove an encoder."""
        if name not in self.encoders:
            raise UnknownNameError("encoder", name, self.encoders)
        return self._derive(
            "without_encoder", {"encoder": name}, encoders=self.encoders.without(name)
        )

    def subset(self, population: str, neurons: ArrayLike) -> Network:
        """Keep only some neurons of a population, and the edges, stimuli and probes among them.

        Stimuli, probes, readouts and encoders that name neurons of the population are an error,
        because indices change: remove them before and add them again after, so that nothing
        disappears unseen.
        """
        mask = self._mask(population, neurons, "subset")
        kept = _indices(mask)
        if not kept.size:
            raise NetworkError(f"subset: no neuron of {population!r} is left")
        self._refuse_dangling(population)
        everyone = {n: np.arange(p.size, dtype=np.int32) for n, p in self.populations.items()}
        everyone[population] = kept
        projections = {
            n: p.restrict(everyone[p.pre], everyone[p.post]) if population in (p.pre, p.post) else p
            for n, p in self.projections.items()
        }
        new = self.populations.with_(**{population: self.population(population).take(kept)})
        return self._derive(
            "subset",
            {"population": population, "neurons": kept},
            populations=new,
            projections=FrozenDict(projections),
        )

    # -- helpers --------------------------------------------------------------------------------

    def _derive(self, name: str, arguments: Mapping[str, Any], **changes: Any) -> Network:
        step = Operation(name, FrozenDict(arguments), self.id)
        return replace(self, history=(*self.history, step), **changes)

    def _projection(self, name: str) -> Projection:
        if name not in self.projections:
            raise UnknownNameError("projection", name, self.projections)
        return self.projections[name]

    def _mask(self, population: str, neurons: ArrayLike, what: str) -> NDArray[np.bool_]:
        p = self.population(population)
        index = np.atleast_1d(np.asarray(neurons))
        if index.dtype == bool:
            if index.shape != (p.size,):
                raise NetworkError(f"{what}: a mask of {index.size} for {p.size} neurons")
            return index
        if index.size and index.dtype.kind not in "iu":
            raise NetworkError(f"{what}: neurons must be integer indices, got {index.dtype}")
        _in_range(index, p, what)
        mask = np.zeros(p.size, dtype=bool)
        mask[index.astype(np.int64)] = True
        return mask

    def _refuse_dangling(self, population: str) -> None:
        for kind, group in (
            ("stimulus", self.stimuli), ("probe", self.probes), ("readout", self.readouts),
            ("encoder", self.encoders),
        ):  # fmt: skip
            for part in group.values():
                if getattr(part, "population", None) != population:
                    continue
                neurons = getattr(part, "neurons", getattr(part, "neuron", None))
                if neurons is not None:
                    raise NetworkError(
                        f"subset: {kind} {part.name!r} names neurons of {population!r} by index, "
                        "and indices change; remove it before, and add it again after"
                    )

    def _check_projection(self, p: Projection) -> None:
        where = f"projection {p.name!r}"
        pre, post = self.population(p.pre), self.population(p.post)
        if (p.edges.n_pre, p.edges.n_post) != (pre.size, post.size):
            raise NetworkError(
                f"{where}: edges are for {p.edges.n_pre} -> {p.edges.n_post} neurons, the "
                f"populations have {pre.size} and {post.size}"
            )
        if post.model.is_source:
            raise NetworkError(f"{where}: {p.post!r} is a source of spikes and takes no input")
        try:
            entries = post.model.reached(p.receptor)
        except NetworkError as err:
            raise NetworkError(f"{where}: {err}") from err
        self._check_signal(p, pre, isinstance(entries[0], Coupling), where)

    def _check_signal(self, p: Projection, pre: Population, continuous: bool, where: str) -> None:
        """Spikes reach receptors, after a delay; outputs reach couplings."""
        into = f"{p.post!r} of model {self.population(p.post).model.name!r}"
        if continuous and not pre.model.output:
            raise NetworkError(
                f"{where}: {into} takes continuous output here, but model {pre.model.name!r} of "
                f"{p.pre!r} sends spikes; name a receptor for spikes, or choose another model"
            )
        if not continuous and not pre.model.spikes:
            raise NetworkError(
                f"{where}: {into} takes spikes here, but model {pre.model.name!r} of {p.pre!r} "
                "does not spike; name a coupling, or choose another model"
            )
        if not continuous and not isinstance(p.delay, TickDelays) and p.delay == 0:
            raise NetworkError(
                f"{where}: the delay must be above 0 ms, got 0.0; a spike takes at least one time "
                "step to arrive"
            )

    def _check_stimulus(self, s: Stimulus) -> None:
        where = f"stimulus {s.name!r}"
        population = self.population(s.population)
        neurons = s.neuron if isinstance(s, SpikeTrains) else s.neurons
        if neurons is not None:
            _in_range(neurons, population, where)
        if isinstance(s, (SpikeTrains, Poisson, PoissonCounts)):
            self._check_spike_stimulus(s, population, where)
        elif not population.model.takes_current:
            raise NetworkError(
                f"{where}: model {population.model.name!r} takes no injected current; its "
                "equations do not use 'current'"
            )
        elif in_amperes(s) and population.model.dimensions["current"] != parse_unit("nA").dimension:
            raise UnitError(
                f"{where}: it was given in units of nA, and model {population.model.name!r} takes "
                f"currents in {population.model.current_unit!r}; give plain numbers, in that unit"
            )
        n = population.size if neurons is None else neurons.size
        for name in ("rate", "amplitude", "mean", "std", "intensity"):
            value = getattr(s, name, None)
            per_neuron = (2,) if name == "amplitude" else (1, 2)
            if isinstance(value, np.ndarray) and value.ndim in per_neuron and value.shape[-1] != n:
                raise NetworkError(f"{where}: {name} has shape {value.shape} for {n} neurons")

    def _check_spike_stimulus(
        self, s: SpikeTrains | Poisson | PoissonCounts, population: Population, where: str
    ) -> None:
        model = population.model
        if model.is_source:
            if isinstance(s, PoissonCounts):
                raise NetworkError(
                    f"{where}: {s.population!r} is a source, whose neurons spike at most once a "
                    "step; PoissonCounts is for neurons with dynamics, so use Poisson here"
                )
            if s.receptor is not None:
                raise NetworkError(
                    f"{where}: {s.population!r} is a source, whose neurons spike themselves; "
                    "a receptor has no meaning here"
                )
            return
        if not model.receptors:
            raise NetworkError(
                f"{where}: model {model.name!r} of {s.population!r} has no receptor and takes no "
                "spikes; drive it with a Current, WhiteNoise or DiffusionNoise"
            )
        if s.receptor is None and len(model.receptors) != 1:
            raise NetworkError(
                f"{where}: say which receptor of {s.population!r} is meant, one of "
                f"{list(model.receptor_names)}"
            )
        if s.receptor is not None:
            model.receptor(s.receptor)

    def _check_probe(self, probe: Probe) -> None:
        population = self.population(probe.population)
        if probe.neurons is not None:
            _in_range(probe.neurons, population, f"probe {probe.name!r}")
        if isinstance(probe, StateProbe) and probe.variable not in population.model.states:
            raise UnknownNameError(
                f"state of model {population.model.name!r} (probe {probe.name!r})",
                probe.variable,
                population.model.states,
            )
        taken = probe.name in self.populations and probe.name != probe.population
        if isinstance(probe, SpikeProbe) and taken:
            raise NetworkError(f"probe {probe.name!r} has the name of another population")

    def _check_readout(self, readout: Readout) -> None:
        where = f"readout {readout.name!r}"
        population = self.population(readout.population)
        model = population.model
        _in_range(readout.neurons, population, where)
        if readout.source == "spikes":
            if not model.spikes:
                raise NetworkError(
                    f"{where}: model {model.name!r} of {population.name!r} does not spike; read "
                    "its output, or a state"
                )
        elif readout.source == "output":
            if not model.output:
                raise NetworkError(
                    f"{where}: model {model.name!r} of {population.name!r} has no output; read its "
                    "spikes, or a state"
                )
        elif readout.source not in model.states:
            known = ["spikes", "output", *model.states]
            raise UnknownNameError(f"source of {where}", readout.source, known)

    def _check_encoder(self, encoder: Encoder) -> None:
        where = f"encoder {encoder.name!r}"
        population = self.population(encoder.population)
        model = population.model
        _in_range(encoder.neurons, population, where)
        if encoder.kind == "current" and not model.takes_current:
            raise NetworkError(
                f"{where}: model {model.name!r} takes no injected current; its equations do not "
                "use 'current'"
            )
        if encoder.kind == "rate" and not (model.is_source or model.receptors):
            raise NetworkError(f"{where}: model {model.name!r} takes no spikes; use kind='current'")


_PARTS: dict[str, tuple[Any, ...]] = {
    "populations": (Population,),
    "projections": (Projection,),
    "stimuli": get_args(Stimulus),
    "probes": get_args(Probe),
    "readouts": (Readout,),
    "encoders": (Encoder,),
}


def _parts(given: Any, name: str, kind: tuple[Any, ...]) -> FrozenDict[str, Any]:
    """The parts of one kind, each under its own name."""
    if not isinstance(given, Mapping):
        raise NetworkError(f"network: {name} must be a mapping by name, got {type(given).__name__}")
    for key, part in given.items():
        if not isinstance(part, kind):
            expected = " or ".join(k.__name__ for k in kind)
            raise NetworkError(
                f"network: {name}[{key!r}] must be a {expected}, got {type(part).__name__}"
            )
        if part.name != key:
            raise NetworkError(
                f"network: {name}[{key!r}] calls itself {part.name!r}; the names must be the same"
            )
    return FrozenDict(given)


def _indices(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    return owned(np.flatnonzero(mask).astype(np.int32))


def _in_range(index: NDArray[Any], population: Population, where: str) -> None:
    if index.size and (index.min() < 0 or index.max() >= population.size):
        bad = index[(index < 0) | (index >= population.size)][0]
        raise NetworkError(
            f"{where}: neuron {bad} does not exist; population {population.name!r} has "
            f"{population.size} neurons, 0..{population.size - 1}"
        )
