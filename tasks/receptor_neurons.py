"""From receptors to the neurons that carry them: the encoder of an odour task."""

from __future__ import annotations

__all__ = ["load_receptor_ids", "orn_encoder"]

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.errors import FileFormatError, NetworkError, UnknownNameError
from neurobridge.graph.encoder import Encoder
from neurobridge.graph.population import Population
from neurobridge.units import parse_quantity

Ids = dict[str, NDArray[np.int64]]


def load_receptor_ids(path: str | Path) -> Ids:
    """Ids of the neurons of each receptor, from a JSON object ``{receptor: [id, ...]}``.

    Ids are whole numbers or texts of digits; those above 2**53 are exact.

    Returns
    -------
    dict of str to int64 array

    Raises
    ------
    FileFormatError
        If the file is missing, or is something else.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as err:
        raise FileFormatError(f"{path} cannot be read as JSON: {err}") from err
    if not isinstance(content, dict) or not all(isinstance(v, list) for v in content.values()):
        raise FileFormatError(f"{path}: expected an object {{receptor: [id, ...]}}")
    return {name: _exact(ids, f"{path}, receptor {name!r}") for name, ids in content.items()}


def _exact(ids: list[Any], where: str) -> NDArray[np.int64]:
    for i in ids:
        text = isinstance(i, str) and i.isascii() and i.isdigit()
        if not (text or (isinstance(i, int) and not isinstance(i, bool))) or int(i) >= 2**63:
            raise FileFormatError(f"{where}: {i!r} is no id; expected whole numbers below 2**63")
    return np.array([int(i) for i in ids], dtype=np.int64)


def orn_encoder(
    population: Population,
    ids: Mapping[str, ArrayLike],
    features: Sequence[str],
    *,
    shared: Literal["mean", "sum"] | None = None,
    absent: Literal["error", "drop"] = "error",
    spontaneous_hz: float | str = 8.0,
    max_hz: float | str = 192.0,
    gain: float = 0.5,
    name: str = "odour",
) -> Encoder:
    """Receptor responses as firing rates of the neurons that carry the receptors.

    A neuron fires at ``spontaneous_hz + max_hz * gain * u`` Hz, where ``u`` is the response of its
    receptor: one Poisson train for each neuron, however many receptors it is listed for. Neurons
    of receptors that are no feature fire at ``spontaneous_hz``.

    Parameters
    ----------
    population : Population
        With the ids of the data set, such as FlyWire root ids.
    ids : mapping of str to int array
        Ids of the neurons of each receptor, e.g. from :func:`load_receptor_ids`. An id that a
        receptor lists twice counts once.
    features : sequence of str
        Receptors of the features in their order: ``task.feature_names``.
    shared : {"mean", "sum"}, optional
        ``u`` of neurons that several of the features list; must be said if there are any.
    absent : {"error", "drop"}
        What becomes of ids that the population does not have, e.g. since it is one hemisphere.
    spontaneous_hz, max_hz : float or str
        8 Hz, and 192 Hz on top for a response of 1, as in Nanami et al. (2024).
    gain : float
        Factor of all responses.
    name : str

    Returns
    -------
    Encoder
        Of kind ``rate``, with neurons in ascending order.

    Raises
    ------
    UnknownNameError
        If a feature has no entry in ``ids``.
    NetworkError
        If a receptor of the features has no neuron, ids do not exist in the population, or neurons
        are shared and ``shared`` does not say what to do.

    References
    ----------
    Nanami, Yamada, Someya, Hige, Kazama & Kohno (2024). A lightweight data-driven spiking neuronal
    network model of Drosophila olfactory nervous system with dedicated hardware support. Front.
    Neurosci. 18, 1384336. https://doi.org/10.3389/fnins.2024.1384336
    """
    where = f"encoder {name!r}"
    _check_options(shared, absent, where)
    place = {feature: column for column, feature in enumerate(features)}
    for feature in place:
        if feature not in ids:
            raise UnknownNameError("receptor of the neuron ids", feature, ids)
    found = {r: _neurons(population, given, r, absent, where) for r, given in ids.items()}
    bare = [f for f in place if not found[f].size]
    if bare:
        raise NetworkError(
            f"{where}: {len(bare)} of {len(place)} receptors have no neuron in population "
            f"{population.name!r}: {', '.join(bare[:8])}; leave them out of the task's receptors"
        )
    neurons = np.unique(np.concatenate([np.zeros(0, dtype=np.int32), *found.values()]))
    listed = np.zeros((neurons.size, len(place)))
    for feature, column in place.items():
        listed[np.searchsorted(neurons, found[feature]), column] = 1.0
    listed = _share(listed, shared, population, neurons, tuple(place), where)
    spontaneous, largest = (
        float(parse_quantity(rate, "Hz", f"{where}, {what}"))
        for what, rate in (("spontaneous_hz", spontaneous_hz), ("max_hz", max_hz))
    )
    if not (spontaneous >= 0 and largest > 0 and gain > 0):
        raise NetworkError(
            f"{where}: expected spontaneous_hz >= 0, max_hz and gain above 0, got {spontaneous}, "
            f"{largest} and {gain}"
        )
    return Encoder(
        name, population.name, neurons, largest * gain * listed,
        np.full(neurons.size, spontaneous), "rate", tuple(place),
    )  # fmt: skip


def _check_options(shared: str | None, absent: str, where: str) -> None:
    if shared not in ("mean", "sum", None):
        raise NetworkError(f"{where}: shared must be 'mean' or 'sum', got {shared!r}")
    if absent not in ("error", "drop"):
        raise NetworkError(f"{where}: absent must be 'error' or 'drop', got {absent!r}")


def _neurons(
    population: Population, given: ArrayLike, receptor: str, absent: str, where: str
) -> NDArray[np.int32]:
    """Indices of the neurons of one receptor, each once."""
    wanted = np.unique(np.asarray(given))
    if wanted.size and wanted.dtype.kind not in "iu":
        raise NetworkError(
            f"{where}, receptor {receptor!r}: ids must be integers, got {wanted.dtype}; ids above "
            "2**53 do not survive a float column, and texts are read by load_receptor_ids"
        )
    assert population.ids is not None
    here = np.isin(wanted, population.ids)
    if absent == "drop":
        return population.index_of(wanted[here].astype(np.int64))
    if not here.all():
        raise NetworkError(
            f"{where}, receptor {receptor!r}: {int((~here).sum())} of {wanted.size} ids do not "
            f"exist in population {population.name!r}, e.g. {wanted[~here][0]}; are they of "
            "another release? Say absent='drop' if the population is a part of the data set"
        )
    return population.index_of(wanted.astype(np.int64))


def _share(
    listed: NDArray[np.float64],
    shared: str | None,
    population: Population,
    neurons: NDArray[np.int32],
    features: tuple[str, ...],
    where: str,
) -> NDArray[np.float64]:
    """One row a neuron, for those of several receptors too."""
    several = listed.sum(axis=1)
    if (several > 1).any() and shared is None:
        row = int(np.argmax(several > 1))
        assert population.ids is not None
        names = [f for f, one in zip(features, listed[row], strict=True) if one]
        raise NetworkError(
            f"{where}: {int((several > 1).sum())} of {neurons.size} neurons are listed for several "
            f"receptors, e.g. {population.ids[neurons[row]]} for {', '.join(names)}; say "
            "shared='mean' or shared='sum' of their responses"
        )
    return listed / np.maximum(several, 1.0)[:, None] if shared == "mean" else listed
