"""Where the command line starts: commands are called, and errors become messages and codes."""

from __future__ import annotations

__all__ = [
    "AGREED",
    "BAD_INPUT",
    "CRASHED",
    "DIFFERENT",
    "INTERRUPTED",
    "NOT_CONVERGED",
    "main",
]

import sys
from collections.abc import Sequence

from neurobridge.errors import NeurobridgeError

AGREED, CRASHED, BAD_INPUT, DIFFERENT, NOT_CONVERGED, INTERRUPTED = 0, 1, 2, 3, 4, 130
"""Exit codes."""

DEBUG = "--debug"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those that the process was started with.

    Returns
    -------
    int
        0 fine (all runs agree), 3 runs differ, 4 not converged, 2 errors in the input, 1 a crash,
        130 interrupted.
    """
    from neurobridge.cli.app import app

    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = DEBUG in given
    try:
        app([a for a in given if a != DEBUG], prog_name="neurobridge")
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else CRASHED
    except NeurobridgeError as err:
        _say(str(err), debug)
        return BAD_INPUT
    except BrokenPipeError:
        sys.stderr.close()
        return CRASHED
    except OSError as err:
        if err.filename is None:
            return _crashed(err, debug)
        reason = err.strerror or type(err).__name__
        _say(f"{err.filename} cannot be read or written: {reason}; choose another place", debug)
        return BAD_INPUT
    except Exception as err:
        return _crashed(err, debug)
    return AGREED


def _crashed(err: Exception, debug: bool) -> int:
    _say(f"{type(err).__name__}: {err}\nThis is a fault of neurobridge, not of yours.", debug)
    return CRASHED


def _say(message: str, debug: bool) -> None:
    """Print an error to stderr; with ``--debug`` after its traceback."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, soft_wrap=True)
    if debug:
        console.print_exception(show_locals=False)
    console.print(Text.assemble(("error  ", "bold red"), message), highlight=False)
    if not debug:
        console.print(Text(f"       {DEBUG} shows where it happened", "dim"), highlight=False)
