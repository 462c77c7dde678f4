"""PyNN simulators on the host, NEURON first."""
