"""Policies: how the transmitter, and so the sign, of a neuron or an edge is found."""

from __future__ import annotations

__all__ = [
    "Argmax",
    "Explicit",
    "PerEdge",
    "Sampled",
    "SignPolicy",
    "SignTable",
    "Threshold",
    "sign_policy",
]

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from neurobridge.errors import ConnectomeError, UnknownNameError

SignTable: TypeAlias = "Mapping[str, int] | str"


@dataclass(frozen=True)
class Argmax:
    """The most likely transmitter of every neuron.

    Parameters
    ----------
    table : mapping of str to {+1, -1, 0}, or {"fly", "celegans"}
        Sign of every transmitter; see :mod:`neurobridge.connectome.transmitters`.
    label : str, optional
        The label that holds the transmitter. By default ``nt`` where that exists; else the
        largest of the labels ``p_<transmitter>``. A tie for the largest counts as unknown.
    """

    table: SignTable
    label: str | None = None


@dataclass(frozen=True)
class Threshold:
    """The transmitter of :class:`Argmax` where its confidence is high enough, else unknown.

    Parameters
    ----------
    table
        As for :class:`Argmax`.
    at_least : float
        Lowest confidence that counts, 0 to 1.
    label : str, optional
        As for :class:`Argmax`.
    confidence : str, optional
        The label that holds the confidence. By default ``nt_score`` where ``label`` or ``nt`` is
        used, else the largest probability itself.
    """

    table: SignTable
    at_least: float
    label: str | None = None
    confidence: str | None = None


@dataclass(frozen=True)
class Sampled:
    """A transmitter drawn for every neuron from its probabilities, the labels ``p_<transmitter>``.

    Parameters
    ----------
    table
        As for :class:`Argmax`.
    seed : int
        Of the draw, which depends on nothing else but the ids: a subset gets the same signs.
    trial : int
        For several draws.
    """

    table: SignTable
    seed: int
    trial: int = 0


@dataclass(frozen=True)
class PerEdge:
    """The transmitter of every edge, from an edge label. Dale's law need not hold then.

    Parameters
    ----------
    table
        As for :class:`Argmax`.
    label : str
        The edge label that holds the transmitter.
    """

    table: SignTable
    label: str = "nt"


@dataclass(frozen=True)
class Explicit:
    """The sign of every neuron from a table of yours.

    Parameters
    ----------
    signs : mapping of int to {+1, -1, 0}, or DataFrame
        From id to sign; a frame has the columns ``id`` and ``sign``. Neurons that are not in it
        are unknown.
    """

    signs: Any


SignPolicy: TypeAlias = Argmax | Threshold | Sampled | PerEdge | Explicit
_POLICIES = {
    "argmax": Argmax,
    "threshold": Threshold,
    "sampled": Sampled,
    "per_edge": PerEdge,
    "explicit": Explicit,
}


def sign_policy(name: str, **options: Any) -> SignPolicy:
    """A policy by name, for experiment files: ``sign_policy("argmax", table="fly")``.

    Raises
    ------
    UnknownNameError
        If the name or an option does not exist.
    ConnectomeError
        If an option is missing.
    """
    if name not in _POLICIES:
        raise UnknownNameError("sign policy", name, _POLICIES)
    policy: type[Any] = _POLICIES[name]
    known = [f.name for f in fields(policy)]
    for option in options:
        if option not in known:
            raise UnknownNameError(f"option of sign policy {name!r}", option, known)
    try:
        made: SignPolicy = policy(**options)
    except TypeError:
        raise ConnectomeError(f"sign policy {name!r} needs {', '.join(known)}") from None
    return made
