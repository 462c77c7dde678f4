"""Exponents after training, worked out once more and independently."""

from __future__ import annotations

__all__ = ["Validated", "validated"]

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from neurobridge.analysis.lyapunov.dimension import entropy, kaplan_yorke
from neurobridge.analysis.lyapunov.exponents import spectrum
from neurobridge.analysis.lyapunov.network import of_network
from neurobridge.analysis.lyapunov.result import Spectrum
from neurobridge.analysis.lyapunov.words import duration, per_time, with_error
from neurobridge.frozen import frozen_array
from neurobridge.training.dynamics import unit_of
from neurobridge.training.losses.exponents import OfExponents
from neurobridge.training.losses.lyapunov import EntropyTarget, KaplanYorkeTarget
from neurobridge.training.trainable import TrainableNetwork

Real = NDArray[np.float64]

NORMAL = 1.96
"""Standard errors of a 95 % interval."""


@dataclass(frozen=True, eq=False, repr=False)
class Validated:
    """What training says about the spectrum, and what a long run of the trained network says.

    Parameters
    ----------
    trained : float64 array (k,)
        Exponents by the loss, over its windows.
    trained_errors : float64 array (k,)
        Standard errors of these means over windows, NaN for a single window.
    target : float64 array (k,)
        NaN where the loss has none.
    spectrum : Spectrum
        Of the exported network, by the differential equation.
    dimension_target, entropy_target : float
        NaN if the loss has none.
    step_errors : float64 array (k,) or float
        How far off trained exponents of a flow may be through the time step of the loss.
    """

    trained: Real
    trained_errors: Real
    target: Real
    spectrum: Spectrum
    dimension_target: float = float("nan")
    entropy_target: float = float("nan")
    step_errors: Real | float = 0.0

    def __post_init__(self) -> None:
        for name in ("trained", "trained_errors", "target", "step_errors"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64))

    @property
    def validated(self) -> Real:
        """Exponents of the long run, float64 (k,)."""
        return self.spectrum.exponents

    @property
    def errors(self) -> Real:
        """Their standard errors, float64 (k,)."""
        return self.spectrum.errors

    @property
    def deviation(self) -> Real:
        """Trained minus validated, in standard errors of the difference, float64 (k,).

        These are of both means over time, and of both time steps.
        """
        difference = self.trained - self.validated
        error = np.hypot(self.errors, np.nan_to_num(self.trained_errors))
        error = np.hypot(error, self.step_errors)
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Real = np.where(difference == 0, 0.0, difference / error)
        return found

    @property
    def agrees(self) -> NDArray[np.bool_]:
        """Where trained and validated exponents are within their error bars (95 %), (k,)."""
        return np.abs(self.deviation) <= NORMAL

    @property
    def distance(self) -> Real:
        """Validated minus target, float64 (k,); NaN where there is no target."""
        return self.validated - self.target

    def table(self) -> pd.DataFrame:
        """A row for each exponent, and for the dimension and the entropy that follow."""
        rows = pd.DataFrame(
            {
                "quantity": [f"lambda_{i}" for i in range(1, self.trained.size + 1)],
                "target": self.target,
                "trained": self.trained,
                "trained_error": self.trained_errors,
                "validated": self.validated,
                "error": self.errors,
            }
        )
        s, nan = self.spectrum, float("nan")
        more = [
            ("dimension", self.dimension_target, kaplan_yorke(self.trained, s.size), nan,
             s.kaplan_yorke, s.kaplan_yorke_error),
            ("entropy", self.entropy_target, entropy(self.trained, s.size), nan,
             s.entropy, s.entropy_error),
        ]  # fmt: skip
        return pd.concat([rows, pd.DataFrame(more, columns=rows.columns)], ignore_index=True)

    def __str__(self) -> str:
        s = self.spectrum
        how = f"{s.meaning}, T = {duration(s.time, s.unit)}, {s.warning or s.status}"
        lines = [
            f"exponents {per_time(s.unit)}; validated: {how}",
            f"{'':>10} {'target':>10} {'trained':>20} {'validated':>20}",
        ]
        for name, target, *values in self.table().to_numpy().tolist():
            wanted = "-" if np.isnan(target) else f"{target:.4g}"
            trained, checked = with_error(*values[:2]), with_error(*values[2:])
            lines.append(f"{name:>10} {wanted:>10} {trained:>20} {checked:>20}")
        return "\n".join([*lines, self._verdict()])

    def _verdict(self) -> str:
        wrong = int((~self.agrees).sum())
        if not wrong:
            return "trained and validated exponents agree within their error bars"
        worst = int(np.abs(self.deviation).argmax())
        return (
            f"{wrong} of {self.agrees.size} trained exponents are outside of the error bars; worst "
            f"is lambda_{worst + 1}, {self.deviation[worst]:+.1f} standard errors off"
        )

    def __repr__(self) -> str:
        return f"<Validated {self._verdict()}>"


def validated(
    model: TrainableNetwork,
    loss: OfExponents,
    *,
    time: float = 2000.0,
    error: float | None = None,
    seed: int | None = None,
    **options: Any,
) -> Validated:
    """Check what a loss on exponents says by a long run of the network that would be exported.

    The run is of the differential equation (meaning ``flow``), also after training the Euler map,
    and from another initial state, unless the loss is given one.

    Parameters
    ----------
    model : TrainableNetwork
    loss : OfExponents
        Such as :class:`~neurobridge.training.losses.SpectrumMSE`; need not be the one trained on.
    time, error
        See :func:`neurobridge.analysis.lyapunov.spectrum`; in the unit of the loss.
    seed : int, optional
        Default: that of the loss plus 1.
    **options
        All others of :func:`neurobridge.analysis.lyapunov.spectrum`.

    Returns
    -------
    Validated
        Which prints as a table.
    """
    with torch.no_grad():
        windows = loss.window_exponents(model).cpu().numpy()
    mean = windows.mean(0)
    order = np.argsort(-mean, kind="stable")
    spread = windows.std(0, ddof=1) if len(windows) > 1 else np.full(loss.k, np.nan)
    system = of_network(
        model.to_network(), "flow", unit=unit_of(model, loss.unit), initial=loss.initial
    )
    found = spectrum(
        system, loss.k, time=time, error=error,
        seed=loss.seed + 1 if seed is None else seed, **options,
    )  # fmt: skip
    none = np.full(loss.k, np.nan)
    return Validated(
        mean[order], spread[order] / np.sqrt(len(windows)),
        none if loss.wanted is None else loss.wanted, found,
        loss.target if isinstance(loss, KaplanYorkeTarget) else float("nan"),
        loss.target if isinstance(loss, EntropyTarget) else float("nan"),
        loss.step_errors(model, mean[order]),
    )  # fmt: skip
