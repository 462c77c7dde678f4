"""What each backend is excused from: two lists, both with a reason that can be checked.

An entry of ``UNSUPPORTED`` runs as a strict expected failure, so one that is no longer needed
fails the suite.
"""

from __future__ import annotations

UNSUPPORTED: dict[str, dict[str, str]] = {
    "reference": {},
    "brian2": {},
    "nest": {},
    "torch": {},
}
"""Backend -> scenario -> why it cannot do it."""

TOLERANCE: dict[str, dict[str, float]] = {
    "reference": {},
    "brian2": {},
    "nest": {},
    "torch": {},
}
"""Backend -> scenario -> largest difference of a signal, in its unit, instead of the case's."""

BACKENDS: dict[str, dict[str, str]] = {
    "reference": {},
    "brian2": {"target": "numpy"},
    "nest": {},
    "torch": {},
}
"""Backend -> settings that it runs with."""

SIMULATORS = {"brian2": "brian2", "nest": "nest", "torch": "torch"}
"""Backend -> module that must be installed for it."""

ELSEWHERE = {
    "C1": "tests/unit/lowering/test_grid.py",
    "C7": "tests/unit/lowering/test_expression.py",
    "C33": "tests/unit/reference/test_rate_networks.py",
    "C34": "tests/unit/reference/test_rate_networks.py",
    "C35": "tests/unit/reference/test_rate_networks.py",
    "C36": "tests/unit/reference/test_rate_networks.py",
}
"""Lines of the contract that no network can show -> the test that shows them."""
