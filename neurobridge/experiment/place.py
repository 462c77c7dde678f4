"""Errors that name the place in the file that they come from."""

from __future__ import annotations

__all__ = ["Places"]

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from neurobridge.errors import ExperimentError, NeurobridgeError
from neurobridge.yaml_lines import YamlFile


@dataclass(frozen=True)
class Places:
    """Puts file, line and key before the message of an error."""

    file: YamlFile

    @contextmanager
    def at(self, *location: str | int) -> Iterator[None]:
        """Errors raised inside belong to this key of the file.

        Raises
        ------
        ExperimentError
            In place of any other error of neurobridge. An error that has a place already keeps it.
        """
        try:
            yield
        except ExperimentError:
            raise
        except NeurobridgeError as err:
            key = ".".join(map(str, location))
            raise ExperimentError(f"{self.file.place(location)}: {key}: {err}") from err
