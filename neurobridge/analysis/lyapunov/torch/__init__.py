"""Tangent propagation in torch: on accelerators, for many systems at once, and with gradients."""
