"""OnChip: a network that is trained for SpiNNaker, laid out there as it is now."""

from __future__ import annotations

__all__ = ["OnChip", "straight_through"]

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from neurobridge.backends.torch.constants import trained_constants
from neurobridge.backends.torch.translate import compile_expression
from neurobridge.expression import names_in
from neurobridge.lowering.chip.discretise import discretise, discretise_drive, equations_of
from neurobridge.lowering.lower import lower
from neurobridge.lowering.program import Drive, PopulationProgram, Program
from neurobridge.training.chip import BITS, ChipTraining

if TYPE_CHECKING:
    from neurobridge.training.trainable import TrainableNetwork

Tensors = dict[str, torch.Tensor]


def straight_through(held: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """What the chip holds, exactly, with the gradient of the value that it stands for."""
    return held + (value - value.detach())


class OnChip:
    """The layout of a network that changes.

    Parameters
    ----------
    how : ChipTraining
    program : Program
        Of the network as it begins.
    """

    def __init__(self, how: ChipTraining, program: Program) -> None:
        self.how, self.plan = how, how.plan(program)

    @property
    def program(self) -> Program:
        """The chip's difference equations, with weights and constants as it holds them."""
        return discretise(self.plan)

    def given(self, drive: Drive) -> Drive:
        """The input of a run as the chip gets it, in the layout of the last pass."""
        return discretise_drive(self.plan, drive, weights=True, decays=True)

    def deployed(self, program: Program) -> Program:
        """A program that was written, as the chip runs it."""
        self.plan = replace(self.how, bits=BITS).plan(program)
        return self.program

    def constants(
        self, p: PopulationProgram, trained: Mapping[str, torch.Tensor], dt: float
    ) -> Tensors:
        """Constants of the difference equations that follow from trained parameters.

        Parameters
        ----------
        p : PopulationProgram
        trained : mapping of parameter to tensor () or (n,)
        dt : float
            In ms.

        Returns
        -------
        dict of str to tensor
            Unrounded and differentiable.
        """
        if not trained:
            return {}
        equations = equations_of(self.plan.cells[p.name], p.name)
        if not equations.constants:
            return trained_constants(p, trained, dt)
        values = {
            name: _double(value, trained) for name, value in {**p.parameters, **trained}.items()
        }
        values["step_ms"] = _double(dt, trained)
        texts = {name: name for name in p.constants if name in p.parameters}
        texts |= {**equations.constants, **{f"gain_{r}": t for r, t in equations.gains.items()}}
        return {
            name: compile_expression(text)(values)
            for name, text in texts.items()
            if names_in(text) & set(trained)
        }

    def held(
        self,
        model: TrainableNetwork,
        constants: Mapping[str, Tensors],
        weights: list[torch.Tensor],
        initial: Mapping[str, Tensors],
    ) -> tuple[dict[str, Tensors], list[torch.Tensor], dict[str, Tensors]]:
        """All values as the chip holds them, with the gradients of those that are given."""
        from neurobridge.training.write_back import written_back

        with torch.no_grad():
            self.plan = self.how.plan(lower(written_back(model, {}), model.dt))
        program = self.program
        there = {p.name: (p.constants, p.initial) for p in program.populations}
        return (
            {name: _held(there[name][0], own) for name, own in constants.items()},
            [
                straight_through(_like(way.weight, own), own)
                for way, own in zip(program.pathways, weights, strict=True)
            ],
            {name: _held(there[name][1], own) for name, own in initial.items()},
        )


def _held(held: Mapping[str, Any], values: Tensors) -> Tensors:
    return {n: straight_through(_like(held[n], value), value) for n, value in values.items()}


def _like(held: Any, value: torch.Tensor) -> torch.Tensor:
    return torch.as_tensor(np.array(held)).to(value.device, value.dtype)


def _double(value: Any, trained: Mapping[str, torch.Tensor]) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        return value.double()
    like = next(iter(trained.values()))
    return torch.as_tensor(np.array(value), dtype=torch.float64, device=like.device)
