"""Which parameters of a rate network are trained on its spectrum."""

from __future__ import annotations

__all__ = ["PARTS", "check_parts", "count_of", "parts_to_train"]

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.network import Network

if TYPE_CHECKING:
    from neurobridge.training import Train, TrainableNetwork

PARTS = {"weights": "weight", "gains": "gain", "shifts": "shift", "tau": "tau", "bias": "bias"}
"""Names and the field that each is."""


def parts_to_train(
    network: Network,
    names: Sequence[str],
    numbers: Mapping[str, int],
    *,
    by: str | None = None,
    free_signs: bool = False,
    seed: int = 0,
) -> list[Train]:
    """What is trained.

    Parameters
    ----------
    network : Network
    names : sequence of {"weights", "gains", "shifts", "tau", "bias"}
    numbers : mapping of str to int
        How many of each, drawn at random; all of those that it does not name.
    by : str, optional
        Label whose neurons share parameters; weights are trained one by one.
    free_signs : bool
        Whether weights may change their sign.
    seed : int
        Of the draw.

    Raises
    ------
    UnknownNameError, NetworkError
        If there is no such parameter, neurons have none, a number is of what is not trained, or the
        label does not fit.
    """
    from neurobridge.training import Train

    check_parts(names, numbers)
    made = []
    for name in names:
        paths = _paths(network, name)
        number = numbers.get(name)
        if number is not None and len(paths) > 1:
            raise NetworkError(
                f"a number of {name}: the network has {len(paths)} parts with {name}, "
                f"{', '.join(paths)}; train them by paths, see neurobridge.training.Train"
            )
        if by is not None and name != "weights":
            _check_label(network, by)
        for path in paths:
            if name == "weights":
                sign = "free" if free_signs else "fixed"
                made.append(Train(path, sign=sign, number=number, seed=seed))  # type: ignore[arg-type]
            else:
                made.append(Train(path, by=by, number=number, seed=seed))
    return made


def count_of(model: TrainableNetwork) -> int:
    """How many numbers training may change."""
    from neurobridge.training.trained import Trained

    count = 0
    for part in model.parts:
        if isinstance(part, Trained):
            moving = np.ones(part.value.numel(), dtype=bool)
            for still in (part.held, part.fixed):
                if still is not None:
                    moving &= ~still.cpu().numpy().ravel()
            count += np.unique(part.code.cpu().numpy()[moving]).size
    return count


def check_parts(names: Sequence[str], numbers: Mapping[str, int]) -> None:
    """Refuse names that there are not, and numbers of what is not trained.

    Raises
    ------
    UnknownNameError, NetworkError
    """
    for name in (*names, *numbers):
        if name not in PARTS:
            raise UnknownNameError("parameter to train", name, PARTS)
    if not names or len(set(names)) < len(names):
        raise NetworkError(f"parameters to train: expected each once, got {list(names)}")
    for name in numbers:
        if name not in names:
            raise NetworkError(
                f"a number of {name} is given, but {', '.join(names)} are trained; name {name} "
                f"among the parameters as well (--parameter {name})"
            )


def _check_label(network: Network, by: str) -> None:
    from neurobridge.analysis.lyapunov.workflows.spread import group_of_each

    for population in network.populations.values():
        group_of_each(population, by)


def _paths(network: Network, name: str) -> list[str]:
    if name == "weights":
        return [f"projections.{p}.weight" for p in network.projections]
    field = PARTS[name]
    for population in network.populations.values():
        if field not in population.model.parameters:
            raise NetworkError(
                f"population {population.name!r}: model {population.model.name!r} has no {field}"
            )
    return [f"populations.{p}.{field}" for p in network.populations]
