"""Journal: the account that a run of training gives of itself."""

from __future__ import annotations

__all__ = ["Journal"]

import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import pandas as pd

from neurobridge.training.run_folder import RunFolder
from neurobridge.training.trainable import TrainableNetwork


class Journal:
    """Keeps ``run.json`` true from the beginning of a run to its end, whatever that is.

    Parameters
    ----------
    place : RunFolder
    model : TrainableNetwork
    asked : mapping
        What the run was asked for.
    writes : bool
        Of several processes, one does.
    """

    def __init__(
        self, place: RunFolder, model: TrainableNetwork, asked: Mapping[str, Any], writes: bool
    ) -> None:
        self.place, self.writes = place, writes
        self.begun = time.time()
        self.content: dict[str, Any] = {
            "name": place.path.name,
            "status": "running",
            "network": model.network.id,
            "paths": [s.path for s in model.specs],
            "dt": model.dt,
            "precision": str(model.options.dtype).removeprefix("torch."),
            "n_parameters": sum(p.numel() for p in model.parameters()),
            **asked,
            "versions": {n: version(n) for n in ("torch", "lightning")},
            "started": time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(self.begun)),
        }

    def __enter__(self) -> Journal:
        self._write()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if error is not None:
            self.content |= {"status": "failed", "message": f"{type(error).__name__}: {error}"}
            self._write()

    def close(self, status: str, best: int, history: pd.DataFrame, unmoved: Sequence[str]) -> None:
        """What came out."""
        row = {} if best < 0 else history.iloc[best].dropna().to_dict()
        self.content |= {
            "status": status,
            "epochs_done": len(history),
            "best_epoch": best,
            "metrics": {str(k): v for k, v in row.items() if "/" in str(k)},
            "without_gradient": list(unmoved),
            "seconds": round(time.time() - self.begun, 3),
        }
        self._write()

    def _write(self) -> None:
        if self.writes:
            self.place.write(self.content)
