"""A small circuit of the fly's model whose answers can be worked out by hand."""

from __future__ import annotations

from neurobridge import Network, models, to_network
from neurobridge.connectome import Explicit, Provenance, from_edges

SENSORY, RELAY, BLOCKER, MOTOR, ASIDE = ([f"{kind}{k}" for k in range(n)] for kind, n in (
    ("S", 4), ("R", 4), ("I", 2), ("M", 2), ("X", 2)))  # fmt: skip


def circuit() -> Network:
    """S -> R -> M, one to all, each spike sufficient; S -> I -| M, weaker; X has no input.

    In the paper's unit of 0.275 mV a spike of 200 synapses lifts a resting neuron by 55 * 4**(-4/3)
    = 8.7 mV at most, and the threshold is 7 mV above rest.
    """
    pairs = [(s, r, 200) for s in SENSORY for r in RELAY]
    pairs += [(r, m, 200) for r in RELAY for m in MOTOR]
    pairs += [(s, i, 200) for s in SENSORY for i in BLOCKER]
    pairs += [(i, m, 5) for i in BLOCKER for m in MOTOR]
    names = [*SENSORY, *RELAY, *BLOCKER, *MOTOR, *ASIDE]
    pre, post, count = zip(*pairs, strict=True)
    kinds = {"S": "sensory", "R": "relay", "I": "relay", "M": "motor", "X": None}
    connectome = from_edges(
        pre, post, count=count, ids=names, provenance=Provenance("circuit"),
        labels={"role": [kinds[n[0]] for n in names], "layer": [str(len(n)) for n in names]},
    )  # fmt: skip
    signs = {int(i): (-1 if n.startswith("I") else 1)
             for i, n in zip(connectome.ids, connectome.names, strict=True)}  # fmt: skip
    return to_network(
        connectome.with_signs(Explicit(signs)), models.shiu_lif, weight="0.275 mV", delay="1.8 ms",
        receptor="syn",
    )  # fmt: skip
