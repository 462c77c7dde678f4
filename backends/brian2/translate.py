"""From the language of a program to that of Brian2: names and expressions.

Brian2 evaluates Python-like expressions, so an expression stays as it is; only names that mean
something to Brian2 or C++ get another one. ``where`` is a function that the script brings along.
"""

from __future__ import annotations

__all__ = ["FUNCTIONS", "Names", "identifier", "is_reserved"]

import keyword
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from neurobridge.expression import FUNCTIONS, Dialect, render

_BRIAN2 = frozenset(
    """
    N dt e i inf j lastspike not_refractory pi refractory spike t t_in_timesteps xi
    abs arccos arcsin arctan binomial ceil clip cos cosh diag diagonal dot exp expm1 exprel floor
    int log log10 log1p logspace poisson rand randn ravel run sign sin sinh sqrt sum tan tanh
    timestep trace unwrap ones_like zeros_like arange linspace where floored gauss_erf gauss_erfc
    celsius zero_celsius avogadro_constant boltzmann_constant electric_constant electron_mass
    elementary_charge faraday_constant gas_constant magnetic_constant molar_mass_constant
    above current free last_spike refractory_steps sent
    """.split()
)
"""Names of Brian2, and of what the generated script adds to each group."""

_CPP = frozenset(
    """
    alignas alignof and_eq asm auto bitand bitor bool case catch char char16_t char32_t compl const
    const_cast constexpr decltype default delete do double dynamic_cast enum explicit export extern
    false float friend goto inline int32_t int64_t long mutable namespace new noexcept not_eq
    nullptr operator or_eq private protected public register reinterpret_cast restrict short signed
    size_t sizeof static static_assert static_cast std struct switch template this thread_local
    throw true typedef typeid typename union unsigned using virtual void volatile wchar_t xor xor_eq
    bint cdef cimport cpdef ctypedef cython gil nogil NULL numpy np include brian player
    bisect abort exit time clock signal prefetch linux unix isnan isinf INFINITY M_PI
    """.split()
)
"""Words of C++ and Cython."""

_UNIT = re.compile(
    r"""(
    (y|z|a|f|p|n|u|m|c|d|da|h|k|M|G|T|P|E|Z|Y)?
    (metre|meter|gramme|second|amp|ampere|kelvin|mole|mol|candle|candela|radian|steradian|hertz
    |newton|pascal|joule|watt|coulomb|volt|farad|ohm|siemens|weber|tesla|henry|lumen|lux|becquerel
    |gray|sievert|katal|liter|litre|molar|kilogramme|kilogram|gram)
    (2|3)?
    |(k|c|m|u|n|p|M|G)(A|F|S|s|Hz|M|V|m)[23]?|Hz
    )$""",
    re.VERBOSE,
)
"""Names of units, which Brian2 knows everywhere."""


def is_reserved(name: str) -> bool:
    """Whether a variable of a group cannot have this name."""
    return (
        name in _BRIAN2
        or name in _CPP
        or keyword.iskeyword(name)
        or name.startswith("_")
        or name.endswith(("_pre", "_post"))
        or _UNIT.match(name) is not None
    )


def identifier(name: str, taken: Iterable[str] = ()) -> str:
    """A Python identifier like ``name`` that is neither reserved nor taken."""
    text = re.sub(r"\W", "_", name, flags=re.ASCII).strip("_") or "x"
    if text[0].isdigit():
        text = f"x{text}"
    if is_reserved(text):
        text = f"{text}_"
    taken, candidate, count = set(taken), text, 1
    while candidate in taken or is_reserved(candidate):
        count += 1
        candidate = f"{text.rstrip('_')}_{count}"
    return candidate


@dataclass(frozen=True)
class Names:
    """Names of one group: those of the program, and what Brian2 gets instead.

    Parameters
    ----------
    of : mapping of str to str
        From the name in the program to the name in Brian2, for every name of the code.
    """

    of: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def choose(cls, names: Iterable[str]) -> Names:
        """Keep every name that Brian2 allows; the others get a suffix."""
        names = list(dict.fromkeys(names))
        chosen = {name: name for name in names if not is_reserved(name)}
        for name in names:
            if name not in chosen:
                chosen[name] = identifier(name, chosen.values())
        return cls(chosen)

    def __getitem__(self, name: str) -> str:
        return self.of.get(name, name)  # "free" and "current" are the same everywhere

    def code(self, expression: str) -> str:
        """The expression as Brian2 reads it inside the group."""
        return render(expression, _dialect(self.__getitem__))

    def synaptic(self, expression: str) -> str:
        """The expression as Brian2 reads it in synapses onto the group."""
        return render(expression, _dialect(lambda name: f"{self[name]}_post"))


def _dialect(name: Callable[[str], str]) -> Dialect:
    return Dialect(
        where=lambda c, a, b: f"where({c}, {a}, {b})",
        functions={"floor": "floored", "erf": "gauss_erf", "erfc": "gauss_erfc"},
        name=name,
    )
