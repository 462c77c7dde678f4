"""Calling the command line in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from neurobridge.cli import main


@dataclass(frozen=True)
class Called:
    """Exit code, stdout and stderr of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """All of stdout as JSON."""
        return json.loads(self.out)


def call(capfd: pytest.CaptureFixture[str], *arguments: object) -> Called:
    """Run ``neurobridge`` with these arguments."""
    capfd.readouterr()
    code = main([str(a) for a in arguments])
    out, err = capfd.readouterr()
    return Called(code, out, err)
