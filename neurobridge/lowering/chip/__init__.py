"""Lowering to SpiNNaker: cells, weights and delays as the chip holds them.

Shared by the backends ``fixedpoint`` (the twin of its arithmetic) and ``spinnaker`` (the chip
itself). ``docs/spinnaker.md`` is the story; :mod:`neurobridge.lowering.chip.network` says what the
passes end in.
"""
