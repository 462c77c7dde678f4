"""The expression language of model equations: parse, check, rename, evaluate, translate.

Python syntax with ``+ - * / **``, comparisons, ``and or not``, numbers, names, the functions of
:data:`FUNCTIONS` and ``where(condition, a, b)``. Backends translate it with a :class:`Dialect`.
"""

from __future__ import annotations

__all__ = [
    "FUNCTIONS",
    "Dialect",
    "functions_in",
    "is_condition",
    "names_in",
    "parse",
    "render",
    "substitute",
]

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from neurobridge.errors import ModelError, suggest

FUNCTIONS = frozenset(
    "exp log sqrt sin cos tan tanh sinh cosh expm1 log1p abs floor exprel erf erfc".split()
)
"""Functions of one argument; ``exprel(x) = (exp(x) - 1) / x``, 1 at 0."""

_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_COMPARE = {
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_PRECEDENCE = {"+": 10, "-": 10, "*": 20, "/": 20, "unary": 30, "**": 40, "atom": 99}


@dataclass(frozen=True)
class Dialect:
    """How a target language writes an expression.

    Parameters
    ----------
    where : callable of three str
        Text of a conditional.
    functions : mapping of str to str
        Names of functions that are called differently.
    calls : mapping of str to callable
        Functions that are not a plain call.
    power : callable of two str, optional
        Text of a power; the default is ``a**b``.
    conjunction, disjunction, negation : str
        Words for ``and``, ``or``, ``not``.
    name : callable
        How a name is written.
    """

    where: Callable[[str, str, str], str]
    functions: Mapping[str, str] = field(default_factory=dict)
    calls: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    power: Callable[[str, str], str] | None = None
    conjunction: str = "and"
    disjunction: str = "or"
    negation: str = "not "
    name: Callable[[str], str] = str


PYTHON = Dialect(where=lambda c, a, b: f"where({c}, {a}, {b})")


def parse(text: str, where: str = "expression") -> ast.expr:
    """The syntax tree of an expression, or a :class:`ModelError` that says what is not allowed."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as err:
        raise ModelError(f"{where}: {text!r} is not an expression ({err.msg})") from err
    for node in ast.walk(tree):
        _check_node(node, text, where)
    return tree


def _check_node(node: ast.AST, text: str, where: str) -> None:
    if isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise ModelError(f"{where}: only plain function calls are allowed, in {text!r}")
        name, n_args = node.func.id, len(node.args)
        if name == "where":
            if n_args != 3:
                raise ModelError(f"{where}: where() takes (condition, a, b), in {text!r}")
        elif name not in FUNCTIONS:
            known = sorted(FUNCTIONS | {"where"})
            raise ModelError(
                f"{where}: unknown function {name!r} in {text!r}{suggest(name, known)}"
            )
        elif n_args != 1:
            raise ModelError(f"{where}: {name}() takes one argument, got {n_args}, in {text!r}")
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
            raise ModelError(f"{where}: {node.value!r} is not a number, in {text!r}")
    elif isinstance(node, ast.BinOp):
        if type(node.op) not in _BINARY:
            raise ModelError(f"{where}: only + - * / ** are allowed, in {text!r} (power is **)")
    elif isinstance(node, ast.UnaryOp):
        if not isinstance(node.op, (ast.USub, ast.UAdd, ast.Not)):
            raise ModelError(f"{where}: operator not allowed in {text!r}")
    elif isinstance(node, ast.Compare):
        if len(node.ops) != 1 or type(node.ops[0]) not in _COMPARE:
            raise ModelError(f"{where}: compare two things at a time, in {text!r}")
    elif not isinstance(
        node,
        (ast.Name, ast.BoolOp, ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop),
    ):
        raise ModelError(f"{where}: {type(node).__name__} is not allowed in {text!r}")


def is_condition(text: str) -> bool:
    """Whether an expression is true or false, and not a number."""
    return _is_condition(parse(text))


def _is_condition(node: ast.expr) -> bool:
    if isinstance(node, ast.BoolOp):
        return all(_is_condition(v) for v in node.values)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not) and _is_condition(node.operand)
    return isinstance(node, ast.Compare)


def names_in(text: str) -> frozenset[str]:
    """Names that an expression uses, functions not counted."""
    tree = parse(text)
    called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    return frozenset(
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called
    )


def functions_in(text: str) -> frozenset[str]:
    """Functions that an expression calls, ``where`` not counted."""
    calls = (n for n in ast.walk(parse(text)) if isinstance(n, ast.Call))
    return frozenset(n.func.id for n in calls if isinstance(n.func, ast.Name)) - {"where"}


def substitute(text: str, replacements: Mapping[str, str]) -> str:
    """The expression with names replaced by (bracketed) expressions."""

    def name(identifier: str) -> str:
        new = replacements.get(identifier)
        if new is None:
            return identifier
        return new if new.isidentifier() else f"({new})"

    return render(text, Dialect(where=PYTHON.where, name=name))


def render(text: str, dialect: Dialect = PYTHON) -> str:
    """The expression as the dialect writes it. The order of operations is kept as written."""
    return _Printer(dialect).text(parse(text))


class _Printer:
    def __init__(self, dialect: Dialect) -> None:
        self.d = dialect

    def text(self, node: ast.expr, outer: int = 0) -> str:
        if isinstance(node, ast.Name):
            return self.d.name(node.id)
        if isinstance(node, ast.Constant):
            return repr(float(node.value))  # type: ignore[arg-type]
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.BinOp):
            return self._binary(node, outer)
        if isinstance(node, ast.UnaryOp):
            if isinstance(node.op, ast.Not):
                return f"({self.d.negation}{self.text(node.operand, _PRECEDENCE['atom'])})"
            sign = "-" if isinstance(node.op, ast.USub) else "+"
            body = f"{sign}{self.text(node.operand, _PRECEDENCE['unary'])}"
            return f"({body})" if outer else body
        if isinstance(node, ast.Compare):
            left, right = self.text(node.left, 1), self.text(node.comparators[0], 1)
            return f"({left} {_COMPARE[type(node.ops[0])]} {right})"
        if isinstance(node, ast.BoolOp):
            word = self.d.conjunction if isinstance(node.op, ast.And) else self.d.disjunction
            return "(" + f" {word} ".join(self.text(v, 1) for v in node.values) + ")"
        raise ModelError(f"cannot translate {ast.dump(node)}")  # parse() lets nothing else through

    def _call(self, node: ast.Call) -> str:
        assert isinstance(node.func, ast.Name)  # parse() guarantees it
        name, args = node.func.id, [self.text(a) for a in node.args]
        if name == "where":
            return self.d.where(args[0], args[1], args[2])
        if name in self.d.calls:
            return self.d.calls[name](args[0])
        return f"{self.d.functions.get(name, name)}({args[0]})"

    def _small_power(self, node: ast.BinOp) -> str | None:
        """``x**2 .. x**4`` as a product: the same rounding everywhere, and faster."""
        if isinstance(node.left, ast.Name) and isinstance(node.right, ast.Constant):
            power = {2: 2, 3: 3, 4: 4}.get(node.right.value)  # type: ignore[arg-type]
            if power is not None:
                return " * ".join([self.text(node.left)] * power)
        return None

    def _binary(self, node: ast.BinOp, outer: int) -> str:
        op = _BINARY[type(node.op)]
        own = _PRECEDENCE[op]
        if op == "**" and (product := self._small_power(node)) is not None:
            return f"({product})" if _PRECEDENCE["*"] < outer else product
        if op == "**":
            left, right = self.text(node.left, own + 1), self.text(node.right, own + 1)
            if self.d.power is not None:
                return self.d.power(left, right)
            body = f"{left}**{right}"
        else:
            # left-associative: the right operand is bracketed at equal precedence
            body = f"{self.text(node.left, own)} {op} {self.text(node.right, own + 1)}"
        return f"({body})" if own < outer else body
