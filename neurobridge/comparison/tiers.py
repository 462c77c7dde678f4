"""How much two backends must agree, as data: the tiers T0 to T3."""

from __future__ import annotations

__all__ = ["TIERS", "Check", "Tier", "judge", "tier"]

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from neurobridge.comparison.metrics import SpikeMetrics
from neurobridge.comparison.signals import SignalDifference
from neurobridge.errors import UnknownNameError


@dataclass(frozen=True)
class Tier:
    """What must hold between a backend and the reference. None means: not asked for.

    Parameters
    ----------
    name, between : str
        ``between`` says which backends the tier is for.
    identical : bool
        Every spike the same.
    state_tolerance : float or None
        Largest difference of a recorded state variable.
    state_unit : str or None
        Only variables in this unit are judged; None for all.
    count_tolerance : float or None
        Largest relative difference of the spike count.
    rate_correlation : float or None
        The per-neuron rates must correlate by more than this.
    seeds : int
        Runs that a verdict needs; with fewer there is none.
    """

    name: str
    between: str
    identical: bool = False
    state_tolerance: float | None = None
    state_unit: str | None = None
    count_tolerance: float | None = None
    rate_correlation: float | None = None
    seeds: int = 1


TIERS: dict[str, Tier] = {
    t.name: t
    for t in (
        Tier("T0", "the same arithmetic in float64", identical=True, state_tolerance=1e-12),
        Tier(
            "T1",
            "exact integration and host-drawn stimuli",
            identical=True,
            state_tolerance=1e-6,
            state_unit="mV",
        ),
        Tier(
            "T2",
            "float32, another device or another integrator",
            count_tolerance=0.01,
            rate_correlation=0.999,
        ),
        Tier("T3", "fixed-point arithmetic or a generator of its own", seeds=10),
    )
}


@dataclass(frozen=True)
class Check:
    """One rule of a tier and how it came out; ``passed`` is None where it cannot be judged."""

    rule: str
    found: str
    passed: bool | None

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return asdict(self)


def tier(name: str) -> Tier:
    """The tier of that name.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    if name not in TIERS:
        raise UnknownNameError("comparison tier", name, TIERS)
    return TIERS[name]


def judge(
    tier: Tier, metrics: SpikeMetrics, signals: Iterable[SignalDifference]
) -> tuple[Check, ...]:
    """Apply the rules of a tier to one comparison."""
    checks: list[Check] = []
    if tier.identical:
        checks.append(_identical(metrics))
    if tier.state_tolerance is not None:
        checks += _states(tier.state_tolerance, tier.state_unit, signals)
    if tier.count_tolerance is not None:
        checks.append(_count(tier.count_tolerance, metrics))
    if tier.rate_correlation is not None:
        checks.append(_rates(tier.rate_correlation, metrics))
    if tier.seeds > 1:
        rule = f"distributions over at least {tier.seeds} seeds"
        checks.append(Check(rule, "one seed, not judged; see compare_seeds", None))
    return tuple(checks)


def _identical(metrics: SpikeMetrics) -> Check:
    first = metrics.divergence
    found = "identical" if first is None else f"first difference at {first.time:g} ms"
    return Check("identical spikes", found, metrics.identical)


def _states(tolerance: float, unit: str | None, signals: Iterable[SignalDifference]) -> list[Check]:
    return [
        Check(
            rule=f"{s.variable} of probe {s.probe!r} within {tolerance:g} {s.unit}",
            found=f"{s.max_abs:.3g} {s.unit}",
            passed=s.max_abs <= tolerance,
        )
        for s in signals
        if unit in (None, s.unit)
    ]


def _count(tolerance: float, metrics: SpikeMetrics) -> Check:
    rule = f"spike count within {tolerance:.3g} of the reference (relative)"
    if metrics.count_difference is None:
        return Check(rule, f"{metrics.spikes:,} spikes, the reference is silent", False)
    return Check(
        rule, f"{metrics.count_difference:+.3g}", abs(metrics.count_difference) <= tolerance
    )


def _rates(threshold: float, metrics: SpikeMetrics) -> Check:
    rule = f"rate correlation above {threshold:g}"
    r = metrics.rate_correlation
    if r is None:
        return Check(rule, "not defined: the rates do not vary over neurons", None)
    return Check(rule, f"{r:.6f}", r > threshold)
