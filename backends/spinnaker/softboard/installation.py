"""What of sPyNNaker is replaced while the chip model is installed.

* ``spynnaker.pyNN.SpiNNaker``, the class of the simulator that ``setup()`` makes, by one whose
  steps on hardware run in the chip model.
* ``spynnaker.pyNN.spinnaker.setup_configs``, which looks for the user's ``~/.spynnaker.cfg`` and
  writes one if there is none, by one that takes settings of our own.

Two more things are touched where they are needed: ``ProvenanceWriter.insert_core`` while counts are
read (:mod:`provenance`), and what projections remember of a virtual board (:mod:`simulator`).
"""

from __future__ import annotations

__all__ = ["install", "last_run", "uninstall"]

import atexit
import shutil
import tempfile
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurobridge.errors import BackendError, BackendUnavailableError

if TYPE_CHECKING:
    from neurobridge.backends.spinnaker.softboard.report import ChipRun

_replaced: dict[str, Any] = {}
_folder: list[Path] = []
"""Where sPyNNaker keeps its databases; removed when the process ends."""


def install(settings: Mapping[str, Mapping[str, str]] | None = None) -> None:
    """Let ``pyNN.spiNNaker`` run networks in the chip model, from its next ``setup()`` on.

    Parameters
    ----------
    settings : mapping of str to mapping of str to str, optional
        Settings of sPyNNaker by section and option, e.g. ``{"Simulation": {...}}``. The user's
        own file of settings is neither read nor written.

    Raises
    ------
    BackendUnavailableError
        sPyNNaker or Unicorn is not installed.
    """
    try:
        from neurobridge.backends.spinnaker.softboard.simulator import ChipSimulator
    except ImportError as err:
        raise BackendUnavailableError(
            f"the chip model needs sPyNNaker and Unicorn ({err}): "
            "pip install 'neurobridge-sim[spinnaker-sim]'"
        ) from err
    if not _folder:
        _folder.append(Path(tempfile.mkdtemp(prefix="softboard-")))
        atexit.register(shutil.rmtree, _folder[0], ignore_errors=True)
    package, module = _modules()
    _replaced.setdefault("SpiNNaker", package.SpiNNaker)
    _replaced.setdefault("setup_configs", module.setup_configs)
    package.SpiNNaker = ChipSimulator
    module.setup_configs = _own_settings(settings or {})


def uninstall() -> None:
    """Put back what was replaced; a simulator that is set up goes on as it is."""
    if _replaced:
        package, module = _modules()
        package.SpiNNaker = _replaced.pop("SpiNNaker")
        module.setup_configs = _replaced.pop("setup_configs")


def last_run() -> ChipRun:
    """What is known about the last run.

    Raises
    ------
    BackendError
        Nothing has run, or the last run failed.
    """
    run = None
    if _folder:
        from neurobridge.backends.spinnaker.softboard.simulator import ChipSimulator

        run = ChipSimulator.last_run
    if run is None:
        raise BackendError(
            "there is no run in the chip model that ended well: install(), then sim.run(t)"
        )
    return run


def _own_settings(extra: Mapping[str, Mapping[str, str]]) -> Callable[[], None]:
    def setup_configs() -> None:
        from spinn_utilities.config_holder import set_cfg_files
        from spynnaker.pyNN.config_setup import setup_configs as original

        from neurobridge.backends.spinnaker.softboard.settings import make_settings

        original()
        path = make_settings(_folder[0], extra)
        set_cfg_files(config_file=None, default=str(path))

    return setup_configs


def _modules() -> tuple[Any, Any]:
    """The modules in which names are replaced."""
    return import_module("spynnaker.pyNN"), import_module("spynnaker.pyNN.spinnaker")
