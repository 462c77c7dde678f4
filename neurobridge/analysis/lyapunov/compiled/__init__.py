"""Tangent propagation in compiled code."""
