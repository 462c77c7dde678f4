"""Finding: one thing that a check has to say about a network on a backend."""

from __future__ import annotations

__all__ = ["Finding", "Severity", "raise_if_errors"]

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from neurobridge.errors import FindingsError, NetworkError, UnknownNameError

Severity = Literal["error", "approximation", "note"]


@dataclass(frozen=True)
class Finding:
    """What will differ, where, why, by how much, and what to do about it.

    Parameters
    ----------
    code : str
        Stable snake_case name, e.g. ``"delay_rounding"``. Approximations are accepted by this name.
    severity : {"error", "approximation", "note"}
        Errors stop the run. Approximations stop it unless accepted by name. Notes never do.
    where : str
        The object concerned, e.g. ``"projection 'recurrent'"``.
    why : str
        What was expected and what came.
    remedy : str
        What the user can do.
    magnitude : float, optional
        Size of the effect, in the unit that ``why`` names.
    """

    code: str
    severity: Severity
    where: str
    why: str
    remedy: str
    magnitude: float | None = None

    def __str__(self) -> str:
        return f"[{self.severity}] {self.code} at {self.where}: {self.why} -> {self.remedy}"

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return asdict(self)


APPROXIMATIONS = (
    "alpha_inputs_differ",
    "current_time_rounding",
    "delay_rounding",
    "duration_rounding",
    "interval_rounding",
    "noise_not_linear",
    "parameters_rounded",
    "refractory_rounding",
    "spike_time_rounding",
    "trained_at_other_dt",
    "weights_become_zero",
    "weights_rounded",
)
"""Approximations that the lowering may have to make, for one backend or for all. A backend from
elsewhere may add its own."""


def raise_if_errors(findings: Iterable[Finding], accept: Sequence[str] = ()) -> None:
    """Raise one :class:`FindingsError` that lists every finding that stops the run.

    Raises
    ------
    FindingsError
        If there is an error, or an approximation whose code is not in ``accept``.
    NetworkError
        If ``accept`` is one text instead of a list of them.
    UnknownNameError
        If it names no approximation.
    """
    if isinstance(accept, str):
        raise NetworkError(f"accept: expected a list of names, got {accept!r}; write [{accept!r}]")
    findings = tuple(findings)
    known = dict.fromkeys([*APPROXIMATIONS, *(f.code for f in findings)])
    for name in accept:
        if name not in known:
            raise UnknownNameError("approximation to accept", name, known)
    stopping = [
        f
        for f in findings
        if f.severity == "error" or (f.severity == "approximation" and f.code not in accept)
    ]
    if not stopping:
        return
    lines = "\n".join(f"  {f}" for f in stopping)
    codes = sorted({f.code for f in stopping if f.severity == "approximation"})
    hint = f"\nAn approximation runs if it is accepted by name: accept={codes}" if codes else ""
    count = f"{len(stopping)} finding{'s' if len(stopping) > 1 else ''}"
    raise FindingsError(f"the network cannot run as asked, {count}:\n{lines}{hint}", stopping)
