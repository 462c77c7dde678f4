"""Adjoint code: against torch's gradients and against central differences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.requirements import require

require("torch")

import torch  # noqa: E402

from neurobridge.backends.torch.translate import compile_block, compile_expression  # noqa: E402
from neurobridge.errors import ModelError  # noqa: E402
from neurobridge.expression import FUNCTIONS  # noqa: E402
from neurobridge.lowering.adjoint import adjoint, adjoint_name, needed  # noqa: E402
from neurobridge.lowering.evaluate import evaluate  # noqa: E402
from neurobridge.lowering.program import Assignment  # noqa: E402
from neurobridge.models.rate import ACTIVATIONS  # noqa: E402


def by_torch(code: list[Assignment], values: dict[str, Any], wanted: list[str]) -> dict[str, Any]:
    """Gradients of the sum of the last target, by autograd."""
    known = {n: torch.tensor(v, dtype=torch.float64) for n, v in values.items()}
    for name in wanted:
        known[name].requires_grad_()
    leaves = {name: known[name] for name in wanted}
    compile_block(code)(known)
    known[code[-1].target].sum().backward()
    return {n: leaf.grad.numpy() for n, leaf in leaves.items() if leaf.grad is not None}


def by_adjoint(code: list[Assignment], values: dict[str, Any], wanted: list[str]) -> dict[str, Any]:
    """The same by adjoint code, evaluated with torch operations."""
    last = code[-1].target
    made = adjoint(code, [last], wanted)
    known = {n: torch.tensor(v, dtype=torch.float64) for n, v in values.items()}
    compile_block(code)(known)
    compile_block(made.primal)(known)
    known[adjoint_name(last)] = torch.ones_like(known[last])
    compile_block(made.reverse)(known)
    return {n: known[adjoint_name(n)].numpy() for n in wanted if n in made.found}


def same(expression: str, values: dict[str, Any], wanted: list[str] | None = None) -> None:
    code, wanted = [Assignment("y", expression)], wanted or list(values)
    expected, got = by_torch(code, values, wanted), by_adjoint(code, values, wanted)
    for name in wanted:
        there = np.broadcast_to(got.get(name, 0.0), np.shape(values[name]))
        np.testing.assert_allclose(there, expected.get(name, 0.0), rtol=1e-12, atol=1e-14)


X = np.array([-3.1, -1.2, -0.3, -0.004, 0.002, 0.4, 1.3, 2.9])


@pytest.mark.parametrize("name", sorted(FUNCTIONS - {"exprel"}))
def test_every_function_as_autograd_has_it(name: str) -> None:
    positive = name in {"log", "sqrt", "log1p"}
    same(f"2*{name}(x)*x", {"x": np.abs(X) if positive else X})


@pytest.mark.parametrize("name", sorted(FUNCTIONS - {"floor"}))
def test_every_function_against_central_differences(name: str) -> None:
    x = np.abs(X) + 0.1 if name in {"log", "sqrt", "log1p"} else X
    h = 1e-5
    low, high = (evaluate(f"{name}(x)", {"x": x + d}) for d in (-h, h))
    got = by_adjoint([Assignment("y", f"{name}(x)")], {"x": x}, ["x"])["x"]
    apart = np.abs(x) > h  # abs has a corner
    np.testing.assert_allclose(got[apart], ((high - low) / (2 * h))[apart], rtol=1e-8, atol=1e-9)


def test_the_slope_of_exprel_where_it_cancels() -> None:
    x = np.concatenate([-np.logspace(-12, 0.3, 60), [0.0], np.logspace(-12, 0.3, 60)])
    got = by_adjoint([Assignment("y", "exprel(x)")], {"x": x}, ["x"])["x"]
    series = [sum(k * v ** (k - 1) / math.factorial(k + 1) for k in range(1, 60)) for v in x]
    np.testing.assert_allclose(got, series, rtol=1e-12)


@pytest.mark.parametrize(
    "expression",
    [
        "a*b - a/b + b/2 - -a",
        "a*(b + 1) + 1/(1 + a*a)",
        "a**2 + a**3 - a**4 + (a*b)**2",
        "a**0.5 + (a + b)**1.5 + a**-2",
        "a**b + 2**a + 1**b + a**1",
        "where(a > 1, a*b, a - b) + where(a > 1 and not b < 2 or a == b, exp(a), 3*b)",
        "floor(3*a)*b",
        "where(a > b, 1.0, 0.0)*b",
        "exp(-a*a/2)/sqrt(b)*a",
    ],
)
def test_expressions_as_autograd_has_them(expression: str) -> None:
    a, b = np.array([0.3, 0.9, 1.4, 2.6]), np.array([1.7, 0.4, 2.5, 2.0])
    same(expression, {"a": a, "b": b})
    same(expression, {"a": a, "b": b}, ["b"])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_of_rate_neurons(name: str) -> None:
    values: dict[str, Any] = {"u": X}
    if name == "power_law":
        values["exponent"] = np.full_like(X, 1.7)
        got = by_adjoint([Assignment("y", ACTIVATIONS[name])], values, ["u", "exponent"])
        high = np.maximum(X, 0)
        np.testing.assert_allclose(got["u"], 1.7 * high**0.7, rtol=1e-12)
        log = np.log(np.where(high > 0, high, 1))
        np.testing.assert_allclose(got["exponent"], high**1.7 * log, rtol=1e-12)
    else:
        same(ACTIVATIONS[name], values)


def test_what_is_not_chosen_contributes_nothing_even_where_it_is_infinite() -> None:
    x = np.array([-1.0, 0.0, 4.0])
    code = [Assignment("y", "where(x > 0, log(x) + sqrt(x), exp(1000*(x + 2)))")]
    got = by_adjoint(code, {"x": x}, ["x"])["x"]
    assert got[2] == 0.5
    assert by_adjoint([Assignment("y", "where(x > 0, sqrt(x), 0.0)")], {"x": x}, ["x"])[
        "x"
    ].tolist() == [0.0, 0.0, 0.25]


def test_code_of_several_lines_that_share_names() -> None:
    code = [
        Assignment("p", "a*b"),
        Assignment("q", "tanh(p) + a"),
        Assignment("r", "p"),
        Assignment("unused", "exp(q)"),
        Assignment("y", "q*r + where(p > 0.5, q, r)*b"),
    ]
    values = {"a": np.array([0.3, 1.1]), "b": np.array([0.7, 1.9])}
    expected, got = by_torch(code, values, ["a", "b"]), by_adjoint(code, values, ["a", "b"])
    for name in ("a", "b"):
        np.testing.assert_allclose(got[name], expected[name], rtol=1e-13)


def test_partials_stand_in_for_a_derivative() -> None:
    code = [Assignment("m", "v - 1"), Assignment("s", "0.0"), Assignment("y", "s*2 + v")]
    made = adjoint(code, ["y"], ["v"], {"s": {"m": "1/(1 + abs(m))**2"}})
    known = {"v": torch.tensor(1.5, dtype=torch.float64)}
    compile_block(code)(known)
    compile_block(made.primal)(known)
    known[adjoint_name("y")] = torch.tensor(1.0, dtype=torch.float64)
    compile_block(made.reverse)(known)
    assert float(known[adjoint_name("v")]) == pytest.approx(1 + 2 / 1.5**2)


def test_nothing_is_worked_out_for_what_is_not_wanted() -> None:
    code = [Assignment("y", "a*b + exp(c)")]
    made = adjoint(code, ["y"], ["a"])
    assert made.found == {"y", "a"}
    assert not made.primal
    assert len(made.reverse) == 1


def test_the_part_of_the_code_that_is_needed() -> None:
    code = [Assignment("p", "a"), Assignment("q", "p + b"), Assignment("r", "q*c")]
    assert [a.target for a in needed(code, ["r"], ["q"])] == ["r"]
    assert [a.target for a in needed(code, ["q"], [])] == ["p", "q"]


def test_a_name_that_is_assigned_twice_has_no_adjoint() -> None:
    with pytest.raises(ModelError, match="assigns each name once has an adjoint, not 'y'"):
        adjoint([Assignment("y", "a"), Assignment("y", "2*a")], ["y"], ["a"])


def test_conditions_and_steps_are_constant() -> None:
    code = [Assignment("y", "floor(a) + where(a > 1, 2.0, 3.0)")]
    assert adjoint(code, ["y"], ["a"]).found == frozenset()
    assert float(compile_expression("floor(a)")({"a": torch.tensor(1.5)})) == 1.0


def test_a_rectifier_is_differentiated_by_its_value_alone() -> None:
    made = adjoint([Assignment("y", "where(u > 0, u, 0.0)")], ["y"], ["u"])
    assert not made.primal
    assert [a.expression for a in made.reverse] == ["where((y > 0), adjoint_y, 0.0)"]
