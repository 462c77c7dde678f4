"""Where a network can be deployed, and what may be set for it."""

from __future__ import annotations

__all__ = ["TARGETS", "check_settings", "check_target"]

from collections.abc import Mapping
from typing import Any

from neurobridge.backends.spinnaker.credentials import refuse_credentials
from neurobridge.backends.spinnaker.machine import MACHINE_SETTINGS
from neurobridge.errors import UnknownNameError
from neurobridge.lowering.chip.settings import CHIP_SETTINGS

TARGETS = ("spinnaker",)
ELSEWHERE = (
    "That is SpiNNaker 1. For SpiNNaker 2, Loihi and others write a NIR graph (docs/nir.md); a "
    "script for a simulator is written by 'neurobridge export'"
)
NO_MACHINE = (
    "A deployment is planned without a machine: --chip-model runs the chip's programs here, a "
    "bundle takes its machine from spynnaker.cfg, and 'neurobridge run --backend spinnaker' has "
    "settings for one (docs/spinnaker.md)"
)


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
    BackendError
        For a credential; its value is not repeated.
    UnknownNameError
        For a name that does not exist.
    """
    refuse_credentials(dict(settings), "settings")
    known = [*CHIP_SETTINGS, *also]
    for name in settings:
        if name not in known:
            elsewhere = NO_MACHINE if name in MACHINE_SETTINGS else ""
            raise UnknownNameError("setting of a deployment", name, known, elsewhere)
