"""Integrate-and-fire neurons with a synaptic current for each of several receptors."""

from __future__ import annotations

__all__ = ["lif_receptors"]

from collections.abc import Sequence

from neurobridge.errors import ModelError
from neurobridge.graph.model import NeuronModel, Parameter, Receptor, Refractory
from neurobridge.models.lif import MEMBRANE, PAPER


def lif_receptors(receptors: Sequence[str], name: str = "") -> NeuronModel:
    """A leaky integrate-and-fire neuron with exponential currents of several kinds.

    ``C dv/dt = C (v_rest - v)/tau_m + sum of i_R + i_offset + current`` and
    ``di_R/dt = -i_R/tau_syn_R`` for every receptor ``R``. Receptors take weights of both signs, so
    that one receptor may stand for one transmitter; see
    :func:`neurobridge.graph.split.split_projection`.

    Parameters
    ----------
    receptors : sequence of str
        Names, such as ``["ach", "gaba", "glut"]``.
    name : str, optional
        Default: ``lif_`` and the receptors.

    Returns
    -------
    NeuronModel
        With parameters of :data:`neurobridge.models.lif_exp`, and ``tau_syn_R`` (ms) for each.

    Raises
    ------
    ModelError
        If there is no receptor, one is named twice, or a name is not one.
    """
    names = [receptors] if isinstance(receptors, str) else list(receptors)
    if not names or len(set(names)) != len(names) or not all(n.isidentifier() for n in names):
        raise ModelError(
            "lif_receptors: expected different names such as ['ach', 'gaba'], of letters, digits "
            f"and _, got {names}"
        )
    total = " + ".join(f"i_{n}" for n in names)
    currents = [f"di_{n}/dt = -i_{n}/tau_syn_{n} : nA" for n in names]
    membrane = f"dv/dt = (v_rest - v)/tau_m + ({total} + i_offset + current)/c_m : mV"
    return NeuronModel(
        name=name or "_".join(["lif", *names]),
        equations="\n".join([membrane, *currents]),
        parameters=MEMBRANE
        | {f"tau_syn_{n}": Parameter(5.0, "ms", f"decay time of {n}", above=0) for n in names},
        receptors=tuple(
            Receptor(n, f"i_{n} += w", sign="any", magnitude=False, when_clamped="keep")
            for n in names
        ),
        threshold="v >= v_thresh",
        threshold_policy="level",
        reset="v = v_reset",
        refractory=Refractory("t_ref", clamped=("v",)),
        integrator="exact",
        initial={"v": "v_rest"},
        reference=PAPER,
        doc="LIF with exponentially decaying currents of several receptors; a weight is the jump "
        "in nA.",
    )
