"""Encoder: a linear map from features to a stimulus, the way into a network for a task."""

from __future__ import annotations

__all__ = ["Encoder"]

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.content import ByContent
from neurobridge.errors import NetworkError
from neurobridge.frozen import frozen_array
from neurobridge.graph.population import check_name, checked_indices
from neurobridge.graph.stimulus import Current, Poisson
from neurobridge.units import parse_quantity

Kind = Literal["rate", "current"]
Real = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Encoder(ByContent):
    """Features ``u`` drive neurons with ``W u + b``.

    Parameters
    ----------
    name, population : str
    neurons : int32 array, shape (n,)
        Each at most once.
    weight : float64 array, shape (n, n_in)
    bias : float64 array, shape (n,)
        What drives the neurons where all features are 0.
    kind : {"rate", "current"}
        ``rate``: Poisson spikes with ``max(0, W u + b)`` Hz; the rectification is part of the
        definition. ``current``: an injected current of ``W u + b``, in nA or in the unit that the
        model gives its current.
    features : tuple of str
        Names of the ``n_in`` features; empty if they have none.

    Raises
    ------
    NetworkError
        If shapes, values or names do not fit together.
    """

    name: str
    population: str
    neurons: NDArray[np.int32]
    weight: Real
    bias: Real
    kind: Kind = "rate"
    features: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.name, "encoder")
        where = f"encoder {self.name!r}"
        neurons = checked_indices(self.neurons, where)
        if np.unique(neurons).size != neurons.size:
            raise NetworkError(f"{where}: a neuron is named more than once; add up its rows")
        object.__setattr__(self, "neurons", neurons)
        for field in ("weight", "bias"):
            array = frozen_array(getattr(self, field), np.float64)
            if not np.isfinite(array).all():
                raise NetworkError(f"{where}: {field} must be finite")
            object.__setattr__(self, field, array)
        n = neurons.size
        if self.weight.ndim != 2 or self.weight.shape[0] != n or self.bias.shape != (n,):
            raise NetworkError(
                f"{where}: expected weight ({n}, n_in) and bias ({n},) for {n} neurons, got "
                f"{self.weight.shape} and {self.bias.shape}"
            )
        if self.kind not in get_args(Kind):
            raise NetworkError(f"{where}: kind must be 'rate' or 'current', got {self.kind!r}")
        self._check_features(where)

    def _check_features(self, where: str) -> None:
        if isinstance(self.features, str):
            raise NetworkError(f"{where}: features must be a list of names, got {self.features!r}")
        features = tuple(self.features)
        if not all(isinstance(f, str) for f in features) or len(set(features)) != len(features):
            raise NetworkError(f"{where}: features must be different texts, got {features[:8]}")
        if features and len(features) != self.n_features:
            raise NetworkError(
                f"{where}: {len(features)} names for {self.n_features} features (columns of weight)"
            )
        object.__setattr__(self, "features", features)

    @property
    def n_features(self) -> int:
        """Number of features, ``n_in``."""
        return int(self.weight.shape[1])

    def drive(self, features: ArrayLike) -> Real:
        """The rates in Hz, or the currents, that features give.

        Parameters
        ----------
        features : float64 array, shape (..., n_in)

        Returns
        -------
        float64 array, shape (..., n)

        Raises
        ------
        NetworkError
            If the number of features is another, or one is not finite.
        """
        where = f"encoder {self.name!r}"
        u = np.asarray(features, dtype=np.float64)
        if u.ndim == 0 or u.shape[-1] != self.n_features:
            raise NetworkError(f"{where}: expected {self.n_features} features, got shape {u.shape}")
        if not np.isfinite(u).all():
            at = tuple(int(i) for i in np.argwhere(~np.isfinite(u))[0])
            column = self.features[at[-1]] if self.features else str(at[-1])
            raise NetworkError(
                f"{where}: feature {column!r} is {u[at]}; features must be finite, so decide what "
                "a missing value means before"
            )
        driven: Real = u @ self.weight.T + self.bias
        return np.maximum(driven, 0.0) if self.kind == "rate" else driven

    def stimulus(
        self,
        features: ArrayLike,
        *,
        name: str | None = None,
        start: float | str = 0.0,
        stop: float | str = np.inf,
        interval: float | str | None = None,
        receptor: str | None = None,
        weight: float | str | None = None,
    ) -> Poisson | Current:
        """The stimulus that features are for the network.

        Outside ``start .. stop`` there is neither spike nor current, not even the bias: add the
        stimulus of zero features before and after if the neurons are to stay at it.

        Parameters
        ----------
        features : float64 array, shape (n_in,) or (T_bins, n_in)
            Constant, or a time course in bins of ``interval``, counted from ``start``; after the
            last bin there is nothing.
        name : str, optional
            Of the stimulus; default: that of the encoder.
        start, stop : float or str
            In ms.
        interval : float or str, optional
            In ms.
        receptor, weight : optional
            Where the spikes arrive, and with which weight, as in
            :class:`~neurobridge.graph.stimulus.Poisson`; not for sources, and not for currents.

        Returns
        -------
        Poisson or Current

        Raises
        ------
        NetworkError
            If the features do not fit the encoder, or the options do not fit its kind.
        """
        where = f"encoder {self.name!r}"
        driven = self.drive(features)
        if driven.ndim > 2 or (driven.ndim == 2) != (interval is not None):
            raise NetworkError(
                f"{where}: features of shape {np.shape(features)} "
                f"{'need' if driven.ndim == 2 else 'take no'} interval; give (n_in,), or "
                "(T_bins, n_in) with the interval of the bins"
            )
        name = self.name if name is None else name
        begin, end = (
            float(parse_quantity(t, "ms", f"{where}, {what}"))
            for what, t in (("start", start), ("stop", stop))
        )
        if interval is not None:
            interval = float(parse_quantity(interval, "ms", f"{where}, interval"))
        if self.kind == "current":
            if receptor is not None or weight is not None:
                raise NetworkError(
                    f"{where}: a current has no receptor and no weight; they are for kind='rate'"
                )
            return self._current(driven, name, begin, end, interval)
        return Poisson(
            name, self.population, driven, self.neurons, receptor,
            weight=1.0 if weight is None else weight, start=begin, stop=end,
            rate_interval=interval,
        )  # fmt: skip

    def _current(
        self, driven: Real, name: str, start: float, stop: float, interval: float | None
    ) -> Current:
        """A current that is switched on and off."""
        if not 0 <= start <= stop or not (interval is None or 0 < interval < np.inf):
            raise NetworkError(
                f"encoder {self.name!r}: expected 0 <= start <= stop, and an interval above 0, got "
                f"{start}, {stop} and {interval} ms"
            )
        if interval is None:
            times, values, end = np.array([start]), driven[None], stop
        else:
            times, values = start + interval * np.arange(driven.shape[0]), driven
            end = min(stop, start + interval * driven.shape[0])
        during = times < end
        times, values = times[during], values[during]
        if np.isfinite(end):
            times = np.append(times, end)
            values = np.concatenate([values, np.zeros((1, self.neurons.size))])
        return Current(name, self.population, values, times, self.neurons)
