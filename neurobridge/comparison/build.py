"""From recordings to a :class:`~neurobridge.comparison.Comparison`."""

from __future__ import annotations

__all__ = ["compare_recordings", "pooled_metrics"]

from collections.abc import Mapping
from dataclasses import replace

from neurobridge.comparison.metrics import SpikeMetrics, spike_metrics
from neurobridge.comparison.pooling import pooled, until
from neurobridge.comparison.result import Baseline, Comparison, Entry
from neurobridge.comparison.signals import SignalDifference, signal_difference
from neurobridge.comparison.statistics import spike_statistics
from neurobridge.comparison.tiers import Tier, judge, tier
from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.recording import Recording, Spikes

DEFAULT_TIER = "T1"


def compare_recordings(
    recordings: Mapping[str, Recording],
    reference: str,
    baseline: Recording | None = None,
    *,
    tiers: Mapping[str, str] | None = None,
    distances: bool = True,
) -> Comparison:
    """Measure every recording against one of them.

    Parameters
    ----------
    recordings : mapping of str to Recording
        At least two runs of one network with the same dt, duration and seed. A failed run is
        listed without metrics. An interrupted one is measured as far as it came, and does not
        pass.
    reference : str
        Which of them is the reference.
    baseline : Recording, optional
        The reference backend at another seed. Every metric is also taken between it and the
        reference, to show what values mere chance gives; as far as it came, if interrupted.
    tiers : mapping of str to str, optional
        Tier of each recording, ``"T1"`` where none is given.
    distances : bool
        Also take the spike train distances of elephant and pyspike, where they are installed.

    Returns
    -------
    Comparison

    Raises
    ------
    UnknownNameError
        If the reference or a tier does not exist, or a tier is given for no recording.
    NetworkError
        If the recordings are not of one experiment, or the reference is not complete.
    """
    tiers = tiers or {}
    _check_names(recordings, reference, tiers)
    base = recordings[reference]
    _check_reference(reference, base)
    for name, recording in recordings.items():
        if recording.status != "failed":
            _check_same_experiment(reference, base, name, recording)
    entries = tuple(
        _reference_entry(name, recording)
        if name == reference
        else _entry(name, recording, base, tier(tiers.get(name, DEFAULT_TIER)), distances)
        for name, recording in recordings.items()
    )
    return Comparison(reference, entries, _baseline(reference, base, baseline, distances))


def _reference_entry(name: str, recording: Recording) -> Entry:
    statistics = spike_statistics(pooled(recording.spikes).spikes)
    return Entry(
        name=name,
        recording=recording,
        is_reference=True,
        tier=None,
        checks=(),
        metrics=None,
        populations={},
        signals=(),
        statistics=statistics,
    )


def _entry(name: str, recording: Recording, base: Recording, rules: Tier, distances: bool) -> Entry:
    if recording.status == "failed":
        note = "the run failed, nothing was compared"
        return Entry(name, recording, False, rules.name, (), None, {}, (), None, (note,))
    spikes, notes = _as_far_as(recording, base)
    metrics = pooled_metrics(spikes, recording.spikes, distances)
    signals = _signals(base, recording)
    notes += _unmatched_probes(base, recording)
    if metrics.distances:
        notes += metrics.distances.notes
    return Entry(
        name=name,
        recording=recording,
        is_reference=False,
        tier=rules.name,
        checks=judge(rules, metrics, signals),
        metrics=metrics,
        populations=_by_population(spikes, recording.spikes),
        signals=signals,
        statistics=spike_statistics(pooled(recording.spikes).spikes),
        notes=tuple(notes),
    )


def _baseline(
    reference: str, base: Recording, baseline: Recording | None, distances: bool
) -> Baseline | None:
    if baseline is None:
        return None
    if baseline.status == "failed":
        raise NetworkError(
            f"the baseline failed: {baseline.message or 'no reason was given'}; run it again, or "
            "compare without one"
        )
    if baseline.seed == base.seed:
        raise NetworkError(
            f"the baseline has the seed of the reference, {base.seed}; run {reference!r} once "
            "more with another seed"
        )
    _check_same_grid(reference, base, "the baseline", baseline)
    spikes, _ = _as_far_as(baseline, base)
    return Baseline(baseline, pooled_metrics(spikes, baseline.spikes, distances))


def _as_far_as(recording: Recording, base: Recording) -> tuple[dict[str, Spikes], list[str]]:
    """Spikes of the reference up to where a run came, and what to say about it."""
    if recording.status != "incomplete":
        return dict(base.spikes), []
    n_steps = min(s.n_steps for s in recording.spikes.values())
    note = f"the run stopped early, compared up to {n_steps * base.dt:g} ms"
    return {name: until(s, n_steps) for name, s in base.spikes.items()}, [note]


def pooled_metrics(
    reference: Mapping[str, Spikes], other: Mapping[str, Spikes], distances: bool
) -> SpikeMetrics:
    """Metrics of all populations together."""
    pool = pooled(reference)
    in_order = pooled({population: other[population] for population in reference})
    metrics = spike_metrics(pool.spikes, in_order.spikes, distances)
    if metrics.divergence is None:
        return metrics
    return replace(metrics, divergence=metrics.divergence.within(pool))


def _by_population(
    reference: Mapping[str, Spikes], other: Mapping[str, Spikes]
) -> dict[str, SpikeMetrics]:
    if len(reference) == 1:
        return {}
    return {name: spike_metrics(spikes, other[name]) for name, spikes in reference.items()}


def _signals(base: Recording, recording: Recording) -> tuple[SignalDifference, ...]:
    return tuple(
        signal_difference(probe, signal, recording.signals[probe])
        for probe, signal in base.signals.items()
        if probe in recording.signals
    )


def _unmatched_probes(base: Recording, recording: Recording) -> list[str]:
    missing = [probe for probe in base.signals if probe not in recording.signals]
    return [f"probe {probe!r} was not recorded here and is not compared" for probe in missing]


def _check_names(
    recordings: Mapping[str, Recording], reference: str, tiers: Mapping[str, str]
) -> None:
    if reference not in recordings:
        raise UnknownNameError("reference", reference, recordings)
    if len(recordings) < 2:
        raise NetworkError(
            f"a comparison needs at least two recordings, got only {reference!r}; run the network "
            "on another backend too"
        )
    for name in tiers:
        if name not in recordings:
            raise UnknownNameError("recording in tiers", name, recordings)


def _check_reference(reference: str, base: Recording) -> None:
    if base.status in ("failed", "incomplete"):
        raise NetworkError(
            f"the reference {reference!r} is {base.status}: "
            f"{base.message or 'no reason was given'}; run it to its end, or take another reference"
        )
    if not base.spikes:
        raise NetworkError(
            f"the reference {reference!r} has recorded no population; add a spike probe to the "
            "network"
        )


def _check_same_experiment(
    reference: str, base: Recording, name: str, recording: Recording
) -> None:
    _check_same_grid(reference, base, repr(name), recording)
    for what, expected, got in (
        ("network", base.network_id, recording.network_id),
        ("seed", base.seed, recording.seed),
        ("trial", base.trial, recording.trial),
    ):
        if expected != got:
            raise NetworkError(
                f"{name!r} ran another {what} than the reference {reference!r}: expected "
                f"{expected!r}, got {got!r}; run both with the same {what}"
            )


def _check_same_grid(reference: str, base: Recording, name: str, recording: Recording) -> None:
    if set(base.spikes) != set(recording.spikes):
        raise NetworkError(
            f"{name} recorded the populations {sorted(recording.spikes)}, the reference "
            f"{reference!r} {sorted(base.spikes)}; use the same spike probes for both"
        )
    if base.dt != recording.dt:
        raise NetworkError(
            f"{name} ran with dt = {recording.dt:g} ms, the reference {reference!r} with "
            f"{base.dt:g} ms; run both with the same dt"
        )
    if recording.status != "incomplete" and base.duration != recording.duration:
        raise NetworkError(
            f"{name} ran for {recording.duration:g} ms, the reference {reference!r} for "
            f"{base.duration:g} ms; run both for the same time"
        )
