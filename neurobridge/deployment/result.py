"""Deployment: what a network will be on the chip, and what it will do there, as far as is known."""

from __future__ import annotations

__all__ = ["Deployment"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurobridge.comparison.result import Comparison
from neurobridge.deployment.changes import Change
from neurobridge.deployment.chip_model import ChipModelRun
from neurobridge.deployment.core_estimate import CoreEstimate
from neurobridge.deployment.decisions import Decision
from neurobridge.deployment.evidence import Evidence
from neurobridge.deployment.quantisation import Quantisation
from neurobridge.deployment.rates import GroupRate
from neurobridge.deployment.weight_scale import WeightScale
from neurobridge.graph.network import Network
from neurobridge.lowering.chip.network import ChipNetwork, ChipResult
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.finding import Finding
from neurobridge.recording import Recording

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

    from neurobridge.backends.spinnaker.mapping import MachineMapping

SCHEMA = 1


@dataclass(frozen=True)
class Deployment:
    """A network for SpiNNaker; made by :func:`~neurobridge.deployment.plan.plan_deployment`.

    Parameters
    ----------
    network : Network
    target : str
    dt, duration : float
        In ms.
    seed, trial : int
    settings : mapping
        Of the chip, with what was chosen.
    accepted : tuple of str
        Approximations that were accepted by name.
    findings : tuple of Finding
        Everything that is to be said about the network on the chip.
    plan : ChipPlan
    scales : tuple of WeightScale
        How the weight scale of each population was chosen.
    quantisation : Quantisation
    changes : tuple of Change
    chip_network : ChipNetwork
        What is loaded for this run.
    expected : ChipResult
        What the twin makes of it, as the integers of the chip.
    comparison : Comparison
        Of the twin with the reference, and with the reference at another seed.
    rates : tuple of GroupRate
    decisions : tuple of Decision
        Of the readouts.
    mapping : MachineMapping or CoreEstimate
        By sPyNNaker on a virtual board, or an estimate where it is not installed.
    chip_model : ChipModelRun or None
        None if it was not asked for.
    """

    network: Network = field(repr=False)
    target: str
    dt: float
    duration: float
    seed: int
    trial: int
    settings: Mapping[str, Any] = field(repr=False)
    accepted: tuple[str, ...]
    findings: tuple[Finding, ...]
    plan: ChipPlan = field(repr=False)
    scales: tuple[WeightScale, ...]
    quantisation: Quantisation = field(repr=False)
    changes: tuple[Change, ...] = field(repr=False)
    chip_network: ChipNetwork = field(repr=False)
    expected: ChipResult = field(repr=False)
    comparison: Comparison = field(repr=False)
    rates: tuple[GroupRate, ...] = field(repr=False)
    decisions: tuple[Decision, ...]
    mapping: MachineMapping | CoreEstimate
    chip_model: ChipModelRun | None

    @property
    def twin(self) -> Recording:
        """The run on the twin."""
        return self.comparison["twin"].recording

    @property
    def reference(self) -> Recording:
        """The run of the reference in float64."""
        return self.comparison["reference"].recording

    @property
    def saturations(self) -> Mapping[str, int]:
        """By population: how often a ring buffer was full on the twin."""
        counts: Mapping[str, int] = self.twin.info["saturations"]
        return counts

    @property
    def overflows(self) -> Mapping[str, int]:
        """By population: steps of neurons in which the drive wrapped around on the twin."""
        counts: Mapping[str, int] = self.twin.info["overflows"]
        return counts

    @property
    def to_accept(self) -> tuple[str, ...]:
        """Names of approximations that have to be accepted before anything is written."""
        found = {f.code for f in self.findings if f.severity == "approximation"}
        return tuple(sorted(found - set(self.accepted)))

    @property
    def stopped(self) -> bool:
        """Whether something stands against a bundle."""
        return bool(self.to_accept) or any(f.severity == "error" for f in self.findings)

    @property
    def mapped(self) -> bool:
        """Whether sPyNNaker's tools laid the network out."""
        return not isinstance(self.mapping, CoreEstimate)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What is known about this network and run, level by level; hardware is never among it."""
        size = self.mapping.size_in_words
        board = size if self.mapped else f"{size}, by counting neurons"
        if not self.mapping.fits:
            board = f"TOO LARGE for the machine: {size}"
        full = sum(self.saturations.values())
        twin = f"{self.twin.n_spikes:,} spikes, {full:,} saturations"
        if self.chip_model is None:
            model = "not asked for; --chip-model or chip_model=True does it"
        else:
            held = "spike" if self.chip_model.same_states is None else "spike and recorded state"
            word = f"every {held} is the twin's" if self.chip_model.same else (
                "DIFFERS from the twin"
            )  # fmt: skip
            model = f"{self.chip_model.spikes:,} spikes; {word}"
        return (
            Evidence("virtual board", self.mapped, board),
            Evidence("twin", True, twin),
            Evidence("chip model", self.chip_model is not None, model),
            Evidence("hardware", False, "nothing in this report is from hardware"),
        )

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {
            "schema": SCHEMA,
            "target": self.target,
            "network_id": self.network.id,
            "dt": self.dt,
            "duration": self.duration,
            "seed": self.seed,
            "trial": self.trial,
            "settings": _in_brief(self.settings),
            "accepted": list(self.accepted),
            "evidence": [e.to_dict() for e in self.evidence],
            "findings": [f.to_dict() for f in self.findings],
            "to_accept": list(self.to_accept),
            "scales": [s.to_dict() for s in self.scales],
            "quantisation": self.quantisation.to_dict(),
            "changes": [c.to_dict() for c in self.changes],
            "saturations": dict(self.saturations),
            "overflows": dict(self.overflows),
            "mapping": self.mapping.to_dict(),
            "comparison": self.comparison.to_dict(),
            "rates": [r.to_dict() for r in self.rates],
            "decisions": [d.to_dict() for d in self.decisions],
            "chip_model": None if self.chip_model is None else self.chip_model.to_dict(),
            "versions": dict(self.twin.versions),
        }

    def parts(self) -> list[RenderableType]:
        """The tables of a terminal, in order."""
        from neurobridge.deployment.tables import deployment_parts

        return deployment_parts(self)

    def table(self) -> Group:
        """All tables together."""
        from rich.console import Group

        return Group(*self.parts())

    def __rich__(self) -> Group:
        return self.table()

    def report(self, path: str | Path, *, title: str = "", command: str = "") -> Path:
        """Write a self-contained HTML report; returns its path.

        Parameters
        ----------
        path : path
            Its folder is made if it is not there.
        title : str
        command : str
            Command line that repeats the report.
        """
        from neurobridge.deployment.report import write_deployment_report

        return write_deployment_report(self, path, title=title, command=command)

    def bundle(self, folder: str | Path) -> Path:
        """Write everything that a machine with a board needs; returns the folder.

        Parameters
        ----------
        folder : path
            New or empty.

        Raises
        ------
        FindingsError
            If an approximation was not accepted.
        FileFormatError
            If the folder is not empty.
        """
        from neurobridge.deployment.bundling import bundle_deployment

        return bundle_deployment(self, folder)


def _in_brief(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with the largest of a number for each neuron: the shifts say the rest."""
    import numpy as np

    def brief(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(k): brief(v) for k, v in value.items()}
        if isinstance(value, np.ndarray) and value.ndim:
            return {"largest": float(value.max(initial=0.0)), "neurons": int(value.size)}
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [brief(v) for v in value]
        return value.item() if isinstance(value, (np.ndarray, np.generic)) else value

    return {name: brief(value) for name, value in settings.items()}
