"""Study: what a workflow returns, and how it goes to disk."""

from __future__ import annotations

__all__ = ["Study", "counted", "provenance"]

import json
import platform
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from neurobridge.analysis.lyapunov.spectrum_file import plain
from neurobridge.analysis.lyapunov.words import per_time
from neurobridge.io.recording_file import refuse_used_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA = "neurobridge-lyapunov-study/1"
UNFINISHED = ("diverged", "not_converged", "transient")
"""Statuses that must be said."""
PACKAGES = ("numpy", "scipy", "numba", "torch")


@dataclass(frozen=True, eq=False)
class Study(ABC):
    """Numbers of a workflow with what they were made from.

    Parameters
    ----------
    table : pandas.DataFrame
        One row for each measurement.
    settings : mapping
        Everything that was asked for, versions included; what JSON can hold.
    seconds : float
        CPU time of all.
    unit : str
        Of time.
    interruption : str
        How much was done when Ctrl-C ended it; empty if it came to its end.
    """

    table: pd.DataFrame
    settings: Mapping[str, Any]
    seconds: float
    unit: str
    interruption: str

    @property
    @abstractmethod
    def kind(self) -> str:
        """Name of the workflow."""

    @abstractmethod
    def summary(self) -> dict[str, Any]:
        """What came out, in a few numbers."""

    @abstractmethod
    def draw(self) -> Figure:
        """The figure of this workflow; nothing of ``pyplot`` is used."""

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it."""
        return bool(self.interruption)

    @property
    def warning(self) -> str:
        """What must be said before the numbers are used; empty if there is nothing."""
        return "; ".join(said for said in (self.interruption, self.doubts) if said)

    @property
    def about(self) -> str:
        """Meaning and unit of the exponents, as in ``flow, exponents per tau``."""
        return f"{self.settings['measurement']['meaning']}, exponents {per_time(self.unit)}"

    @property
    def heading(self) -> str:
        """First lines of a figure: the networks, what exponents mean, and the warning."""
        title = f"{self.settings['networks']['name']}; {self.about}"
        return title + (f"\n{self.warning}" if self.warning else "")

    @property
    def doubts(self) -> str:
        """How many rows are not what was asked for, and why."""
        statuses = self.table["status"] if "status" in self.table else pd.Series(dtype=str)
        return counted(statuses, "networks")

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by the name of their file."""
        return {"table": self.table}

    def figures(self) -> dict[str, Figure]:
        """All figures by the name of their file."""
        return {self.kind: self.draw()}

    def to_dict(self) -> dict[str, Any]:
        """Summary, settings and the table, for JSON."""
        content = {
            "schema": SCHEMA,
            "kind": self.kind,
            "warning": self.warning,
            "unit": self.unit,
            "interrupted": self.interrupted,
            **self.summary(),
            "seconds": self.seconds,
            "settings": self.settings,
            "table": self.table.to_dict("list"),
        }
        return {name: plain(value) for name, value in content.items()}

    def save(self, folder: str | Path) -> Path:
        """Write all tables (parquet), ``result.json`` and ``figures/*.png``.

        Parameters
        ----------
        folder : str or Path
            A new or an empty one.

        Raises
        ------
        FileFormatError
            If it holds anything.
        """
        place = Path(folder)
        refuse_used_folder(place, "a study")
        (place / "figures").mkdir(parents=True)
        for name, table in self.tables().items():
            table.to_parquet(place / f"{name}.parquet", compression="zstd", index=False)
        for name, figure in self.figures().items():
            figure.savefig(place / "figures" / f"{name}.png", dpi=150)
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False, ensure_ascii=False)
        (place / "result.json").write_text(text + "\n", encoding="utf-8")
        return place


def counted(statuses: pd.Series, what: str) -> str:
    """``2 of 5 networks: diverged, transient``; empty if all are done or converged."""
    bad = statuses[statuses.isin(UNFINISHED)]
    if bad.empty:
        return ""
    return f"{len(bad)} of {len(statuses)} {what}: {', '.join(sorted(set(bad)))}"


def provenance(**asked: Any) -> dict[str, Any]:
    """What was asked for, with the versions of what worked it out.

    Parameters
    ----------
    **asked
        What JSON can hold.
    """
    import neurobridge

    return {
        **asked,
        "versions": {
            "neurobridge": neurobridge.__version__,
            "python": platform.python_version(),
            **{name: found for name in PACKAGES if (found := _version(name))},
        },
        "machine": f"{platform.system()} {platform.machine()}",
        "made": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
