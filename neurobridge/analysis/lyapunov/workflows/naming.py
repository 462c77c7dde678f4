"""Ensembles by what a user names: a random network, a file, an experiment, a connectome."""

from __future__ import annotations

__all__ = ["RANDOM", "networks_named"]

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neurobridge.analysis.lyapunov.workflows.ensemble import Ensemble
from neurobridge.analysis.lyapunov.workflows.from_connectome import connectome_networks
from neurobridge.analysis.lyapunov.workflows.rate_networks import (
    matrix_networks,
    random_networks,
    read_coupling,
    same_network,
)
from neurobridge.analysis.lyapunov.workflows.spread import Spread
from neurobridge.connectome.registry import load, sources
from neurobridge.connectome.table import Connectome
from neurobridge.errors import ExperimentError, UnknownNameError
from neurobridge.experiment import builtin_experiments, load_experiment
from neurobridge.experiment.experiment import SUFFIXES, Experiment
from neurobridge.io.manifest import is_network_folder

RANDOM = "random"
ROI_FILE = "adjacency_scc.npy"
"""What is in the folder of a region in FlyStability's layout."""
OF_CONNECTOMES = ("normalise", "signs", "unknown", "select", "min_synapses")
OF_RANDOM = ("n", "density")
OF_SOURCES = ("path", "settings")
OF_NEURONS = ("activation", "form", "bias")


@dataclass(frozen=True)
class Asked:
    """What a user asked for; None for what was not."""

    strength: float | None
    gain: Spread | None
    shift: Spread | None
    by: str | None
    options: Mapping[str, Any] = field(default_factory=dict)

    def take(self, *names: str) -> dict[str, Any]:
        """The options of these names that were given."""
        return {n: self.options[n] for n in names if self.options.get(n) is not None}

    def refuse(self, names: tuple[str, ...], what: str) -> None:
        """Refuse options that mean nothing here.

        Raises
        ------
        ExperimentError
        """
        for name in names:
            if self.options.get(name) is not None:
                raise ExperimentError(f"{name}: means nothing for {what}")

    def onto(self, ensemble: Ensemble) -> Ensemble:
        """The ensemble with strength, gains and shifts as asked for."""
        changes = {
            name: value
            for name in ("strength", "gain", "shift", "by")
            if (value := getattr(self, name)) is not None
        }
        return ensemble.varied(**changes)


def networks_named(
    network: str | None = None,
    *,
    matrix: str | Path | None = None,
    path: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    strength: float | None = None,
    gain: Spread | None = None,
    shift: Spread | None = None,
    by: str | None = None,
    **options: Any,
) -> Ensemble:
    """An ensemble from names and files.

    Parameters
    ----------
    network : str, optional
        One of: ``"random"``; a source of connectomes such as ``"celegans"`` or ``"codex"``; a
        folder: a saved connectome, a region in FlyStability's layout, or a saved network; an
        experiment, by file or by name. Connectomes get rate neurons. A saved network, and an
        experiment with a rate model, are taken as they are; on the connectome of an experiment
        rate neurons are put if ``activation`` is given.
    matrix : path, optional
        A file with a coupling matrix, post x pre, instead of ``network``.
    path : path, optional
        File or folder of the source.
    settings : mapping, optional
        Options of the loader of the source.
    strength, gain, shift, by
        See :class:`Ensemble`.
    **options
        Each None or one of: ``n``, ``density`` (random networks); ``rows`` (matrices);
        ``normalise``, ``signs``, ``unknown``, ``select``, ``min_synapses`` (connectomes);
        ``activation``, ``form``, ``bias`` (all but networks that have neurons).

    Returns
    -------
    Ensemble

    Raises
    ------
    ExperimentError
        If neither or both of network and matrix are given, or an option means nothing for them.
    NeurobridgeError
        What the makers of these networks raise.
    """
    source = {"path": path, "settings": settings or None}
    asked = Asked(strength, gain, shift, by, {**options, **source})
    if network is not None and matrix is not None:
        raise ExperimentError("give a network or a matrix, not both")
    if network is None and matrix is None:
        raise ExperimentError(
            "give a network or a matrix: --network random, --network celegans, --matrix FILE.npy"
        )
    if matrix is not None:
        ensemble = _of_matrix(Path(matrix), asked)
    elif network == RANDOM:
        ensemble = _random(asked)
    else:
        ensemble = _loaded(str(network), asked)
    return asked.onto(ensemble)


def _of_matrix(file: Path, asked: Asked) -> Ensemble:
    asked.refuse((*OF_CONNECTOMES, *OF_RANDOM, *OF_SOURCES), "a matrix")
    return matrix_networks(read_coupling(file), name=file.name, **asked.take("rows", *OF_NEURONS))


def _random(asked: Asked) -> Ensemble:
    asked.refuse((*OF_CONNECTOMES, *OF_SOURCES, "rows"), "random networks")
    if asked.by is not None:
        raise ExperimentError("by: the neurons of a random network have no labels to share by")
    given = asked.take(*OF_RANDOM, *OF_NEURONS)
    return random_networks(given.pop("n", 100), 1.0, **given)


def _loaded(name: str, asked: Asked) -> Ensemble:
    asked.refuse((*OF_RANDOM, "rows"), f"{name!r}")
    settings: Mapping[str, Any] = asked.options.get("settings") or {}
    if name in sources():
        path: str | Path | None = asked.options.get("path")
        return _of_connectome(load(name, path, **settings), asked)
    folder = Path(name)
    if folder.is_dir():
        asked.refuse(("path",), "a folder, which is named itself")
        if (folder / ROI_FILE).is_file():
            return _of_connectome(load("flystability", folder, **settings), asked)
        asked.refuse(("settings",), "a saved connectome or network")
        if is_network_folder(folder):
            return _as_it_is(folder, asked)
        return _of_connectome(Connectome.load(folder), asked)
    if folder.suffix in SUFFIXES or name in builtin_experiments():
        asked.refuse(OF_SOURCES, "an experiment")
        _refuse_mapping(folder)
        return _of_experiment(load_experiment(name), asked)
    raise UnknownNameError(
        "network", name, [RANDOM, *sources(), *builtin_experiments()],
        "Or give the folder of a connectome or of a network, or an experiment file (.yaml)",
    )  # fmt: skip


def _refuse_mapping(file: Path) -> None:
    """The mapping of a table looks like an experiment from outside."""
    if not file.is_file():
        return
    keys = set(re.findall(r"^(\w+)\s*:", file.read_text(encoding="utf-8"), re.MULTILINE))
    if "edges" in keys and "model" not in keys:
        raise ExperimentError(
            f"{file.name} is the mapping of a table and not an experiment; the network is 'table', "
            f"and the mapping its path: --network table --path {file}"
        )


def _of_connectome(connectome: Connectome, asked: Asked) -> Ensemble:
    given = asked.take("select", "min_synapses")
    if "select" in given:
        connectome = connectome.select(given["select"])
    if "min_synapses" in given:
        connectome = connectome.prune(given["min_synapses"])
    chosen = asked.take("normalise", "signs", "unknown", *OF_NEURONS)
    return connectome_networks(connectome, **chosen)


def _of_experiment(experiment: Experiment, asked: Asked) -> Ensemble:
    if asked.options.get("activation") is not None:
        return _of_connectome(experiment.connectome, asked)
    as_it_is = f"the experiment {experiment.name!r} as it is; activation puts rate neurons on its"
    asked.refuse((*OF_CONNECTOMES, *OF_NEURONS), f"{as_it_is} connectome")
    return same_network(experiment.network(), experiment.name)


def _as_it_is(folder: Path, asked: Asked) -> Ensemble:
    from neurobridge.io.native import load as load_network

    asked.refuse((*OF_CONNECTOMES, *OF_NEURONS), "a saved network, which has its own neurons")
    return same_network(load_network(folder), folder.name)
