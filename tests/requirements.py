"""Optional packages in tests: a skip on a laptop, a failure where they are required."""

from __future__ import annotations

import importlib.util
import os

import pytest


def require(module: str) -> None:
    """Skip the test if ``module`` is not installed, or fail where it must be.

    It must be installed in CI (the environment variable ``CI`` is set), or where
    ``NEUROBRIDGE_REQUIRE`` names it: a list such as ``brian2,nest``, or ``all``.
    The module is not imported, so nothing heavy is loaded by asking.
    """
    if importlib.util.find_spec(module) is not None:
        return
    reason = f"{module} is not installed: pip install 'neurobridge-sim[all,dev]'"
    if is_required(module):
        pytest.fail(f"{reason} (required here by CI or NEUROBRIDGE_REQUIRE)", pytrace=False)
    pytest.skip(reason)


def is_required(module: str) -> bool:
    """Whether a missing ``module`` is a failure in this environment."""
    named = {name.strip() for name in os.environ.get("NEUROBRIDGE_REQUIRE", "").split(",")}
    return in_ci() or module in named or "all" in named


def in_ci() -> bool:
    """Whether the environment variable ``CI`` is set to something that is not a no."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false", "no"}
