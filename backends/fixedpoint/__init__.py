"""The twin: SpiNNaker's own arithmetic, bit for bit, in NumPy integers."""
