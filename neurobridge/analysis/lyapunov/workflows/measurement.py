"""Measurement: how the exponents of every network of a study are worked out."""

from __future__ import annotations

__all__ = ["Measurement"]

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

import numpy as np

from neurobridge.analysis.lyapunov import of_network, spectrum
from neurobridge.analysis.lyapunov.result import Spectrum
from neurobridge.analysis.lyapunov.system import Meaning
from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.network import Network

METHODS = ("ab4", "rk4")
LARGEST = 8e9
"""Bytes of tangent vectors from which on a measurement is refused."""


@dataclass(frozen=True)
class Measurement:
    """Options of :func:`~neurobridge.analysis.lyapunov.of_network` and ``spectrum``.

    Parameters
    ----------
    k : int, "all" or "adaptive"
    meaning : {"flow", "map"}
    time, error, transient, warm_up, dt, method, renormalise, interval, precision, blocks, checks,
    device
        See :func:`~neurobridge.analysis.lyapunov.spectrum`.
    unit : {"tau", "ms"}, optional
        Of time.
    initial : float, optional
        Spread of random initial states; default: 1.

    Raises
    ------
    NetworkError, UnknownNameError
        If the error or the initial spread is out of range, or Euler's method is asked for a flow.
    """

    k: int | Literal["all", "adaptive"] = "all"
    meaning: Meaning = "flow"
    time: float | None = None
    error: float | None = None
    transient: float = 100.0
    warm_up: float = 50.0
    dt: float | None = None
    method: str | None = None
    renormalise: str = "auto"
    interval: float | None = None
    precision: str = "float64"
    blocks: int | None = None
    checks: bool = False
    device: str = "cpu"
    unit: str | None = None
    initial: float | None = None

    def __post_init__(self) -> None:
        if self.error is not None and not 0 < self.error < np.inf:
            raise NetworkError(
                "error: expected the standard error of an exponent to be reached, a number above "
                f"0, got {self.error!r}"
            )
        if self.initial is not None and not 0 <= self.initial < np.inf:
            raise NetworkError(
                "initial: expected the standard deviation of initial states, a number >= 0, got "
                f"{self.initial!r}"
            )
        if self.method == "euler" and self.meaning == "flow":
            raise UnknownNameError(
                "method of a flow", self.method, METHODS,
                "Euler's method is a map, another system; for its exponents leave out the method "
                "and say meaning='map'",
            )  # fmt: skip

    @classmethod
    def of(cls, options: dict[str, Any], **defaults: Any) -> Measurement:
        """From options by name, with defaults of a workflow.

        Raises
        ------
        UnknownNameError
            If there is no such option.
        """
        known = [f.name for f in fields(cls)]
        for name in options:
            if name not in known:
                raise UnknownNameError("option of a measurement", name, known)
        return cls(**{**defaults, **options})

    def varied(self, **changes: Any) -> Measurement:
        """The same with some options changed."""
        return replace(self, **changes)

    def spectrum(self, network: Network, seed: int = 0) -> Spectrum:
        """The exponents of a network; no progress is shown.

        Raises
        ------
        NetworkError, ModelError, UnknownNameError, DivergedError
            If the network has no exponents that can be worked out, or an option does not fit.
        """
        options = asdict(self)
        system = of_network(
            network, options.pop("meaning"), unit=options.pop("unit"),
            initial=options.pop("initial"), seed=seed,
        )  # fmt: skip
        self._check_size(system.size)
        return spectrum(system, options.pop("k"), seed=seed, progress=False, **options)

    def to_dict(self) -> dict[str, Any]:
        """All options, for the records."""
        return asdict(self)

    def _check_size(self, size: int) -> None:
        """Refuse what no memory holds: 130,000 exponents of a brain need 140 GB."""
        k = size if self.k == "all" else self.k
        if isinstance(k, int) and 8.0 * k * size > LARGEST:
            raise NetworkError(
                f"k: {k:,} tangent vectors of {size:,} states need {8 * k * size / 1e9:.0f} GB; "
                "ask for the leading ones, k=..., or k='adaptive', or cut the network to a part"
            )
