"""What went wrong on a core, in words."""

from __future__ import annotations

__all__ = ["ChipError", "core_error"]
from typing import Any
from neurobridge.errors import BackendError


class ChipError(BackendError):
    """A program died on a core of the chip model, or never ends."""


def core_error(core: Any, reason: str = "") -> ChipError:
    return ChipError(f"{core.p} {core.state} {reason}")
