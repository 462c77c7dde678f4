"""One population as compiled functions."""

from __future__ import annotations

__all__ = ["Cells"]

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import torch

from neurobridge.backends.torch.fused.backward_code import backward_kernel, current_as, kept
from neurobridge.backends.torch.fused.forward_code import forward_kernel
from neurobridge.backends.torch.fused.names import Saved, Wanted, constants_of
from neurobridge.backends.torch.fused.printer import Kernel, Layout, module_text
from neurobridge.backends.torch.fused.unrolled import Unrolled, unrolled
from neurobridge.backends.torch.surrogate import Surrogate
from neurobridge.backends.torch.translate import compile_expression
from neurobridge.codegen.modules import load_module
from neurobridge.lowering.program import PopulationProgram

Compiled = tuple[Callable[..., None], tuple[str, ...]]
"""A function, and the names of its arrays."""


class Cells:
    """The step of a population, the usual one and the one of the first steps, if that is another.

    Parameters
    ----------
    program : PopulationProgram
    surrogate : Surrogate or None
    """

    def __init__(self, program: PopulationProgram, surrogate: Surrogate | None) -> None:
        self.program, self.code, self.name = program, program.code, program.name
        stages = [self.code.start, self.code.stages] if self.code.start else [self.code.stages]
        self.forms = tuple(unrolled(program, s, surrogate) for s in stages)
        self.constants = constants_of(self.forms)
        self.signal = compile_expression(self.code.stages[0].signal)
        self.spikes = bool(self.code.threshold)
        self.differentiable = self.spikes and surrogate is not None
        self.sends = self.forms[-1].sends
        self.stages = max(len(form.stages) for form in self.forms)
        self._saved: dict[Wanted, Saved] = {}
        self._current_as: dict[Wanted, str] = {}
        self._made: dict[Hashable, list[list[Compiled]]] = {}

    def form(self, step: int) -> int:
        """Which of the forms a step has."""
        return 0 if step < self.code.start_steps else -1

    def layout(self, constants: Mapping[str, torch.Tensor], dtype: torch.dtype) -> Layout:
        """How the constants and states lie in memory."""
        steps = self.program.refractory_steps
        each = not isinstance(steps, int)
        return Layout(
            dtype="float32" if dtype == torch.float32 else "float64",
            constants=self.constants,
            vectors=frozenset(c for c in self.constants if constants[c].ndim),
            refractory="each" if each else "one" if steps else "none",
        )

    def saved(self, wanted: Wanted) -> Saved:
        """What has to be kept for these gradients."""
        if wanted not in self._saved:
            found = Saved()
            for form in self.forms:
                found = found | kept(form, wanted)
            self._saved[wanted] = found
        return self._saved[wanted]

    def current_as(self, wanted: Wanted) -> str:
        """See :func:`.backward_code.current_as`; all forms must agree."""
        if wanted not in self._current_as:
            found = {current_as(form, wanted) for form in self.forms}
            self._current_as[wanted] = found.pop() if len(found) == 1 else ""
        return self._current_as[wanted]

    def forward(self, layout: Layout, saved: Saved) -> list[list[Compiled]]:
        """Compiled stages of each form."""
        crossing = self.code.crossing
        return self._kernels(
            (layout, saved),
            lambda form, i: forward_kernel(form, i, layout, saved, crossing_policy=crossing),
        )

    def backward(self, layout: Layout, wanted: Wanted) -> list[list[Compiled]]:
        """The ways back through them."""
        return self._kernels(
            (layout, wanted), lambda form, i: backward_kernel(form, i, layout, wanted)
        )

    def _kernels(
        self, key: Hashable, make: Callable[[Unrolled, int], Kernel]
    ) -> list[list[Compiled]]:
        """All in one module, which is made once."""
        if key not in self._made:
            kernels = [[make(f, i) for i in range(len(f.stages))] for f in self.forms]
            for n, stages in enumerate(kernels):
                for kernel in stages:
                    kernel.name = f"form_{n}_{kernel.name}"
            module: Any = load_module(module_text([k for stages in kernels for k in stages]))
            self._made[key] = [
                [(getattr(module, k.name), tuple(k.arrays)) for k in stages] for stages in kernels
            ]
        return self._made[key]
