"""A network as a folder that anyone with sPyNNaker can run and check."""

from __future__ import annotations

__all__ = ["write_bundle"]

import json
import shutil
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.spinnaker.check_script import checksums
from neurobridge.backends.spinnaker.credentials import refuse_credentials
from neurobridge.backends.spinnaker.machine import Machine, cfg_text
from neurobridge.backends.spinnaker.mapping import MachineMapping
from neurobridge.backends.spinnaker.project import write_project
from neurobridge.backends.spinnaker.readme import bundle_readme
from neurobridge.errors import BackendError
from neurobridge.lowering.chip.network import ChipNetwork, ChipResult

PINNED = {
    "spynnaker": "1!7.4.1",
    "pynn": "0.13.0",
    "numpy": "",
    "scipy": "",
    "neo": "",
    "quantities": "",
}
"""Packages of requirements.txt, and the version if another one is installed here, or none."""
CFG = {
    "board.cfg": Machine(kind="board", host="192.168.240.1", boards=1),
    "board_of_4_chips.cfg": Machine(kind="board", host="192.168.240.253", version=3, boards=1),
    "spalloc.cfg": Machine(kind="spalloc", server="https://spinnaker.cs.man.ac.uk/spalloc/"),
    "virtual.cfg": Machine(kind="virtual"),
}

EBRAINS = """\
# The queue of EBRAINS brings its own machine: nothing is to be named here.
[Machine]
version = 5

[Mode]
mode = Production
"""


def write_bundle(
    folder: str | Path,
    network: ChipNetwork,
    *,
    expected: ChipResult,
    manifest: Mapping[str, Any],
    reports: Mapping[str, Any],
    time_scale_factor: int | None = None,
) -> Path:
    """Write a folder with the network, the script that runs it, and what should come out.

    Parameters
    ----------
    folder : str or Path
        New, or empty.
    network : ChipNetwork
    expected : ChipResult
        Of the twin, for this network.
    manifest : mapping
        What else is known about the network, for ``manifest.json``: seed, settings, findings ...
    reports : mapping of str to anything
        By name of the file, with or without its suffix: bytes are written, a path is copied, a
        :class:`~neurobridge.backends.spinnaker.mapping.MachineMapping` becomes NAME.json and
        NAME.png, anything else (a mapping, or an object with ``to_dict``) NAME.json.
    time_scale_factor : int, optional
        How many times slower than real time the chip runs; 1, or more for steps below 1 ms.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    BackendError
        If the folder is not empty, the expected result is not that of the network, or a value looks
        like a password.
    """
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BackendError(f"{target} is a file, or not empty; choose a new folder")
    files = dict(_report_files(reports))
    refuse_credentials(dict(manifest), "the manifest")
    arrays = dict(_expected_arrays(network, expected))
    scale = Machine(time_scale_factor=time_scale_factor).scale(network.dt)
    write_project(target, network, time_scale_factor=scale, extra=manifest)
    np.savez_compressed(target / "expected.npz", **arrays)  # type: ignore[arg-type]
    shutil.copyfile(Path(__file__).with_name("check_script.py"), target / "check.py")
    mapping = next((r for r in reports.values() if isinstance(r, MachineMapping)), None)
    texts = {
        "requirements.txt": "".join(f"{name}=={_pin(name)}\n" for name in PINNED),
        "README.md": bundle_readme(network, expected, scale, mapping, sorted(files)),
        **{f"cfg/{name}": cfg_text(machine) for name, machine in CFG.items()},
        "cfg/ebrains.cfg": EBRAINS,
    }
    for name, text in texts.items():
        refuse_credentials(text, name)
        files[name] = text.encode()
    for name, content in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if mapping is not None:
        name = next(n for n, r in reports.items() if r is mapping)
        mapping.draw((target / name).with_suffix(".png"))
    return target


def _report_files(reports: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    for name, report in reports.items():
        if isinstance(report, Path):
            yield name if Path(name).suffix else name + report.suffix, report.read_bytes()
        elif isinstance(report, bytes):
            yield name, report
        else:
            value = report.to_dict() if hasattr(report, "to_dict") else report
            refuse_credentials(value, f"report {name!r}")
            yield f"{Path(name).stem}.json", _json(value)


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, default=_plain) + "\n").encode()


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays as those of JSON."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return str(value)


def _expected_arrays(
    network: ChipNetwork, expected: ChipResult
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Spikes as they are, a checksum for every step of every recorded state."""
    for p in network.populations:
        if "spikes" in p.record:
            if p.name not in expected.spikes:
                raise BackendError(f"expected: there are no spikes of {p.name!r}")
            step, neuron = expected.spikes[p.name]
            yield f"{p.name}.spikes.step", step
            yield f"{p.name}.spikes.neuron", neuron
        for variable in p.record:
            if variable == "spikes":
                continue
            states = expected.states.get((p.name, variable), np.zeros((0, 0), np.int32))
            shape = network.n_steps, p.neurons(variable).size
            if states.shape != shape:
                raise BackendError(
                    f"expected: {variable} of {p.name!r} has shape {states.shape}, not {shape}"
                )
            yield f"{p.name}.{variable}.checksums", checksums(states)


def _pin(package: str) -> str:
    if PINNED[package]:
        return PINNED[package]
    try:
        return version(package)
    except PackageNotFoundError as err:
        raise BackendError(
            f"{package} is not installed, so its version for requirements.txt is not known: "
            'pip install "neurobridge-sim[spinnaker]"'
        ) from err
