"""The native file of a network: a folder with a manifest and one ``.npy`` file per array.

``docs/file_format.md`` describes it. It holds everything that the network is made of, the
declarations of its neuron models included, so it can be read without the code that made it.
"""

from __future__ import annotations

__all__ = ["load", "save"]

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

import neurobridge
from neurobridge.content import array_digests, content_hash
from neurobridge.errors import FileFormatError, NetworkError
from neurobridge.graph.network import Network
from neurobridge.io.arrays import ArrayEntry, open_array, write_array
from neurobridge.io.manifest import MANIFEST, Manifest, is_network_folder
from neurobridge.io.structure import decode, encode


def save(network: Network, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write a network into a folder.

    The folder appears at once and complete, or not at all: it is written beside its place under
    another name, and then renamed.

    Parameters
    ----------
    network : Network
    folder : str or Path
        It must not exist yet, unless ``overwrite`` is set; missing parents are made.
    overwrite : bool
        Replace a network that was saved there. Anything else is never replaced.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    FileFormatError
        If the folder exists and may not be replaced.
    NetworkError
        If ``network`` is something else.
    """
    if not isinstance(network, Network):
        raise NetworkError(f"save: expected a Network, got {type(network).__name__}")
    folder = Path(folder)
    _may_write(folder, overwrite)
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = _beside(folder, "part")
    part.mkdir()
    try:
        _write(network, part)
        _put_in_place(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def load(folder: str | Path, verify: bool = True) -> Network:
    """Read a network from a folder that :func:`save` wrote.

    Large arrays are maps of their files: they take memory only where they are used, and processes
    that load the same folder share it.

    Parameters
    ----------
    folder : str or Path
    verify : bool
        Compare the hash of every array with the manifest, and the id of the network with the one
        that it had. Without it, only sizes, dtypes and the consistency of the network are checked.

    Returns
    -------
    Network
        With the id, metadata and history that it was saved with.

    Raises
    ------
    FileFormatError
        If the folder is not a saved network, or a part of it is missing, changed, cut off, or of a
        newer version; the message names the array, or the key of the manifest.
    """
    folder = Path(folder)
    manifest = Manifest.read(folder)
    arrays = {name: open_array(folder, name, entry) for name, entry in manifest.arrays.items()}
    digests = _verified(folder, manifest, arrays) if verify else {}
    try:
        network = decode(manifest.network, arrays)
    except FileFormatError as err:
        raise FileFormatError(f"{folder / MANIFEST}, {err}") from err
    if verify:
        _check_id(network, manifest, digests, folder)
    return network


def _write(network: Network, folder: Path) -> None:
    structure, arrays = encode(network)
    entries = {}
    for (name, array), digest in zip(
        arrays.items(), array_digests(list(arrays.values())), strict=True
    ):
        entries[name] = ArrayEntry.of(array, f"{name}.npy", digest)
        write_array(folder, entries[name], array)
    Manifest(
        network.id,
        f"neurobridge {neurobridge.__version__}",
        network.n_neurons,
        network.n_edges,
        entries,
        structure,
    ).write(folder)


def _may_write(folder: Path, overwrite: bool) -> None:
    if not folder.exists():
        return
    if not overwrite:
        raise FileFormatError(
            f"{folder} exists; choose another name, or replace it with overwrite=True"
        )
    if not is_network_folder(folder):
        raise FileFormatError(
            f"{folder} is not a saved network, so it is not replaced; choose another name"
        )


def _put_in_place(part: Path, folder: Path) -> None:
    if not folder.exists():
        part.rename(folder)
        return
    old = _beside(folder, "old")
    folder.rename(old)
    try:
        part.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old)


def _beside(folder: Path, role: str) -> Path:
    return folder.parent / f".{folder.name}.{secrets.token_hex(4)}.{role}"


def _verified(
    folder: Path, manifest: Manifest, arrays: Mapping[str, NDArray[Any]]
) -> dict[int, str]:
    """The digests of all arrays by ``id(array)``, each as the manifest says."""
    digests = array_digests(list(arrays.values()))
    for (name, entry), digest in zip(manifest.arrays.items(), digests, strict=True):
        if digest != entry.sha256:
            raise FileFormatError(
                f"array {name!r} ({folder / entry.file}) was changed since it was saved: expected "
                f"SHA-256 {str(entry.sha256)[:12]}..., got {digest[:12]}.... Copy the folder "
                "again, or save the network again"
            )
    return {id(array): digest for array, digest in zip(arrays.values(), digests, strict=True)}


def _check_id(
    network: Network, manifest: Manifest, digests: Mapping[int, str], folder: Path
) -> None:
    content_hash(network, digests)  # every part keeps its hash, so the id needs no array again
    if network.id != manifest.id:
        raise FileFormatError(
            f"{folder / MANIFEST}, key 'id': expected {str(manifest.id)[:12]}..., but the content "
            f"has {network.id[:12]}...; {manifest.written_by} and neurobridge "
            f"{neurobridge.__version__} describe this network differently"
        )
