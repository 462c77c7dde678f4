"""The chip model: the ARM binaries of sPyNNaker, run instruction by instruction."""
