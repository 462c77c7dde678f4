"""What is said about a setting that a backend cannot follow; every backend says it alike."""

from __future__ import annotations

__all__ = ["check_choice", "check_count", "refuse_settings", "wrong_setting"]

from collections.abc import Sequence
from typing import Any

from neurobridge.errors import BackendError, suggest
from neurobridge.lowering.finding import Finding


def wrong_setting(backend: str, name: str, why: str, remedy: str = "change the setting") -> Finding:
    """The finding that a setting is wrong."""
    return Finding(f"{backend}_setting", "error", f"setting {name!r}", why, remedy)


def check_choice(backend: str, name: str, value: Any, choices: Sequence[str]) -> list[Finding]:
    """A finding, unless ``value`` is one of ``choices``."""
    if value in choices:
        return []
    why = f"expected one of {choices}, got {value!r}{suggest(str(value), choices)}"
    return [wrong_setting(backend, name, why)]


def check_count(backend: str, name: str, value: Any) -> list[Finding]:
    """A finding, unless ``value`` is a whole number of at least 1."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return []
    why = f"expected a whole number of at least 1, got {value!r}"
    return [wrong_setting(backend, name, why)]


def refuse_settings(findings: Sequence[Finding]) -> None:
    """Raise what is wrong with the settings of a backend that is built without a check.

    Raises
    ------
    BackendError
        The first of the findings.
    """
    for finding in findings:
        raise BackendError(f"{finding.where}: {finding.why}; {finding.remedy}")
