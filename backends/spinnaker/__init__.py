"""SpiNNaker through sPyNNaker: a board, a virtual board, or the chip model."""
