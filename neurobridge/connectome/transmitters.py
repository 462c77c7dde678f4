"""Names of transmitters, and the signs that are commonly given to them."""

from __future__ import annotations

__all__ = [
    "ELEGANS_SIGNS",
    "FLY_SIGNS",
    "SIGN_TABLES",
    "canonical_transmitter",
    "probability_label",
]

from collections.abc import Mapping
from types import MappingProxyType

_SPELLINGS = {
    "acetylcholine": ("ach", "cholinergic"),
    "gaba": ("gabaergic",),
    "glutamate": ("glut", "glu", "glutamatergic"),
    "dopamine": ("da", "dop"),
    "serotonin": ("ser", "5-ht", "5ht"),
    "octopamine": ("oct", "oa"),
    "histamine": ("hist", "his"),
    "tyramine": ("tyr", "ta"),
    "betaine": (),
}
_CANONICAL = {s: name for name, others in _SPELLINGS.items() for s in (name, *others)}
_UNKNOWN = frozenset({"", "unknown", "unclear", "none", "neither", "nan", "na", "n/a", "tbd"})

FLY_SIGNS: Mapping[str, int] = MappingProxyType(
    {
        "acetylcholine": 1,
        "dopamine": 1,
        "serotonin": 1,
        "octopamine": 1,
        "gaba": -1,
        "glutamate": -1,
    }
)
"""Signs in the adult fly brain model of Shiu et al. (2024), Nature 634, 210-219.

Acetylcholine and GABA are well supported. Glutamate is inhibitory through GluCl in most central
neurons (Liu & Wilson 2013, PNAS 110, 10294-10299) but excitatory at the neuromuscular junction.
Dopamine, serotonin and octopamine act through G proteins with either sign: +1 is a convention of
that model, not a finding. Histamine, tyramine and others are not in the table on purpose.
"""

ELEGANS_SIGNS: Mapping[str, int] = MappingProxyType(
    {
        "acetylcholine": 1,
        "glutamate": 1,
        "gaba": -1,
        "dopamine": 0,
        "serotonin": 0,
        "octopamine": 0,
        "tyramine": 0,
        "betaine": 0,
    }
)
"""Signs by transmitter in *C. elegans*: a rough convention, for the receptor decides.

GABA inhibits and the other fast transmitters excite, as in Kunert, Shlizerman & Kutz (2014), Phys.
Rev. E 89, 052805. Known exceptions: glutamate inhibits through GluCl channels, e.g. AWC to AIY
(Chalasani et al. 2007, Nature 450, 63-70); acetylcholine inhibits through ACC channels (Putrenko et
al. 2005, J. Biol. Chem. 280, 6392-6398); GABA excites enteric muscle through EXP-1 (Beg & Jorgensen
2003, Nat. Neurosci. 6, 1145-1152). Fenyves et al. (2020), PLoS Comput. Biol. 16, e1007974 predict
polarity per synapse from receptor expression and find many of both kinds. Monoamines and betaine
have no default sign (0): they count as unknown, and the caller decides.
"""

SIGN_TABLES: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {"fly": FLY_SIGNS, "celegans": ELEGANS_SIGNS}
)
"""Sign tables by name, for experiment files."""


def canonical_transmitter(name: str) -> str:
    """One spelling per transmitter: ``"ACH"``, ``"ach"`` and ``"Acetylcholine"`` are the same.

    Returns
    -------
    str
        The full name in lower case; an unheard-of name in lower case; ``""`` for words that say
        that it is unknown (``unclear``, ``unknown``, ``none`` ...).
    """
    plain = name.strip().lower()
    return "" if plain in _UNKNOWN else _CANONICAL.get(plain, plain)


def probability_label(transmitter: str) -> str:
    """Name of the label with the probability of a transmitter, e.g. ``"p_acetylcholine"``."""
    return f"p_{canonical_transmitter(transmitter)}"
