"""Which scale is taken, and why."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge.errors import FindingsError
from tests.unit.deployment.networks import crowd, hub, planned, random_network, without_tools

pytestmark = pytest.mark.usefixtures("without_tools")
__all__ = ["without_tools"]


def test_the_bound_if_rounding_is_harmless_with_it(rng: np.random.Generator) -> None:
    deployment = planned(random_network(rng))
    assert {s.kind for s in deployment.scales} == {"bound"}
    assert "max_summed_input" not in deployment.settings
    for scale in deployment.scales:
        assert scale.used.became_zero == 0
        assert scale.used.total < 1e-3
        assert "harmless" in scale.why
    assert all((p.bound_headroom or 1.0) >= 1.0 for p in deployment.quantisation.parts)


def test_what_a_run_needs_if_the_bound_is_too_coarse() -> None:
    """3,000 nA can arrive, 1.03 nA do: with twice that the weights have 11 bits more."""
    deployment = planned(crowd())
    (scale,) = deployment.scales
    assert scale.kind == "measured"
    assert scale.by_bound is not None
    assert scale.by_bound.total > 1e-2
    assert scale.used.total < 1e-4
    (part,) = deployment.quantisation.parts
    assert part.shift == 1  # 2.3 nA: above 2, below 4
    assert part.measured_headroom == pytest.approx(4 / (1 + 59 / 21000), rel=1e-4)
    assert part.bound_headroom is not None
    assert part.bound_headroom < 0.01
    assert any(f.code == "input_may_saturate" for f in deployment.findings)
    assert sum(deployment.saturations.values()) == 0


def test_headroom_is_a_factor_on_what_was_measured() -> None:
    (part,) = planned(crowd(), headroom=16.0).quantisation.parts
    assert part.shift == 4  # 18.4 nA: above 16, below 32


def test_the_bound_again_if_measuring_wins_nothing() -> None:
    """The strong weight has to fit, though it never came: the scale is that of the bound."""
    (scale,) = planned(hub()).scales
    assert scale.kind == "bound"
    assert scale.used.became_zero == 39
    assert "needs no smaller scale" in scale.why


def test_a_setting_wins() -> None:
    deployment = planned(crowd(), max_summed_input={"cell": {"exc": 100.0}})
    (scale,) = deployment.scales
    assert (scale.kind, scale.why) == ("given", "max_summed_input was set")
    (part,) = deployment.quantisation.parts
    assert part.shift == 6  # above 64, below 128


def test_a_bound_that_fits_no_scale_gives_way_to_a_run() -> None:
    """90,000 nA can arrive in all, and never more than 34,000 do."""
    network = crowd(weight=30.0)
    deployment = planned(network)
    (scale,) = deployment.scales
    assert scale.kind == "measured"
    assert scale.by_bound is None
    assert "the bound does not fit" in scale.why


def test_what_fits_no_scale_at_all_is_an_error() -> None:
    with pytest.raises(FindingsError, match="input_too_large"):
        planned(crowd(weight=70_000.0, n=2))
