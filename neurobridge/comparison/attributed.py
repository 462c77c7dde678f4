"""A comparison in which a run has SpiNNaker's arithmetic says which of its errors does what."""

from __future__ import annotations

__all__ = ["ATTRIBUTION", "attributed", "chip_runs"]

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from neurobridge.comparison.result import Comparison, noted
from neurobridge.errors import NeurobridgeError
from neurobridge.graph.network import Network
from neurobridge.lowering.chip.settings import CHIP_SETTINGS
from neurobridge.registry import get_backend

if TYPE_CHECKING:
    from neurobridge.comparison.execute import BackendRun

ATTRIBUTION = "attribution"
"""Label of its runs together in the progress of a comparison."""


def chip_runs(runs: Sequence[BackendRun]) -> list[BackendRun]:
    """Those of the runs that have SpiNNaker's arithmetic: their backends take its settings."""
    return [
        r for r in runs if set(CHIP_SETTINGS) <= set(get_backend(r.backend).capabilities().settings)
    ]


def attributed(
    comparison: Comparison,
    network: Network,
    run: BackendRun,
    *,
    trial: int,
    accept: Sequence[str],
    baseline: bool,
    progress: Callable[[str, int], None] | None,
) -> Comparison:
    """The comparison with an attribution for a run, or with a note there on why it has none."""
    from neurobridge.comparison.attribution import attribute
    from neurobridge.comparison.variants import n_runs

    recording = comparison.reference_entry.recording
    n_steps, begun = round(recording.duration / recording.dt), dict[str, None]()

    def tell(label: str, step: int) -> None:
        begun.setdefault(label)
        if progress is not None:
            progress(ATTRIBUTION, ((len(begun) - 1) * n_steps + step) // n_runs(baseline))

    settings = {name: value for name, value in run.settings.items() if name in CHIP_SETTINGS}
    try:
        found = attribute(
            network, recording.duration, dt=recording.dt, seed=recording.seed, trial=trial,
            accept=accept, baseline=baseline, progress=tell, **settings,
        )  # fmt: skip
    except NeurobridgeError as err:
        return noted(comparison, run.label, f"no attribution: {err}")
    except KeyboardInterrupt:
        return noted(comparison, run.label, "no attribution: it was interrupted")
    if progress is not None:
        progress(ATTRIBUTION, n_steps)
    return replace(comparison, attribution=found)
