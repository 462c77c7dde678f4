"""Where a network can be deployed, and what may be set for it."""

from __future__ import annotations

__all__ = ["BOARDS", "TARGETS", "check_settings", "check_target", "check_version"]

from collections.abc import Mapping
from typing import Any

from neurobridge.errors import ExperimentError, UnknownNameError
from neurobridge.lowering.chip.settings import CHIP_SETTINGS

TARGETS = ("spinnaker",)
ELSEWHERE = (
    "deploy knows SpiNNaker 1 only. For SpiNNaker 2, Loihi and others write a NIR graph "
    "(neurobridge.io.nir, docs/nir.md); a simulator's script is written by 'neurobridge export'"
)
BOARDS = {3: 4, 5: 48}
"""Version of a board -> its chips."""
_SECRET = ("password", "passwd", "token", "secret", "api_key", "apikey", "credential")


def check_target(name: str) -> None:
    """Refuse a target that there is none of.

    Raises
    ------
    UnknownNameError
        With the known ones, and what serves for others.
    """
    if name not in TARGETS:
        known = ", ".join(TARGETS)
        raise UnknownNameError("target", name, TARGETS, f"There is {known}. {ELSEWHERE}")


def check_version(version: Any) -> None:
    """Refuse a kind of board that there is none of.

    Raises
    ------
    ExperimentError
    """
    if isinstance(version, bool) or version not in BOARDS:
        kinds = " or ".join(f"{v} ({chips} chips)" for v, chips in BOARDS.items())
        raise ExperimentError(f"version: expected a kind of board, {kinds}, got {version!r}")


def check_settings(settings: Mapping[str, Any]) -> None:
    """Refuse settings that the chip does not have, and any that looks like a credential.

    Raises
    ------
    ExperimentError
        For a credential; its value is not repeated.
    UnknownNameError
        For a name that does not exist.
    """
    for name, value in settings.items():
        if _is_secret(name, value):
            raise ExperimentError(
                f"setting {name!r} looks like a credential; reports and bundles are passed on, so "
                "none may hold one. Put it into ~/.spynnaker.cfg or the environment of the machine "
                "that talks to the board"
            )
    for name in settings:
        if name not in CHIP_SETTINGS:
            raise UnknownNameError("setting of a deployment", name, CHIP_SETTINGS)


def _is_secret(name: str, value: Any) -> bool:
    if any(word in name.lower() for word in _SECRET):
        return True
    # https://user:password@host
    return isinstance(value, str) and "://" in value and "@" in value
