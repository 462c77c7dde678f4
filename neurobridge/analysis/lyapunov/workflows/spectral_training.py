"""Training on the spectrum: networks are trained, and checked by an independent long run."""

from __future__ import annotations

__all__ = ["train"]

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurobridge.analysis.lyapunov.system import Meaning
from neurobridge.analysis.lyapunov.workflows.ensemble import Ensemble
from neurobridge.analysis.lyapunov.workflows.spectral_losses import (
    confirmed,
    distance,
    loss_of,
    reaches,
    targets_of,
    why_unchanged,
)
from neurobridge.analysis.lyapunov.workflows.study import provenance
from neurobridge.analysis.lyapunov.workflows.trained_networks import (
    SpectralTraining,
    TrainedNetwork,
)
from neurobridge.analysis.lyapunov.workflows.trained_parts import (
    check_parts,
    count_of,
    parts_to_train,
)
from neurobridge.analysis.lyapunov.workflows.varying import seeds_of
from neurobridge.errors import NetworkError
from neurobridge.graph.network import Network

if TYPE_CHECKING:
    from neurobridge.training import Fit, TrainableNetwork
    from neurobridge.training.losses.exponents import OfExponents

APART = 1000
"""Between the seeds of initial states in the loss; the independent run starts at the seed + 1."""
STEP = 0.1
"""Time step of the module that is trained, in the smallest time constant; losses have their own."""


def train(
    ensemble: Ensemble,
    *,
    loss: str = "mse",
    target: Sequence[float] | None = None,
    parameters: Sequence[str] = ("gains", "shifts"),
    numbers: Mapping[str, int] | None = None,
    by: str | None = None,
    free_signs: bool = False,
    k: int = 10,
    epochs: int = 100,
    learning_rate: float = 0.01,
    optimiser: str = "adam",
    clip: float | None = None,
    validate_every: int | None = 10,
    windows: int = 10,
    window: float = 20.0,
    interval: float = 1.0,
    transient: float = 100.0,
    warm_up: float = 20.0,
    dt: float | None = None,
    meaning: Meaning = "flow",
    initial: float | None = None,
    starts: int = 1,
    check_time: float = 1000.0,
    samples: int = 1,
    seed: int = 0,
    progress: bool = True,
) -> SpectralTraining:
    """Train networks until their spectrum is what is wanted, and check it independently.

    Training sees exponents over short windows of one trajectory; see
    :class:`~neurobridge.training.losses.exponents.OfExponents`. What it says at the end is worked
    out once more, for the trained network as it is saved, by a long run of the differential
    equation from another initial state; see :func:`neurobridge.training.validated`.

    Parameters
    ----------
    ensemble : Ensemble
    loss : str
        One of :data:`~neurobridge.analysis.lyapunov.workflows.spectral_losses.LOSSES`.
    target : sequence of float, optional
        As many as the loss takes, per unit of time for exponents and entropy. Default: 0 for
        ``mse`` and ``l2``, none for losses without a target; others need one.
    parameters : sequence of {"weights", "gains", "shifts", "tau", "bias"}
    numbers : mapping of str to int, optional
        Train so many of each only, drawn at random.
    by : str, optional
        Label whose neurons share gains, shifts, tau and biases.
    free_signs : bool
        Whether weights may change their sign.
    k : int
        Leading exponents in the loss.
    epochs, learning_rate, optimiser, clip
        See :func:`neurobridge.training.fit`.
    validate_every : int, optional
        Epochs between two looks at the loss without an update; the parameters of the best look are
        kept. None keeps those of the last epoch.
    windows, window, interval, transient, warm_up, dt, meaning, initial
        Of the exponents in the loss, see
        :class:`~neurobridge.training.losses.exponents.OfExponents`.
    starts : int
        Initial states over whose trajectories the loss is a mean. A network may have several
        attractors, each with exponents of its own, and training sees those that it starts near.
    check_time : float
        Of the independent runs: before training, after it, and from an initial state of the
        training, which tells another attractor from a training that is wrong.
    samples, seed
        Networks of the seeds ``seed``, ``seed + 1`` ..., one after another.
    progress : bool

    Returns
    -------
    SpectralTraining

    Raises
    ------
    NetworkError, ModelError, UnknownNameError
        If an option does not fit, a target cannot be reached, or the networks have no exponents.
    TrainingError
        If a loss or a gradient is not finite.
    BackendUnavailableError
        If torch is not installed.
    """
    from neurobridge.installed import refuse_without_torch

    refuse_without_torch()
    seeds, target = seeds_of(seed, samples), targets_of(loss, target)
    timing: dict[str, Any] = {
        "windows": windows, "window": window, "interval": interval, "transient": transient,
        "warm_up": warm_up, "dt": dt, "meaning": meaning, "initial": initial, "starts": starts,
    }  # fmt: skip
    fitting: dict[str, Any] = {
        "epochs": epochs, "learning_rate": learning_rate, "optimiser": optimiser, "clip": clip,
        "validate_every": validate_every,
    }  # fmt: skip
    _check_fitting(fitting, check_time)
    check_parts(parameters, numbers or {})
    all_terms = [_losses(loss, k, target, own, **timing) for own in seeds]
    done: list[TrainedNetwork] = []
    for sample, (own, terms) in enumerate(zip(seeds, all_terms, strict=True)):
        network = ensemble.network(own)
        parts = parts_to_train(network, parameters, numbers or {}, by=by, free_signs=free_signs,
                               seed=own)  # fmt: skip
        _check_count(network, k)
        try:
            done.append(
                _trained(network, parts, loss, terms, fitting, sample, own, check_time, progress)
            )
        except KeyboardInterrupt:
            if not done:
                raise
            break
        if done[-1].status == "interrupted":
            break
    return SpectralTraining(
        pd.DataFrame([_row(n, loss) for n in done]),
        provenance(
            workflow="train", networks=ensemble.to_dict(), loss=loss, target=list(target),
            parameters=list(parameters), numbers=dict(numbers or {}), by=by,
            free_signs=free_signs, k=k, **fitting, **timing, check_time=check_time,
            samples=samples, seed=seed,
        ),
        sum(n.seconds for n in done),
        done[0].after.spectrum.unit,
        _interruption(done, samples),
        tuple(done),
    )  # fmt: skip


def _trained(
    network: Network,
    parts: Sequence[Any],
    name: str,
    losses: Sequence[OfExponents],
    fitting: Mapping[str, Any],
    sample: int,
    seed: int,
    check_time: float,
    progress: bool,
) -> TrainedNetwork:
    from neurobridge.training import TrainableNetwork, validated

    model = TrainableNetwork(network, _step(network), parts, precision="float64")
    loss = losses[0]
    checking: dict[str, Any] = {"time": check_time, "progress": False, "checks": False}
    before = validated(model, loss, **checking)
    begun = process_time()
    done = _fitted(model, losses, fitting, seed, progress)
    seconds = process_time() - begun
    if not done.epochs:
        raise KeyboardInterrupt
    after = validated(model, loss, **checking)
    same = validated(model, loss, seed=loss.seed, **checking)
    history, values = _history(done.history), _values(model)
    remark = why_unchanged(name, before) if _unchanged(history, values) else ""
    status = "unchanged" if remark and done.status == "done" else done.status
    return TrainedNetwork(
        sample, seed, model.to_network(), before, after, same, history,
        values, count_of(model), reaches(name, after), confirmed(after, loss.windows),
        confirmed(same, loss.windows), status, remark, seconds,
    )  # fmt: skip


def _unchanged(history: pd.DataFrame, values: pd.DataFrame) -> bool:
    """Whether no parameter moved, or the loss stayed what it was while they did."""
    constant = len(history) > 1 and history["loss"].nunique() == 1
    return constant or bool((values["before"] == values["after"]).all())


def _interruption(done: Sequence[TrainedNetwork], samples: int) -> str:
    if len(done) == samples and done[-1].status != "interrupted":
        return ""
    whole = sum(n.status != "interrupted" for n in done)
    part = ", and one in part" if whole < len(done) else ""
    return f"interrupted: {whole} of {samples} networks{part}"


def _check_fitting(fitting: Mapping[str, Any], check_time: float) -> None:
    """Refuse, before anything is built, what training could not begin with."""
    from neurobridge.training.settings import Settings

    given = dict(fitting)
    if given["validate_every"] is None:
        given.pop("validate_every")
    Settings(**given)
    if not (np.isfinite(check_time) and check_time > 0):
        raise NetworkError(f"check_time: expected a time above 0, got {check_time!r}")


def _check_count(network: Network, k: int) -> None:
    states = sum(p.size * len(p.model.states) for p in network.populations.values())
    if k > states:
        raise NetworkError(f"k = {k}, but a network of {states} states has {states} exponents")


def _losses(
    name: str, k: int, target: Sequence[float], seed: int, starts: int, **timing: Any
) -> list[OfExponents]:
    """The loss from each initial state."""
    whole = isinstance(starts, (int, np.integer)) and not isinstance(starts, bool)
    if not whole or starts < 1:
        raise NetworkError(f"starts: expected a whole number >= 1, got {starts!r}")
    return [loss_of(name, k, target, seed=seed + APART * i, **timing) for i in range(starts)]


def _fitted(
    model: TrainableNetwork,
    losses: Sequence[OfExponents],
    fitting: Mapping[str, Any],
    seed: int,
    progress: bool,
) -> Fit:
    """In a folder of its own, which is gone afterwards: what counts is in the result."""
    from neurobridge.training import Autonomous, Objective, fit

    options = dict(fitting)
    every = options.pop("validate_every")
    looks = {} if every is None else {"validate_every": min(every, options["epochs"])}
    terms = {f"start_{i}": loss for i, loss in enumerate(losses)}
    objective = Objective(terms, dict.fromkeys(terms, 1 / len(losses)))
    with tempfile.TemporaryDirectory() as scratch:
        return fit(
            model, Autonomous(validation=every is not None), objective, Path(scratch) / "run",
            seed=seed, progress=progress, save_every=1, **looks, **options,
        )  # fmt: skip


def _step(network: Network) -> float:
    """In ms."""
    taus = []
    for population in network.populations.values():
        if "tau" not in population.parameters:
            raise NetworkError(
                f"population {population.name!r}: model {population.model.name!r} has no 'tau', of "
                "which the time step of training is a tenth; models of rate_model have one"
            )
        taus.append(np.min(np.asarray(population.parameters["tau"])))
    return STEP * float(min(taus))


def _history(history: pd.DataFrame) -> pd.DataFrame:
    """Epoch, loss in training and where it was looked at, seconds."""
    names = {"train/loss": "loss", "validation/loss": "look"}
    chosen = [c for c in ("epoch", *names, "seconds") if c in history.columns]
    return history[chosen].rename(columns=names)


def _values(model: TrainableNetwork) -> pd.DataFrame:
    parts = []
    for spec in model.specs:
        before, after = model.initial_physical(spec.path), model.physical(spec.path)
        parts.append(
            pd.DataFrame(
                {
                    "path": spec.path,
                    "before": before.detach().cpu().double().numpy().ravel(),
                    "after": after.detach().cpu().double().numpy().ravel(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _row(trained: TrainedNetwork, name: str) -> dict[str, Any]:
    losses = trained.history["loss"]
    return {
        "sample": trained.sample, "seed": trained.seed, "parameters": trained.parameters,
        "epochs": len(losses), "loss_before": float(losses.iloc[0]) if len(losses) else np.nan,
        "loss_after": _last(trained.history),
        "checked_before": distance(name, trained.before),
        "checked_after": distance(name, trained.after),
        "reached": trained.reached, "confirmed": trained.confirmed,
        "confirmed_there": trained.confirmed_there, "training": trained.status,
        "status": trained.after.spectrum.status,
        "seconds": trained.seconds,
    }  # fmt: skip


def _last(history: pd.DataFrame) -> float:
    """The best look, else the loss of the last epoch, which is before its update."""
    if "look" in history and history["look"].notna().any():
        return float(history["look"].min())
    return float(history["loss"].iloc[-1]) if len(history) else float("nan")
