"""The user's own settings of sPyNNaker, looked at before anything is built."""

from __future__ import annotations

__all__ = ["LOCAL", "cfg_finding"]

from configparser import ConfigParser
from configparser import Error as ParseError
from pathlib import Path

from neurobridge.backends.spinnaker.reachability import SILENT, board_problem, server_problem
from neurobridge.lowering.finding import Finding

NAME = ".spynnaker.cfg"
LOCAL = "spynnaker.cfg"
"""In the folder of a run; goes on top of the file in the home folder."""
_MACHINES = ("machine_name", "spalloc_server", "remote_spinnaker_url")
_NOTHING = {"", "none"}


def cfg_finding() -> Finding | None:
    """What is wrong with the user's settings, if anything is."""
    home, local = Path.home() / NAME, Path.cwd() / LOCAL
    files = [path for path in (home, local) if path.exists()]
    if not files:
        return _wrong(
            str(home), "there is no such file, and sPyNNaker reads from it what machine there is",
            "write one (neurobridge bundles have templates in cfg/), or use machine='board' or "
            "'spalloc'",
        )  # fmt: skip
    parser = ConfigParser(interpolation=None)
    for path in files:
        try:
            parser.read_string(path.read_text(encoding="utf-8"), str(path))
        except (OSError, UnicodeDecodeError, ParseError) as err:
            return _wrong(str(path), f"it cannot be read: {err}", "correct the file")
    return _machine_finding(parser, " and ".join(map(str, files)))


def _machine_finding(parser: ConfigParser, where: str) -> Finding | None:
    section = parser["Machine"] if parser.has_section("Machine") else {}
    values = {name: str(section.get(name) or "").strip() for name in (*_MACHINES, "virtual_board")}
    if values["virtual_board"].lower() in ("true", "yes", "on", "1"):
        return _wrong(
            where, "it says virtual_board = True: such a board maps networks and computes nothing",
            "remove that line and name a machine, or use machine='virtual' or 'softboard'",
        )  # fmt: skip
    named = {k: values[k] for k in _MACHINES if values[k].lower() not in _NOTHING}
    if not named:
        return _wrong(
            where, f"it names no machine: there is none of {', '.join(_MACHINES)} in [Machine]",
            "add machine_name = ADDRESS and version = 5, or spalloc_server = URL",
        )  # fmt: skip
    if "machine_name" in named:
        problem = board_problem(named["machine_name"])
        problem = "" if problem == SILENT else problem  # sPyNNaker starts a board that is silent
        return _silent(where, "machine_name", problem)
    if "spalloc_server" in named:
        return _silent(where, "spalloc_server", server_problem(_bare(named["spalloc_server"])))
    return None


def _bare(url: str) -> str:
    """An address without its user and password, which must not get into messages."""
    scheme, separator, rest = url.rpartition("://")
    return scheme + separator + rest.rpartition("@")[2]


def _silent(where: str, name: str, problem: str) -> Finding | None:
    if not problem:
        return None
    return _wrong(where, f"the machine of {name} does not answer: {problem}", "correct the file")


def _wrong(where: str, why: str, remedy: str) -> Finding:
    return Finding("spinnaker_cfg", "error", where, why, remedy)
