"""Settings that both chip backends take."""

from __future__ import annotations

__all__ = ["CHIP_SETTINGS", "ChipSettings", "chip_settings"]

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurobridge.errors import suggest
from neurobridge.lowering.chip.cells import Cell
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.program import Program

CHIP_SETTINGS = {
    "max_summed_input": "largest input of one step that must not saturate, by population and "
    "receptor: {'cell': {'exc': 12.0}}, or 'cell.exc=12;cell.inh=3' (default: all inputs at once)",
    "split": "populations with weights of different scale become several: auto (where it helps, "
    "the default), never, or how many at most",
    "neurons_per_core": "at most so many neurons on a core, 1 to 256 (default 256; fewer where "
    "delays need longer ring buffers)",
    "part_size": "large populations become several, because mapping takes cores times synapses: "
    "auto (where it helps, the default), never, or how many neurons at most",
}
AUTO_PARTS = 4
"""Into how many parts ``split="auto"`` divides a population at most."""


@dataclass(frozen=True)
class ChipSettings:
    """Validated settings.

    Parameters
    ----------
    max_summed_input : mapping of str to mapping of str to float or float64 array (size,)
        By population and (our) receptor, in the unit of its weights.
    split : int
        Parts at most; 0 is auto.
    neurons_per_core : int
    part_size : int or None
        Neurons of a part at most; 0 is auto, None is no limit.
    """

    max_summed_input: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    split: int = 0
    neurons_per_core: int = 256
    part_size: int | None = 0


def chip_settings(
    program: Program, cells: Mapping[str, Cell], settings: Mapping[str, Any]
) -> tuple[ChipSettings, list[Finding]]:
    """Settings as given by a user, checked; keys that are not of the chip are ignored."""
    findings: list[Finding] = []
    maxima = settings.get("max_summed_input")
    return (
        ChipSettings(
            max_summed_input=_maxima(program, cells, maxima, findings),
            split=_split(settings.get("split", "auto"), findings),
            neurons_per_core=_per_core(settings.get("neurons_per_core", 256), findings),
            part_size=_part_size(settings.get("part_size", "auto"), findings),
        ),
        findings,
    )


def _wrong(name: str, why: str, remedy: str = "change the setting") -> Finding:
    return Finding("chip_setting", "error", f"setting {name!r}", why, remedy)


def _split(value: Any, findings: list[Finding]) -> int:
    if value == "auto":
        return 0
    if value == "never":
        return 1
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    why = f"expected auto, never or a whole number of at least 1, got {value!r}"
    findings.append(_wrong("split", why + suggest(str(value), ("auto", "never"))))
    return 0


def _per_core(value: Any, findings: list[Finding]) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 256:
        return value
    why = f"expected a whole number from 1 to 256, got {value!r}"
    findings.append(_wrong("neurons_per_core", why))
    return 256


def _part_size(value: Any, findings: list[Finding]) -> int | None:
    if value in ("auto", "never"):
        return 0 if value == "auto" else None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    why = f"expected auto, never or a whole number of at least 1, got {value!r}"
    findings.append(_wrong("part_size", why + suggest(str(value), ("auto", "never"))))
    return 0


def _maxima(
    program: Program, cells: Mapping[str, Cell], given: Any, findings: list[Finding]
) -> dict[str, dict[str, Any]]:
    if given is None:
        return {}
    name = "max_summed_input"
    if isinstance(given, str):
        given = _parsed(given, findings)
    if not isinstance(given, Mapping):
        why = f"expected a mapping of populations to receptors to numbers, got {given!r}"
        findings.append(_wrong(name, why))
        return {}
    checked: dict[str, dict[str, Any]] = {}
    for population, receptors in given.items():
        if population not in cells:
            why = f"there is no population {population!r}{suggest(str(population), cells)}"
            findings.append(_wrong(name, why))
            continue
        known = cells[population].receptors
        if not isinstance(receptors, Mapping):
            why = f"{population}: expected a mapping of receptors to numbers, got {receptors!r}"
            findings.append(_wrong(name, why))
            continue
        for receptor, value in receptors.items():
            if receptor not in known:
                why = f"{population!r} has no receptor {receptor!r}{suggest(str(receptor), known)}"
                findings.append(_wrong(name, why))
                continue
            values = np.asarray(value, dtype=np.float64)
            size = program.population(population).size
            if (
                values.shape not in ((), (size,))
                or not np.isfinite(values).all()
                or (values < 0).any()
            ):
                why = (
                    f"{population}.{receptor}: expected a number >= 0, or one for each of {size} "
                    f"neurons, got {value!r}"
                )
                findings.append(_wrong(name, why))
                continue
            checked.setdefault(population, {})[receptor] = values
    return checked


def _parsed(text: str, findings: list[Finding]) -> dict[str, dict[str, float]]:
    """``cell.exc=12;cell.inh=3`` as a mapping."""
    found: dict[str, dict[str, float]] = {}
    for entry in filter(None, (e.strip() for e in text.split(";"))):
        place, _, number = entry.partition("=")
        population, _, receptor = place.strip().partition(".")
        try:
            found.setdefault(population, {})[receptor] = float(number)
        except ValueError:
            why = f"expected population.receptor=number, got {entry!r}"
            findings.append(_wrong("max_summed_input", why))
    return found
