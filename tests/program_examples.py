"""Programs and drives made by hand, for tests of backends that need no description of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.lowering.program import (
    Assignment,
    CurrentInput,
    Drive,
    EventInput,
    NeuronCode,
    Pathway,
    PopulationProgram,
    Program,
    ReceptorCode,
    SignalPlan,
    SourceSpikes,
    SpikePlan,
    Stage,
)


def one_stage(*update: Assignment) -> tuple[Stage, ...]:
    """Phase 1 of a population that sends no continuous output."""
    return (Stage("0.0", update),)


NOTHING = NeuronCode((), one_stage(), (), "", False, (), False)
LIF = {"tau_m": 20.0, "tau_exc": 5.0, "tau_inh": 10.0, "c_m": 0.25, "v_rest": -65.0}


def pathway(
    pre: str,
    post: str,
    receptor: str,
    source: Sequence[int] | NDArray[Any],
    target: Sequence[int] | NDArray[Any],
    weight: Sequence[float] | NDArray[Any],
    delay: int | NDArray[Any],
    n_post: int,
) -> Pathway:
    """A pathway from lists of edges, in canonical order."""
    source, target = np.asarray(source, np.int64), np.asarray(target, np.int64)
    weight = np.asarray(weight, np.float64)
    order = np.lexsort((source, target))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(target, minlength=n_post))])
    steps = delay if isinstance(delay, int) else np.asarray(delay)[order].astype(np.int32)
    return Pathway(
        f"{pre}_{post}",
        pre,
        post,
        receptor,
        indptr.astype(np.int64),
        source[order].astype(np.int32),
        weight[order],
        steps,
    )


def program(
    populations: Sequence[PopulationProgram],
    pathways: Sequence[Pathway] = (),
    signals: Sequence[SignalPlan] = (),
    dt: float = 0.1,
) -> Program:
    """A program that records all spikes of all populations."""
    plans = tuple(SpikePlan(p.name, p.name, None) for p in populations)
    parts = tuple(populations), tuple(pathways), plans, tuple(signals)
    return Program(dt, *parts, (), (), "by hand")


def drive(
    n_steps: int,
    events: Sequence[EventInput] = (),
    sources: Sequence[SourceSpikes] = (),
    currents: Sequence[CurrentInput] = (),
) -> Drive:
    """A drive from lists."""
    return Drive(n_steps, tuple(events), tuple(sources), tuple(currents))


def events(
    population: str,
    receptor: str,
    rows: Sequence[tuple[int, int, int]],
    target: Sequence[int],
    weight: Sequence[float],
) -> EventInput:
    """Events from rows (step, channel, count)."""
    table = np.array(sorted(rows), dtype=np.int64).reshape(-1, 3)
    return EventInput(
        "events",
        population,
        receptor,
        np.asarray(target, np.int32),
        np.asarray(weight, float),
        table[:, 0],
        table[:, 1].astype(np.int32),
        table[:, 2].astype(np.int32),
    )


def with_constants(population: PopulationProgram, **values: Any) -> PopulationProgram:
    """The population with some constants replaced."""
    return replace(population, constants={**population.constants, **values})


def source(name: str, size: int) -> PopulationProgram:
    """A population whose spikes are given."""
    return PopulationProgram(
        name, size, SimpleNamespace(name="source"), {}, NOTHING, {}, {}, 0, is_source=True
    )  # type: ignore[arg-type]


def source_spikes(population: str, rows: Sequence[tuple[int, int]]) -> SourceSpikes:
    """Spikes from rows (stamp, neuron)."""
    table = np.array(sorted(rows), dtype=np.int64).reshape(-1, 2)
    return SourceSpikes(population, table[:, 0], table[:, 1].astype(np.int32))


def lif_propagators(dt: float, parameters: Mapping[str, float] = LIF) -> dict[str, float]:
    """Exact solution of a LIF neuron with exponential currents over one step.

    ``dv/dt = (v_rest - v)/tau_m + (i_exc + i_inh + I)/c_m`` and ``di/dt = -i/tau``; see Rotter and
    Diesmann (1999), Biological Cybernetics 81:381-402.
    """
    p = parameters
    decay = np.exp(-dt / p["tau_m"])
    found = {"P_v_v": decay, "c_v": p["v_rest"] * (1 - decay)}
    found["P_v_current"] = p["tau_m"] / p["c_m"] * (1 - decay)
    for kind in ("exc", "inh"):
        tau = p[f"tau_{kind}"]
        found[f"P_i_{kind}_i_{kind}"] = np.exp(-dt / tau)
        slope = p["tau_m"] * tau / (p["tau_m"] - tau) / p["c_m"]
        found[f"P_v_i_{kind}"] = slope * (decay - np.exp(-dt / tau))
    return {name: float(value) for name, value in found.items()}


def lif_exp(
    name: str,
    size: int,
    *,
    dt: float = 0.1,
    refractory_steps: int | NDArray[Any] = 20,
    v_init: float | NDArray[Any] = -65.0,
    **constants: float | NDArray[Any],
) -> PopulationProgram:
    """LIF with exponential currents; its constants can be replaced by keyword."""
    update = (
        Assignment(
            "v_next",
            "where(free, P_v_v*v + P_v_i_exc*i_exc + P_v_i_inh*i_inh + P_v_current*current + c_v"
            ", v)",
        ),
        Assignment("i_exc", "P_i_exc_i_exc*i_exc"),
        Assignment("i_inh", "P_i_inh_i_inh*i_inh"),
        Assignment("v", "v_next"),
    )
    code = NeuronCode(
        ("v", "i_exc", "i_inh"),
        one_stage(*update),
        (ReceptorCode("exc", "i_exc", "1.0", False), ReceptorCode("inh", "i_inh", "1.0", False)),
        "v >= v_thresh",
        False,
        (Assignment("v", "v_reset"),),
        True,
    )
    values = {**lif_propagators(dt), "v_thresh": -50.0, "v_reset": -65.0, **constants}
    initial = {"v": v_init, "i_exc": 0.0, "i_inh": 0.0}
    model = SimpleNamespace(name="lif_exp_by_hand", integrator="exact")
    return PopulationProgram(name, size, model, LIF, code, values, initial, refractory_steps)  # type: ignore[arg-type]


def lif_delta(
    name: str,
    size: int,
    *,
    dt: float = 0.1,
    refractory_steps: int | NDArray[Any] = 20,
    v_init: float | NDArray[Any] = -65.0,
    drop: bool = True,
    crossing: bool = False,
    threshold: str = "v >= v_thresh",
    reset: tuple[Assignment, ...] = (Assignment("v", "v_reset"),),
) -> PopulationProgram:
    """LIF whose events kick the membrane."""
    keep = lif_propagators(dt)
    update = (Assignment("v", "where(free, P_v_v*v + P_v_current*current + c_v, v)"),)
    code = NeuronCode(
        ("v",),
        one_stage(*update),
        (ReceptorCode("kick", "v", "1.0", drop),),
        threshold,
        crossing,
        reset,
        True,
    )
    values = {k: keep[k] for k in ("P_v_v", "P_v_current", "c_v")}
    values |= {"v_thresh": -50.0, "v_reset": -65.0}
    model = SimpleNamespace(name="lif_delta_by_hand", integrator="exact")
    return PopulationProgram(name, size, model, LIF, code, values, {"v": v_init}, refractory_steps)  # type: ignore[arg-type]


def shiu(name: str, size: int, *, dt: float = 0.1, refractory_steps: int = 21) -> PopulationProgram:
    """The fly LIF of Shiu et al. (2024), Nature 634:210-219: g is frozen while refractory,
    drops what arrives then, and is cleared at a spike. Events go to g, kicks to v."""
    tau_m, tau = 20.0, 5.0
    p_v, p_g = np.exp(-dt / tau_m), np.exp(-dt / tau)
    constants = {
        "P_v_v": float(p_v),
        "P_v_g": float(tau / (tau - tau_m) * (p_g - p_v)),
        "P_g_g": float(p_g),
        "c_v": float(-52.0 * (1 - p_v)),
        "v_thresh": -45.0,
        "v_reset": -52.0,
    }
    code = NeuronCode(
        ("v", "g"),
        one_stage(
            Assignment("v_next", "where(free, P_v_v*v + P_v_g*g + c_v, v)"),
            Assignment("g", "where(free, P_g_g*g, g)"),
            Assignment("v", "v_next"),
        ),
        (ReceptorCode("syn", "g", "1.0", True), ReceptorCode("kick", "v", "1.0", True)),
        "v > v_thresh",
        False,
        (Assignment("v", "v_reset"), Assignment("g", "0.0")),
        False,
    )
    model = SimpleNamespace(name="shiu_by_hand", integrator="exact")
    initial = {"v": -52.0, "g": 0.0}
    return PopulationProgram(name, size, model, {}, code, constants, initial, refractory_steps)  # type: ignore[arg-type]


def random_edges(
    rng: np.random.Generator, n_pre: int, n_post: int, n_edges: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Source and target of random edges, parallel ones and self-loops among them."""
    return rng.integers(0, n_pre, n_edges), rng.integers(0, n_post, n_edges)
