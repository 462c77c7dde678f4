"""Losses on the spectrum by name, with the targets that they take."""

from __future__ import annotations

__all__ = ["LOSSES", "confirmed", "distance", "loss_of", "reaches", "targets_of", "why_unchanged"]

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from neurobridge.analysis.lyapunov.statistics import LEVEL, intervals
from neurobridge.errors import NetworkError, UnknownNameError

if TYPE_CHECKING:
    from neurobridge.training import Validated
    from neurobridge.training.losses.exponents import OfExponents

LOSSES = {
    "mse": "mean squared distance of the k exponents from one target, or from k of them",
    "l2": "Euclidean distance from the same",
    "curve": "mean squared distance from a straight line (two targets) or from k targets",
    "kaplan_yorke": "squared distance of the dimension from a target",
    "entropy": "squared distance of the entropy from a target",
    "expansion": "the sum of the k exponents, made larger; no target",
    "contraction": "the sum of the k exponents, made smaller; no target",
    "flossing": "mean square of the k exponents of every window; no target",
}
"""Names and meanings."""
TO_ZERO = ("mse", "l2")
"""Losses whose target is 0 unless another is given."""
WITHOUT = ("expansion", "contraction", "flossing")
"""Losses without a target."""


def targets_of(name: str, target: Sequence[float] | None) -> list[float]:
    """The targets that are meant where none were given.

    Raises
    ------
    UnknownNameError, NetworkError
        If there is no such loss, or it needs a target.
    """
    if name not in LOSSES:
        raise UnknownNameError("loss on the spectrum", name, LOSSES)
    if target is not None:
        return [float(value) for value in target]
    if name in WITHOUT:
        return []
    if name in TO_ZERO:
        return [0.0]
    count = "two targets, or k of them" if name == "curve" else "a target"
    raise NetworkError(f"loss {name!r} ({LOSSES[name]}): expected {count}, got none")


def why_unchanged(name: str, before: Validated) -> str:
    """Why training could change nothing, and what to do."""
    if name in ("kaplan_yorke", "entropy") and (before.trained < 0).all():
        what = "dimension" if name == "kaplan_yorke" else "entropy"
        return (
            f"training changed nothing: all exponents are negative, so the {what} has no "
            "gradient; start from a chaotic network (larger --g), or use mse"
        )
    return (
        "training changed nothing: the loss does not depend on what was trained, or is as small "
        "as it gets; train other parameters, or take another loss or target"
    )


def loss_of(name: str, k: int, target: Sequence[float], **options: Any) -> OfExponents:
    """A loss by its name.

    Parameters
    ----------
    name : str
        One of :data:`LOSSES`.
    k : int
        Leading exponents.
    target : sequence of float
        As many as the loss takes.
    **options
        Windows and times, see :class:`~neurobridge.training.losses.exponents.OfExponents`.

    Raises
    ------
    UnknownNameError, NetworkError
        If there is no such loss, or it takes other targets.
    """
    from neurobridge.training import losses

    if name not in LOSSES:
        raise UnknownNameError("loss on the spectrum", name, LOSSES)
    given = [float(value) for value in target]
    if name == "flossing":
        _expect(name, given, (0,))
        return losses.Flossing(k=k, **options)
    if name in ("expansion", "contraction"):
        _expect(name, given, (0,))
        return losses.ExpansionRate(k=k, maximise=name == "expansion", **options)
    if name in ("kaplan_yorke", "entropy"):
        _expect(name, given, (1,))
        kind: Any = losses.KaplanYorkeTarget if name == "kaplan_yorke" else losses.EntropyTarget
        made: OfExponents = kind(k=k, target=given[0], **options)
        return made
    if name == "curve" and len(given) == 2:
        return losses.SpectrumLine(k=k, first=given[0], last=given[1], **options)
    _expect(name, given, (2, k) if name == "curve" else (1, k))
    wanted: Any = given[0] if len(given) == 1 else given
    if name == "l2":
        return losses.SpectrumL2(k=k, target=wanted, **options)
    return losses.SpectrumMSE(k=k, target=wanted, **options)


def _expect(name: str, given: Sequence[float], counts: tuple[int, ...]) -> None:
    if len(given) in counts:
        return
    wanted = " or ".join("no target" if c == 0 else f"{c}" for c in sorted(set(counts)))
    raise NetworkError(
        f"loss {name!r} ({LOSSES[name]}): expected {wanted}, got {len(given)} targets"
    )


def reaches(name: str, checked: Validated) -> bool | None:
    """Whether the target lies within the 95 % interval of an independent run.

    Of several exponents all have to, in intervals that hold together (Bonferroni). None if the loss
    has no target.
    """
    spectrum = checked.spectrum
    if name in ("expansion", "contraction"):
        return None
    if name in ("kaplan_yorke", "entropy"):
        value, error, target = _quantity(name, checked)
        low, high = intervals(np.array([value]), np.array([error]), len(spectrum.blocks) - 1)
        return bool(low[0] <= target <= high[0])
    level = 1 - (1 - LEVEL) / spectrum.k
    low, high = intervals(spectrum.exponents, spectrum.errors, spectrum.freedom, level)
    targets = _targets(name, checked)
    return bool(((low <= targets) & (targets <= high)).all())


def confirmed(checked: Validated, windows: int) -> bool:
    """Whether training and an independent run say the same, for all exponents together.

    By Student's t with as many degrees of freedom as windows allow, at 5 % for all (Bonferroni).
    """
    freedom = checked.spectrum.freedom
    if windows > 1:
        freedom = np.minimum(freedom, windows - 1)
    limit = stdtrit(freedom, 1 - (1 - LEVEL) / (2 * checked.spectrum.k))
    return bool((np.abs(checked.deviation) <= limit).all())


def distance(name: str, checked: Validated) -> float:
    """How far an independent run is from the target: root mean square over exponents.

    Or the difference of dimension or entropy; NaN if the loss has no target.
    """
    if name in ("kaplan_yorke", "entropy"):
        value, _, target = _quantity(name, checked)
        return abs(value - target)
    return float(np.sqrt(np.mean((checked.validated - _targets(name, checked)) ** 2)))


def _quantity(name: str, checked: Validated) -> tuple[float, float, float]:
    """Value, error and target of the dimension or of the entropy."""
    s = checked.spectrum
    if name == "kaplan_yorke":
        return s.kaplan_yorke, s.kaplan_yorke_error, checked.dimension_target
    return s.entropy, s.entropy_error, checked.entropy_target


def _targets(name: str, checked: Validated) -> NDArray[np.float64]:
    return np.zeros(checked.spectrum.k) if name == "flossing" else checked.target
