"""Which delays and parameters are not on the chip what the description says, and what they are."""

from __future__ import annotations

__all__ = ["Change", "list_changes"]

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.fixedpoint.cells import CELLS
from neurobridge.backends.fixedpoint.fixed import SCALE, encode
from neurobridge.backends.fixedpoint.parameters import raw_parameters
from neurobridge.graph.network import Network
from neurobridge.lowering.chip.network import ChipPopulation
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.chip.timing import chip_delay
from neurobridge.lowering.program import Pathway

Real = NDArray[np.float64]
DECAYS = {"tau_syn_E": "exc_decay", "tau_syn_I": "inh_decay"}
DECAY_BITS = 2.0**32


@dataclass(frozen=True)
class Change:
    """A quantity of the description and what stands for it on the chip.

    Parameters
    ----------
    where, what : str
        E.g. ``"projection 'synapses'"`` and ``"delay"``.
    described, chip : str
        With units; a range where neurons or synapses differ.
    why : str
    relative : float or None
        Largest relative difference in effect; None where it means nothing.
    """

    where: str
    what: str
    described: str
    chip: str
    why: str
    relative: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return asdict(self)


def list_changes(plan: ChipPlan, network: Network) -> tuple[Change, ...]:
    """All delays and parameters of a plan beside those of the network that was described."""
    found = [_delay(plan, way) for way in plan.program.pathways if way.n_edges]
    delays = list(dict.fromkeys(found))  # the receptors of a projection have one row
    parameters = [c for name in plan.cells for c in _parameters(plan, network, name)]
    return (*delays, *parameters)


def _delay(plan: ChipPlan, way: Pathway) -> Change:
    dt, at_once = plan.program.dt, plan.cells[way.post].at_once
    early = plan.leads.get(way.pre, 1)
    low, high = (int(chip_delay(d, at_once=at_once, sent_early=early)) for d in way.delay_range)
    steps = _span([low, high], "steps" if high != 1 else "step")
    return Change(
        f"projection {way.projection!r}", "delay",
        _span([d * dt for d in way.delay_range], "ms"), steps,
        _why_delay(at_once, early, way.pre in plan.leads), 0.0,
    )  # fmt: skip


def _why_delay(at_once: bool, early: int, from_source: bool) -> str:
    if from_source and not early:
        return "sources send at the stamp of their spike: the same number of steps"
    if at_once:
        return "input meets the threshold in its step on both: the same number of steps"
    return (
        "one more: on the chip a spike has the stamp of the beginning of its step, here that of "
        "its end; input arrives at the time that is described"
    )


def _parameters(plan: ChipPlan, network: Network, name: str) -> Iterator[Change]:
    where, dt = f"population {name!r}", plan.program.dt
    population, cell, unit = plan.program.population(name), plan.cells[name], plan.units[name]
    chips = [plan.chip_population(part.name) for part in plan.parts[name]]
    constants = _constants(chips, dt)
    yield from _time_constants(where, chips, constants, cell.time_constants, dt)
    if cell.refractory:
        described = network.population(name).parameters.get("t_ref", population.parameters["t_ref"])
        yield Change(
            where, "t_ref", _span(described, "ms"), _span(population.refractory_steps, "steps"),
            "whole steps", _off(np.asarray(population.refractory_steps) * dt, described),
        )  # fmt: skip
    for ours, theirs in (("c_m", "cm"), ("i_offset", "i_offset")):
        if ours not in population.parameters or not np.any(population.parameters[ours]):
            continue
        if theirs not in chips[0].parameters:
            continue
        held = [np.rint(np.asarray(c.parameters[theirs]) * SCALE) / SCALE for c in chips]
        yield Change(
            where, ours, _span(population.parameters[ours], "nF" if ours == "c_m" else "nA"),
            _span(np.concatenate([np.atleast_1d(h) for h in held])),
            f"in the population's unit of current, {unit:g} times finer" if unit != 1 else
            "rounded to 2**-15",
            max(_off(h, c.parameters[theirs]) for h, c in zip(held, chips, strict=True)),
        )  # fmt: skip
    yield Change(
        where, "v", "float64", f"steps of {1 / SCALE:.2g} mV", "32-bit fixed point, s16.15", None
    )


def _constants(chips: list[ChipPopulation], dt: float) -> list[Mapping[str, Any]]:
    raw_dt = int(encode(dt, "dt"))
    return [CELLS[chip.cell](raw_parameters(chip, raw_dt), raw_dt).constants() for chip in chips]


def _time_constants(
    where: str,
    chips: list[ChipPopulation],
    constants: list[Mapping[str, Any]],
    names: Mapping[str, str],
    dt: float,
) -> Iterator[Change]:
    """The time constant whose exact solution decays as the chip does in one step."""
    for theirs, ours in names.items():
        key, bits = ("exp_TC", float(SCALE)) if theirs == "tau_m" else (
            DECAYS.get(theirs, ""), DECAY_BITS
        )  # fmt: skip
        if key not in constants[0]:
            continue
        described = np.concatenate(
            [np.broadcast_to(np.asarray(c.parameters[theirs], float), c.size) for c in chips]
        )
        held = np.concatenate([np.asarray(c[key]) / bits for c in constants])
        with np.errstate(divide="ignore"):
            effective = np.where(held > 0, -dt / np.log(held), 0.0)
        yield Change(
            where, ours, _span(described, "ms"), _span(effective, "ms", 6),
            "dt/tau has 15 fractional bits" + (
                ", and the factor of a step too" if theirs == "tau_m" else ""
            ),
            _off(effective, described),
        )  # fmt: skip


def _off(held: Any, wanted: Any) -> float:
    held, wanted = np.broadcast_arrays(np.asarray(held, float), np.asarray(wanted, float))
    used = wanted != 0
    return float((np.abs(held - wanted)[used] / np.abs(wanted[used])).max(initial=0.0))


def _span(values: Any, unit: str = "", digits: int = 4) -> str:
    array = np.atleast_1d(np.asarray(values, dtype=np.float64))
    low, high = f"{array.min():.{digits}g}", f"{array.max():.{digits}g}"
    return (low if low == high else f"{low} to {high}") + (f" {unit}" if unit else "")
