"""The expression language: what it accepts, and that it keeps the meaning."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from neurobridge.errors import ModelError
from neurobridge.expression import (
    FUNCTIONS,
    functions_in,
    names_in,
    parse,
    render,
    substitute,
)
from neurobridge.lowering.evaluate import compile_block, evaluate
from neurobridge.lowering.program import Assignment

VALUES = {"a": 1.7, "b": -0.3, "c": 2.5}


def random_expression(dice: random.Random, depth: int) -> str:
    """Arithmetic without needless brackets, so that precedence carries the meaning."""
    if depth == 0:
        return dice.choice(["a", "b", "c", "2.0", "0.5"])
    inner = [random_expression(dice, depth - 1) for _ in range(2)]
    kind = dice.choice(["+", "-", "*", "/", "neg", "bracket", "**", "exp"])
    if kind == "neg":
        return f"-{inner[0]}" if inner[0][0].isalpha() else f"-({inner[0]})"
    if kind == "bracket":
        return f"({inner[0]} - {inner[1]})"
    if kind == "**":
        return f"({inner[0]})**2"
    if kind == "exp":
        return f"exp(b*({inner[0]})/100)"
    return f"{inner[0]} {kind} {inner[1]}"


def test_rendering_and_evaluation_keep_the_value() -> None:
    dice = random.Random(20)
    compared = 0
    for _ in range(400):
        text = random_expression(dice, 4)
        try:
            expected = eval(text, {"exp": math.exp}, VALUES)
        except (ZeroDivisionError, OverflowError):
            continue
        with np.errstate(all="ignore"):
            assert evaluate(text, VALUES) == pytest.approx(expected, rel=1e-12), text
            assert evaluate(render(text), VALUES) == pytest.approx(expected, rel=1e-12), text
        compared += 1
    assert compared > 300


def test_substitution_brackets_what_it_puts_in() -> None:
    text = substitute("a*b - a", {"a": "x + y", "b": "z"})
    assert evaluate(text, {"x": 1.0, "y": 2.0, "z": 5.0}) == 12.0


def test_substituting_a_negative_number_into_a_power() -> None:
    assert evaluate(substitute("u**2", {"u": "-3.0"}), {}) == 9.0


@pytest.mark.parametrize("power", [2, 3, 4])
def test_small_powers_of_a_name_are_products(power: int) -> None:
    assert render(f"x**{power}") == " * ".join(["x"] * power)
    assert evaluate(f"1/x**{power}", {"x": 2.0}) == 2.0**-power
    assert evaluate(f"-x**{power}", {"x": 3.0}) == -(3.0**power)


def test_where_and_logic() -> None:
    values = {"x": np.array([-1.0, 0.0, 2.0, 5.0])}
    got = evaluate("where(x > 0 and not x >= 5, x, -1)", values)
    np.testing.assert_array_equal(got, [-1, -1, 2, -1])
    np.testing.assert_array_equal(evaluate("where(x < 0 or x == 5, 1, 0)", values), [1, 0, 0, 1])


@pytest.mark.parametrize("x", [-40.0, -1e-3, -1e-12, 0.0, 1e-12, 1e-8, 1e-3, 1.0, 40.0])
def test_exprel(x: float) -> None:
    """Against its series, and for large x the definition."""
    series = sum(x**k / math.factorial(k + 1) for k in range(30))
    expected = series if abs(x) < 2 else (math.exp(x) - 1) / x
    assert evaluate("exprel(x)", {"x": x}) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("name", sorted(FUNCTIONS - {"exprel", "abs"}))
def test_functions_are_those_of_the_math_module(name: str) -> None:
    assert evaluate(f"{name}(a)", VALUES) == pytest.approx(getattr(math, name)(1.7), rel=1e-14)


def test_a_block_runs_in_order_and_sees_locals() -> None:
    values = {"x": np.array([1.0, 2.0])}
    compile_block([Assignment("y", "x + 1"), Assignment("x", "y*y"), Assignment("y", "x")])(values)
    np.testing.assert_array_equal(values["y"], [4.0, 9.0])


def test_names_and_functions() -> None:
    text = "where(v > v_t, exp(v/d), abs(u))"
    assert names_in(text) == {"v", "v_t", "d", "u"}
    assert functions_in(text) == {"exp", "abs"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a +", "is not an expression"),
        ("a ^ b", r"only \+ - \* / \*\* are allowed"),
        ("sine(a)", "unknown function 'sine'.*did you mean 'sin'"),
        ("np.exp(a)", "only plain function calls"),
        ("exp(a, b)", r"exp\(\) takes one argument, got 2"),
        ("where(a > b, a)", r"where\(\) takes \(condition, a, b\)"),
        ("a < b < c", "compare two things at a time"),
        ("'text'", "'text' is not a number"),
        ("True", "True is not a number"),
        ("a[0]", "Subscript is not allowed"),
        ("lambda: a", "Lambda is not allowed"),
        ("__import__('os')", "unknown function '__import__'"),
        ("a if b else c", "IfExp is not allowed"),
        ("a.real", "Attribute is not allowed"),
    ],
)
def test_what_is_not_allowed(text: str, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        parse(text, "model 'm', equation of 'v'")
    assert str(caught.value).startswith("model 'm', equation of 'v'")
