"""What a deployment refuses before anything is computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurobridge import NetworkBuilder, models
from neurobridge.errors import (
    BackendError,
    BackendUnavailableError,
    ExperimentError,
    FindingsError,
    NetworkError,
    UnknownNameError,
)
from tests.unit.deployment.networks import crowd, planned, random_network, without_tools

pytestmark = pytest.mark.usefixtures("without_tools")
__all__ = ["without_tools"]


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        ({"to": "loihi"}, UnknownNameError, "unknown target 'loihi'.*NIR"),
        ({"to": "spinaker"}, UnknownNameError, "did you mean 'spinnaker'"),
        ({"splt": 2}, UnknownNameError, "did you mean 'split'"),
        ({"spalloc_password": "x"}, BackendError, "of a password or token"),
        ({"server": "https://me:hush@host"}, BackendError, "a user and a password in an address"),
        ({"headroom": 0.5}, ExperimentError, "a number of at least 1, got 0.5"),
        ({"headroom": True}, ExperimentError, "got True"),
        ({"version": 4}, FindingsError, "expected 3 or 5, got 4"),
        ({"boards": 0}, FindingsError, "at least 1, got 0"),
        ({"by": "colour"}, UnknownNameError, "unknown label 'colour'"),
        ({"dt": 0.05}, FindingsError, "dt_too_short"),
        ({"accept": ["nonsense"]}, UnknownNameError, "unknown approximation to accept"),
        ({"accept": "weights_rounded"}, NetworkError, "expected a list of names"),
        ({"neurons_per_core": 300}, FindingsError, "from 1 to 256, got 300"),
    ],
)
def test_bad_input_is_refused_in_words(
    rng: np.random.Generator, settings: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        planned(random_network(rng), **settings)


def test_a_credential_is_not_repeated(rng: np.random.Generator) -> None:
    with pytest.raises(BackendError) as caught:
        planned(random_network(rng), server="https://me:hush@host")
    assert "hush" not in str(caught.value)


def test_a_network_that_is_too_large_for_the_machine(rng: np.random.Generator) -> None:
    """A core each for 19 neurons and 17 more for sources and stimuli: 63 cores are enough."""
    network = random_network(rng)
    assert not planned(network, version=3, neurons_per_core=1).stopped
    large = planned(crowd(n=17_000), version=3)  # 67 cores of sources, and one
    assert not large.mapping.fits
    assert large.stopped
    (finding,) = [f for f in large.findings if f.code == "too_large_for_machine"]
    assert "about 68 cores on 5 chips, 2 boards; the machine has 63 cores" in finding.why
    assert "set version=5" in finding.remedy
    assert not planned(crowd(n=17_000), version=5, boards=1).stopped


def test_a_chip_model_that_is_not_installed_is_said_at_once(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neurobridge.deployment.chip_model.find_spec", lambda name: None)
    monkeypatch.setattr("neurobridge.deployment.plan.job_of", None)
    with pytest.raises(BackendUnavailableError, match="install it: pip install"):
        planned(random_network(rng), chip_model=True)


def test_sources_alone() -> None:
    b = NetworkBuilder()
    b.population("input", 2, models.spike_source)
    with pytest.raises(NetworkError, match="sources only"):
        planned(b.build())
