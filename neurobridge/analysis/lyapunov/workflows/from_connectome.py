"""Ensembles of rate neurons on a connectome: signs, strongly connected component, normalisation."""

from __future__ import annotations

__all__ = ["NORMALISATIONS", "connectome_networks"]

from typing import Any, Literal

from neurobridge.analysis.lyapunov.workflows.ensemble import Ensemble
from neurobridge.analysis.lyapunov.workflows.rate_networks import Form
from neurobridge.connectome.network import to_network
from neurobridge.connectome.policies import Argmax, Explicit
from neurobridge.connectome.select import take_edges
from neurobridge.connectome.signs import Unknown
from neurobridge.connectome.table import Connectome
from neurobridge.errors import ConnectomeError, UnknownNameError
from neurobridge.graph.network import Network
from neurobridge.lowering.finding import Finding
from neurobridge.models import rate_model
from neurobridge.structure.weights import Weights

Normalisation = Literal["sinkhorn", "spectral_radius", "fan_in", "none"]
Signs = Literal["own", "fly", "celegans", "positive"]

NORMALISATIONS = ("sinkhorn", "spectral_radius", "fan_in", "none")
SIGNS = ("own", "fly", "celegans", "positive")
POPULATION, PROJECTION = "neurons", "synapses"


def connectome_networks(
    connectome: Connectome,
    strength: float = 1.0,
    *,
    normalise: Normalisation = "sinkhorn",
    signs: Signs | None = None,
    unknown: Unknown = "drop",
    activation: str = "tanh",
    form: Form = "current",
    **parameters: Any,
) -> Ensemble:
    """Rate neurons on the largest strongly connected component of a connectome.

    The sign of a coupling is that of the presynaptic neuron. Gap junctions are left out. What is
    left out, and why, is in the findings of the ensemble. All seeds have the same couplings.

    Parameters
    ----------
    connectome : Connectome
    strength : float
        Factor on the normalised couplings.
    normalise : {"sinkhorn", "spectral_radius", "fan_in", "none"}
        What is 1 at the strength 1: sums of rows and columns, see :meth:`Weights.sinkhorn`; the
        spectral radius; the summed magnitude of the input of each neuron; the weight of a synapse.
    signs : {"own", "fly", "celegans", "positive"}, optional
        Those that the connectome has; by transmitter, with the table of the fly or of the worm; or
        all +1. Default: its own if it has signs, else by transmitter.
    unknown : {"drop", "error", "excitatory", "inhibitory"}
        What becomes of edges whose transmitter has no known sign.
    activation, form : str
        See :func:`neurobridge.models.rate_model`.
    **parameters : float
        Of the neurons: gain, shift, bias, tau (default: 1 ms).

    Returns
    -------
    Ensemble

    Raises
    ------
    ConnectomeError
        If the connectome has no signs and no transmitters, or no neurons that reach each other.
    UnknownNameError
        If there is no such normalisation, table of signs, or activation.
    """
    if normalise not in NORMALISATIONS:
        raise UnknownNameError("normalisation", normalise, NORMALISATIONS)
    model = rate_model(activation, form)
    part, findings = _recurrent(_signed(_chemical(connectome), signs, unknown))
    raw = to_network(
        part, model, weight=1.0, delay=0.0, name=POPULATION, projection=PROJECTION,
        **{"tau": 1.0, **parameters},
    )  # fmt: skip
    base, more = _normalised(raw, normalise)
    origin = connectome.provenance
    settings = {
        "couplings": origin.dataset, "n": part.n_neurons, "edges": part.n_edges,
        "connectome": part.digest, "normalise": normalise, "signs": signs or "default",
        "unknown": unknown, "activation": activation, "form": form, "parameters": parameters,
        "steps": [str(step) for step in part.history],
    }  # fmt: skip

    def make(_: int, strength: float) -> Network:
        return base if strength == 1 else base.scale(PROJECTION, strength)

    return Ensemble(
        f"{origin.dataset}, N = {part.n_neurons}", make, settings, strength,
        findings=(*part.findings, *findings, *more),
    )  # fmt: skip


def _chemical(connectome: Connectome) -> Connectome:
    gap = connectome.is_gap
    if not gap.any():
        return connectome
    finding = Finding(
        "gap_junctions_dropped", "note", f"connectome {connectome.provenance.dataset!r}",
        f"{int(gap.sum()):,} of {gap.size:,} edges are gap junctions",
        "they are left out: couplings here are of outputs", float(gap.sum()),
    )  # fmt: skip
    kept = take_edges(connectome, ~gap)
    return kept.replace(findings=(*kept.findings, finding))


def _signed(connectome: Connectome, signs: Signs | None, unknown: Unknown) -> Connectome:
    has = connectome.sign is not None or connectome.edge_sign is not None
    chosen = signs or ("own" if has else _table(connectome))
    if chosen not in SIGNS:
        raise UnknownNameError("signs", chosen, SIGNS)
    if chosen == "positive":
        return connectome.with_signs(Explicit({int(i): 1 for i in connectome.ids}), unknown)
    if chosen != "own":
        return connectome.with_signs(Argmax(chosen), unknown)
    if not has:
        raise ConnectomeError(
            "signs='own': this connectome has no signs; take 'fly' or 'celegans', by transmitter"
        )
    return connectome


def _table(connectome: Connectome) -> Literal["fly", "celegans"]:
    return "celegans" if connectome.provenance.dataset.startswith("celegans") else "fly"


def _recurrent(connectome: Connectome) -> tuple[Connectome, tuple[Finding, ...]]:
    """The largest component in which every neuron reaches every other."""
    where = f"connectome {connectome.provenance.dataset!r}"
    part = connectome.largest_component()
    if part.n_neurons < 2:
        raise ConnectomeError(
            f"{where}: no two of its {connectome.n_neurons:,} neurons reach each other along "
            f"{connectome.n_edges:,} edges with a sign: it is feed-forward, without dynamics of "
            "its own; load a part with recurrent connections"
        )
    if part.n_neurons == connectome.n_neurons:
        return part, ()
    left = connectome.n_neurons - part.n_neurons
    most = 2 * left > connectome.n_neurons
    finding = Finding(
        "largest_component", "approximation" if most else "note", where,
        f"{left:,} of {connectome.n_neurons:,} neurons are not in the largest strongly connected "
        "component", "they are left out: they add nothing to its dynamics but decay", float(left),
    )  # fmt: skip
    return part, (finding,)


def _normalised(network: Network, kind: Normalisation) -> tuple[Network, tuple[Finding, ...]]:
    weights = Weights.of(network, PROJECTION)
    if kind == "none":
        return network, ()
    if kind == "spectral_radius":
        return weights.with_spectral_radius(1.0).into(network, PROJECTION), ()
    if kind == "fan_in":
        return weights.with_fan_in(1.0).into(network, PROJECTION), ()
    made = weights.sinkhorn(one_sided="keep")
    found = () if not made.unbalanced.size else (_one_sided(made.unbalanced.size, network),)
    return made.into(network, PROJECTION), found


def _one_sided(count: int, network: Network) -> Finding:
    return Finding(
        "one_sided_input", "note", f"projection {PROJECTION!r}",
        f"{count:,} of {network.n_neurons:,} neurons have excitatory or inhibitory input only",
        "their input sums to 0.5 rather than to 0.5 of each sign", float(count),
    )  # fmt: skip
