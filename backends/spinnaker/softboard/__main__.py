"""``python -m neurobridge.backends.spinnaker.softboard SCRIPT.py [ARGUMENTS ...]``.

Runs a PyNN script for ``pyNN.spiNNaker`` in the chip model. The script sees its arguments as if it
had been started by itself; it is told nothing of the model.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from neurobridge.backends.spinnaker.softboard.installation import install


def main(arguments: list[str]) -> None:
    """Run the script that ``arguments`` begins with."""
    if not arguments or not Path(arguments[0]).is_file():
        given = f"{arguments[0]!r} is not a file" if arguments else "no script was given"
        raise SystemExit(
            f"{given}; usage: python -m {__spec__.parent if __spec__ else __package__} "
            "SCRIPT.py [ARGUMENTS ...]"
        )
    install()
    sys.argv = arguments
    sys.path[0] = str(Path(arguments[0]).resolve().parent)
    runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
