"""Ring buffers: how many steps they cover, and how few neurons make them long enough.

A core's ring buffers have ``2**14`` entries: steps x receptors x neurons, each number rounded up to
a power of two, and at least two neurons (``synapses.c``). So 256 neurons leave 32 steps, 128 leave
64, and two leave 4,096.
"""

from __future__ import annotations

__all__ = ["LONGEST_DELAY", "neurons_for", "ring_slots"]

RING_BITS = 14
RECEPTOR_BITS = 1
LONGEST_DELAY = 2 ** (RING_BITS - RECEPTOR_BITS - 1)
"""Steps, with two neurons on a core."""


def ring_slots(neurons: int) -> int:
    """Steps that the ring buffers cover with so many neurons on a core: the longest delay."""
    neuron_bits = max(1, (neurons - 1).bit_length())
    return int(2 ** (RING_BITS - RECEPTOR_BITS - neuron_bits))


def neurons_for(delay: int) -> int:
    """Neurons on a core that leave ring buffers long enough for a delay; 0 if none do."""
    if delay > LONGEST_DELAY:
        return 0
    return int(2 ** (RING_BITS - RECEPTOR_BITS - (delay - 1).bit_length()))
