"""The native file: any network survives it, and any changed byte is found."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurobridge.errors import FileFormatError
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.io.native import load, save
from neurobridge.models.source import spike_source
from tests.property.strategies import networks

generating_is_slow = settings(
    max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@given(networks())
@generating_is_slow
def test_a_network_survives_the_file(network: Network) -> None:
    with tempfile.TemporaryDirectory() as folder:
        save(network, Path(folder) / "net")
        again = load(Path(folder) / "net")
        unverified = load(Path(folder) / "net", verify=False)
    assert again == network
    assert again.id == network.id == unverified.id  # the last computed from the arrays alone
    assert list(again.metadata.items()) == list(network.metadata.items())
    for name in network.projections:
        np.testing.assert_array_equal(again.weights(name), network.weights(name))


@given(networks())
@generating_is_slow
def test_saving_twice_gives_the_same_bytes(network: Network) -> None:
    with tempfile.TemporaryDirectory() as folder:
        a, b = Path(folder) / "a", Path(folder) / "b"
        save(network, a)
        save(load(a), b)
        assert {p.name: p.read_bytes() for p in a.iterdir()} == {
            p.name: p.read_bytes() for p in b.iterdir()
        }


@given(networks(), st.data())
@generating_is_slow
def test_any_changed_byte_is_found(network: Network, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = sorted(save(network, Path(folder) / "net").iterdir())
        file = data.draw(st.sampled_from(files))
        content = bytearray(file.read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
        file.write_bytes(content)
        with pytest.raises(FileFormatError) as error:
            load(file.parent)
    assert file.name in str(error.value)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, unique=True))
@settings(max_examples=40)
def test_ids_beyond_floats_are_exact(ids: list[int]) -> None:
    cells = Population("a", len(ids), spike_source, ids=np.array(ids, dtype=np.int64))
    with tempfile.TemporaryDirectory() as folder:
        found = load(save(Network({"a": cells}), Path(folder) / "net")).population("a")
    assert found.ids.dtype == np.int64
    assert found.ids.tolist() == ids
    np.testing.assert_array_equal(found.index_of(ids[::-1]), np.arange(len(ids))[::-1])
