"""Neuron models, each declared once."""

if not __name__.startswith("neurobridge."):
    raise ImportError("import this package as neurobridge.models, never as 'models'")
