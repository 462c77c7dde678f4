"""Surrogate gradients: what stands in for the derivative of a spike (Neftci et al. 2019)."""

from __future__ import annotations

__all__ = ["SURROGATES", "Surrogate", "margin", "spike"]

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from neurobridge.backends.torch.translate import compile_expression
from neurobridge.errors import ModelError, NetworkError, UnknownNameError
from neurobridge.expression import names_in, parse

SURROGATES = {
    "fast_sigmoid": "1/(1 + abs(x))**2",
    "arctan": "1/(1 + (1.5707963267948966*x)**2)",
    "triangular": "where(abs(x) < 1, 1 - abs(x), 0.0)",
    "gaussian": "exp(-0.5*x*x)",
}
"""Derivatives as functions of ``x = (distance from the threshold) / scale``, 1 at the threshold.

Zenke & Ganguli (2018), Neural Comput. 30:1514; Fang et al. (2021), ICCV; Bellec et al. (2018),
NeurIPS; Yin, Corradi & Bohte (2021), Nat. Mach. Intell. 3:905.
"""


@dataclass(frozen=True)
class Surrogate:
    """How a spike is differentiated.

    Parameters
    ----------
    derivative : str
        A name of :data:`SURROGATES`, or an expression of ``x``.
    scale : float
        Width: ``x`` is the distance of the threshold condition from being met, over ``scale``, in
        the unit of the condition (mV for most models).
    height : float
        Derivative at the threshold; default ``1/scale``.
    reset_gradient : bool
        Whether the gradient also flows through the reset; usually it does not (Zenke & Vogels
        2021, Neural Comput. 33:899).
    detach_recurrent : bool
        Whether spikes are cut from the gradient on their way to other neurons: only what is read
        out is then differentiated.

    Raises
    ------
    UnknownNameError, NetworkError
        If there is no such derivative, or the scale is not positive.
    """

    derivative: str = "fast_sigmoid"
    scale: float = 1.0
    height: float | None = None
    reset_gradient: bool = False
    detach_recurrent: bool = False

    def __post_init__(self) -> None:
        if self.derivative.isidentifier() and self.derivative not in (*SURROGATES, "x"):
            raise UnknownNameError("surrogate", self.derivative, SURROGATES)
        if names_in(self.expression) - {"x"}:
            raise NetworkError(
                f"surrogate {self.derivative!r}: only x, the distance from threshold over scale, "
                f"may be used, got {sorted(names_in(self.expression) - {'x'})}"
            )
        for name in ("scale", "height"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise NetworkError(f"surrogate: {name} must be positive and finite, got {value}")

    @property
    def expression(self) -> str:
        """The derivative as an expression of ``x``."""
        return SURROGATES.get(self.derivative, self.derivative)

    @property
    def slope(self) -> float:
        """Derivative of the spike with respect to the margin, at the threshold."""
        return 1.0 / self.scale if self.height is None else self.height


def margin(threshold: str, model: str) -> str:
    """How far a neuron is over its threshold, as an expression.

    Raises
    ------
    ModelError
        If the threshold is not one comparison, so that there is no one distance from it.
    """
    node = parse(threshold)
    if not isinstance(node, ast.Compare) or not isinstance(
        node.ops[0], (ast.Gt, ast.GtE, ast.Lt, ast.LtE)
    ):
        raise ModelError(
            f"model {model!r}: its threshold {threshold!r} cannot be differentiated; surrogate "
            "gradients need a single comparison such as 'v > v_thresh'"
        )
    left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
    if isinstance(node.ops[0], (ast.Lt, ast.LtE)):
        left, right = right, left
    return f"({left}) - ({right})"


class _Spike(torch.autograd.Function):
    """1 where ``fires``; its derivative is the surrogate's where ``free``."""

    @staticmethod
    def forward(
        ctx: Any,
        distance: torch.Tensor,
        fires: torch.Tensor,
        free: torch.Tensor,
        derivative: Callable[[Any], Any],
        scale: float,
        slope: float,
    ) -> torch.Tensor:
        ctx.save_for_backward(distance, free)
        ctx.derivative, ctx.scale, ctx.slope = derivative, scale, slope
        return fires.to(distance.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        distance, free = ctx.saved_tensors
        local = ctx.slope * ctx.derivative({"x": distance / ctx.scale})
        return torch.where(free, grads[0] * local, 0.0), None, None, None, None, None


def spike(
    distance: torch.Tensor, fires: torch.Tensor, free: torch.Tensor, surrogate: Surrogate
) -> torch.Tensor:
    """Spikes as 0 and 1, shape and dtype of ``distance``, differentiable by the surrogate."""
    derivative = compile_expression(surrogate.expression)
    result: torch.Tensor = _Spike.apply(  # type: ignore[no-untyped-call]
        distance, fires, free, derivative, surrogate.scale, surrogate.slope
    )
    return result
