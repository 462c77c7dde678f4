"""What each backend is excused from: two lists, both with a reason that can be checked.

An entry of ``UNSUPPORTED`` runs as a strict expected failure, so one that is no longer needed
fails the suite.
"""

from __future__ import annotations

COUPLED = (
    "a_delayed_rate_counts_steps",
    "an_output_of_the_users_own",
    "coupled_rates_by_adams_bashforth",
    "coupled_rates_by_euler",
    "coupled_rates_by_exponential_euler",
    "coupled_rates_by_runge_kutta",
    "delayed_rates_by_adams_bashforth",
    "delayed_rates_by_euler",
    "delayed_rates_by_exponential_euler",
    "delayed_rates_by_runge_kutta",
    "diffusion_noise_moves_rates",
    "exact_integration_holds_the_coupling",
    "integrators_differ_across_a_delay",
    "parallel_edges_of_a_coupling_add_up",
    "populations_couple_within_the_stage",
    "rates_and_spikes_in_one_network",
    "the_activity_form",
    "the_output_of_every_activation",
    "two_linear_rates_rotate",
    "weights_find_couplings_by_sign",
    "with_and_without_delay_onto_one_coupling",
)

UNSUPPORTED: dict[str, dict[str, str]] = {
    "reference": {},
    "brian2": {},
    "nest": dict.fromkeys(COUPLED, "carries spikes only"),
    "torch": {},
}
"""Backend -> scenario -> why it cannot do it."""

TOLERANCE: dict[str, dict[str, float]] = {
    "reference": {},
    "brian2": {},
    "nest": {},
    "torch": {},
}
"""Backend -> scenario -> largest difference of a signal, in its unit, instead of the case's."""

BACKENDS: dict[str, dict[str, str]] = {
    "reference": {},
    "brian2": {"target": "numpy"},
    "nest": {},
    "torch": {},
}
"""Backend -> settings that it runs with."""

SIMULATORS = {"brian2": "brian2", "nest": "nest", "torch": "torch"}
"""Backend -> module that must be installed for it."""

ELSEWHERE = {
    "C1": "tests/unit/lowering/test_grid.py",
    "C7": "tests/unit/lowering/test_expression.py",
}
"""Lines of the contract that no network can show -> the test that shows them."""
