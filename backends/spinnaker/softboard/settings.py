"""Settings under which sPyNNaker works with the chip model, in place of the user's own file."""

from __future__ import annotations

__all__ = ["make_settings"]

from collections.abc import Mapping
from configparser import ConfigParser
from pathlib import Path

_SETTINGS: dict[str, dict[str, str]] = {
    "Machine": {"virtual_board": "True", "version": "5"},
    "Mapping": {"virtual_compressor": "PairCompressor"},
    "Reports": {"keep_dataspec_database": "True", "write_network_graph": "False"},
    "Logging": {"default": "warning"},
}


def make_settings(folder: Path, extra: Mapping[str, Mapping[str, str]]) -> Path:
    """Write a file of settings; sPyNNaker's reports go into ``folder`` as well.

    Parameters
    ----------
    folder : Path
    extra : mapping of str to mapping of str to str
        By section and option; they come on top.
    """
    parser = ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_dict(_SETTINGS)
    parser.read_dict({"Reports": {"default_report_file_path": str(folder)}})
    parser.read_dict(extra)
    path = folder / "softboard.cfg"
    with path.open("w") as file:
        parser.write(file)
    return path
