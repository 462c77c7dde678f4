"""What a run that failed said, in plain words."""

from __future__ import annotations

__all__ = ["explain"]

import re
import signal
from itertools import dropwhile, takewhile

_KNOWN = (
    (
        r"SynapseRowTooBig",
        "a neuron has more than 256 synapses onto one core: merge parallel edges, or set "
        "neurons_per_core lower",
    ),
    (
        r"DelayExtension|max delay supported",
        "a delay is longer than the ring buffers: shorten delays, or choose a larger dt",
    ),
    (
        r"out of range|cannot be converted to 16\.15",
        "a value does not fit into a fixed-point number of the chip (65,536 at most)",
    ),
    (
        r"Neither cfg|No machine|NoConfigFound",
        "sPyNNaker was told of no machine: name one in ~/.spynnaker.cfg, or use machine='board' or "
        "'spalloc'",
    ),
    (
        r"SpallocBoardUnavailable|PacmanPlaceException|PacmanTooBigToPlace|CanNotFindChip|"
        r"PacmanPartitionException|does not support multiple boards|"
        r"[Nn]ot enough|No resources",
        "the machine has too few cores or boards for the network: ask for more boards, raise "
        "neurons_per_core, or use a smaller network",
    ),
    (
        r"Spalloc|spalloc",
        "the spalloc server did not give a machine: check its address, SPALLOC_USER and "
        "SPALLOC_PASSWORD, and whether boards are free",
    ),
    (
        r"SpinnmanBootException|SpinnmanIOException|SpinnmanTimeoutException|"
        r"Failed to communicate|No route to host|Connection refused|timed out",
        "the board did not answer: check that it has power, its cable, its address and its version",
    ),
    (
        r"MinimisationFailed",
        "a chip needs more than 1,023 routing entries: use larger populations, or fewer",
    ),
    (
        r"CantFindSDRAM|SDRAM",
        "a chip has too little memory for its synapses and recordings: record less, or set "
        "neurons_per_core lower",
    ),
    (
        r"CoresNotInState|RUN_TIME_EXCEPTION|WATCHDOG|ExecutableFailedToSt|ChipError",
        "a program on the chip stopped with an error",
    ),
    (r"ModuleNotFoundError|ImportError", "a package is missing or does not load"),
    (r"MemoryError", "this computer has too little memory"),
)
"""What its last words match, and what it means; the first that fits."""
_LAST_LINES = 6


def explain(code: int, out: str, err: str) -> str:
    """A message from the exit code of a process and what it wrote."""
    if code < 0:
        name = signal.Signals(-code).name
        hint = "; this is what happens without enough memory" if name == "SIGKILL" else ""
        return f"the run on SpiNNaker was ended by the signal {name}{hint}.\n{_end(out, err)}"
    last = _error(err) or _end(out, err)
    for pattern, words in _KNOWN:
        if re.search(pattern, last):
            return f"the run on SpiNNaker failed: {words}. It said:\n{last}"
    return f"the run on SpiNNaker failed. It said:\n{last}"


def _error(err: str) -> str:
    """The exception that ended it: what follows the last traceback's indented lines."""
    lines = err.splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("Traceback ")]
    if not starts:
        return ""
    rest = lines[starts[-1] + 1 :]
    said = list(dropwhile(lambda line: not line or line[0].isspace(), rest))
    return "\n".join(takewhile(str.strip, said[:_LAST_LINES]))


def _end(out: str, err: str) -> str:
    lines = [line for line in (err.strip() or out.strip()).splitlines() if line.strip()]
    return "\n".join(lines[-_LAST_LINES:])
