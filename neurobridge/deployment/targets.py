"""Where a network can be deployed, and what may be set for it."""

from __future__ import annotations

__all__ = ["TARGETS", "check_settings", "check_target"]

from collections.abc import Mapping
from typing import Any

from neurobridge.errors import ExperimentError, UnknownNameError
from neurobridge.lowering.chip.settings import CHIP_SETTINGS

TARGETS = ("spinnaker",)
ELSEWHERE = (
    "That is SpiNNaker 1. For SpiNNaker 2, Loihi and others write a NIR graph (docs/nir.md); a "
    "script for a simulator is written by 'neurobridge export'"
)
SECRETS = ("password", "passwd", "token", "secret", "api_key", "apikey", "credential")


def check_target(name: str) -> None:
    """Refuse a target that there is none of.

    Raises
    ------
    UnknownNameError
        With the known ones, and what serves for others.
    """
    if name not in TARGETS:
        raise UnknownNameError("target", name, TARGETS, ELSEWHERE)


def check_settings(settings: Mapping[str, Any], also: tuple[str, ...] = ()) -> None:
    """Refuse settings that the chip does not have, and any that looks like a credential.

    Parameters
    ----------
    settings : mapping
    also : tuple of str
        Further names that are known.

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
    known = [*CHIP_SETTINGS, *also]
    for name in settings:
        if name not in known:
            raise UnknownNameError("setting of a deployment", name, known)


def _is_secret(name: str, value: Any) -> bool:
    if any(word in name.lower() for word in SECRETS):
        return True
    # https://user:password@host
    return isinstance(value, str) and "://" in value and "@" in value
