"""What one importer cannot take of a file: py-spinnaker2, which runs it on SpiNNaker 2.

``s2_nir.from_nir`` knows the nodes ``Input``, ``Output``, ``LIF``, ``IF``, ``CubaLIF``, ``Linear``,
``Affine``, ``Conv2d``, ``SumPool2d`` and ``Flatten``; a matrix must end in neurons; weights are
integers of 8 bits, delays one number for all. From its source (``s2_nir.py``); nothing here was run
on SpiNNaker 2.
"""

from __future__ import annotations

__all__ = ["IMPORTERS", "importer_findings"]

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.projection import Projection, TickDelays
from neurobridge.io.nir.cells import cell_of, counterpart
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.grid import TOLERANCE

IMPORTERS = ("py-spinnaker2",)
"""Those whose limits are known here."""

LARGEST = 127
"""Weight on SpiNNaker 2, by ``scale_weights=True``."""


def importer_findings(network: Network, dt: float) -> list[Finding]:
    """What py-spinnaker2 refuses, or changes, of the file of a network."""
    cells = [
        p
        for p in network.populations.values()
        if not p.model.is_source and counterpart(p.model) is not None
    ]
    findings = [f for p in network.projections.values() for f in _delays(p, dt)]
    findings += _readouts(network)
    findings += [f for p in cells for f in _weights(network, p, dt)]
    findings += [f for p in cells for f in _reset(p)]
    return [*findings, _settings(dt)]


def _delays(p: Projection, dt: float) -> Iterator[Finding]:
    delays = p.delay.ms if isinstance(p.delay, TickDelays) else np.atleast_1d(p.delay)
    high = float(delays.max(initial=0.0))
    if high > dt * (1 + TOLERANCE):
        yield Finding(
            "node_unsupported", "error", f"projection {p.name!r}",
            f"its delays, up to {high:g} ms, exceed dt = {dt:g} ms and need a Delay node, which "
            "py-spinnaker2 does not take: it has one delay for all (ConversionConfig.conn_delay)",
            f"use delays of {dt:g} ms, or write the file without importer= for another framework",
            high - dt,
        )  # fmt: skip


def _readouts(network: Network) -> Iterator[Finding]:
    if network.readouts:
        yield Finding(
            "node_unsupported", "error", f"readouts {list(network.readouts)}",
            "a readout is a matrix that ends in an Output (or an LI, CubaLI), but py-spinnaker2 "
            "takes matrices that end in spiking neurons only",
            "remove the readout, and apply it to the recorded spikes (Readout.apply)",
            float(len(network.readouts)),
        )  # fmt: skip


def _weights(network: Network, p: Population, dt: float) -> Iterator[Finding]:
    """What integers up to 127 make of the weights onto a population, scaled together."""
    values = _incoming(network, p, dt)
    used = values[values > 0]
    if not used.size:
        return
    step = used.max() / LARGEST
    rounded = np.rint(used / step) * step
    lost, zeros = float(np.abs(rounded - used).sum() / used.sum()), int((rounded == 0).sum())
    if lost < 1e-9:
        return
    yield Finding(
        "weights_to_integers", "approximation", f"population {p.name!r}",
        f"weights are integers from -{LARGEST} to {LARGEST} on SpiNNaker 2; scaled so that the "
        f"largest onto this population is {LARGEST} (ConversionConfig.scale_weights) and rounded, "
        f"they change by {lost:.2%} in all, and {zeros:,} of {used.size:,} become 0",
        "set scale_weights=True there, and accept it; weights of a narrower range lose less", lost,
    )  # fmt: skip


def _incoming(network: Network, p: Population, dt: float) -> NDArray[np.float64]:
    """Magnitudes in the numbers of NIR, of all projections onto a population."""
    gain = cell_of(p, dt, "torch").gain
    found = [np.zeros(0)]
    for projection in network.projections.values():
        if projection.post == p.name:
            weight = network.weights(projection.name) * gain[projection.edges.post]
            found.append(np.abs(weight))
    return np.concatenate(found)


def _reset(p: Population) -> Iterator[Finding]:
    away = float(np.abs(np.asarray(p.parameters["v_reset"]) - p.parameters["v_rest"]).max())
    if away:
        yield Finding(
            "reset_ignored", "approximation", f"population {p.name!r}",
            f"v_reset is up to {away:g} mV away from rest; py-spinnaker2 resets to rest, or "
            "subtracts the threshold, whatever the file says",
            "use v_reset = v_rest, or accept it", away,
        )  # fmt: skip


def _settings(dt: float) -> Finding:
    return Finding(
        "importer_settings", "note", "py-spinnaker2",
        "its ConversionConfig is not in the file: it has to be told the time step "
        f"(dt={dt * 1e-3:g}, in s), to scale weights, and how to reset (to zero, not by "
        "subtraction)",
        f"s2_nir.from_nir(graph, ConversionConfig(dt={dt * 1e-3:g}, scale_weights=True, ...)), see "
        "docs/nir.md", dt,
    )  # fmt: skip
