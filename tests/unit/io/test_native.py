"""The native file: round trips, damage of every kind, and how it is written."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
import pkgutil
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurobridge.graph
from neurobridge.errors import FileFormatError, NetworkError
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.edges import Edges
from neurobridge.graph.equations import Equation
from neurobridge.graph.labels import Labels
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.projection import Projection
from neurobridge.io import native
from neurobridge.io.arrays import MAP_FROM, ArrayEntry
from neurobridge.io.manifest import MANIFEST
from neurobridge.io.native import load, save
from neurobridge.io.structure import CLASSES
from neurobridge.models.lif import lif_exp
from neurobridge.models.source import spike_source
from tests.property.strategies import own_model
from tests.unit.graph.networks import small

PRE = "projections.rec.edges.pre"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save(small(), tmp_path / "net")


def test_everything_comes_back(folder: Path) -> None:
    network, again = small(), load(folder)
    assert again == network
    assert again.id == network.id
    assert again.population("cell").ids.tolist() == [2**60, 2**60 + 1, 7, -3]
    assert again.metadata["tags"] == ("a", {"b": 1})


def test_history_comes_back(tmp_path: Path) -> None:
    network = small().silence("cell", [1, 3]).scale("rec", 2.0).with_parameters("cell", tau_m=3.0)
    again = load(save(network, tmp_path / "net"))
    assert again.history == network.history
    assert again.history[0].arguments["neurons"].tolist() == [1, 3]


def test_a_model_of_the_user_needs_no_code_of_the_user(tmp_path: Path) -> None:
    net = NetworkBuilder()
    net.population("x", 2, own_model, drift=[1, 2])
    save(net.build(), tmp_path / "net")
    code = (
        "import sys; from neurobridge.io.native import load; "
        f"m = load({str(tmp_path / 'net')!r}).population('x').model; "
        "print(m.name, m.weight_unit('in'), m.parameters['tau'].default, m.initial['x']); "
        "print('tests.property.strategies' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "leaky_drift nA 7 ms x0\nFalse\n"


def test_arrays_are_read_only_files_of_numpy(folder: Path) -> None:
    edges = load(folder).projections["rec"].edges
    with pytest.raises(ValueError, match="read-only"):
        edges.pre[0] = 1
    np.testing.assert_array_equal(np.load(folder / f"{PRE}.npy", allow_pickle=False), edges.pre)


def test_large_arrays_are_maps_of_their_files(tmp_path: Path) -> None:
    n = MAP_FROM // 4
    edges, _ = Edges.from_pairs(np.zeros(n, np.int32), np.zeros(n, np.int32), 1, 1)
    cell = Population("a", 1, lif_exp)
    network = Network({"a": cell}, {"p": Projection("p", "a", "a", edges, np.ones(n), 1.0)})
    again = load(save(network, tmp_path / "net"))
    base: Any = again.projections["p"].edges.pre
    while isinstance(base, np.ndarray):
        base = base.base
    assert type(base).__name__ == "mmap"
    assert again.id == network.id
    (tmp_path / "moved").mkdir()
    save(again, tmp_path / "net", overwrite=True)  # replaces the files that it is reading
    assert load(tmp_path / "net") == network


def test_an_array_that_is_shared_is_written_once(tmp_path: Path) -> None:
    network = small()
    rec = network.projections["rec"]
    twice = network.with_projection(Projection("again", "cell", "cell", rec.edges, rec.weight, 3.0))
    save(twice, tmp_path / "net")
    assert len(list((tmp_path / "net").glob("*edges.pre.npy"))) == 2  # drive and rec
    assert load(tmp_path / "net").id == twice.id


def test_labels_that_no_file_system_takes(tmp_path: Path) -> None:
    names = ["a/b", "a_b", "A_B", "..", "µ", "x" * 300, ""]
    labels = Labels({name: ["l", f"r{i}"] for i, name in enumerate(names)})
    network = Network({"a": Population("a", 2, spike_source, labels=labels)})
    again = load(save(network, tmp_path / "net"))
    assert again == network
    assert list(again.population("a").labels.columns) == names
    files = [p.name.lower() for p in (tmp_path / "net").iterdir()]
    assert len(files) == len(set(files)) == len(names) + 2  # ids and the manifest


def test_every_dataclass_of_a_network_can_be_saved() -> None:
    found = set()
    for module in pkgutil.iter_modules(neurobridge.graph.__path__, "neurobridge.graph."):
        content = vars(importlib.import_module(module.name)).values()
        found |= {c for c in content if isinstance(c, type) and dataclasses.is_dataclass(c)}
    ours = {c for c in found if c.__module__.startswith("neurobridge.graph.")}
    assert set(CLASSES.values()) == ours - {Equation}  # equations are saved as the model's text


@pytest.mark.parametrize("dtype", ["<i8", "|b1", "<f2", "<U7", ">u4"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 5), (12345678,)])
def test_headers_are_those_of_numpy(dtype: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    entry = ArrayEntry("x.npy", dtype, shape, "")
    assert len(entry.header) % 64 == 0
    (tmp_path / "x.npy").write_bytes(entry.header)
    with (tmp_path / "x.npy").open("rb") as file:
        assert np.lib.format.read_magic(file) == (1, 0)
        assert np.lib.format.read_array_header_1_0(file) == (shape, False, np.dtype(dtype))


# -- how it is written ----------------------------------------------------------------------------


def test_nothing_is_replaced_unasked(folder: Path) -> None:
    message = f"{folder} exists; choose another name, or replace it with overwrite=True"
    with pytest.raises(FileFormatError, match=re.escape(message)):
        save(small().scale("rec", 2.0), folder)
    assert load(folder).id == small().id
    other = small().scale("rec", 2.0)
    save(other, folder, overwrite=True)
    assert load(folder).id == other.id
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]


def test_what_is_no_network_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").write_text("...")
    message = f"{tmp_path / 'thesis'} is not a saved network, so it is not replaced"
    with pytest.raises(FileFormatError, match=re.escape(message)):
        save(small(), tmp_path / "thesis", overwrite=True)
    assert (tmp_path / "thesis" / "chapter1.tex").exists()


def test_a_failed_save_leaves_nothing_and_keeps_the_old(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(native, "write_array", fail)
    with pytest.raises(OSError, match="no space left"):
        save(small().scale("rec", 2.0), folder, overwrite=True)
    with pytest.raises(OSError, match="no space left"):
        save(small(), folder.parent / "new")
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]
    assert load(folder).id == small().id


def test_a_folder_has_the_usual_permissions(folder: Path) -> None:
    (folder.parent / "usual").mkdir()
    usual = stat.S_IMODE((folder.parent / "usual").stat().st_mode)
    assert stat.S_IMODE(folder.stat().st_mode) == usual


def test_missing_parents_are_made(tmp_path: Path) -> None:
    assert load(save(small(), str(tmp_path / "a" / "b"))).id == small().id


def test_only_networks_are_saved(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="save: expected a Network, got NetworkBuilder"):
        save(NetworkBuilder(), tmp_path / "net")  # type: ignore[arg-type]


# -- what is refused ------------------------------------------------------------------------------


def refuses(folder: Path, *messages: str, verify: bool = True) -> None:
    with pytest.raises(FileFormatError) as error:
        load(folder, verify=verify)
    for message in messages:
        assert message in str(error.value)


def test_a_folder_that_is_no_network(tmp_path: Path) -> None:
    refuses(tmp_path, f"{tmp_path} has no {MANIFEST}; expected the folder of a network that")
    refuses(tmp_path / "gone", f"{tmp_path / 'gone'} is no folder")


@pytest.mark.parametrize("verify", [True, False])
def test_a_missing_array(folder: Path, verify: bool) -> None:
    (folder / f"{PRE}.npy").unlink()
    refuses(folder, f"array {PRE!r} ({folder / PRE}.npy) is missing: the manifest", verify=verify)


@pytest.mark.parametrize("verify", [True, False])
def test_a_truncated_array(folder: Path, verify: bool) -> None:
    file = folder / f"{PRE}.npy"
    content = file.read_bytes()
    file.write_bytes(content[:-3])
    refuses(folder, f"array {PRE!r}", "is truncated: expected 152 bytes, got 149", verify=verify)
    file.write_bytes(content + b"x")
    refuses(folder, f"array {PRE!r}", "is too long: expected 152 bytes, got 153", verify=verify)


@pytest.mark.parametrize(
    ("array", "got"),
    [
        (np.zeros(6, np.int64), "<i8 of shape (6,)"),
        (np.zeros(5, np.int32), "<i4 of shape (5,)"),
        (np.zeros((2, 3), np.int32, order="F"), "<i4 of shape (2, 3) in Fortran order"),
    ],
)
def test_another_array(folder: Path, array: Any, got: str) -> None:
    np.save(folder / f"{PRE}.npy", array)
    refuses(folder, f"array {PRE!r}", f"does not match: expected <i4 of shape (6,), got {got}")


def test_no_array_at_all(folder: Path) -> None:
    (folder / f"{PRE}.npy").write_text("<!DOCTYPE html>")
    refuses(folder, f"array {PRE!r}", "got a file whose header is damaged")


def test_a_tampered_array_is_found_by_its_hash(folder: Path) -> None:
    name = "projections.rec.edges.count"
    np.save(folder / f"{name}.npy", np.array([1, 2, 3, 4, 5, 7], dtype=np.uint16))
    refuses(folder, f"array {name!r}", "was changed since it was saved: expected SHA-256")
    assert load(folder, verify=False).id != small().id  # unverified means what it says


def test_any_changed_byte_of_an_array_is_found(folder: Path) -> None:
    file = folder / f"{PRE}.npy"
    content = file.read_bytes()
    for place in range(len(content)):
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        refuses(folder, f"{PRE}.npy")


def edit(folder: Path, change: Callable[[dict[str, Any]], object], rehash: bool = True) -> None:
    """Change the manifest, and its own hash with it, as a forger would."""
    file = folder / MANIFEST
    content = json.loads(file.read_text())
    change(content)
    if rehash and "hash" in content:
        content["hash"] = "0" * 64
        text = json.dumps(content, indent=1) + "\n"
        content["hash"] = hashlib.sha256(text.encode()).hexdigest()
    file.write_text(json.dumps(content, indent=1) + "\n")


def test_an_edited_manifest_is_found(folder: Path) -> None:
    edit(folder, lambda m: m["network"]["metadata"]["entries"].update(dataset="x"), rehash=False)
    refuses(
        folder, f"{folder / MANIFEST}, key 'hash': the manifest was changed since it was written"
    )
    refuses(
        folder, "key 'hash'", "Edit the network, not the file: load, change, save", verify=False
    )


def test_a_manifest_that_is_no_json(folder: Path) -> None:
    text = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(text[: len(text) // 2])
    refuses(folder, f"{folder / MANIFEST} is damaged, it is not JSON:")


def cell_of(manifest: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = manifest["network"]["populations"]["entries"]["cell"]
    return found


FORGED: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no schema": (lambda m: m.pop("schema"), "key 'schema': expected 'neurobridge-network/2', but"),
    "another schema": (
        lambda m: m.update(schema="sonata/1"),
        "key 'schema': expected 'neurobridge-network/2', got 'sonata/1'",
    ),
    "a connectome": (
        lambda m: m.update(schema="neurobridge-connectome/1"),
        "got 'neurobridge-connectome/1'; read it with Connectome.load",
    ),
    "a newer version": (
        lambda m: m.update(schema="neurobridge-network/3", written_by="neurobridge 9.0"),
        "key 'schema': this neurobridge reads version 2 of the format, got version 3, written by "
        "neurobridge 9.0. Install that version to read it",
    ),
    "no id": (lambda m: m.pop("id"), "key 'id' is missing"),
    "another key": (lambda m: m.update(aray=1), "unknown key 'aray'; did you mean 'arrays'?"),
    "another id": (lambda m: m.update(id="f" * 64), "key 'id': expected ffffffffffff..., but the"),
    "no arrays": (lambda m: m.update(arrays=[]), "key 'arrays': expected an object"),
    "array entry": (
        lambda m: m["arrays"][PRE].pop("dtype"),
        f"key 'arrays.{PRE}': expected file, dtype, shape and sha256, got",
    ),
    "a path": (
        lambda m: m["arrays"][PRE].update(file="../../secret.npy"),
        f"key 'arrays.{PRE}': expected the name of a .npy file in the folder, got '../../",
    ),
    "objects": (
        lambda m: m["arrays"][PRE].update(dtype="|O"),
        f"key 'arrays.{PRE}': expected a dtype of numbers or fixed-width text, got '|O'",
    ),
    "shape": (
        lambda m: m["arrays"][PRE].update(shape=[-1]),
        f"key 'arrays.{PRE}': expected a shape of whole numbers, got [-1]",
    ),
    "array sha256": (
        lambda m: m["arrays"][PRE].update(sha256="0" * 64),
        f"array {PRE!r}",
    ),
    "unknown array": (
        lambda m: m["network"]["projections"]["entries"]["rec"]["edges"]["pre"].update(name="prr"),
        "key 'network.projections.rec.edges.pre': there is no array 'prr' in the manifest",
    ),
    "unknown type": (
        lambda m: cell_of(m).update(type="Populations"),
        "key 'network.populations.cell': unknown type 'Populations'; did you mean 'Population'?",
    ),
    "missing field": (
        lambda m: cell_of(m).pop("size"),
        "key 'network.populations.cell': the Population lacks field 'size'",
    ),
    "another field": (
        lambda m: cell_of(m).update(colour="red"),
        "key 'network.populations.cell': the Population has an unknown field 'colour'",
    ),
    "a contradiction": (
        lambda m: cell_of(m).update(size=5),
        "key 'network.populations.cell': population 'cell', parameter 'tau_m': expected one number",
    ),
    "a wrong value": (
        lambda m: cell_of(m).update(labels=3),
        "key 'network.populations.cell': 'int' object has no attribute 'check_size'",
    ),
    "no network": (
        lambda m: m.update(network=cell_of(m)),
        "key 'network': expected a Network, got Population",
    ),
    "a name that is none": (
        lambda m: m["network"]["projections"]["entries"]["rec"]["edges"]["pre"].update(name=[1]),
        "key 'network': unhashable type: 'list'",
    ),
    "half a mapping": (
        lambda m: m["network"]["populations"].pop("entries"),
        "key 'network.populations': expected 'entries' and nothing else beside 'type'",
    ),
}


@pytest.mark.parametrize(("change", "message"), FORGED.values(), ids=FORGED.keys())
def test_a_manifest_with_a_valid_hash_is_still_checked(
    folder: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    edit(folder, change)
    refuses(folder, message)


def test_a_forger_without_a_change_succeeds(folder: Path) -> None:
    """So the tests above fail for the reason that they give."""
    before = (folder / MANIFEST).read_bytes()
    edit(folder, lambda _: None)
    assert (folder / MANIFEST).read_bytes() == before
    assert load(folder).id == small().id
