"""Signs of synapses from transmitters: a policy, a table, and a decision on what is not known.

A policy says which transmitter a neuron (or an edge) has, a table which sign that transmitter
gives. A neuron without a transmitter, or with one whose sign in the table is 0, has sign 0, and the
edges that leave it are *unsigned*. Unsigned edges are never taken for excitatory unseen:
``unknown`` says what becomes of them, and a finding with counts goes with the result. Gap junctions
have no transmitter and are left alone.
"""

from __future__ import annotations

__all__ = ["Unknown", "assign_signs"]

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurobridge.connectome.columns import Origin, id_column
from neurobridge.connectome.history import derived
from neurobridge.connectome.labels import Label, text_values
from neurobridge.connectome.policies import (
    Argmax,
    Explicit,
    PerEdge,
    Sampled,
    SignPolicy,
    SignTable,
    Threshold,
)
from neurobridge.connectome.select import take_edges
from neurobridge.connectome.table import Connectome
from neurobridge.connectome.transmitters import SIGN_TABLES, canonical_transmitter
from neurobridge.errors import ConnectomeError, FindingsError, UnknownNameError
from neurobridge.lowering.finding import Finding
from neurobridge.rng import uniforms

Unknown = Literal["error", "drop", "excitatory", "inhibitory"]
Signs: TypeAlias = NDArray[np.int8]


def assign_signs(connectome: Connectome, policy: SignPolicy, unknown: Unknown) -> Connectome:
    """Implements :meth:`Connectome.with_signs`."""
    if unknown not in {"error", "drop", "excitatory", "inhibitory"}:
        raise ConnectomeError(
            f"unknown: expected 'error', 'drop', 'excitatory' or 'inhibitory', got {unknown!r}"
        )
    per_edge = isinstance(policy, PerEdge)
    signs = (
        _edge_signs(connectome, policy)
        if isinstance(policy, PerEdge)
        else _neuron_signs(connectome, policy)
    )
    chemical = ~connectome.is_gap
    unsigned = chemical & ((signs if per_edge else signs[connectome.pre]) == 0)
    finding = _finding(connectome, unsigned, unknown)
    if unknown == "error" and finding:
        raise FindingsError(f"the connectome cannot be signed as asked:\n  {finding[0]}", finding)
    if unknown in {"excitatory", "inhibitory"}:
        chosen = np.int8(1 if unknown == "excitatory" else -1)
        affected = unsigned if per_edge else _sources(connectome, unsigned)
        signs = np.where(affected, chosen, signs)
    signed = connectome.replace(
        sign=None if per_edge else signs,
        edge_sign=signs if per_edge else None,
        findings=connectome.findings + finding,
    )
    if unknown == "drop" and finding:
        signed = take_edges(signed, ~unsigned)
    return derived(signed, connectome, "with_signs", {**_recorded(policy), "unknown": unknown})


def _neuron_signs(connectome: Connectome, policy: Argmax | Threshold | Sampled | Explicit) -> Signs:
    if isinstance(policy, Explicit):
        return _explicit(connectome, policy)
    table = _sign_table(policy.table)
    if isinstance(policy, Sampled):
        return _from_names(_sample(connectome, policy), table, "labels p_<transmitter>")
    names, confidence = _most_likely(connectome, policy.label)
    if isinstance(policy, Threshold):
        names = names.copy()
        names[~(_confidence(connectome, policy, confidence) >= policy.at_least)] = None
    return _from_names(names, table, f"label {policy.label or 'nt'!r}")


def _edge_signs(connectome: Connectome, policy: PerEdge) -> Signs:
    if policy.label not in connectome.edge_labels:
        raise UnknownNameError(
            "edge label",
            policy.label,
            connectome.edge_labels,
            "Load the connectome with it, e.g. load('codex', path, keep=['nt'])",
        )
    return _from_label(
        connectome.edge_labels[policy.label],
        _sign_table(policy.table),
        f"edge label {policy.label!r}",
    ) * (~connectome.is_gap).astype(np.int8)


def _sign_table(table: SignTable) -> dict[str, int]:
    """Signs by canonical name of the transmitter."""
    if isinstance(table, str):
        if table not in SIGN_TABLES:
            raise UnknownNameError("sign table", table, SIGN_TABLES)
        return dict(SIGN_TABLES[table])
    signs: dict[str, int] = {}
    for name, sign in table.items():
        if sign not in {-1, 0, 1}:
            raise ConnectomeError(f"sign of {name!r}: expected +1, -1 or 0, got {sign!r}")
        canonical = canonical_transmitter(str(name))
        if signs.setdefault(canonical, sign) != sign:
            raise ConnectomeError(f"two different signs for {canonical!r} in the table")
    return signs


def _most_likely(
    connectome: Connectome, label: str | None
) -> tuple[NDArray[Any], NDArray[np.float64] | None]:
    """Transmitter per neuron as text or None, and its probability where that was used."""
    if label is not None or "nt" in connectome.labels:
        return text_values(connectome.label(label or "nt")), None
    names, probability = _probabilities(connectome)
    best = probability.max(axis=1)
    tied = (probability == best[:, None]).sum(axis=1) != 1
    chosen = np.array([*names, None], dtype=object)[
        np.where(tied | ~(best > 0), -1, probability.argmax(axis=1))
    ]
    return chosen, best


def _probabilities(connectome: Connectome) -> tuple[list[str], NDArray[np.float64]]:
    """Names of the transmitters, and float64 (N, K); missing values are 0."""
    labels = [name for name in connectome.labels if name.startswith("p_")]
    columns = [connectome.labels[name] for name in labels]
    if not columns or any(isinstance(c, pd.Categorical) for c in columns):
        raise ConnectomeError(
            "there are no transmitters to go by: expected a label 'nt', or numbers in labels such "
            f"as 'p_acetylcholine', got the labels {', '.join(connectome.labels) or '(none)'}. "
            "Name the label that holds the transmitter"
        )
    probability = np.nan_to_num(np.stack([np.asarray(c, np.float64) for c in columns], axis=1))
    if (probability < 0).any() or not np.isfinite(probability).all():
        raise ConnectomeError(f"labels {', '.join(labels)}: probabilities must be 0 or more")
    return [name[2:] for name in labels], probability


def _confidence(
    connectome: Connectome, policy: Threshold, probability: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    if not 0 <= policy.at_least <= 1:
        raise ConnectomeError(f"at_least: expected 0 to 1, got {policy.at_least!r}")
    if policy.confidence is None and probability is not None:
        return probability
    label = connectome.label(policy.confidence or "nt_score")
    if isinstance(label, pd.Categorical):
        raise ConnectomeError(
            f"label {policy.confidence or 'nt_score'!r}: expected a number per neuron, got text"
        )
    return np.asarray(label, dtype=np.float64)


def _sample(connectome: Connectome, policy: Sampled) -> NDArray[Any]:
    """One transmitter per neuron; the number that decides belongs to the id alone."""
    names, probability = _probabilities(connectome)
    total = probability.sum(axis=1)
    cumulative = np.cumsum(probability, axis=1)
    uniform = uniforms(policy.seed, "signs", "transmitter", policy.trial, connectome.ids, 0)[:, 0]
    index = ((uniform * total)[:, None] >= cumulative).sum(axis=1)
    drawn: NDArray[Any] = np.array([*names, None], dtype=object)[np.where(total > 0, index, -1)]
    return drawn


def _from_names(names: NDArray[Any], table: Mapping[str, int], where: str) -> Signs:
    codes, unique = pd.factorize(names)  # missing values have code -1
    return _lookup(codes, list(unique), table, where)


def _from_label(label: Label, table: Mapping[str, int], where: str) -> Signs:
    if not isinstance(label, pd.Categorical):
        raise ConnectomeError(f"{where}: expected names of transmitters, got {label.dtype}")
    return _lookup(label.codes, list(label.categories), table, where)


def _lookup(codes: NDArray[Any], names: list[str], table: Mapping[str, int], where: str) -> Signs:
    canonical = [canonical_transmitter(name) for name in names]
    for original, name in zip(names, canonical, strict=True):
        if name and name not in table:
            number = int(np.count_nonzero(codes == names.index(original)))
            raise UnknownNameError(
                "transmitter",
                original,
                table,
                f"{where} has it {number:,} times, and the table gives it no sign. Add it to the "
                "table with +1, -1 or 0 (not known)",
            )
    signs = np.array([*(table.get(name, 0) if name else 0 for name in canonical), 0], np.int8)
    return np.asarray(signs[codes])


def _explicit(connectome: Connectome, policy: Explicit) -> Signs:
    table = policy.signs
    if isinstance(table, Mapping):
        table = pd.DataFrame({"id": list(table.keys()), "sign": list(table.values())})
    for name in ("id", "sign"):
        if name not in table.columns:
            raise UnknownNameError("column of the table of signs", name, map(str, table.columns))
    ids = id_column(table["id"], Origin("the table of signs", "id")).to_numpy(zero_copy_only=False)
    values = np.asarray(table["sign"])
    odd = ~np.isin(values, (-1, 0, 1))
    if odd.any():
        raise ConnectomeError(
            f"the table of signs: expected +1, -1 or 0, got {values[odd][0]} for id {ids[odd][0]}"
        )
    if np.unique(ids).size != ids.size:
        raise ConnectomeError("the table of signs: an id occurs more than once. Keep one row each")
    signs = np.zeros(connectome.n_neurons, dtype=np.int8)
    signs[connectome.index_of(ids)] = values
    return signs


def _sources(connectome: Connectome, edges: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which neurons some edges leave."""
    sources = np.zeros(connectome.n_neurons, dtype=bool)
    sources[connectome.pre[edges]] = True
    return sources


def _finding(
    connectome: Connectome, unsigned: NDArray[np.bool_], unknown: Unknown
) -> tuple[Finding, ...]:
    edges = int(np.count_nonzero(unsigned))
    if not edges:
        return ()
    sources = _sources(connectome, unsigned)
    neurons = int(np.count_nonzero(sources))
    synapses = (
        ""
        if connectome.count is None
        else (
            f" ({int(connectome.count[unsigned].sum(dtype=np.uint64)):,} of "
            f"{connectome.n_synapses:,} synapses)"
        )
    )
    examples = ", ".join(connectome.names[np.flatnonzero(sources)[:3]])
    decided = {
        "error": "decide with unknown='drop', 'excitatory' or 'inhibitory', or give a policy or "
        "table that knows them",
        "drop": "unknown='drop' removed these edges",
        "excitatory": "unknown='excitatory' took them for +1",
        "inhibitory": "unknown='inhibitory' took them for -1",
    }
    return (
        Finding(
            code="unknown_transmitter",
            severity="error" if unknown == "error" else "note",
            where=f"connectome {connectome.provenance.dataset!r}",
            why=f"{edges:,} of {connectome.n_edges:,} edges{synapses} from {neurons:,} neurons, "
            f"e.g. {examples}, have no transmitter with a known sign",
            remedy=decided[unknown],
            magnitude=float(edges),
        ),
    )


def _recorded(policy: SignPolicy) -> dict[str, Any]:
    """The policy as JSON values."""
    values: dict[str, Any] = {"policy": type(policy).__name__}
    for f in fields(policy):
        value = getattr(policy, f.name)
        if f.name == "table":
            values["table"] = _sign_table(value)
        elif f.name == "signs":
            values["signs"] = f"{len(value)} entries"
        else:
            values[f.name] = value
    return values
