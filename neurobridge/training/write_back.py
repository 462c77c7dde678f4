"""Writing back: trained values become part of a new network, which is then proven."""

from __future__ import annotations

__all__ = ["verified", "written_back"]

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from neurobridge.errors import TrainingError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.network import Network, Operation
from neurobridge.graph.probe import SpikeProbe, StateProbe
from neurobridge.graph.projection import Projection
from neurobridge.graph.stimulus import Stimulus
from neurobridge.graph.weight import Explicit, Factorised
from neurobridge.training.parameters import Trained
from neurobridge.training.specification import Target

if TYPE_CHECKING:
    from neurobridge.training.trainable import TrainableNetwork

PROOF_MS = 100.0
"""Length of the run that proves a network, if its stimuli do not say otherwise."""

SAME_STATES = 1e-9
"""Largest difference of states in the proof, relative to their size."""

GROUP = "trained_scale"
"""Column of the edges that holds the group of a trained scale."""


def written_back(model: TrainableNetwork, notes: dict[str, Any]) -> Network:
    """The network of a model with its present values."""
    network = model.network
    values = {spec.path: _array(model.physical(spec.path), spec.path) for spec in model.specs}
    changes: dict[str, dict[str, Any]] = {
        "projections": dict(network.projections),
        "populations": dict(network.populations),
        "readouts": dict(network.readouts),
        "encoders": dict(network.encoders),
    }
    for name in dict.fromkeys(s.path.split(".")[1] for s in model.specs if _is_edge(s.path)):
        changes["projections"][name] = _projection(model, name)
    for part in model.parts:
        _replace(changes, part.target, values[part.spec.path])
    return _derived(model, changes, notes)


def _is_edge(path: str) -> bool:
    return path.startswith("projections.")


def _replace(
    changes: dict[str, dict[str, Any]], target: Target, value: NDArray[np.float64]
) -> None:
    """Put trained values into the part that they belong to; edges are done elsewhere."""
    group = {
        "parameter": "populations", "initial": "populations",
        "readout": "readouts", "encoder": "encoders",
    }.get(target.kind)  # fmt: skip
    if group is None:
        return
    old = changes[group][target.part]
    if target.kind == "parameter":
        new = old.with_parameters({target.field: _one_if_equal(value)})
    elif target.kind == "initial":
        new = replace(old, initial=FrozenDict({**old.initial, target.field: value}))
    else:
        new = replace(old, **{target.field: value})
    changes[group][target.part] = new


def _derived(
    model: TrainableNetwork, changes: dict[str, dict[str, Any]], notes: dict[str, Any]
) -> Network:
    arguments = {
        "paths": [s.path for s in model.specs],
        "dt": model.dt,
        "precision": str(model.options.dtype).removeprefix("torch."),
        **({"chip": str(model.chip.how)} if model.chip else {}),
        **notes,
    }
    step = Operation("train", FrozenDict(arguments), model.network.id)
    metadata = {**model.network.metadata, "trained_dt": model.dt}
    return replace(
        model.network,
        **{name: FrozenDict(parts) for name, parts in changes.items()},
        metadata=FrozenDict(metadata),
        history=(*model.network.history, step),
    )


def _projection(model: TrainableNetwork, name: str) -> Projection:
    """A projection with its trained weights: as scales of groups if that is all, else explicit."""
    old = model.network.projections[name]
    kinds = {
        p.target.kind: p
        for p in model.parts
        if p.target.part == name and p.target.kind in ("weight", "scale", "low_rank")
    }
    scale = kinds.get("scale")
    simple = isinstance(old.weight, Factorised) and old.weight.group is None
    if set(kinds) == {"scale"} and simple and isinstance(scale, Trained) and scale.fixed is None:
        return _scaled(old, scale)
    values = model._projection(name)
    assert values is not None
    weight = Explicit(values.detach().cpu().numpy())
    return replace(old, weight=weight)


def _scaled(old: Projection, scale: Trained) -> Projection:
    assert isinstance(old.weight, Factorised)
    values = _array(scale(), scale.spec.path)
    first = np.zeros(scale.grouping.size, dtype=np.int64)
    first[scale.grouping.code] = np.arange(scale.grouping.code.size)
    factors = values[first] * float(old.weight.scale[0])
    if scale.grouping.size == 1:
        return replace(old, weight=replace(old.weight, scale=factors))
    codes = scale.grouping.code.astype(np.int32)
    edges = replace(old.edges, columns=FrozenDict({**old.edges.columns, GROUP: codes}))
    weight = replace(old.weight, scale=factors, group=GROUP)
    return replace(old, edges=edges, weight=weight)


def _array(values: torch.Tensor, path: str) -> NDArray[np.float64]:
    array = values.detach().cpu().numpy().astype(np.float64)
    bad = int((~np.isfinite(array)).sum())
    if bad:
        raise TrainingError(
            f"path {path!r}: {bad} of {array.size} trained values are not finite; go back to the "
            "last good checkpoint, and train with a smaller learning rate or clipped gradients"
        )
    return array


def _one_if_equal(values: NDArray[np.float64]) -> Any:
    return float(values[0]) if (values == values[0]).all() else values


def verified(
    network: Network,
    dt: float,
    accept: Sequence[str],
    *,
    stimuli: Sequence[Stimulus] = (),
    duration: float = PROOF_MS,
    trial: int = 0,
) -> Network:
    """The same network, after its runs on torch and on the reference agreed.

    Compared are all spikes, one by one, and the states of populations with a continuous output, to
    1e-9 of their size.

    Parameters
    ----------
    network : Network
    dt : float
        In ms.
    accept : sequence of str
    stimuli : sequence of Stimulus
        Of the run, besides those of the network.
    duration : float
        In ms.
    trial : int

    Raises
    ------
    TrainingError
        If they differ, or if nothing happened in the run, which proves nothing.
    """
    from neurobridge.lowering.compiled import compile as compiled

    steps = max(round(duration / dt), 1)
    watched, states = _with_state_probes(network)
    runs = []
    for name in ("reference", "torch"):
        with compiled(watched, name, dt=dt, accept=accept) as ready:
            runs.append(ready.run(steps * dt, seed=0, trial=trial, stimuli=stimuli))
    reference, torch_run = runs
    for name, spikes in reference.spikes.items():
        other = torch_run.spikes[name]
        if not other.same_as(spikes):
            raise TrainingError(
                f"the written network does not spike the same: {name!r} has {len(spikes)} spikes "
                f"on the reference and {len(other)} on torch in {steps * dt:g} ms"
            )
    for name in states:
        expected, got = reference.signals[name].values, torch_run.signals[name].values
        apart = float(np.abs(expected - got).max(initial=0.0))
        if not apart <= SAME_STATES * max(float(np.abs(expected).max(initial=0.0)), 1.0):
            raise TrainingError(
                f"the written network does not do the same: states of {name!r} are up to "
                f"{apart:g} apart on the reference and on torch in {steps * dt:g} ms"
            )
    if not states and not reference.n_spikes:
        raise TrainingError(
            f"nothing is proven: no neuron spiked in {steps * dt:g} ms. Give the network stimuli "
            "of its own, or let Fit.network(verify=True) play it a trial of its data"
        )
    return network


def _with_state_probes(network: Network) -> tuple[Network, list[str]]:
    """The network with probes of all spikes, and of the states of populations with an output."""
    watched = replace(network, probes=FrozenDict({}))
    names = []
    for name, population in network.populations.items():
        if population.model.threshold or not population.model.states:
            watched = watched.with_probe(SpikeProbe(f"{name}_spikes", name))
        if population.model.output:
            for state in population.model.states:
                names.append(f"{name}_{state}")
                watched = watched.with_probe(StateProbe(names[-1], name, state))
    return watched, names
