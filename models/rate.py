"""Rate neurons: a continuous output, coupled by weights, in current and in activity form."""

from __future__ import annotations

__all__ = ["ACTIVATIONS", "rate", "rate_activity", "rate_model"]

from typing import Literal

from neurobridge.errors import ModelError, UnknownNameError
from neurobridge.expression import names_in, substitute
from neurobridge.graph.model import Coupling, Integrator, NeuronModel, Parameter

ACTIVATIONS = {
    "tanh": "tanh(u)",
    "tanh_positive": "0.5*(1 + tanh(u))",
    "relu": "where(u > 0, u, 0.0)",
    "softplus": "where(u > 0, u, 0.0) + log1p(exp(-abs(u)))",
    "sigmoid": "0.5*(1 + tanh(0.5*u))",
    "erf": "erf(u/sqrt(2.0))",
    "normal_cdf": "0.5*erfc(-u/sqrt(2.0))",
    "brunel_sqrt": "where(u < 0, 0.0, where(u < 1, u*u, 2*sqrt(abs(u - 0.75))))",
    "power_law": "where(u > 0, abs(u), 0.0)**exponent",
    "linear": "u",
}
"""Activation functions of ``u = gain*(x - shift)``.

``brunel_sqrt`` is that of Brunel (2003), Cereb. Cortex 13:1151; ``normal_cdf`` the cumulative
normal distribution; ``power_law`` that of Hansel & van Vreeswijk (2002), J. Neurosci. 22:5118, with
the parameter ``exponent``.
"""

_PAPER = "Sompolinsky, Crisanti & Sommers (1988), Phys. Rev. Lett. 61:259"


def rate_model(
    activation: str = "tanh",
    form: Literal["current", "activity"] = "current",
    integrator: Integrator = "euler",
    name: str = "",
    **parameters: Parameter,
) -> NeuronModel:
    """A rate neuron.

    In the ``current`` form the state is the summed input,
    ``tau dx/dt = -x + recurrent + bias + current``, and the output is ``phi(gain*(x - shift))``. In
    the ``activity`` form it is the rate itself,
    ``tau dr/dt = -r + phi(gain*(recurrent + bias + current - shift))``, which is the output.
    ``recurrent`` is the sum of ``weight * output`` of the presynaptic neurons. A forward Euler step
    is the discrete CTRNN with ``alpha = dt/tau``.

    Parameters
    ----------
    activation : str
        A name of :data:`ACTIVATIONS`, or your own expression of ``u`` (and of parameters).
    form : {"current", "activity"}
    integrator : {"euler", "exponential_euler", "rk4", "ab4"}
    name : str, optional
        Default: from the activation and the form; your own activation needs one.
    **parameters : Parameter
        Further parameters that your own activation uses.

    Returns
    -------
    NeuronModel
        With parameters tau (ms), gain, shift and bias.

    Raises
    ------
    UnknownNameError
        If the activation is a name that does not exist.
    ModelError
        If your own activation does not use ``u``, or has no name.
    """
    if form not in ("current", "activity"):
        raise ModelError(f"rate model: form must be 'current' or 'activity', got {form!r}")
    phi = _activation(activation, name)
    own = {"exponent": Parameter(2.0, "1", "power", above=0)} if activation == "power_law" else {}
    label = name or f"rate_{activation}" + ("" if form == "current" else "_activity")
    drive = "recurrent + bias + current"
    if form == "current":
        equations = f"dx/dt = (-x + {drive})/tau : 1"
        output = substitute(phi, {"u": "gain*(x - shift)"})
    else:
        body = substitute(phi, {"u": f"gain*({drive} - shift)"})
        equations, output = f"dr/dt = (-r + {body})/tau : 1", "r"
    return NeuronModel(
        name=label if integrator == "euler" else f"{label}.{integrator}",
        equations=equations,
        parameters={
            "tau": Parameter(10.0, "ms", "time constant", above=0),
            "gain": Parameter(1.0, "1", "slope of the activation"),
            "shift": Parameter(0.0, "1", "input at the centre of the activation"),
            "bias": Parameter(0.0, "1", "constant input"),
            **own,
            **parameters,
        },
        receptors=(),
        threshold="",
        threshold_policy="level",
        reset="",
        refractory=None,
        integrator=integrator,
        reference=_PAPER,
        doc=f"Rate neuron, {form} form, activation {activation}; a weight multiplies a rate.",
        output=output,
        couplings=(Coupling("recurrent"),),
        current_unit="1",
    )


def _activation(activation: str, name: str) -> str:
    if activation in ACTIVATIONS:
        return ACTIVATIONS[activation]
    if activation.isidentifier() and activation != "u":
        raise UnknownNameError("activation", activation, ACTIVATIONS)
    if "u" not in names_in(activation):
        raise ModelError(
            f"activation {activation!r}: write an expression of u, such as 'tanh(u)**3', or one of "
            f"{list(ACTIVATIONS)}"
        )
    if not name:
        raise ModelError(f"activation {activation!r}: give your model a name, name='my_rate'")
    return activation


rate = rate_model("tanh", "current")
rate_activity = rate_model("relu", "activity")
