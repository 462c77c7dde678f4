"""Whether a board or a server of boards answers, found out in a few seconds.

A board that runs listens for SCP (SpiNNaker Command Protocol) on UDP port 17893 and answers the
command "version". One that was switched on but not started is silent: it takes a boot image and
says nothing.

References
----------
SpiNNaker Application Note 5: SCP specification (2011). ``spinnman/constants.py`` has the ports.
"""

from __future__ import annotations

__all__ = ["SILENT", "board_problem", "server_problem"]

import socket
import struct
from urllib.parse import urlsplit

SCP_PORT = 17893
SPALLOC_PORT = 22244
"""Of the older service, whose address is not a URL."""
SILENT = "no answer"

_VERSION = (
    struct.pack("<2x8B", 0x87, 0xFF, 0, 0xFF, 0, 0, 0, 0)  # SDP: reply expected, to chip (0, 0)
    + struct.pack("<HHIII", 0, 0, 0, 0, 0)  # SCP: command 0, CMD_VER
)


def board_problem(host: str, seconds: float = 2.0) -> str:
    """Why no board answers at ``host``: :data:`SILENT`, a sentence, or "" if one does."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
            channel.settimeout(seconds / 2)
            channel.connect((host, SCP_PORT))
            for _ in range(2):
                channel.send(_VERSION)
                try:
                    channel.recv(512)
                except TimeoutError:
                    continue
                return ""
    except ConnectionRefusedError:
        return "the machine at this address is not a SpiNNaker board: it refuses UDP port 17893"
    except socket.gaierror:
        return "there is no such address"
    except OSError as err:
        return f"it cannot be reached: {err.strerror or err}"
    return SILENT


def server_problem(server: str, seconds: float = 5.0) -> str:
    """Why no server answers: a sentence, or "" if one does."""
    url = urlsplit(server if "://" in server else f"//{server}")
    try:
        port = url.port
    except ValueError:
        return "its port is not a number"
    if port is None:
        port = {"https": 443, "http": 80}.get(url.scheme, SPALLOC_PORT)
    if not url.hostname:
        return "there is no name of a machine in it"
    try:
        socket.create_connection((url.hostname, port), timeout=seconds).close()
    except TimeoutError:
        return f"port {port} did not answer within {seconds:g} s"
    except socket.gaierror:
        return f"there is no such address: {url.hostname}"
    except OSError as err:
        return f"port {port} cannot be reached: {err.strerror or err}"
    return ""
