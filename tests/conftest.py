"""Fixtures of the whole suite: every test draws from a stream of its own."""

from __future__ import annotations

import signal
from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import settings

from tests.requirements import in_ci

# A property test is a claim, not a lottery: the same examples on every run, no time limit.
settings.register_profile("neurobridge", derandomize=True, deadline=None, print_blob=False)
settings.load_profile("neurobridge")

# A suite that was started in the background inherits that Ctrl-C is ignored; tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)


LONG_FILES = (
    "test_identical_spikes.py",
    "test_scenarios.py",
    "test_examples.py",
    "test_brian2_rates.py",
    "test_brian2_engine.py",
    "test_chip_model.py",
    "test_native.py",
    "test_native_engine.py",
    "test_killed.py",
    "test_torch_jacobians.py",
)
"""Files that take minutes. They come first, so that no process ends with one of them alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, in the order given; everything else as it was."""
    place = {name: number for number, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """A 31-bit seed that depends on nothing but the test's own name."""
    name = request.node.nodeid.rpartition("/")[2]
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "little") >> 1


@pytest.fixture
def rng(seed: int) -> np.random.Generator:
    """A NumPy generator seeded by the test's own name."""
    return np.random.default_rng(seed)


def pytest_report_header() -> str:
    """Say at the top whether a missing simulator is a failure or a skip."""
    return f"neurobridge: a missing simulator is a {'failure (CI)' if in_ci() else 'skip'}"
