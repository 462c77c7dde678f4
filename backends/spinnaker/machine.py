"""Which machine a network runs on: settings, checked, and what sPyNNaker is told about it."""

from __future__ import annotations

__all__ = ["MACHINES", "MACHINE_SETTINGS", "Machine", "Version", "cfg_text", "machine_settings"]

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from neurobridge.backends.settings import check_count, wrong_setting
from neurobridge.errors import suggest
from neurobridge.lowering.finding import Finding

Kind = Literal["virtual", "softboard", "board", "spalloc", "cfg"]
Version = Literal[3, 5]
MACHINES = get_args(Kind)

MACHINE_SETTINGS = {
    "machine": "softboard (the chip model, the default), board (by host), spalloc (by server), cfg "
    "(as ~/.spynnaker.cfg says), virtual (maps only, computes nothing)",
    "host": "address of the board, for machine=board",
    "server": "URL of the spalloc server, for machine=spalloc; user and password come from the "
    "environment (SPALLOC_USER, SPALLOC_PASSWORD)",
    "version": "5 (boards of 48 chips, the default) or 3 (one board of 4 chips)",
    "boards": "how many boards there are (default: 1 for machine=board, else as many as needed)",
    "boot": "true if the board was not started since it was switched on: it does not answer then",
    "time_scale_factor": "how many times slower than real time the chip runs (default: 1, or "
    "ceil(1 ms / dt) for shorter steps)",
}


@dataclass(frozen=True)
class Machine:
    """Validated settings.

    Parameters
    ----------
    kind : str
    version : int
        3 or 5.
    host, server : str
        Empty if not needed.
    boards : int or None
        How many there are; None is as many as needed.
    boot : bool
        The board may be silent.
    time_scale_factor : int or None
        None is the default.
    """

    kind: Kind = "softboard"
    version: Version = 5
    host: str = ""
    server: str = ""
    boards: int | None = None
    boot: bool = False
    time_scale_factor: int | None = None

    @property
    def computes(self) -> bool:
        """Whether a run gives spikes."""
        return self.kind != "virtual"

    @property
    def is_virtual(self) -> bool:
        """Whether sPyNNaker maps onto a board that is not there."""
        return self.kind in ("virtual", "softboard")

    def scale(self, dt: float) -> int:
        """Times slower than real time for a step of ``dt`` ms."""
        return self.time_scale_factor or max(1, math.ceil(1.0 / dt - 1e-9))


def machine_settings(settings: Mapping[str, Any]) -> tuple[Machine, list[Finding]]:
    """Settings as given by a user; keys that are not about the machine are ignored."""
    findings: list[Finding] = []
    kind = settings.get("machine", "softboard")
    if kind not in MACHINES:
        why = f"expected one of {', '.join(MACHINES)}, got {kind!r}{suggest(str(kind), MACHINES)}"
        findings.append(_wrong("machine", why))
        return Machine(), findings
    version = settings.get("version", 5)
    if isinstance(version, bool) or version not in get_args(Version):
        findings.append(_wrong("version", f"expected 3 or 5, got {version!r}"))
        version = 5
    boards = _whole("boards", settings, findings)
    if boards is None and (kind == "board" or version == 3):
        boards = 1
    if version == 3 and boards != 1:
        why = f"a board of version 3 stands alone, got boards={boards}"
        findings.append(_wrong("boards", why))
    boot = settings.get("boot", False)
    if not isinstance(boot, bool):
        findings.append(_wrong("boot", f"expected true or false, got {boot!r}"))
    return (
        Machine(
            kind=kind,
            version=version,
            host=_address("host", "board", kind, settings, findings),
            server=_address("server", "spalloc", kind, settings, findings),
            boards=boards,
            boot=boot is True,
            time_scale_factor=_whole("time_scale_factor", settings, findings),
        ),
        findings,
    )


def cfg_text(machine: Machine, user: str | None = None) -> str:
    """A ``spynnaker.cfg`` for the machine; there are no passwords in it.

    Parameters
    ----------
    machine : Machine
        Not of kind ``"cfg"``.
    user : str, optional
        Who a server without a password (of the older kind) is told about.
    """
    lines = ["[Machine]", f"version = {machine.version}"]
    if machine.is_virtual:
        lines.append("virtual_board = True")
    elif machine.kind == "board":
        lines.append(f"machine_name = {machine.host}")
    else:
        lines.append(f"spalloc_server = {machine.server}")
        if user is not None and not urlsplit(machine.server).scheme:
            lines.append(f"spalloc_user = {user}")
    return "\n".join([*lines, "", "[Mode]", "mode = Production", ""])


def _whole(name: str, settings: Mapping[str, Any], findings: list[Finding]) -> int | None:
    value = settings.get(name)
    wrong = [] if value is None else check_count("spinnaker", name, value)
    findings += wrong
    return None if wrong else value


def _address(
    name: str, needed_by: str, kind: str, settings: Mapping[str, Any], findings: list[Finding]
) -> str:
    """An address that one kind of machine needs; never one with a password in it."""
    value = settings.get(name)
    if value is None:
        if kind == needed_by:
            why = f"machine={kind!r} needs it, and it is not set"
            findings.append(_wrong(name, why, f"set {name}"))
        return ""
    if not isinstance(value, str) or not value or value.split() != [value]:
        findings.append(_wrong(name, f"expected an address, got {value!r}"))
        return ""
    if "@" in value:
        findings.append(
            _wrong(
                name,
                "a user and a password in an address would be kept in every recording, so they "
                "are refused here",
                "leave them out, and set the environment variables SPALLOC_USER and "
                "SPALLOC_PASSWORD, or use machine='cfg'",
            )
        )
        return ""
    if kind != needed_by:
        why = f"it is for machine={needed_by!r}, and the machine is {kind!r}"
        findings.append(_wrong(name, why, f"remove it, or set machine={needed_by!r}"))
    return value


def _wrong(name: str, why: str, remedy: str = "change the setting") -> Finding:
    return wrong_setting("spinnaker", name, why, remedy)
