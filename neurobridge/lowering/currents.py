"""Pass "drive", currents: what is injected, with noise drawn on the host."""

from __future__ import annotations

__all__ = ["lower_current"]

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import ModelError
from neurobridge.graph.model import NeuronModel
from neurobridge.graph.population import Population
from neurobridge.graph.stimulus import Current, DiffusionNoise, WhiteNoise
from neurobridge.lowering.draws import DRAWS, refuse_flood, selected
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.grid import to_steps
from neurobridge.lowering.integrate import flat_derivatives
from neurobridge.lowering.linear import linear_terms
from neurobridge.lowering.program import CurrentInput
from neurobridge.rng import uniforms

BYTES_PER_VALUE = 40
"""Memory of a value of a noisy current while it is drawn and handed over."""

NOISE_ORDER = {"rk4": "1", "ab4": "1/2"}
"""Strong order of convergence under additive noise that is constant in a step."""


def lower_current(
    stimulus: Current | WhiteNoise | DiffusionNoise,
    population: Population,
    dt: float,
    n_steps: int,
    seed: int,
    trial: int,
    findings: list[Finding],
) -> CurrentInput:
    """The changes of a current in steps; what was rounded is added to the findings."""
    neurons = selected(stimulus.neurons, population)
    where = f"stimulus {stimulus.name!r}"
    if isinstance(stimulus, Current):
        start, found = to_steps(
            stimulus.time, dt, f"{where}, times", "current_time_rounding", at_least=0
        )
        amplitude: Any = stimulus.amplitude
        if amplitude.ndim == 1:
            amplitude = amplitude[:, None]
        value = np.broadcast_to(amplitude, (start.size, neurons.size))
    else:
        start, value, found = _noise(stimulus, neurons, dt, n_steps, seed, trial, where)
    if isinstance(stimulus, DiffusionNoise):
        found += _diffusion_findings(stimulus, population.model)
    findings += found
    # of changes that rounding put into one step, the last holds
    lasting = np.append(np.diff(start) > 0, True)[: start.size] & (start < n_steps)
    return CurrentInput(stimulus.name, population.name, neurons, start[lasting], value[lasting])


def _noise(
    stimulus: WhiteNoise | DiffusionNoise,
    neurons: NDArray[np.int32],
    dt: float,
    n_steps: int,
    seed: int,
    trial: int,
    where: str,
) -> tuple[NDArray[np.int64], NDArray[np.float64], list[Finding]]:
    span = [stimulus.start, min(stimulus.stop, n_steps * dt)]
    (first, last), found = to_steps(
        span, dt, f"{where}, window", "current_time_rounding", at_least=0
    )
    length, spread = 1, np.asarray(0.0)
    if isinstance(stimulus, WhiteNoise):
        interval, more = to_steps(
            stimulus.interval, dt, f"{where}, interval", "current_time_rounding", at_least=1
        )
        length, spread, found = max(int(interval), 1), np.asarray(stimulus.std), [*found, *more]
    else:
        spread = np.asarray(stimulus.intensity) / np.sqrt(dt)
    n_draws = max(-(-(int(last) - int(first)) // length), 0)
    refuse_flood(stimulus.name, float(n_draws) * neurons.size, BYTES_PER_VALUE, "values", "Run")
    start = int(first) + length * np.arange(n_draws)
    value = stimulus.mean + spread * _normal(stimulus.name, neurons, start.size, seed, trial)
    if last < n_steps:  # silence after the end
        start, value = np.append(start, last), np.concatenate([value, np.zeros((1, neurons.size))])
    return start.astype(np.int64), value, found


def _normal(
    name: str, neurons: NDArray[np.int32], n_draws: int, seed: int, trial: int
) -> NDArray[np.float64]:
    """Normal draws, shape (n_draws, n)."""
    from scipy.special import ndtri  # noise alone needs it, and it takes 0.2 s to import

    drawn = np.empty((n_draws + 1, neurons.size))  # draws come in pairs
    streams = neurons.astype(np.int64)[:, None]
    at_once = max(1, DRAWS // max(neurons.size, 1))
    for block in range(0, (n_draws + 1) // 2, at_once):
        blocks = np.arange(block, min(block + at_once, (n_draws + 1) // 2))
        pairs = ndtri(uniforms(seed, "stimulus", name, trial, streams, blocks))
        drawn[2 * block : 2 * (blocks[-1] + 1)] = pairs.reshape(neurons.size, 2 * blocks.size).T
    return drawn[:n_draws]


def _diffusion_findings(stimulus: DiffusionNoise, model: NeuronModel) -> list[Finding]:
    """What a solver, or a place for current, makes of noise without a limit in ``dt``."""
    where = f"stimulus {stimulus.name!r}"
    findings = []
    if model.integrator in NOISE_ORDER:
        findings.append(
            Finding(
                "noise_order", "note", where,
                f"model {model.name!r} is integrated by {model.integrator}; with noise its strong "
                f"order is {NOISE_ORDER[model.integrator]}, not 4",
                "with_integrator('euler') has order 1 at a fraction of the cost",
            )
        )  # fmt: skip
    try:
        for body in flat_derivatives(model).values():
            linear_terms(body, ("current",))
    except ModelError as err:
        findings.append(
            Finding(
                "noise_not_linear", "approximation", where,
                f"model {model.name!r} takes current through a function that is not linear ({err})"
                "; noise whose size depends on dt then has no limit, and results depend on dt",
                "use WhiteNoise with an interval, or a model that adds its current to a state",
            )
        )  # fmt: skip
    return findings
