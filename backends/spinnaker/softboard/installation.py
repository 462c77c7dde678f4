"""What of sPyNNaker is replaced while the chip model is installed: one name."""

from __future__ import annotations

__all__ = ["install", "uninstall"]


def install() -> None:
    """Let ``pyNN.spiNNaker`` run networks in the chip model from its next ``setup()`` on."""
    import spynnaker.pyNN

    from neurobridge.backends.spinnaker.softboard.simulator import ChipSimulator

    spynnaker.pyNN.SpiNNaker = ChipSimulator


def uninstall() -> None:
    """Put back what was replaced."""
    import spynnaker.pyNN
    from spynnaker.pyNN.spinnaker import SpiNNaker

    spynnaker.pyNN.SpiNNaker = SpiNNaker
