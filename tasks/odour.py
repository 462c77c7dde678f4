"""Odour classification from the responses of the fly's receptors in DoOR 2.0."""

from __future__ import annotations

__all__ = ["odour_task"]

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError
from neurobridge.frozen import FrozenDict
from neurobridge.lowering.finding import Finding
from neurobridge.tasks.classification import SPLITS, ClassificationTask, checked_trials
from neurobridge.tasks.distinct import most_distinct
from neurobridge.tasks.door import REFERENCES, DoorResponses, load_door
from neurobridge.tasks.dose import Dose, dose_response

Missing = Literal["error", "zero", "drop"]
Real = NDArray[np.float64]


def odour_task(
    door: str | Path | DoorResponses,
    receptors: Sequence[str] | Mapping[str, str],
    *,
    odours: int | Sequence[str] = 10,
    concentrations: Sequence[float] = (0.5, 1.0),
    held_out: Sequence[float] = (0.75, 0.35),
    trials: tuple[int, int, int] = (20, 5, 5),
    missing: Missing = "error",
    min_measured: float = 0.5,
    dose: Dose = "linear",
    hill: float = 1.0,
    name: str = "odours",
    duration: float = 500.0,
    onset: float = 0.0,
    offset: float = np.inf,
) -> ClassificationTask:
    """Trials of some odours at some concentrations.

    The features of a trial are the responses of the receptors, 0 .. 1, at a concentration; trials
    of one odour and concentration differ in their Poisson draws. Networks are trained and validated
    at some concentrations and tested at others, so that what is tested was never seen: between the
    trained concentrations (interpolated) and beyond them (extrapolated).

    :func:`~neurobridge.tasks.receptor_neurons.orn_encoder` makes firing rates of the features.

    Parameters
    ----------
    door : str, Path or DoorResponses
        Folder of the tables of DoOR, see :func:`~neurobridge.tasks.door.load_door`.
    receptors : sequence of str, or mapping of str to str
        The features: responding units of DoOR, or names of your own -> responding unit, e.g.
        ``{"Gr21a": "Gr21a.Gr63a"}`` (:data:`~neurobridge.tasks.door.DOOR_NAMES` has those of
        FlyWire's labels).
    odours : int or sequence of str
        How many, chosen by :func:`~neurobridge.tasks.distinct.most_distinct`, or which.
    concentrations, held_out : sequence of float
        Of training and validation, and of the test; 1 is the concentration of the data base.
    trials : (int, int, int)
        Trials of training, validation and test, for each odour and concentration.
    missing : {"error", "zero", "drop"}
        What becomes of responses that nobody measured: 0, or the receptor is left out. Counted in
        the findings of the task.
    min_measured : float
        Share of the receptors that must have been measured with an odour for it to be chosen.
    dose, hill : optional
        See :func:`~neurobridge.tasks.dose.dose_response`.
    name, duration, onset, offset
        Of the task; times in ms.

    Returns
    -------
    ClassificationTask
        With the conditions ``concentration`` and ``generalisation`` (``"trained"``,
        ``"interpolated"`` or ``"extrapolated"``). The order of its classes is that of ``odours``.

    Raises
    ------
    FileFormatError
        If the tables are missing or damaged.
    UnknownNameError
        If an odour or a responding unit does not exist.
    NetworkError
        If responses are missing and ``missing`` does not say what to do, or if an option does not
        fit.

    References
    ----------
    Münch & Galizia (2016). DoOR 2.0 - Comprehensive mapping of Drosophila melanogaster odorant
    responses. Scientific Reports 6, 21841. https://doi.org/10.1038/srep21841
    """
    where = f"task {name!r}"
    data = door if isinstance(door, DoorResponses) else load_door(door)
    units = _units(receptors, where)
    columns = data.of(units)
    rows = _rows(data, columns, odours, min_measured, where)
    classes = tuple(data.odours[i] for i in rows)
    response, features, findings = _complete(columns[rows], classes, tuple(units), missing, where)
    _refuse_silence(response, classes, where)
    if set(classes) & set(data.merged):
        findings.append(_merged(data, classes, where))

    levels = _levels(concentrations, held_out, where)
    counts = checked_trials(trials, where)
    plan = [
        (odour, c, split, kind)
        for split, n in zip(SPLITS, counts, strict=True)
        for c, kind in levels[split]
        for odour in range(len(classes))
        for _ in range(n)
    ]
    at = {c: dose_response(response, c, dose, hill) for split in SPLITS for c, _ in levels[split]}
    column: list[Any] = list(zip(*plan, strict=True))
    return ClassificationTask(
        name,
        np.array([at[c][odour] for odour, c, _, _ in plan]),
        np.array(column[0], dtype=np.int64),
        classes,
        features,
        np.array(column[2]),
        duration,
        onset,
        offset,
        conditions=FrozenDict(
            {"concentration": np.array(column[1]), "generalisation": np.array(column[3])}
        ),
        findings=tuple(findings),
        references=REFERENCES,
    )


def _units(receptors: Sequence[str] | Mapping[str, str], where: str) -> dict[str, str]:
    """Feature -> responding unit."""
    if isinstance(receptors, str):
        raise NetworkError(f"{where}: receptors must be a list of names, got {receptors!r}")
    if isinstance(receptors, Mapping):
        units = {str(k): str(v) for k, v in receptors.items()}
    else:
        units = {str(r): str(r) for r in receptors}
        if len(units) != len(receptors):
            raise NetworkError(f"{where}: a receptor is named more than once")
    if not units:
        raise NetworkError(f"{where}: there is no receptor")
    return units


def _rows(
    data: DoorResponses, columns: Real, odours: int | Sequence[str], least: float, where: str
) -> NDArray[np.int64]:
    """The odours that were named, or the most distinct of those that were measured."""
    if isinstance(odours, str):
        raise NetworkError(f"{where}: odours must be a number or a list of names, got {odours!r}")
    if isinstance(odours, Sequence):
        rows = data.rows(tuple(odours))
        if rows.size < 2 or np.unique(rows).size != rows.size:
            raise NetworkError(f"{where}: expected two odours or more, each once, got {odours}")
        return rows
    if not 0 < least <= 1:
        raise NetworkError(f"{where}: min_measured is a share above 0, at most 1, got {least}")
    measured = np.isfinite(columns).mean(axis=1) >= least
    candidates = np.flatnonzero(measured & (np.nan_to_num(columns) > 0).any(axis=1))
    if not 2 <= odours <= candidates.size:
        raise NetworkError(
            f"{where}: expected 2 to {candidates.size} odours, got {odours}; {candidates.size} of "
            f"{len(data.odours)} odours were measured on {least:.0%} or more of the "
            f"{columns.shape[1]} receptors and drive one; lower min_measured for more"
        )
    return np.asarray(candidates[most_distinct(columns[candidates], odours)])


def _complete(
    response: Real, classes: tuple[str, ...], features: tuple[str, ...], missing: str, where: str
) -> tuple[Real, tuple[str, ...], list[Finding]]:
    """Responses without gaps, the features that are left, and what was done."""
    if missing not in get_args(Missing):
        raise NetworkError(
            f"{where}: missing must be one of {', '.join(get_args(Missing))}, got {missing!r}"
        )
    gaps = ~np.isfinite(response)
    if not gaps.any():
        return response, features, []
    row, column = np.argwhere(gaps)[0]
    what = (
        f"{int(gaps.sum())} of {gaps.size} responses were never measured, e.g. that of "
        f"{features[column]!r} to {classes[row]!r}"
    )
    if missing == "error":
        raise NetworkError(
            f"{where}: {what}; say missing='zero' to take them for no response, missing='drop' to "
            "leave out their receptors, or choose other odours or receptors"
        )
    kept = np.ones(len(features), dtype=bool)
    if missing == "zero":
        done = "they count as no response"
    else:
        kept &= ~gaps.any(axis=0)
        done = f"their {int((~kept).sum())} of {kept.size} receptors are left out"
        if not kept.any():
            raise NetworkError(
                f"{where}: {what}, and no receptor was measured with all of these odours; choose "
                "fewer odours, or missing='zero'"
            )
    finding = Finding(
        "responses_not_measured", "note", where, f"{what}; {done}",
        "name odours and receptors that were measured, see DoorResponses.response",
        float(gaps.mean()),
    )  # fmt: skip
    left = tuple(f for f, keep in zip(features, kept, strict=True) if keep)
    return np.where(gaps, 0.0, response)[:, kept], left, [finding]


def _refuse_silence(response: Real, classes: tuple[str, ...], where: str) -> None:
    silent = [c for c, r in zip(classes, response, strict=True) if not r.any()]
    if silent:
        raise NetworkError(
            f"{where}: no receptor responds to {', '.join(map(repr, silent[:5]))}; leave "
            f"{'it' if len(silent) == 1 else 'them'} out, or take other receptors"
        )


def _merged(data: DoorResponses, classes: tuple[str, ...], where: str) -> Finding:
    names = [c for c in classes if c in data.merged]
    return Finding(
        "odours_merged", "note", where,
        f"several rows of the data base are called {', '.join(map(repr, names))}; the class is "
        "the mean of what was measured",
        "take a later release of DoOR, in which names are unique",
        float(len(names)),
    )  # fmt: skip


def _levels(
    trained: Sequence[float], held_out: Sequence[float], where: str
) -> dict[str, list[tuple[float, str]]]:
    """Concentrations of each split, and how far they are from those that were trained."""
    seen, unseen = [float(c) for c in trained], [float(c) for c in held_out]
    if not seen or len({*seen, *unseen}) != len(seen) + len(unseen):
        raise NetworkError(
            f"{where}: expected concentrations that all differ, and one to train at; got {seen}, "
            f"held out {unseen}"
        )
    inside = {c: "interpolated" if min(seen) < c < max(seen) else "extrapolated" for c in unseen}
    known = [(c, "trained") for c in seen]
    return {"train": known, "validation": known, "test": list(inside.items())}
