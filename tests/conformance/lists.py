"""What each backend is excused from: two lists, both with a reason that can be checked.

An entry of ``UNSUPPORTED`` runs as a strict expected failure, so one that is no longer needed
fails the suite.
"""

from __future__ import annotations

from tests.conformance.chip_lists import CHIP_TOLERANCE, CHIP_UNSUPPORTED, CHIP_WEIGHTS
from tests.conformance.pynn_lists import PYNN_TOLERANCE, PYNN_UNSUPPORTED

AB4 = "NEST keeps no slopes of earlier steps"
WITHIN = "NEST's rate neurons hear of each other once a step"
ACTIVATION = "an activation that NEST does not have"
MODEL = "a model of its own; NESTML has no continuous coupling"

UNSUPPORTED: dict[str, dict[str, str]] = {
    "reference": {},
    "native": {},
    "brian2": {},
    "nest": {
        "an_output_of_the_users_own": MODEL,
        "coupled_rates_by_adams_bashforth": AB4,
        "coupled_rates_by_runge_kutta": WITHIN,
        "delayed_rates_by_adams_bashforth": AB4,
        "integrators_differ_across_a_delay": AB4,
        "populations_couple_within_the_stage": WITHIN,
        "rates_and_spikes_in_one_network": MODEL,
        "the_activity_form": ACTIVATION,
        "the_output_of_every_activation": ACTIVATION,
        "two_linear_rates_rotate": WITHIN,
        "weights_find_couplings_by_sign": MODEL,
        "with_and_without_delay_onto_one_coupling": WITHIN,
    },
    "torch": {},
    "fixedpoint": CHIP_UNSUPPORTED,
    "spinnaker": CHIP_UNSUPPORTED,
    "pynn": PYNN_UNSUPPORTED,
}
"""Backend -> scenario -> why it cannot do it."""

TOLERANCE: dict[str, dict[str, float]] = {
    "reference": {},
    "native": {},
    "brian2": {},
    "nest": {},
    "torch": {},
    "fixedpoint": CHIP_TOLERANCE,
    "spinnaker": CHIP_TOLERANCE,
    "pynn": PYNN_TOLERANCE,
}
"""Backend -> scenario -> largest difference of a signal, in its unit, instead of the case's."""

WEIGHT_TOLERANCE = {"fixedpoint": CHIP_WEIGHTS, "spinnaker": CHIP_WEIGHTS}
"""Backend -> largest difference of a weight, relative to the largest of its projection; else 0."""

BACKENDS: dict[str, dict[str, str]] = {
    "reference": {},
    "native": {},
    "brian2": {"target": "numpy"},
    "nest": {},
    "torch": {},
    "fixedpoint": {},
    "spinnaker": {"machine": "softboard"},
    "pynn": {},
}
"""Backend -> settings that it runs with."""

ON_ITS_OWN = ("native", "spinnaker")
"""Backends that run in files of their own, ``test_native.py`` and ``test_chip_model.py``."""

SIMULATORS = {
    "native": "numba",
    "brian2": "brian2",
    "nest": "nest",
    "torch": "torch",
    "pynn": "neuron",
    "spinnaker": "unicorn",
}
"""Backend -> module that must be installed for it."""

ELSEWHERE = {
    "C1": "tests/unit/lowering/test_grid.py",
    "C7": "tests/unit/lowering/test_expression.py",
}
"""Lines of the contract that no network can show -> the test that shows them."""
