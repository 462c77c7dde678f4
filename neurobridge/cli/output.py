"""What commands say: tables for people on stdout, or JSON alone on stdout."""

from __future__ import annotations

__all__ = ["Output", "output", "plain"]

import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np
from rich.console import Console, RenderableType
from rich.text import Text


@dataclass(frozen=True)
class Output:
    """Where a command writes.

    Parameters
    ----------
    stream : text stream or None
        Where JSON goes; None prints for people.
    console : Console
        On stdout.
    notes : Console
        On stderr: progress, and what is said on the way.
    """

    stream: IO[str] | None
    console: Console = field(default_factory=lambda: Console(highlight=False))
    notes: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))

    @property
    def as_json(self) -> bool:
        """Whether JSON was asked for."""
        return self.stream is not None

    def emit(self, document: Mapping[str, Any] | list[Any], *parts: RenderableType) -> None:
        """The result: the document as JSON, or the parts for people."""
        if self.stream is not None:
            json.dump(plain(document), self.stream, indent=2, allow_nan=False)
            self.stream.write("\n")
            self.stream.flush()
            return
        for part in parts:
            self.console.print(part)

    def note(self, text: str, style: str = "dim") -> None:
        """A remark on the way, on stderr."""
        self.notes.print(Text(text, style), soft_wrap=True)


@contextmanager
def output(as_json: bool) -> Iterator[Output]:
    """The output of one command.

    With JSON, whatever else writes to stdout meanwhile, simulators written in C++ included, is sent
    to stderr.
    """
    if not as_json:
        yield Output(None)
        return
    sys.stdout.flush()
    saved = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(os.dup(saved), "w", encoding="utf-8") as stream:
            yield Output(stream)
    finally:
        sys.stdout.flush()
        os.dup2(saved, 1)
        os.close(saved)


def plain(value: Any) -> Any:
    """A value as JSON knows it; numbers that are not finite become null."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)
