"""Study: what a workflow returns, and how it goes to disk."""

from __future__ import annotations

__all__ = ["Study", "provenance"]

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
from neurobridge.io.recording_file import refuse_used_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA = "neurobridge-lyapunov-study/1"
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
    """

    table: pd.DataFrame
    settings: Mapping[str, Any]
    seconds: float

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
    def warning(self) -> str:
        """What must be said before the numbers are used; empty if there is nothing."""
        statuses = self.table["status"] if "status" in self.table else pd.Series(dtype=str)
        bad = statuses[statuses.isin(["not_converged", "transient"])]
        if bad.empty:
            return ""
        return f"{len(bad)} of {len(statuses)} rows: {', '.join(sorted(set(bad)))}"

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
