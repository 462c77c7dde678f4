"""``python -m neurobridge.backends.fixedpoint.verify FILE.json ...``: the twin and the binaries.

Every integer in the files is compared. One line a file, then ``N passed, N failed``; the exit code
is 0 if none failed.
"""

from __future__ import annotations

__all__ = ["main", "verify_file"]

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from neurobridge.backends.fixedpoint.comparison import Tally, compare
from neurobridge.backends.fixedpoint.simulate import Twin
from neurobridge.backends.fixedpoint.vectors import format_errors, network_of, read_vectors
from neurobridge.errors import NeurobridgeError


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify the files that the command line names; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m neurobridge.backends.fixedpoint.verify",
        description="Compare the twin of SpiNNaker's arithmetic with recorded vectors of the "
        "shipped binaries, every integer. The exit code is 0 if every file agrees, else 1.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE.json", type=Path, help="vector files")
    passed = failed = 0
    for path in parser.parse_args(arguments).files:
        good, line = _line(path)
        passed, failed = passed + good, failed + (not good)
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{passed} passed, {failed} failed\n")
    return 1 if failed else 0


def verify_file(path: Path) -> Tally:
    """Run the network of a vector file and compare every integer.

    Raises
    ------
    NeurobridgeError
        If the file is not what it should be, or the network cannot be run.
    """
    content = read_vectors(path)
    network = network_of(content)
    created = [p["name"] for p in content["populations"]]
    with format_errors():
        twin = Twin(network, arrival=created, extended=True)
    twin.run()
    return compare(content, twin)


def _line(path: Path) -> tuple[bool, str]:
    try:
        tally = verify_file(path)
    except NeurobridgeError as error:
        return False, f"FAILED {path}: {' '.join(str(error).split())}"
    count = f"{tally.compared} integers compared, {tally.mismatches} mismatches"
    if tally.mismatches:
        return False, f"FAILED {path}: {count}; first: {tally.first}"
    if not tally.compared:
        return False, f"FAILED {path}: it holds nothing to compare"
    return True, f"passed {path}: {count}"


if __name__ == "__main__":
    raise SystemExit(main())
