"""What a run lost, in a sentence."""

from __future__ import annotations

__all__ = ["loss_message"]

from collections.abc import Mapping

from neurobridge.backends.spinnaker.run_script import LOSSES

_SATURATION = "Times_synaptic_weights_have_saturated"


def loss_message(lost: Mapping[str, int]) -> str:
    """A sentence on what sPyNNaker's provenance counts; empty if nothing was lost.

    Parameters
    ----------
    lost : mapping of str to int
        By the names of :data:`~neurobridge.backends.spinnaker.run_script.LOSSES`.
    """
    found = {what: count for what, count in lost.items() if count}
    if not found:
        return ""
    said = ", ".join(f"{count:,} {LOSSES[what]}" for what, count in found.items())
    remedies = []
    if _SATURATION in found:
        remedies.append(
            "give a larger max_summed_input, or none for the bound that never saturates"
        )
    if found.keys() - {_SATURATION}:
        remedies.append("give a larger time_scale_factor, or fewer neurons_per_core")
    return f"the run lost input: {said}; {', and '.join(remedies)}"
