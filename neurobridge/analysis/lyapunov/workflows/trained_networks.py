"""What training on the spectrum made of networks."""

from __future__ import annotations

__all__ = ["SpectralTraining", "TrainedNetwork"]

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from neurobridge.analysis.lyapunov.words import per_time
from neurobridge.analysis.lyapunov.workflows.study import Study
from neurobridge.graph.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from neurobridge.training import Validated


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """One network before and after.

    Parameters
    ----------
    sample, seed : int
    network : Network
        As trained.
    before, after : Validated
        What the loss says, and what an independent run from another initial state says.
    same : Validated
        After training: what an independent run from the first initial state of the training says.
    history : pandas.DataFrame
        A row an epoch.
    values : pandas.DataFrame
        ``path, before, after``: all that was trained.
    parameters : int
        Numbers that training may change.
    reached : bool or None
        Whether the target is within the 95 % interval of the independent run; None without target.
    confirmed, confirmed_there : bool
        Whether training and the independent run say the same within their errors, from another
        initial state and from that of the training. If only the second is so, the network has more
        than one attractor.
    status : {"done", "interrupted", "unchanged"}
        ``unchanged`` if the loss never changed, or no parameter did.
    remark : str
        Why training changed nothing; empty if it did.
    seconds : float
        CPU time of the training.
    """

    sample: int
    seed: int
    network: Network
    before: Validated
    after: Validated
    same: Validated
    history: pd.DataFrame
    values: pd.DataFrame
    parameters: int
    reached: bool | None
    confirmed: bool
    confirmed_there: bool
    status: str
    remark: str
    seconds: float


@dataclass(frozen=True, eq=False)
class SpectralTraining(Study):
    """What training on the spectrum made of networks.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a network: ``sample, seed, parameters, epochs, loss_before, loss_after,
        checked_before, checked_after, reached, confirmed, confirmed_there, training, status,
        seconds``. The loss is that of training; ``checked_*`` how far independent runs are from the
        target (root mean square over exponents; NaN without one); ``confirmed`` whether training
        and the independent run say the same within their errors, ``confirmed_there`` the same for
        a run from an initial state of the training; ``training`` how it ended, and ``status`` that
        of the independent run.
    networks : tuple of TrainedNetwork
    """

    networks: tuple[TrainedNetwork, ...]

    @property
    def kind(self) -> str:
        """See :class:`Study`."""
        return "training"

    @property
    def about(self) -> str:
        """See :class:`Study`; independent runs are of the flow."""
        return (
            f"trained on the {self.settings['meaning']}, runs of the flow, exponents "
            f"{per_time(self.unit)}"
        )

    @property
    def doubts(self) -> str:
        """See :class:`Study`."""
        said = [f"seed {n.seed}: {n.remark}" for n in self.networks if n.remark]
        return "; ".join([*said, super().doubts] if super().doubts else said)

    @property
    def exponents(self) -> pd.DataFrame:
        """``sample, stage, quantity, target, trained, trained_error, validated, error``.

        Before and after training, and after it from an initial state of the training (``there``),
        for each exponent, the dimension and the entropy.
        """
        parts = [
            checked.table().assign(sample=n.sample, stage=stage)
            for n in self.networks
            for stage, checked in (("before", n.before), ("after", n.after), ("there", n.same))
        ]
        return pd.concat(parts, ignore_index=True)

    @property
    def history(self) -> pd.DataFrame:
        """A row for each epoch of each network."""
        parts = [n.history.assign(sample=n.sample) for n in self.networks]
        return pd.concat(parts, ignore_index=True)

    @property
    def values(self) -> pd.DataFrame:
        """``sample, path, before, after`` of all that was trained."""
        parts = [n.values.assign(sample=n.sample) for n in self.networks]
        return pd.concat(parts, ignore_index=True)

    def tables(self) -> dict[str, pd.DataFrame]:
        """See :class:`Study`."""
        return {
            "table": self.table,
            "exponents": self.exponents,
            "history": self.history,
            "values": self.values,
        }

    def summary(self) -> dict[str, Any]:
        """See :class:`Study`."""
        return {
            "status": [n.status for n in self.networks],
            "reached": [n.reached for n in self.networks],
            "confirmed": [n.confirmed for n in self.networks],
            "spectra": [n.after.spectrum.to_dict() for n in self.networks],
            "exponents": self.exponents.to_dict("list"),
        }

    def draw(self) -> Figure:
        """Losses over epochs, exponents against their target, and values before and after."""
        from neurobridge.analysis.lyapunov.workflows.training_figure import draw_training

        return draw_training(self)

    def save(self, folder: str | Path) -> Path:
        """As :meth:`Study.save`, and the trained networks in ``networks/seed-N``."""
        from neurobridge.io.native import save

        place = super().save(folder)
        for trained in self.networks:
            save(trained.network, place / "networks" / f"seed-{trained.seed}")
        return place
