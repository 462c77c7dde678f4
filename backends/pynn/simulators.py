"""How each simulator of PyNN counts time, measured, and what follows for a run.

The lines of ``docs/contract.md`` that a simulator does not keep by itself are met by shifts of
whole steps; ``docs/pynn.md`` has the measurements.
"""

from __future__ import annotations

__all__ = ["SIMULATORS", "Simulator", "simulator"]

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

_IF = ("IF_curr_exp", "IF_curr_alpha", "IF_cond_exp")


@dataclass(frozen=True)
class Simulator:
    """One simulator of PyNN. Shifts are in steps of the simulator.

    Parameters
    ----------
    name, module, package : str
        The setting, the module of PyNN, and the package that must be installed.
    install : str
        Command that installs it.
    cells : tuple of str
        Cells that were measured on it; empty for a simulator that is not known.
    initial : frozenset of str
        States (PyNN's names) that can start elsewhere than PyNN's cell does.
    unseen : tuple of str
        Cells whose potential cannot be recorded.
    lead : int
        Quiet steps before time 0, without which spikes at time 0 would be lost.
    ahead : int
        Steps that the simulator does beyond those that PyNN's ``run`` is told.
    tail : int
        Steps after the end that are needed to tell what was recorded at the end.
    spike_shift : int
        What is added to the time of a spike.
    source_delay_shift : int
        What is added to the delay of a spike that was given, not found.
    early : float
        Part of a step by which given spikes are sent early, lest rounding makes them late.
    refractory_shift : int
        What is added to a refractory period that is not 0.
    crossing : bool
        The threshold is tested for a crossing, not for a level.
    fixed_step : bool
        Everything is integrated by NEURON's fixed step, see
        :mod:`neurobridge.backends.pynn.fixed_step`.
    reruns : bool
        ``run`` may be called several times in a run, to look whether it shall stop.
    setup : mapping
        Arguments of ``setup``.
    differs : mapping of str to (str, float)
        Cell -> the difference from the reference that was measured at 0.1 ms, in words and as a
        number.
    """

    name: str
    module: str
    package: str
    install: str
    cells: tuple[str, ...]
    initial: frozenset[str] = frozenset({"v"})
    unseen: tuple[str, ...] = ()
    lead: int = 0
    ahead: int = 0
    tail: int = 0
    spike_shift: int = 0
    source_delay_shift: int = 0
    early: float = 0.0
    refractory_shift: int = 0
    crossing: bool = False
    fixed_step: bool = False
    reruns: bool = True
    setup: Mapping[str, Any] = field(default_factory=dict)
    differs: Mapping[str, tuple[str, float]] = field(default_factory=dict)

    @property
    def installed(self) -> bool:
        """Whether its package is there; nothing is imported."""
        try:
            return find_spec(self.package) is not None
        except (ImportError, ValueError):
            return False


SIMULATORS = {
    "neuron": Simulator(
        name="neuron",
        module="pyNN.neuron",
        package="neuron",
        install='pip install "neurobridge-sim[pynn]"',
        cells=(*_IF, "EIF_cond_exp_isfa_ista", "HH_cond_exp", "Izhikevich"),
        initial=frozenset(
            {"v", "w", "u", "m", "h", "n", "isyn_exc", "isyn_inh", "gsyn_exc", "gsyn_inh"}
        ),
        tail=1,
        crossing=True,
        fixed_step=True,
        differs={
            "IF_curr_exp": ("v within 1e-4 mV at 0.1 ms, spikes on the same steps unless v comes "
                            "that close to the threshold", 1e-4),
            "IF_curr_alpha": ("v within 6e-3 mV at 0.1 ms, spikes on the same steps unless v comes "
                              "that close to the threshold", 6e-3),
            "IF_cond_exp": ("v within 5e-4 mV at 0.1 ms, spikes on the same steps unless v comes "
                            "that close to the threshold", 5e-4),
            "EIF_cond_exp_isfa_ista": ("spikes of a regular train of 200 ms up to 0.5 ms early at "
                                       "0.1 ms, up to 0.06 ms at 0.02 ms", 0.5),
            "HH_cond_exp": ("spikes of a train of 100 ms within 0.5 ms of the solution at 0.1 ms "
                            "and 0.2 ms at 0.05 ms; exponential Euler is 7 ms and 4 ms late there",
                            0.5),
            "Izhikevich": ("v is off by up to 0.5 mV below threshold at 0.1 ms, spikes of 300 ms "
                           "by up to 1 ms, for the reference takes steps of forward Euler", 1.0),
        },
    ),
    "nest": Simulator(
        name="nest",
        module="pyNN.nest",
        package="nest",
        install='pip install "neurobridge-sim[pynn,nest]"',
        cells=(*_IF, "IF_curr_delta"),
        unseen=("IF_curr_delta",),
        lead=2,
        ahead=1,
        tail=1,
        early=1e-6,
        setup={"spike_precision": "on_grid", "verbosity": "error"},
    ),
    "brian2": Simulator(
        name="brian2",
        module="pyNN.brian2",
        package="brian2",
        install='pip install "neurobridge-sim[pynn,brian2]"',
        cells=_IF,
        spike_shift=1,
        source_delay_shift=-1,
        refractory_shift=1,
        reruns=False,
        differs={
            "IF_cond_exp": ("forward Euler: spikes up to 0.7 ms off after 100 ms at 0.1 ms", 0.7),
        },
    ),
}  # fmt: skip
"""Simulators that were measured."""


def simulator(name: str) -> Simulator:
    """The simulator of that name; any other name is that of a module with PyNN's interface."""
    if name in SIMULATORS:
        return SIMULATORS[name]
    module = name if "." in name else f"pyNN.{name}"
    return Simulator(name, module, module, f"install the package of {module}", ())
