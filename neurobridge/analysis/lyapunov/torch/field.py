"""The right side of a declared system in torch, for its state and its tangent vectors."""

from __future__ import annotations

__all__ = ["Field", "Slopes", "spread"]

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch

from neurobridge.analysis.lyapunov.torch.cells import Partial
from neurobridge.analysis.lyapunov.torch.coupling import Coupling
from neurobridge.analysis.lyapunov.torch.layout import Layout, part

States = Mapping[str, torch.Tensor]
Partials = list[dict[str, Partial]]
Pairs = list[dict[tuple[str, str], Partial]]
Term = tuple[Partial, torch.Tensor]


class Slopes(NamedTuple):
    """Slopes at a state, and the derivatives that they are from.

    Parameters
    ----------
    state : tensor (..., N)
    tangents : tensor (..., k, N) or None
    of_signal : list by population of mapping of state to Partial
    of_slope : list by population of mapping of (state, state or coupling) to Partial
    """

    state: torch.Tensor
    tangents: torch.Tensor | None
    of_signal: Partials
    of_slope: Pairs


class Field:
    """Right side of a system, ``dx/dt = f(x)`` or ``x' = f(x)``, and its Jacobian times vectors.

    There is no Jacobian: one product with the coupling matrix for all vectors, between derivatives
    of single neurons, is all that it takes.

    Parameters
    ----------
    layout : Layout
    constants : sequence by population of mapping of name to tensor
        Each broadcasts against states (..., n).
    coupling : Coupling or None
        None if the cells have no couplings.
    """

    def __init__(
        self, layout: Layout, constants: Sequence[States], coupling: Coupling | None
    ) -> None:
        self.places = layout.places
        self.cells = [f.bound(c) for f, c in zip(layout.functions, constants, strict=True)]
        self.coupling = coupling
        self.narrow: Coupling | None = None

    def __call__(
        self, x: torch.Tensor, V: torch.Tensor | None, current: torch.Tensor | None = None
    ) -> Slopes:
        """The slopes at a state.

        Parameters
        ----------
        x : tensor (..., N)
        V : tensor (..., k, N), optional
            Tangent vectors as rows, of the precision of ``x`` or a lower one.
        current : tensor (..., n), optional
            Injected into the neurons that take a current.
        """
        states = [{n: part(x, at) for n, at in p.states.items()} for p in self.places]
        sent, of_signal = self._signals(states)
        c, C = self._coupled(sent, of_signal, V)
        slopes, of_slope = self._slopes(states, c, current)
        K = None if V is None else self._tangents(V, C, of_slope)
        return Slopes(slopes, K, of_signal, of_slope)

    def _signals(self, states: Sequence[States]) -> tuple[torch.Tensor | None, Partials]:
        """What is sent (..., m), and its derivatives."""
        sent: list[torch.Tensor] = []
        partials: Partials = []
        for cell, own in zip(self.cells, states, strict=True):
            partials.append({})
            if self.coupling is not None and cell.code.sends:
                signal, partials[-1] = cell.signal(own)
                sent.append(spread(signal, own[cell.code.states[0]]))
        return (_joined(sent) if sent else None), partials

    def _coupled(
        self, sent: torch.Tensor | None, of_signal: Partials, V: torch.Tensor | None
    ) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """Couplings, and their tangents: in one product if they are of one precision."""
        if self.coupling is None or sent is None:
            return None, None
        row = sent.unsqueeze(-2)
        if V is None:
            return self.coupling(row).squeeze(-2), None
        B = self._tangent_signals(V, of_signal)
        if V.dtype == sent.dtype:
            both = self.coupling(torch.cat([row, B], -2))
            return both[..., 0, :], both[..., 1:, :]
        if self.narrow is None:
            self.narrow = self.coupling.to(V.dtype)
        return self.coupling(row).squeeze(-2), self.narrow(B)

    def _tangent_signals(self, V: torch.Tensor, of_signal: Partials) -> torch.Tensor:
        rows = []
        for cell, place, partials in zip(self.cells, self.places, of_signal, strict=True):
            if cell.code.sends:
                terms = [(p, part(V, place.states[s])) for s, p in partials.items()]
                rows.append(_sum(terms, part(V, place.states[cell.code.states[0]])))
        return _joined(rows)

    def _slopes(
        self, states: Sequence[States], c: torch.Tensor | None, current: torch.Tensor | None
    ) -> tuple[torch.Tensor, Pairs]:
        found: list[torch.Tensor] = []
        partials = []
        for cell, place, own in zip(self.cells, self.places, states, strict=True):
            into = {n: part(c, at) for n, at in place.couplings.items()} if c is not None else {}
            injected = 0.0 if current is None else part(current, place.current)
            slopes, of_slope = cell.slopes(own, into, injected)
            found += [spread(slopes[s], own[s]) for s in cell.code.states]
            partials.append(of_slope)
        return _joined(found), partials

    def _tangents(self, V: torch.Tensor, C: torch.Tensor | None, of_slope: Pairs) -> torch.Tensor:
        """The Jacobian times each vector."""
        rows = []
        for cell, place, partials in zip(self.cells, self.places, of_slope, strict=True):
            for state in cell.code.states:
                terms: list[Term] = []
                for (owner, by), partial in partials.items():
                    if owner == state and by in place.states:
                        terms.append((partial, part(V, place.states[by])))
                    elif owner == state and C is not None:
                        terms.append((partial, part(C, place.couplings[by])))
                rows.append(_sum(terms, part(V, place.states[state])))
        return _joined(rows)


def _joined(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(list(parts), -1)


def spread(value: Partial, like: torch.Tensor) -> torch.Tensor:
    """One value a neuron, also where all have the same."""
    if not isinstance(value, torch.Tensor):
        return torch.full_like(like, value)
    return value if value.shape == like.shape else torch.broadcast_to(value, like.shape)


def _sum(terms: Sequence[Term], like: torch.Tensor) -> torch.Tensor:
    """Derivatives of single neurons times their vectors, summed."""
    total: torch.Tensor | None = None
    for partial, vectors in terms:
        if not isinstance(partial, torch.Tensor):
            total = partial * vectors if total is None else total.add(vectors, alpha=partial)
            continue
        factor = partial.unsqueeze(-2).to(vectors.dtype)
        total = factor * vectors if total is None else torch.addcmul(total, factor, vectors)
    return torch.zeros_like(like) if total is None else total
