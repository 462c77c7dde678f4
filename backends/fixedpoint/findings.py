"""What the chip's arithmetic does to the parameters of a network, said before a run."""

from __future__ import annotations

__all__ = ["chip_findings"]

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.fixedpoint.cells import CELLS
from neurobridge.backends.fixedpoint.fixed import SCALE, encode
from neurobridge.backends.fixedpoint.parameters import raw_parameters
from neurobridge.errors import BackendError
from neurobridge.lowering.chip.lower import lower_to_chip
from neurobridge.lowering.chip.network import ChipPopulation
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.program import Program

NOTICEABLE, WORTH_SAYING = 0.01, 1e-4
"""Relative errors of parameters: to be accepted by name, and too small to mention."""

Error = tuple[float, str]
"""A relative error and the words for it."""


def chip_findings(
    program: Program, settings: Mapping[str, Any]
) -> tuple[ChipPlan | None, list[Finding]]:
    """The plan of a program, and everything that is to be said about it.

    Returns
    -------
    plan : ChipPlan or None
        None if there is none that could run.
    findings : list of Finding
    """
    plan, findings = lower_to_chip(program, settings)
    if plan is None:
        return None, findings
    findings += _refused(plan)
    if any(f.severity == "error" for f in findings):
        return None, findings
    findings += [*_fixed_point(plan), *_rounded(plan)]
    return plan, findings


def _refused(plan: ChipPlan) -> Iterator[Finding]:
    """Parameters that the chip cannot hold, or would die of."""
    dt = int(encode(plan.program.dt, "dt"))
    for population in plan.populations:
        try:
            raw_parameters(population, dt)
        except BackendError as err:
            yield Finding(
                "parameter_not_on_chip", "error", f"population {population.name!r}", str(err),
                "change the parameter, or give the population's quantities in another unit",
            )  # fmt: skip


def _fixed_point(plan: ChipPlan) -> Iterator[Finding]:
    cells = sorted({p.cell for p in plan.populations})
    if not cells:
        return
    dt = plan.program.dt
    worst = max((_psp_error(p, dt) for p in plan.populations), default=0.0)
    how_much = (
        f"a postsynaptic potential differs by up to {worst:.2g} of its peak" if worst else
        "by how much is shown by the twin"
    )  # fmt: skip
    yield Finding(
        "fixed_point", "note", f"{', '.join(cells)} at dt = {dt:g} ms",
        "states are 32-bit fixed-point numbers (resolution 3e-5), and the input of a step acts as "
        f"its mean over the step: {how_much}; spikes of a recurrent network part in time",
        "look at rates and task performance rather than at single spikes; 'neurobridge deploy' "
        "shows them (a smaller dt does not help: constants have more rounding then)", worst,
    )  # fmt: skip


def _psp_error(population: ChipPopulation, dt: float) -> float:
    """Largest difference of a PSP from the exact one, relative to its peak; currents only.

    With one current input, by the chip's difference equations and by the closed form.
    """
    if population.cell != "IF_curr_exp":
        return 0.0
    worst = 0.0
    tau_m = float(np.median(population.parameters["tau_m"]))
    for name in ("tau_syn_E", "tau_syn_I"):
        tau = float(np.median(population.parameters[name]))
        n = int(min(10 * (tau + tau_m) / dt, 20_000)) + 2
        t = np.arange(n, dtype=np.float64) * dt
        mean = tau / dt * -np.expm1(-dt / tau)
        chip, exact = _chip_psp(mean, tau, tau_m, dt, n), _exact_psp(t, tau, tau_m)
        worst = max(worst, float(np.abs(chip - exact).max() / exact.max()))
    return worst


def _chip_psp(first: float, tau: float, tau_m: float, dt: float, n: int) -> NDArray[np.float64]:
    from scipy.signal import lfilter

    current = first * np.exp(-np.arange(n) * dt / tau)
    leak = np.exp(-dt / tau_m)
    return np.asarray(lfilter([0.0, 1 - leak], [1.0, -leak], current))


def _exact_psp(t: NDArray[np.float64], tau: float, tau_m: float) -> NDArray[np.float64]:
    if np.isclose(tau, tau_m, rtol=1e-6):
        return np.asarray(t / tau_m * np.exp(-t / tau_m))
    return np.asarray(tau / (tau - tau_m) * (np.exp(-t / tau) - np.exp(-t / tau_m)))


def _rounded(plan: ChipPlan) -> Iterator[Finding]:
    """Leak, synaptic decay, resistance and constant current as the chip has them."""
    raw_dt = int(encode(plan.program.dt, "dt"))
    for population in plan.populations:
        raw = raw_parameters(population, raw_dt)
        constants = CELLS[population.cell](raw, raw_dt).constants()
        errors = [e for e in _errors(population, constants, plan.program.dt) if e[0] > WORTH_SAYING]
        if not errors:
            continue
        worst = max(e for e, _ in errors)
        yield Finding(
            "parameters_rounded", "approximation" if worst > NOTICEABLE else "note",
            f"population {population.name!r}",
            "on the chip " + ", ".join(f"{words} is off by up to {e:.2%}" for e, words in errors),
            "time constants are held the better, the fewer steps they have: a larger dt helps",
            worst,
        )  # fmt: skip


def _errors(
    population: ChipPopulation, constants: Mapping[str, NDArray[np.int64]], dt: float
) -> Iterator[Error]:
    parameters = population.parameters
    if "exp_TC" in constants:
        leak = 1 - constants["exp_TC"] / SCALE
        wanted = -np.expm1(-dt / np.asarray(parameters["tau_m"]))
        yield _off(leak, wanted), "the leak (tau_m)"
        resistance = np.asarray(parameters["tau_m"]) / np.asarray(parameters["cm"])
        yield _off(constants["R_membrane"] / SCALE, resistance), "tau_m/c_m"
    for receptor, tau in (("exc", "tau_syn_E"), ("inh", "tau_syn_I")):
        if f"{receptor}_decay" in constants:
            lost = 1 - constants[f"{receptor}_decay"] / 2.0**32
            off = _off(lost, -np.expm1(-dt / np.asarray(parameters[tau])))
            yield off, f"the decay of tau_syn_{receptor}"
    offset = np.asarray(parameters["i_offset"])
    if offset.any():
        yield _off(np.rint(offset * SCALE) / SCALE, offset), "i_offset"


def _off(held: Any, wanted: Any) -> float:
    held, wanted = np.broadcast_arrays(np.asarray(held), np.asarray(wanted))
    used = wanted != 0
    return float((np.abs(held[used] - wanted[used]) / np.abs(wanted[used])).max(initial=0.0))
