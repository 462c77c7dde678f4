"""One step of a population as code in which every name is assigned once."""

from __future__ import annotations

__all__ = ["ALLOWED", "CURRENT", "FIRES", "FREE", "MARGIN", "SPIKE", "Unrolled", "unrolled"]

from collections.abc import Mapping
from dataclasses import dataclass

from neurobridge.backends.torch.surrogate import Surrogate, margin
from neurobridge.errors import ModelError
from neurobridge.expression import names_in, substitute
from neurobridge.lowering.integrate import SILENT
from neurobridge.lowering.program import Assignment, PopulationProgram, Stage

FREE, FIRES, ALLOWED, CURRENT = "free", "fires", "allowed", "current"
"""Not clamped; spikes in this step; would spike if it were above threshold; injected current."""

MARGIN, SPIKE = "margin", "spike"
"""Distance over threshold, and the spike as a number, whose derivative is the surrogate's."""

Code = tuple[Assignment, ...]


@dataclass(frozen=True)
class Unrolled:
    """A step of one population, every name assigned once.

    ``n0_x`` is state ``x`` at the beginning, ``n1_x`` after it was assigned once, ``c_x`` a
    constant, ``k2_x`` what arrives at coupling ``x`` in stage 2, ``a_x`` at receptor ``x``.

    Parameters
    ----------
    lasting : tuple of str
        States and what the integrator remembers.
    stages : tuple of tuple of Assignment
        Phase 1.
    signals : tuple of str
        What is sent at the beginning of each stage.
    received : tuple of Assignment
        Phase 2.
    threshold, distance : str
        The condition, and how far it is from being met; empty where there is none.
    reset : tuple of Assignment
        Phase 3.
    above : str
        The threshold condition after the reset.
    next_signal : str
        What is sent at the beginning of the next step.
    before_reset, end : mapping of str to str
        Name of each state after phase 2 and at the end.
    partials : mapping
        Derivatives of spikes, and of resets by spikes; see :func:`adjoint`.
    """

    lasting: tuple[str, ...]
    stages: tuple[Code, ...]
    signals: tuple[str, ...]
    received: Code
    threshold: str
    distance: str
    reset: Code
    above: str
    next_signal: str
    before_reset: Mapping[str, str]
    end: Mapping[str, str]
    partials: Mapping[str, Mapping[str, str]]

    @property
    def sends(self) -> bool:
        """Whether there is a continuous output."""
        return self.next_signal != SILENT

    def after(self, stage: int) -> Code:
        """What follows the update of a stage before the next exchange, as it is differentiated."""
        if stage + 1 < len(self.stages):
            signal = self.signals[stage + 1]
            return (Assignment(f"signal_{stage + 1}", signal),) if self.sends else ()
        spike = (Assignment(MARGIN, self.distance), Assignment(SPIKE, "0.0"))
        sent = (Assignment("signal_0", self.next_signal),) if self.sends else ()
        return (*self.received, *(spike if self.distance else ()), *self.reset, *sent)


def unrolled(
    program: PopulationProgram, stages: tuple[Stage, ...], surrogate: Surrogate | None
) -> Unrolled:
    """Unroll a step.

    Parameters
    ----------
    program : PopulationProgram
    stages : tuple of Stage
        Those of every step, or those of the first steps.
    surrogate : Surrogate or None

    Raises
    ------
    ModelError
        If the code uses a name that has no value, or its threshold has no distance.
    """
    return _Unroller(program, surrogate).run(stages)


class _Unroller:
    def __init__(self, program: PopulationProgram, surrogate: Surrogate | None) -> None:
        self.program, self.code, self.surrogate = program, program.code, surrogate
        self.lasting = (*self.code.states, *self.code.memory)
        self.names = {FREE: FREE, CURRENT: CURRENT}
        self.names |= {name: f"c_{name}" for name in program.constants}
        self.names |= {name: f"n0_{name}" for name in self.lasting}
        self.count = dict.fromkeys(self.lasting, 0)
        self.partials: dict[str, dict[str, str]] = {}

    def run(self, stages: tuple[Stage, ...]) -> Unrolled:
        if stages[0].signal != self.code.stages[0].signal:
            raise ModelError(
                f"population {self.program.name!r}: its first steps send {stages[0].signal!r} and "
                f"later ones {self.code.stages[0].signal!r}; both must be the output of the model"
            )
        signals, updates = [], []
        for i, stage in enumerate(stages):
            self.names |= {c: f"k{i}_{c}" for c in self.code.couplings}
            signals.append(self._text(stage.signal))
            updates.append(
                tuple(self._assign(a.target, self._text(a.expression)) for a in stage.update)
            )
        received = tuple(self._receive(r.name) for r in self.code.receptors)
        before_reset = self._lasting()
        threshold = self._text(self.code.threshold) if self.code.threshold else ""
        distance = self._distance() if threshold else ""
        reset = tuple(self._reset(a) for a in self.code.reset) if threshold else ()
        return Unrolled(
            lasting=self.lasting,
            stages=tuple(updates),
            signals=tuple(signals),
            received=received,
            threshold=threshold,
            distance=distance,
            reset=reset,
            above=self._text(self.code.threshold) if threshold else "",
            next_signal=self._text(self.code.stages[0].signal),
            before_reset=before_reset,
            end=self._lasting(),
            partials=self.partials,
        )

    def _text(self, expression: str) -> str:
        unknown = names_in(expression) - set(self.names)
        if unknown:
            raise ModelError(
                f"population {self.program.name!r}: {expression!r} uses {sorted(unknown)}, which "
                "have no value there"
            )
        return substitute(expression, self.names)

    def _assign(self, target: str, text: str) -> Assignment:
        """Give ``target`` its next name; ``text`` is in unrolled names already."""
        self.count[target] = self.count.get(target, 0) + 1
        self.names[target] = f"n{self.count[target]}_{target}"
        return Assignment(self.names[target], text)

    def _receive(self, receptor: str) -> Assignment:
        code = self.code.receptor(receptor)
        jump = f"a_{receptor}"
        if code.gain != "1.0":
            jump = f"{jump}*({self._text(code.gain)})"
        if code.drop:
            jump = f"where({FREE}, {jump}, 0.0)"
        return self._assign(code.variable, f"{self._text(code.variable)} + {jump}")

    def _distance(self) -> str:
        if self.surrogate is None:
            return ""
        x = f"{MARGIN}/{self.surrogate.scale!r}"
        slope = substitute(self.surrogate.expression, {"x": x})
        self.partials[SPIKE] = {
            MARGIN: f"where({ALLOWED}, {self.surrogate.slope!r}*({slope}), 0.0)"
        }
        return self._text(margin(self.code.threshold, self.program.model.name))

    def _reset(self, assignment: Assignment) -> Assignment:
        old, new = self._text(assignment.target), self._text(assignment.expression)
        made = self._assign(assignment.target, f"where({FIRES}, {new}, {old})")
        if self.surrogate is not None and self.surrogate.reset_gradient:
            self.partials[made.target] = {SPIKE: f"({new}) - {old}"}
        return made

    def _lasting(self) -> dict[str, str]:
        return {name: self.names[name] for name in self.lasting}
