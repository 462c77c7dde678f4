"""Neuron models, each declared once; :func:`by_name` finds one by its name."""

from __future__ import annotations

if not __name__.startswith("neurobridge."):
    raise ImportError("import this package as neurobridge.models, never as 'models'")

__all__ = [
    "adex",
    "by_name",
    "hodgkin_huxley",
    "izhikevich",
    "izhikevich_exp",
    "lif_alpha",
    "lif_cond_exp",
    "lif_delta",
    "lif_exp",
    "lif_receptors",
    "names",
    "networks",
    "rate",
    "rate_activity",
    "rate_model",
    "shiu_lif",
    "spike_source",
]

from importlib import import_module
from typing import Any, get_args

from neurobridge.errors import UnknownNameError, suggest
from neurobridge.graph.model import Integrator, NeuronModel
from neurobridge.models.lif import lif_alpha, lif_cond_exp, lif_delta, lif_exp
from neurobridge.models.nonlinear import adex, hodgkin_huxley, izhikevich, izhikevich_exp
from neurobridge.models.rate import ACTIVATIONS, rate, rate_activity, rate_model
from neurobridge.models.receptors import lif_receptors
from neurobridge.models.shiu import shiu_lif
from neurobridge.models.source import spike_source

_MODELS = {
    m.name: m
    for m in (
        lif_exp, lif_alpha, lif_delta, lif_cond_exp, adex, izhikevich, izhikevich_exp,
        hodgkin_huxley, shiu_lif,
        spike_source, rate, rate_activity,
    )
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "networks":
        return import_module(f"{__name__}.networks")
    raise AttributeError(f"neurobridge.models has no model {name!r}{suggest(name, _MODELS)}")


def names() -> tuple[str, ...]:
    """Names of all models of the package."""
    return tuple(_MODELS)


def by_name(name: str) -> NeuronModel:
    """The model of that name.

    Rate models are also found by activation, form and integrator, as ``rate_model`` names them:
    ``"rate_sigmoid"``, ``"rate_erf_activity"``, ``"rate_relu.rk4"``.

    Raises
    ------
    UnknownNameError
        If there is none; the message names the nearest.
    """
    if name in _MODELS:
        return _MODELS[name]
    base, _, integrator = name.partition(".")
    activation = base.removeprefix("rate_").removesuffix("_activity")
    known = get_args(Integrator)
    if not base.startswith("rate_") or activation not in ACTIVATIONS:
        rates = [f"rate_{activation}" for activation in ACTIVATIONS]
        raise UnknownNameError("neuron model", name, [*_MODELS, *rates])
    if integrator not in ("", *known):
        raise UnknownNameError(f"integrator of {name!r}", integrator, known)
    form: Any = "activity" if base.endswith("_activity") else "current"
    return rate_model(activation, form, integrator or "euler")  # type: ignore[arg-type]
