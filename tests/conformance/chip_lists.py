"""What the chip and its twin are excused from, and how far from exact they are.

The twin does what the chip does, so both have the same lists.
"""

from __future__ import annotations

NO_CELL = (
    "a_distinct_weight_on_every_edge",
    "a_free_state_follows_a_clamped_one_exactly",
    "a_model_of_the_users_own",
    "a_spike_given_twice_counts_twice",
    "adex_adapts",
    "crossing_looks_at_the_state_after_reset",
    "crossing_needs_an_initial_state_below",
    "crossing_spikes_once_on_the_way_up",
    "crossing_while_clamped_is_missed",
    "current_into_a_counting_neuron",
    "event_in_a_clamped_step_is_dropped",
    "event_in_the_spiking_step_is_swallowed_by_the_reset",
    "event_in_the_spiking_step_outlives_a_subtracting_reset",
    "integrator_euler",
    "integrator_exponential_euler",
    "integrator_rk4",
    "izhikevich_fires_regularly",
    "level_reached_while_clamped_spikes_when_free",
    "level_spikes_in_every_step_above_threshold",
    "level_with_an_initial_state_above_spikes_in_the_first_step",
    "many_inputs_in_one_step_add",
    "many_refractory_steps_and_keep",
    "no_refractory_steps",
    "one_refractory_step_and_drop",
    "poisson_counts_after_the_end_have_no_effect",
    "poisson_counts_of_some_neurons_in_a_window",
    "poisson_counts_step_by_step",
    "poisson_events_onto_neurons_keep_their_multiplicity",
    "populations_in_both_directions",
    "populations_whose_order_does_not_matter",
    "probe_at_an_interval",
    "probe_of_every_step_and_every_neuron",
    "probe_sees_the_state_after_the_reset",
    "probes_of_different_neurons_at_different_intervals",
    "projections_name_their_receptor",
    "psp_adex",
    "psp_hodgkin_huxley_and_its_spike",
    "psp_izhikevich",
    "psp_shiu_kick",
    "psp_shiu_synapse",
    "refractory_steps_differ_between_neurons",
    "reset_by_subtraction_keeps_the_surplus",
    "reset_of_the_synaptic_variable",
    "reset_statements_run_in_order",
    "reset_to_different_values_per_neuron",
    "stimuli_in_one_step_add",
    "stimulus_at_time_zero",
    "stimulus_in_the_last_step_and_after_it",
    "stimulus_times_in_any_order",
    "stimulus_with_a_delay",
    "stimulus_without_spikes",
    "threshold_reached_exactly_with_greater",
    "threshold_reached_exactly_with_greater_or_equal",
)
"""A model that the chip has no cell for."""

RATES = (
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
"""Models that send a continuous output."""

TOO_EARLY = (
    "delay_of_one_step_from_a_source",
    "run_again_with_other_stimuli",
    "self_loop_just_longer_than_the_refractory_period",
)
"""An event onto a delta synapse in the first step."""

CHIP_UNSUPPORTED = {
    **dict.fromkeys(NO_CELL, "the chip has no cell for the model"),
    **dict.fromkeys(RATES, "the chip carries spikes only"),
    **dict.fromkeys(TOO_EARLY, "the spike would have to leave before the run begins"),
}

CHIP_TOLERANCE = {
    "a_gain_that_differs_between_neurons": 0.0041,
    "conductances_take_magnitudes": 5.8e-05,
    "current_differs_between_neurons": 0.0049,
    "current_event_in_the_spiking_step_is_kept": 0.017,
    "current_from_the_start": 0.006,
    "current_on_and_off": 0.0044,
    "current_that_changes_in_every_step": 0.0034,
    "currents_overlap_and_add": 0.0046,
    "diffusion_noise_in_a_window": 0.0088,
    "event_in_a_clamped_step_is_kept": 0.017,
    "exact_integration_does_not_depend_on_the_step": 0.68,
    "initial_synaptic_current": 0.023,
    "last_clamped_step_drops_and_the_next_takes": 0.015,
    "parameters_and_initial_states_differ_between_neurons": 0.014,
    "psp_lif_alpha": 0.16,
    "psp_lif_alpha_inhibitory_equal_time_constants": 0.76,
    "psp_lif_cond_exp_excitatory": 0.041,
    "psp_lif_cond_exp_inhibitory_takes_the_magnitude": 0.011,
    "psp_lif_delta": 0.0085,
    "psp_lif_delta_negative": 0.0086,
    "psp_lif_exp_equal_time_constants": 0.094,
    "psp_lif_exp_excitatory": 0.013,
    "psp_lif_exp_inhibitory": 0.036,
    "psp_lif_exp_nearly_equal_time_constants": 0.094,
    "run_again_with_another_current": 0.0046,
    "run_again_with_another_gain": 0.00081,
    "signs_are_routed_to_receptors": 0.0089,
    "stimulus_onto_an_inhibitory_conductance": 5e-05,
    "white_noise_in_every_step": 0.0036,
    "white_noise_that_holds_in_a_window": 0.0083,
}
"""Largest difference of a signal from the exact solution, measured (mV, nA or uS)."""

CHIP_WEIGHTS = 2.0**-15
"""Largest difference of a weight, relative to the largest in its projection."""
